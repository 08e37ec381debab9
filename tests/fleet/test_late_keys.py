"""A partition whose keys come late, are wrong, or change: nothing is lost, and nothing doubled."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dev.encoder import KEY, TITLE, frame, telegram
from smarty_p1_fleet.acknowledged_writes import StoreRun
from smarty_p1_fleet.metrics import Metrics
from smarty_p1_fleet.partition import Collector
from smarty_p1_fleet.partition_state import PartitionState, parse_state
from smarty_p1_fleet.waiting_titles import Waiting
from smarty_p1_gateway import Keys
from tests.fleet.fake_cluster import Cluster, Entry, FakeStore, until

pytestmark = pytest.mark.usefixtures("partition")

OTHER = b"SAGgp\x04\x10\x2f"
NEW_KEY = bytes(range(16))
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINTER = timezone(timedelta(hours=1))
HOUR = 3600


def come(
    cluster: Cluster, second: int, *counters: int, title: bytes = OTHER, key: bytes = KEY
) -> None:
    """Let telegrams of a meter come, a second after the other, each with its own time."""
    for number, counter in enumerate(counters):
        when = NOON + timedelta(seconds=second + number)
        text = telegram(
            f"0-0:1.0.0({when.astimezone(WINTER):%y%m%d%H%M%S}W)",
            f"1-0:1.8.0({counter:06}.000*kWh)",
            name=f"METER{title[-1]:03}",
        )
        at = int(when.timestamp()) * 1_000_000_000
        cluster.frames.append((frame(counter, text, key=key, title=title), at))


def seconds(store: FakeStore, title: bytes = OTHER) -> list[int]:
    """Return the times of what was stored of a meter, from noon."""
    begin = int(NOON.timestamp())
    name = f"METER{title[-1]:03}"
    return [one.at_ms // 1000 - begin for one in store.samples if name in one.meter]


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"smarty_p1_collector_{name}", labels) or 0.0


def rejected(metrics: Metrics, reason: str) -> Callable[[], float]:
    return lambda: value(metrics, "rejected_total", reason=reason)


def state_of(cluster: Cluster) -> PartitionState:
    assert cluster.entry is not None
    return parse_state(cluster.entry.value)


async def until_committed(cluster: Cluster, store: FakeStore, sequence: int) -> None:
    store.keep()
    await until(lambda: cluster.committed[0] == sequence)


async def test_what_came_before_its_key_is_read_again_in_its_order(
    cluster: Cluster, collector: Collector, store: FakeStore, metrics: Metrics
) -> None:
    come(cluster, 0, 1, 2, 3)
    come(cluster, 3, 1, title=TITLE)
    come(cluster, 4, 4)
    await until_committed(cluster, store, 5)
    assert state_of(cluster).waiting == {OTHER: Waiting(1, 5, 4, int(NOON.timestamp()) + 4, "")}
    assert seconds(store) == []

    collector.keys = Keys({TITLE: KEY, OTHER: KEY}, None)
    come(cluster, 5, 5)
    come(cluster, 6, 2, title=TITLE)
    await until(lambda: len(seconds(store)) == 5)
    assert seconds(store) == [0, 1, 2, 4, 5]
    assert seconds(store, TITLE) == [3, 6]
    await until_committed(cluster, store, 7)
    await until(lambda: state_of(cluster).waiting == {})
    assert rejected(metrics, "no_key")() == 4
    assert value(metrics, "telegrams_total") == 7
    # They came; a second time they are old.
    come(cluster, 8, 4, 5)
    await until(lambda: rejected(metrics, "replay")() == 2)
    assert value(metrics, "caught_up_total") == 4


async def test_whoever_has_the_key_and_takes_over_reads_them_again(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    come(cluster, 0, 1, 2)
    await until_committed(cluster, store, 2)
    collector.keys = Keys({OTHER: KEY}, None)
    assert cluster.entry is not None
    # Somebody else has begun, and so this one begins anew, from what is kept.
    changed = json.loads(cluster.entry.value) | {"epoch": 9, "arrived": 0.0}
    cluster.entry = Entry(json.dumps(changed).encode(), cluster.entry.revision + 1)
    cluster.lose_consumers()
    await until(lambda: seconds(store) == [0, 1])


async def test_it_is_read_again_a_few_at_a_time_and_others_go_on(
    cluster: Cluster,
    collector: Collector,
    store: FakeStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.catch_up._MOST", 2)
    come(cluster, 0, *range(1, 11))
    await until_committed(cluster, store, 10)

    async def before_answer() -> None:
        # Between them, others send, and the meter itself, too.
        if len(cluster.asked_again) in {3, 6}:
            come(cluster, 20 + len(cluster.frames), len(cluster.frames), title=TITLE)
            come(cluster, 20 + len(cluster.frames), 1 + len(cluster.frames))

    monkeypatch.setattr(cluster, "before_answer", before_answer)
    collector.keys = Keys({TITLE: KEY, OTHER: KEY}, None)
    await until(lambda: len(seconds(store)) == 12)
    assert seconds(store) == [*range(10), 31, 33]
    assert seconds(store, TITLE) == [30, 32]
    # The other one did not wait until all was read.
    order = [one.at_ms // 1000 - int(NOON.timestamp()) for one in store.samples]
    assert order.index(30) < order.index(9)
    await until_committed(cluster, store, 14)
    assert state_of(cluster).waiting == {}


@asynccontextmanager
async def stopping_after(
    cluster: Cluster, count: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """Have the servers answer so many messages of a title, and no more for now."""
    go_on = asyncio.Event()

    async def before_answer() -> None:
        if len(cluster.asked_again) > count:
            await go_on.wait()

    monkeypatch.setattr(cluster, "before_answer", before_answer)
    yield
    go_on.set()


async def test_what_was_not_committed_is_read_again_once_more(
    cluster: Cluster,
    collector: Collector,
    store: FakeStore,
    metrics: Metrics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.catch_up._MOST", 2)
    come(cluster, 0, *range(1, 9))
    await until_committed(cluster, store, 8)
    collector.keys = Keys({OTHER: KEY}, None)
    come(cluster, 8, 9)
    async with stopping_after(cluster, 4, monkeypatch):
        await until(lambda: state_of(cluster).waiting[OTHER].first == 5)
        assert cluster.committed == (9, [4])
        # What is written from now on may be lost with the store.
        store.run = StoreRun("100", 0.0)
    await until(lambda: len(seconds(store)) == 9)
    store.run = StoreRun("200", 0.0)
    await until(lambda: len(seconds(store)) == 14)
    # What was committed is not read once more, and nothing is left out.
    assert seconds(store) == [*range(9), *range(4, 9)]
    await until_committed(cluster, store, 9)
    await until(lambda: state_of(cluster).waiting == {})
    assert [*state_of(cluster).counters.values()] == [9]
    assert rejected(metrics, "replay")() == 0


async def test_what_no_key_opens_goes_on_to_wait_until_there_is_another(
    cluster: Cluster, collector: Collector, store: FakeStore, metrics: Metrics
) -> None:
    come(cluster, 0, 1, 2, key=NEW_KEY)
    await until_committed(cluster, store, 2)
    collector.keys = Keys({OTHER: KEY}, None)
    await until(lambda: value(metrics, "caught_up_total") == 2)
    come(cluster, 2, 3, key=NEW_KEY)
    await until(lambda: rejected(metrics, "tag")() == 3)
    waiting = state_of(cluster).waiting[OTHER]
    assert (waiting.first, waiting.last, waiting.frames) == (1, 3, 3)
    # Another file with the same key changes nothing.
    collector.keys = Keys({OTHER: KEY, TITLE: KEY}, None)
    come(cluster, 3, 1, title=TITLE)
    await until(lambda: seconds(store, TITLE) == [3])
    assert value(metrics, "caught_up_total") == 2
    collector.keys = Keys({OTHER: NEW_KEY, TITLE: KEY}, None)
    await until(lambda: seconds(store) == [0, 1, 2])


async def test_a_key_that_is_gone_while_it_is_read_again(
    cluster: Cluster,
    collector: Collector,
    store: FakeStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.catch_up._MOST", 2)
    come(cluster, 0, *range(1, 7))
    await until_committed(cluster, store, 6)
    collector.keys = Keys({OTHER: KEY}, None)
    async with stopping_after(cluster, 3, monkeypatch):
        await until(lambda: seconds(store) == [0, 1])
        collector.keys = Keys({TITLE: KEY}, None)
        come(cluster, 6, 7)
        come(cluster, 7, 1, title=TITLE)
    await until(lambda: seconds(store, TITLE) == [7])
    count = len(seconds(store))
    assert count < 7
    collector.keys = Keys({OTHER: KEY}, None)
    await until(lambda: seconds(store) == [*range(7)])


async def test_a_key_that_changes_while_its_meter_sends_under_both(
    cluster: Cluster, collector: Collector, store: FakeStore, metrics: Metrics
) -> None:
    come(cluster, 0, 100, 101)
    collector.keys = Keys({OTHER: KEY}, None)
    await until(lambda: seconds(store) == [0, 1])
    # It sends under a key that nobody knows yet, and begins to count anew.
    come(cluster, 2, 1, 2, key=NEW_KEY)
    await until_committed(cluster, store, 4)
    # In the other order: which one is the old one is known.
    collector.keys = Keys({OTHER: NEW_KEY}, None, {OTHER: KEY})
    come(cluster, 4, 3, key=NEW_KEY)
    await until(lambda: seconds(store) == [0, 1, 2, 3, 4])
    # Another gateway was late.
    come(cluster, 5, 102)
    come(cluster, 6 + HOUR, 4, key=NEW_KEY)
    await until(lambda: seconds(store) == [*range(6), 6 + HOUR])
    come(cluster, 7 + HOUR, 103)
    come(cluster, 8 + HOUR, 5, key=NEW_KEY)
    await until_committed(cluster, store, 9)
    assert seconds(store)[-1] == 8 + HOUR
    assert rejected(metrics, "old_key")() == 1
    # Whoever takes over knows that.
    [rotation] = state_of(cluster).rotations.values()
    assert rotation == (int(NOON.timestamp()) + 2, True)
    assert cluster.entry is not None
    changed = json.loads(cluster.entry.value) | {"epoch": 9, "sequence": 8, "arrived": 0.0}
    cluster.entry = Entry(json.dumps(changed).encode(), cluster.entry.revision + 1)
    cluster.lose_consumers()
    come(cluster, 9 + HOUR, 104)
    await until(lambda: rejected(metrics, "old_key")() == 2)


async def test_an_old_key_counts_on_where_the_new_one_was_seen_once(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    collector.keys = Keys({OTHER: KEY}, None, {OTHER: NEW_KEY})
    come(cluster, 0, 1)
    come(cluster, 1, 1, key=NEW_KEY)
    come(cluster, 2 * HOUR, 2, 3)
    await until(lambda: seconds(store) == [0, 1, 2 * HOUR, 2 * HOUR + 1])


async def test_junk_between_true_frames_does_not_wait(
    cluster: Cluster, collector: Collector, store: FakeStore, metrics: Metrics
) -> None:
    collector.keys = Keys({OTHER: KEY}, None)
    come(cluster, 0, 1)
    come(cluster, 1, 99, key=bytes(16))
    await until_committed(cluster, store, 2)
    assert [*state_of(cluster).waiting] == [OTHER]
    come(cluster, 2, 2)
    await until_committed(cluster, store, 3)
    assert state_of(cluster).waiting == {}
    collector.keys = Keys({OTHER: NEW_KEY}, None)
    come(cluster, 3, 1, key=NEW_KEY)
    await until(lambda: seconds(store) == [0, 2, 3])
    assert value(metrics, "caught_up_total") == 0
    assert cluster.asked_again == []


async def test_titles_that_somebody_makes_up_push_out_no_meter(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    come(cluster, 0, 1, 2)
    for number in range(1000):
        come(cluster, 2, 1, title=b"XYZ\1" + number.to_bytes(4))
    # Such as no maker has is not remembered at all.
    come(cluster, 2, 1, title=bytes(8))
    come(cluster, 3, 3)
    await until_committed(cluster, store, 1004)
    waiting = state_of(cluster).waiting
    assert len(waiting) == 256
    assert bytes(8) not in waiting
    assert waiting[OTHER][:3] == (1, 1004, 3)
    collector.keys = Keys({OTHER: KEY}, None)
    await until(lambda: seconds(store) == [0, 1, 3])


async def test_a_title_that_is_silent_for_a_day_is_forgotten(
    cluster: Cluster, store: FakeStore
) -> None:
    come(cluster, 0, 1)
    come(cluster, 12 * HOUR, 1, title=b"SAG\0\0\0\0\1")
    come(cluster, 25 * HOUR, 1, title=TITLE)
    await until_committed(cluster, store, 3)
    assert [*state_of(cluster).waiting] == [b"SAG\0\0\0\0\1"]


async def test_what_the_stream_has_lost_meanwhile_is_not_waited_for(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    come(cluster, 0, 1, 2, 3)
    await until_committed(cluster, store, 3)
    come(cluster, 3, 1, title=TITLE)
    await until_committed(cluster, store, 4)
    cluster.first = 4
    collector.keys = Keys({TITLE: KEY, OTHER: KEY}, None)
    await until(lambda: state_of(cluster).waiting == {})
    come(cluster, 4, 4)
    await until(lambda: seconds(store) == [4])
    await until_committed(cluster, store, 5)


async def test_without_a_time_of_its_own_a_frame_that_waited_has_that_of_its_arrival(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    collector.keys = Keys({OTHER: KEY}, None)
    # Up to the nanosecond, as a consumer tells it.
    moments = [1_795_132_800_123_456_789, 1_795_132_800_987_000_000, 1_795_132_801_000_000_000]
    cluster.frames += [(frame(n, telegram()), moment) for n, moment in enumerate(moments, 1)]
    await until_committed(cluster, store, 3)
    collector.keys = Keys({TITLE: KEY}, None)
    await until(lambda: len(store.samples) == 3)
    arrivals = [one.at_ms for one in store.samples]
    assert arrivals == [1_795_132_800_123, 1_795_132_800_987, 1_795_132_801_000]


async def test_back_to_a_key_while_it_is_read_again_with_another(
    cluster: Cluster,
    collector: Collector,
    store: FakeStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.catch_up._MOST", 2)
    collector.keys = Keys({OTHER: NEW_KEY}, None)
    come(cluster, 0, *range(1, 7))
    await until_committed(cluster, store, 6)
    go_on = asyncio.Event()

    async def before_answer() -> None:
        if len(cluster.asked_again) == 2:
            # This one is left for when all that waits is read.
            come(cluster, 6, 1, key=NEW_KEY)
        elif len(cluster.asked_again) == 5:
            await go_on.wait()

    monkeypatch.setattr(cluster, "before_answer", before_answer)
    collector.keys = Keys({OTHER: KEY}, None)
    await until(lambda: cluster.committed[0] == 7)
    assert state_of(cluster).waiting[OTHER].last == 7
    collector.keys = Keys({OTHER: NEW_KEY}, None)
    go_on.set()
    await until(lambda: seconds(store)[-1:] == [6])


async def test_in_a_stream_that_was_made_anew_nothing_waits(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    come(cluster, 0, 1, 2)
    await until_committed(cluster, store, 2)
    cluster.frames.clear()
    cluster.add_others(2)
    come(cluster, HOUR, 1, title=TITLE)
    cluster.lose_consumers()
    await until_committed(cluster, store, 3)
    assert state_of(cluster).waiting == {}
    assert cluster.asked_again == []
    assert collector.first_sequence == 1
