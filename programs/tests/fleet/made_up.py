"""A cluster and a store that are made up, for one pipeline."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import NamedTuple, cast

from nats.errors import ConnectionClosedError, Error as NatsError
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from dev.encoder import TITLE
from smarty_p1_fleet.collector_client import CollectorClient, Receiver
from smarty_p1_fleet.frames.frame_message import FrameMessage
from smarty_p1_fleet.frames.frame_order import TitleWithKey
from smarty_p1_fleet.frames.frame_pipeline import FramePipeline, add_mark
from smarty_p1_fleet.frames.frame_verifier import FrameVerifier
from smarty_p1_fleet.frames.meter_sources import Source
from smarty_p1_fleet.frames.nats_clock_check import NatsClockCheck
from smarty_p1_fleet.frames.new_frames import NewFrames
from smarty_p1_fleet.frames.reading_publisher import ReadingPublisher
from smarty_p1_fleet.frames.reread_bookmarks import Bookmark
from smarty_p1_fleet.meter_names import MeterNames
from smarty_p1_fleet.meter_object_limits import MeterObjectLimits
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.store.series_line_protocol import Sample
from smarty_p1_fleet.store.store_writer import Store, StoreRun, Write
from smarty_p1_fleet.store.stored_counters import StoredCounters
from smarty_p1_gateway import Keys, UnavailableError
from smarty_p1_gateway.log_once import LogOnce

SUBJECT = f"smarty_p1.sealed.{TITLE.hex().upper()}"
# Time at which the stream got the first message, in nanoseconds; later than the telegrams' time.
CAME = 1_500_000_000_000_000_000


def message(
    data: bytes, arrived: float = CAME / 1e9, *, subject: str = SUBJECT, latest: float = -inf
) -> FrameMessage:
    """Return a message of the stream. The times are in Unix seconds."""
    return FrameMessage(subject, data, 1, arrived, False, Source(), latest)  # noqa: FBT003


class Entry(NamedTuple):
    """An entry of a bucket."""

    value: bytes
    revision: int


class Bucket:
    """The bucket of the meters. `looked_up` counts questions by key."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.looked_up: Counter[str] = Counter()
        self._revision = 0

    async def get(self, key: str) -> Entry:
        self.looked_up[key] += 1
        if key not in self.entries:
            raise KeyNotFoundError
        return self.entries[key]

    async def create(self, key: str, value: bytes) -> int:
        if key in self.entries:
            raise KeyWrongLastSequenceError
        return self.put(key, value)

    async def update(self, key: str, value: bytes, last: int) -> int:
        if key not in self.entries or self.entries[key].revision != last:
            raise KeyWrongLastSequenceError
        return self.put(key, value)

    def remove(self, key: str, last: int) -> None:
        if key not in self.entries or self.entries[key].revision != last:
            raise KeyWrongLastSequenceError
        del self.entries[key]

    async def last_revision(self) -> int:
        self.looked_up["revision"] += 1
        return max((entry.revision for entry in self.entries.values()), default=0)

    async def read(self) -> AsyncIterator[tuple[str, bytes, int]]:
        self.looked_up["entries"] += 1
        for key, entry in [*self.entries.items()]:
            yield key, *entry

    def put(self, key: str, value: bytes) -> int:
        self._revision += 1
        self.entries[key] = Entry(value, self._revision)
        return self._revision


class FakeStore:
    """Store that takes all values. `run` is the process that answers now."""

    def __init__(self) -> None:
        self.run: StoreRun | None = StoreRun("100", 0.0)
        self.is_silent = False
        self.writes: list[list[Sample]] = []

    def answers(self) -> bool:
        return not self.is_silent

    def keeps(self, write: Write) -> bool:
        return Store.keeps(cast("Store", self), write)

    async def write(self, samples: Sequence[Sample]) -> Write:
        await asyncio.sleep(0)
        self.writes.append([*samples])
        return Write(self.run.process if self.run else "", 0.0)

    def keep(self) -> None:
        self.run = StoreRun(self.run.process if self.run else "", 1000.0)

    @property
    def samples(self) -> list[Sample]:
        return [sample for samples in self.writes for sample in samples]

    def lines(self) -> list[str]:
        return [line for sample in self.samples for line in sample.text.splitlines()]


