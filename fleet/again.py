"""What the stream still has of one meter, stored again, whatever became of it before.

It takes nothing from the collectors and changes nothing of what they know. What is there already is
written as it is: the same series, times and values. So what was recorded and sent again comes to
where it belongs, or is refused; what says no time of itself could not be told from that, and is.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime

from nats.aio.client import Client
from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from smarty_p1_gateway import UnavailableError

from .acknowledged_writes import StoreRestartedError, Write
from .catch_up import first_sequence, last_sequence, next_frame
from .commit_queue import Batch
from .config import CollectorConfig
from .frame_reader import FrameMessage
from .key_rotation import KeyRotations
from .message_to_telegram import Intake
from .meter_bounds import MeterBounds
from .meter_names import MeterNames
from .meters import Meters, MeterWarnings
from .metrics import TELEGRAM, Metrics
from .nats_stream import open_states
from .one_connection import API_TIMEOUT, connected
from .own_times import OwnTimes
from .partition_state import PartitionState, parse_state
from .series_line_protocol import Sample, make_sample
from .subjects import frame_of, partition_of
from .victoria_metrics import Store
from .waiting_titles import WaitingTitles

NO_TIME = "no_time"
_AT_ONCE = 1000
_LOOK_INTERVAL = 1.0
_MOST_TRIES = 3


async def read_again(config: CollectorConfig, title: bytes, since: datetime) -> str:
    """Store again what the stream got of a meter since a moment; return what is to be told of it.

    Raises UnavailableError.
    """
    digits = title.hex().upper()
    if not config.keys.all_of(title):
        msg = f"there is no key for the meter {digits}: add its line to the keys"
        raise UnavailableError(msg)
    store = Store(config.store, Metrics())
    async with connected(config) as nats:
        serving = asyncio.create_task(store.serve())
        try:
            return await _Again(config, nats, title, store).run(since.timestamp())
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


class _Again:
    def __init__(self, config: CollectorConfig, nats: Client, title: bytes, store: Store) -> None:
        self._config = config
        self._nats = nats
        self._title = title
        self._store = store
        self._partition = partition_of(title.hex().upper(), config.partitions)
        self._subject = frame_of(self._partition, title)

    async def run(self, since: float) -> str:
        """Read and store, and once more when the store was restarted meanwhile."""
        js = self._nats.jetstream(timeout=API_TIMEOUT)
        states = await open_states(js, self._config.partitions, Metrics(), self._config.stream)
        state = PartitionState()
        with suppress(KeyNotFoundError):
            state = parse_state((await states.get(str(self._partition))).value or b"")
        end = await last_sequence(self._nats)
        begin = await self._find(since, end)
        digits = self._title.hex().upper()
        if begin is None:
            return f"{digits}: the stream has no frame of this meter since then"
        for _ in range(_MOST_TRIES):
            with suppress(StoreRestartedError):
                outcomes = await self._store_all(states, state, begin.sequence, end)
                return f"{digits}: {_told(outcomes)}, of those since {_moment(begin.arrived)}"
        msg = "VictoriaMetrics was restarted again and again: nothing is sure; try again"
        raise UnavailableError(msg)

    async def _find(self, since: float, end: int) -> FrameMessage | None:
        """Return the first frame that arrived at a moment or later, None if there is none."""
        low, high = await first_sequence(self._nats), end + 1
        while low < high:
            middle = (low + high) // 2
            message = await next_frame(self._nats, self._subject, middle)
            if message is None or message.sequence > end or message.arrived >= since:
                high = middle
            else:
                low = message.sequence + 1
        found = await next_frame(self._nats, self._subject, low)
        return found if found and found.sequence <= end else None

    async def _store_all(
        self, states: KeyValue, state: PartitionState, begin: int, end: int
    ) -> Counter[str]:
        """Return what became of the frames. Raises StoreRestartedError."""
        intake = self._intake(states, state)
        outcomes: Counter[str] = Counter()
        writes: list[Write] = []
        async for messages in self._frames(begin, end):
            samples: list[Sample] = []
            batch = Batch(0, "", 0.0, 0.0)
            for message in messages:
                telegram = await intake.judge(message, batch, is_read_again=True)
                if telegram is None:
                    continue
                if telegram.time is None:
                    batch.outcomes.subtract([TELEGRAM])
                    batch.outcomes[NO_TIME] += 1
                    continue
                samples.append(make_sample(telegram, message.arrived)._replace(is_new=False))
            outcomes.update(batch.outcomes)
            if samples:
                writes.append(await self._store.write(samples))
        while not self._keeps(writes):  # noqa: ASYNC110 - it is asked meanwhile
            await asyncio.sleep(_LOOK_INTERVAL)
        return outcomes

    def _keeps(self, writes: list[Write]) -> bool:
        """Return whether all is on the disk by now. Raises StoreRestartedError."""
        run = self._store.run
        return not writes or (run is not None and all(run.keeps(write) for write in writes))

    def _intake(self, states: KeyValue, state: PartitionState) -> Intake:
        """Return what judges frames as if none had come before, and tells nobody of it."""
        config, warnings = self._config, MeterWarnings()
        rotations = KeyRotations(state.rotations, seen=state.counters.keys())
        meters = Meters(
            self._partition,
            config.partitions,
            config.keys,
            {},
            rotations,
            most_openers=1,
            warnings=warnings,
        )
        names = MeterNames(lambda: states, config.keys, warnings)
        bounds = MeterBounds(lambda *_: None)
        waiting = WaitingTitles({}, config.keys)
        return Intake(meters, names, OwnTimes({}), bounds, rotations, waiting)

    async def _frames(self, sequence: int, end: int) -> AsyncIterator[list[FrameMessage]]:
        messages: list[FrameMessage] = []
        while message := await next_frame(self._nats, self._subject, sequence):
            if message.sequence > end:
                break
            messages.append(message)
            sequence = message.sequence + 1
            if len(messages) >= _AT_ONCE:
                yield messages
                messages = []
        if messages:
            yield messages


def _told(outcomes: Counter[str]) -> str:
    refused = {reason: count for reason, count in outcomes.items() if reason != TELEGRAM and count}
    text = f"{outcomes.total()} frames read, {outcomes[TELEGRAM]} stored"
    if not refused:
        return f"{text}, none refused"
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(refused.items()))
    return f"{text}, {sum(refused.values())} refused ({reasons})"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(seconds))
