"""A partition that loses its consumer, its connection, its place, or what it has read."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg, StreamInfo, StreamState
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from smarty_p1_fleet.lines import Sample
from smarty_p1_fleet.meters import UnknownMeters
from smarty_p1_fleet.metrics import Metrics
from smarty_p1_fleet.partition import Collector, Partition
from smarty_p1_fleet.store import Store
from smarty_p1_fleet.store_run import StoreRun, Write
from smarty_p1_gateway import Keys
from tests.lib.p1.encoder import KEY, TITLE, frame

SUBJECT = f"smarty_p1.frames.0.{TITLE.hex().upper()}"


class Entry(NamedTuple):
    """What the bucket has."""

    value: bytes
    revision: int


@dataclass
class Consumer:
    """Where it is."""

    next: int
    delivered: int = 0
    is_there: bool = True


@dataclass
class Cluster:
    """One stream, one bucket, and consumers that can be lost."""

    frames: list[tuple[bytes, int]] = field(default_factory=list)
    """Each message of the stream, and when it came (nanoseconds); b"" for one of the others."""
    first: int = 1
    entry: Entry | None = None
    consumers: dict[str, Consumer] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    readings: list[tuple[str, int]] = field(default_factory=list)
    """Each that was published: its subject and its frame counter."""
    commit_fails: bool = False

    max_payload = 1024 * 1024
    is_connected = True
    is_closed = False

    def add(self, *counters: int, at: int = 1_500_000_000_000_000_000) -> None:
        for counter in counters:
            self.frames.append((frame(counter), at + len(self.frames) * 1_234_567))

    def add_others(self, count: int) -> None:
        self.frames += [(b"", 1)] * count

    def lose_consumers(self) -> None:
        for consumer in self.consumers.values():
            consumer.is_there = False

    @property
    def committed(self) -> tuple[int, list[int]]:
        assert self.entry is not None
        state = json.loads(self.entry.value)
        return state["sequence"], [*state["counters"].values()]

    # The connection.

    def new_inbox(self) -> str:
        return "_INBOX.1"

    async def subscribe(self, _: str, cb: Callable[[Msg], Awaitable[None]]) -> Cluster:
        self.send = cb
        return self

    async def unsubscribe(self) -> None:
        pass

    async def publish(self, subject: str, payload: bytes = b"", *_: object) -> None:
        if subject.startswith("smarty_p1."):
            self.readings.append((subject, json.loads(payload)["frame_counter"]))
        if not subject.startswith("$JS.API.CONSUMER.MSG.NEXT."):
            return
        self.asked.append(subject)
        name = subject.rpartition(".")[2]
        consumer, client = self.consumers[name], cast("Client", self)
        if not consumer.is_there:
            await self.send(Msg(client, "s", "", b"", {"Status": "503"}))
            return
        for sequence in range(max(consumer.next, self.first), len(self.frames) + 1):
            data, at = self.frames[sequence - 1]
            if not data:
                continue
            consumer.next, consumer.delivered = sequence + 1, consumer.delivered + 1
            ack = f"$JS.ACK.smarty_p1_frames.{name}.1.{sequence}.{consumer.delivered}.{at}.0"
            await self.send(Msg(client, SUBJECT, ack, data, None))
        await self.send(Msg(client, "s", "", b"", {"Status": "408"}))

    # JetStream.

    async def stream_info(self, _: str) -> StreamInfo:
        state = StreamState(len(self.frames), 0, self.first, len(self.frames), 1)
        return StreamInfo(config=cast("Any", None), state=state)

    async def get_msg(self, _: str, sequence: int) -> RawStreamMsg:
        if not 0 < sequence <= len(self.frames):
            raise NotFoundError
        at = self.frames[sequence - 1][1]
        return RawStreamMsg(time=datetime.fromtimestamp(at // 1000 / 1e6, UTC))

    async def add_consumer(self, _: str, config: Any) -> None:  # noqa: ANN401
        self.consumers[config.durable_name] = Consumer(config.opt_start_seq)
        self.starts.append(config.opt_start_seq)

    async def delete_consumer(self, _: str, name: str) -> None:
        self.consumers.pop(name, None)

    # The bucket.

    async def get(self, _: str) -> Entry:
        if self.entry is None:
            raise KeyNotFoundError
        return self.entry

    async def create(self, key: str, value: bytes) -> int:
        return await self.update(key, value, 0)

    async def update(self, _: str, value: bytes, last: int) -> int:
        if last != (self.entry.revision if self.entry else 0):
            raise KeyWrongLastSequenceError
        is_commit = (
            self.entry and json.loads(value)["epoch"] == json.loads(self.entry.value)["epoch"]
        )
        if is_commit and self.commit_fails:
            self.commit_fails = False
            raise NatsError
        self.entry = Entry(value, last + 1)
        return last + 1


class FakeStore:
    """Has surely kept everything at once, if told so."""

    def __init__(self) -> None:
        self.run = StoreRun("100", 0.0)
        self.written: list[int] = []

    async def write(self, samples: Sequence[Sample]) -> Write:
        self.written.append(len(samples))
        return Write(self.run.process, 0.0)

    def keep(self) -> None:
        self.run = StoreRun(self.run.process, 20.0)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def collector(cluster: Cluster, store: FakeStore, metrics: Metrics) -> Collector:
    return Collector(
        nats=cast("Client", cluster),
        js=cast("JetStreamContext", cluster),
        states=cast("KeyValue", cluster),
        store=cast("Store", store),
        keys=Keys({TITLE: KEY}, None),
        metrics=metrics,
        unknown_meters=UnknownMeters(),
        partitions=1,
        most_decoders=10,
        publishes_readings=False,
        first_sequence=1,
    )


@pytest.fixture(autouse=True)
async def partition(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Partition]:
    monkeypatch.setattr("smarty_p1_fleet.partition._COMMIT_INTERVAL", 0.0)
    monkeypatch.setattr("smarty_p1_fleet.frame_reader._PAUSE", 0.001)
    partition = Partition(0, collector)
    running = asyncio.create_task(partition.run())
    yield partition
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(check: Callable[[], bool]) -> None:
    while not check():
        await asyncio.sleep(0.01)


async def until_written(store: FakeStore, count: int) -> None:
    await until(lambda: sum(store.written) == count)


def discarded(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("smarty_p1_collector_discarded_total")


async def test_without_its_consumer_it_goes_on_behind_what_it_read(
    cluster: Cluster, store: FakeStore, metrics: Metrics
) -> None:
    cluster.add(1, 2, 3)
    await until_written(store, 3)
    for counter in (4, 5, 6):
        cluster.lose_consumers()
        cluster.add(counter)
        await until_written(store, counter)
    assert cluster.starts == [1, 4, 5, 6]
    assert cluster.committed == (0, [])
    store.keep()
    await until(lambda: cluster.committed == (6, [6]))
    assert sum(store.written) == 6
    assert metrics.registry.get_sample_value("smarty_p1_collector_partitions_begun_total") == 1
    assert metrics.registry.get_sample_value("smarty_p1_collector_telegrams_total") == 6


async def test_what_it_refused_stays_refused(cluster: Cluster, store: FakeStore) -> None:
    cluster.add(5)
    await until_written(store, 1)
    cluster.lose_consumers()
    cluster.add(5, 4, 6)
    await until_written(store, 2)
    store.keep()
    await until(lambda: cluster.committed == (4, [6]))


async def test_what_another_one_committed_meanwhile_counts(
    cluster: Cluster, store: FakeStore
) -> None:
    cluster.add(1, 2, 3)
    await until_written(store, 3)
    assert cluster.entry is not None
    state = json.loads(cluster.entry.value) | {"epoch": 7, "sequence": 2}
    cluster.entry = Entry(json.dumps(state).encode(), 9)
    cluster.lose_consumers()
    await until(lambda: cluster.starts == [1, 3])
    await until_written(store, 4)


async def test_whoever_began_meanwhile_and_committed_nothing_does_not(
    cluster: Cluster, store: FakeStore
) -> None:
    cluster.add(1, 2, 3)
    await until_written(store, 3)
    assert cluster.entry is not None
    state = json.loads(cluster.entry.value) | {"epoch": 7}
    cluster.entry = Entry(json.dumps(state).encode(), 9)
    cluster.lose_consumers()
    await until(lambda: cluster.starts == [1, 4])
    assert [*cluster.consumers] == ["partition_0_1", "partition_0_8"]


async def test_after_a_commit_that_failed_it_begins_from_the_last_one(
    cluster: Cluster, store: FakeStore
) -> None:
    cluster.add(1, 2)
    cluster.commit_fails = True
    store.keep()
    await until(lambda: cluster.committed == (2, [2]))
    assert cluster.starts == [1, 1]
    assert sum(store.written) == 4


async def test_what_the_store_lost_is_read_again(cluster: Cluster, store: FakeStore) -> None:
    cluster.add(1, 2)
    await until_written(store, 2)
    store.run = StoreRun("200", 0.0)
    await until_written(store, 4)
    assert cluster.starts == [1, 1]
    assert cluster.readings == []


async def test_each_reading_is_published_once(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    collector.publishes_readings = True
    cluster.add(1, 2)
    await until_written(store, 2)
    store.run = StoreRun("200", 0.0)
    await until_written(store, 4)
    store.keep()
    await until(lambda: cluster.committed == (2, [2]))
    # A stream that was made anew counts from the beginning.
    cluster.frames.clear()
    cluster.add(3, 4, at=1_600_000_000_000_000_000)
    cluster.lose_consumers()
    await until(lambda: len(cluster.readings) == 4)
    assert cluster.readings == [
        ("smarty_p1.readings.534147677004102E", counter) for counter in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("is_committed", [True, False])
async def test_a_stream_that_was_made_anew_is_read_from_its_beginning(
    cluster: Cluster,
    collector: Collector,
    store: FakeStore,
    metrics: Metrics,
    *,
    is_committed: bool,
) -> None:
    cluster.add(1, 2, 3)
    if is_committed:
        store.keep()
        await until(lambda: cluster.committed == (3, [3]))
    else:
        await until_written(store, 3)
    collector.first_sequence = 3
    cluster.frames.clear()
    cluster.add_others(2)
    # More of them than were in the old one.
    cluster.add(4, 5, 6, 7, at=1_600_000_000_000_000_000)
    cluster.lose_consumers()
    await until_written(store, 7)
    assert cluster.starts == [1, 1]
    store.keep()
    await until(lambda: cluster.committed == (6, [7]))
    assert discarded(metrics) == 0


async def test_the_end_of_the_stream_was_lost_with_its_servers(
    cluster: Cluster, store: FakeStore
) -> None:
    cluster.add(1, 2, 3)
    await until_written(store, 3)
    # The next two got the number of the last one, and the one behind it.
    cluster.frames.pop()
    cluster.add(4, 5, at=1_600_000_000_000_000_000)
    cluster.lose_consumers()
    store.keep()
    await until(lambda: cluster.committed == (4, [5]))
    assert cluster.starts == [1, 1]


async def test_what_the_stream_discards_unread_is_counted(
    cluster: Cluster, collector: Collector, store: FakeStore, metrics: Metrics
) -> None:
    collector.first_sequence = cluster.first = 5
    cluster.add(*range(1, 11))
    await until_written(store, 6)
    assert discarded(metrics) == 4


async def test_what_was_read_before_and_what_others_had_is_not(
    cluster: Cluster, collector: Collector, store: FakeStore, metrics: Metrics
) -> None:
    cluster.add(1, 2, 3)
    await until_written(store, 3)
    # It is silent for as long as the stream keeps anything.
    cluster.add_others(40)
    collector.first_sequence = cluster.first = 41
    count = len(cluster.asked)
    await until(lambda: len(cluster.asked) > count + 2)
    cluster.add(4)
    await until_written(store, 4)
    assert discarded(metrics) == 0