class FakeNats:
    """Delivers `messages`, each (subject, data, headers), from sequence 1 on.

    `acknowledged` are the sequences that were, `replies` the subjects of the acknowledgements.
    Without `has_listeners`, NATS answers that nobody listens to a reading.
    """

    def __init__(self) -> None:
        self.is_connected = True
        self.came = CAME
        self.acknowledged: list[int] = []
        self.replies: list[str] = []
        self.readings: list[tuple[str, int]] = []
        self._messages: list[tuple[str, bytes, Mapping[str, str] | None, int, int]] = []
        self._sent = 0
        self._has_more = asyncio.Event()
        self.has_listeners = True
        self._inboxes: dict[str, Receiver] = {}
        self.priorities: set[tuple[str, int]] = set()
        self.delivering: set[asyncio.Task[None]] = set()

    def add(
        self,
        data: bytes,
        subject: str = SUBJECT,
        headers: Mapping[str, str] | None = None,
        *,
        deliveries: int = 1,
        sequence: int = 0,
    ) -> None:
        """Add a message. `sequence` is given for a message which is delivered again."""
        number = sequence or len(self._messages) + 1
        self._messages.append((subject, data, headers, deliveries, number))
        self._has_more.set()

    @property
    def count(self) -> int:
        return len(self._messages)

    def new_inbox(self) -> str:
        return "_INBOX.x"

    async def receive(self, inbox: str, receiver: Receiver) -> FakeNats:
        self._inboxes[inbox] = receiver
        return self

    async def acknowledge(self, replies: Iterable[bytes], *, is_done: bool = True) -> None:
        if not self.is_connected:
            raise ConnectionClosedError
        for reply in replies:
            number = int(reply.split(b".")[5])
            if is_done:
                self.replies.append(reply.decode())
                self.acknowledged.append(number)
            else:
                subject, data, headers, deliveries, _ = self._messages[number - 1]
                self.add(data, subject, headers, deliveries=deliveries + 1, sequence=number)

    async def unsubscribe(self) -> None:
        pass

    async def publish(self, subject: str, data: bytes, _reply: str) -> None:
        assert subject == "$JS.API.CONSUMER.MSG.NEXT.smarty_p1_frames.store"
        request = json.loads(data)
        self.priorities.add((request["group"], request["priority"]))
        task = asyncio.create_task(self._deliver(request["batch"]))
        self.delivering.add(task)
        task.add_done_callback(self.delivering.discard)

    async def send(self, commands: Iterable[bytes]) -> None:
        if not self.is_connected:
            raise ConnectionClosedError
        for command in commands:
            head, data, _ = command.split(b"\r\n")
            _, subject, reply, _ = head.decode().split()
            self.readings.append((subject, json.loads(data)["frame_counter"]))
            if not self.has_listeners:
                answer = b"NATS/1.0 503\r\n\r\n"
                self._inboxes["_INBOX.x.*"](reply.encode(), b"", b"", answer)

    async def _deliver(self, most: int) -> None:
        while self._sent == len(self._messages):
            self._has_more.clear()
            await self._has_more.wait()
        end = min(len(self._messages), self._sent + most)
        for number in range(self._sent, end):
            subject, data, headers, deliveries, sequence = self._messages[number]
            arrived = self.came + sequence - 1
            ack = f"$JS.ACK.smarty_p1_frames.store.{deliveries}.{sequence}.1.{arrived}.0"
            lines = "".join(f"{name}: {text}\r\n" for name, text in (headers or {}).items())
            raw = f"NATS/1.0\r\n{lines}\r\n".encode() if lines else b""
            self._inboxes["_INBOX.x"](subject.encode(), ack.encode(), data, raw)
        self._sent = end
        self._inboxes["_INBOX.x"](b"_INBOX.x", b"", b"", b"NATS/1.0 408 Request Timeout\r\n\r\n")


