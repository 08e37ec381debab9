"""What was stored and may be committed, once the store has surely kept it. No I/O, no clock."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .acknowledged_writes import StoreRestartedError, StoreRun, Write
from .key_rotation import Rotation
from .waiting_titles import Waiting


@dataclass(slots=True)
class Batch:
    """Messages that were dealt with: all of the partition's up to `sequence`.

    `counters` and `times` are those of the meters in it, as PartitionState has them, `ack` is where
    to acknowledge the last message, and `began` and `arrived` are when the stream got the first and
    the last one (Unix seconds).
    `outcomes` counts what became of them, and `rejected` by system title and reason those that were
    no new telegram. `waiting` are the titles that wait behind it, and `rotations` the changes of
    keys in it. A batch of frames that were read again ends where the one before it does, and has no
    `ack`.
    """

    sequence: int
    ack: str
    began: float
    arrived: float
    counters: dict[bytes, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    write: Write | None = None
    times: dict[bytes, int] = field(default_factory=dict)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    waiting: Mapping[bytes, Waiting] = field(default_factory=dict)
    rotations: dict[bytes, Rotation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commit:
    """Batches that are committed together, as one."""

    sequence: int
    ack: str
    arrived: float
    counters: Mapping[bytes, int]
    outcomes: Counter[str]
    times: Mapping[bytes, int]
    rejected: Counter[tuple[str, str]]
    waiting: Mapping[bytes, Waiting]
    rotations: Mapping[bytes, Rotation]


class CommitQueue:
    """Batches in the order of the stream."""

    def __init__(self) -> None:
        self._batches: deque[Batch] = deque()

    @property
    def oldest(self) -> float | None:
        """Return when the stream got the first message that waits, None if none does."""
        return self._batches[0].began if self._batches else None

    def add(self, batch: Batch) -> None:
        """Add a batch whose values, if it had any, are written."""
        self._batches.append(batch)

    def check(self, run: StoreRun | None) -> None:
        """Raise StoreRestartedError when the store was restarted since the oldest write."""
        write = next((batch.write for batch in self._batches if batch.write), None)
        if run is not None and write is not None and write.process != run.process:
            raise StoreRestartedError

    def pop_kept(self, run: StoreRun | None) -> Commit | None:
        """Remove and return what the store surely has, None if that is nothing.

        Raises StoreRestartedError when the store was restarted too soon after a write.
        """
        ready: list[Batch] = []
        while self._batches:
            write = self._batches[0].write
            if write is not None and (run is None or not run.keeps(write)):
                break
            ready.append(self._batches.popleft())
        if not ready:
            return None
        counters: dict[bytes, int] = {}
        times: dict[bytes, int] = {}
        rotations: dict[bytes, Rotation] = {}
        outcomes: Counter[str] = Counter()
        rejected: Counter[tuple[str, str]] = Counter()
        ack = ""
        for batch in ready:
            counters |= batch.counters
            times |= batch.times
            rotations |= batch.rotations
            ack = batch.ack or ack
            outcomes += batch.outcomes
            rejected += batch.rejected
        last = ready[-1]
        return Commit(
            last.sequence,
            ack,
            last.arrived,
            counters,
            outcomes,
            times,
            rejected,
            last.waiting,
            rotations,
        )