class FakeBookmarks:
    """Collection of bookmarks: `marks`. The first `failures` calls fail."""

    def __init__(self) -> None:
        self.marks: dict[bytes | None, Bookmark] = {}
        self.failures = 0

    async def set(self, marks: Mapping[bytes | None, Bookmark]) -> None:
        if marks and self.failures:
            self.failures -= 1
            raise NatsError
        for title, mark in marks.items():
            add_mark(self.marks, title, mark)

    @property
    def shown(self) -> dict[bytes | None, tuple[int, int, str]]:
        """The first and the last frame of each bookmark, and the reasons."""
        return {
            title: (mark.first, mark.last, " ".join(sorted(mark.why)))
            for title, mark in self.marks.items()
        }


class FakeCounters:
    """Frame counters that a store has of each meter: pairs of counter and time."""

    def __init__(self) -> None:
        self.stored: list[tuple[int, float]] = []
        self.failures = 0
        self.asked = 0
        self.is_limit_reached = False
        self.recent_ones: dict[TitleWithKey, tuple[int, float]] = {}
        self.caught_up: list[float] = []

    async def all(self, _: float) -> dict[TitleWithKey, tuple[int, float]]:
        return {}

    async def recent(self, seconds: float) -> dict[TitleWithKey, tuple[int, float]]:
        self._ask()
        self.caught_up.append(seconds)
        return self.recent_ones

    async def newest(self, _: TitleWithKey) -> tuple[int, float] | None:
        self._ask()
        return max(self.stored, default=None)

    async def fits(
        self, _: TitleWithKey, counter: int, moment: float, *, is_limited: bool = False
    ) -> bool | None:
        if is_limited and self.is_limit_reached:
            return None
        self._ask()
        return all(
            (other <= counter or at >= moment - 5) and (other >= counter or at <= moment + 5)
            for other, at in self.stored
        )

    def _ask(self) -> None:
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise UnavailableError("it is away")


class Fleet:
    """A pipeline, with its surroundings."""

    def __init__(self, keys: Keys) -> None:
        self.bucket, self.store, self.nats, self.metrics = (
            Bucket(),
            FakeStore(),
            FakeNats(),
            CollectorMetrics(),
        )
        self.counters = FakeCounters()
        self.log = LogOnce(1000)
        # NATS' clock, ahead of this machine's by the offset of the test.
        self.ahead = 0.0
        self.clocks = NatsClockCheck(self._ask_time)
        self.verifier = self.new_verifier(keys)
        self.bookmarks = FakeBookmarks()
        self._running: list[asyncio.Task[None]] = []

    def new_verifier(self, keys: Keys, *, is_reader: bool = False) -> FrameVerifier:
        names = self.new_names()
        limits = MeterObjectLimits(self.metrics.count_ignored)
        counters = cast("StoredCounters", self.counters)
        return FrameVerifier(
            keys, names, limits, self.log, counters, clocks=self.clocks, is_reader=is_reader
        )

    def new_names(self) -> MeterNames:
        bucket = self.bucket
        return MeterNames(
            lambda: cast("KeyValue", bucket), bucket.last_revision, bucket.read, self.log
        )

    async def _ask_time(self) -> float:
        return time.time() + self.ahead

    def start(self) -> FramePipeline:
        store, nats = cast("Store", self.store), cast("CollectorClient", self.nats)
        new = NewFrames(self.metrics, store.answers)
        pipeline = FramePipeline(
            new, self.verifier, store, self.bookmarks.set, self.metrics.count, is_live=True
        )

        async def work() -> None:
            pipeline.readings = ReadingPublisher(nats)
            await pipeline.readings.open()
            while True:
                await pipeline.work(await new.take_messages())

        works = new.fetch(nats, "store"), work(), pipeline.keep_settling()
        self._running += [asyncio.ensure_future(work) for work in works]
        return pipeline

    @property
    def fetching(self) -> asyncio.Task[None]:
        """The task that requests messages. It ends with an error of NATS."""
        return self._running[0]

    async def stop(self) -> None:
        running = [*self._running, *self.nats.delivering]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def value(self, name: str, **labels: str) -> float:
        return value(self.metrics, name, **labels)

    async def until_written(self, count: int) -> None:
        await until(lambda: len(self.store.samples) >= count)

    async def until_acknowledged(self, count: int) -> None:
        await until(lambda: len({*self.nats.acknowledged}) >= count)


def value(metrics: CollectorMetrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"smarty_p1_collector_{name}", labels) or 0.0


@asynccontextmanager
async def working(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something. Raises TimeoutError."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)
