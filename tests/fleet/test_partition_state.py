"""A partition whose state cannot be read, and telegrams whose time is not one that may be."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dev.encoder import frame, telegram
from smarty_p1_fleet.acknowledged_writes import StoreRun
from smarty_p1_fleet.key_rotation import Rotation
from smarty_p1_fleet.metrics import Metrics
from smarty_p1_fleet.partition import Collector
from smarty_p1_fleet.partition_state import PartitionState, parse_state
from smarty_p1_fleet.waiting_titles import Waiting
from tests.fleet.fake_cluster import Cluster, Entry, FakeStore, until, until_written

pytestmark = pytest.mark.usefixtures("partition")

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINTER = timezone(timedelta(hours=1))
TITLE_WITH_KEY = bytes.fromhex("53414767700410000011223344556677")

UNREADABLE = {
    "no JSON": b"\xff\x00junk",
    "nothing": b"",
    "an acknowledgement": b'{"stream":"smarty_p1_frames","seq":5}',
    "a number": b"5",
    "an epoch that is no name": b'{"epoch":1' + b"0" * 400 + b',"sequence":1,"counters":{}}',
    "a sequence": b'{"epoch":1,"sequence":1' + b"0" * 30 + b',"counters":{}}',
    "no moment": b'{"epoch":1,"sequence":1,"arrived":NaN,"counters":{}}',
    "an endless moment": b'{"epoch":1,"sequence":1,"arrived":1e999,"counters":{}}',
    "a text as moment": b'{"epoch":1,"sequence":1,"arrived":"1","counters":{}}',
    "times of others": b'{"epoch":1,"sequence":1,"counters":{},"times":"00000"}',
    "times that are none": b'{"epoch":1,"sequence":1,"counters":{},"times":[1]}',
    "very long": b"[" * 900_000,
}


def at(cluster: Cluster, counter: int, time: timedelta | None, came: timedelta) -> None:
    """Let a telegram come, whose own time is another one; both from noon."""
    lines = [f"1-0:1.8.0({counter:06}.000*kWh)"]
    if time is not None:
        lines.insert(0, f"0-0:1.0.0({(NOON + time).astimezone(WINTER):%y%m%d%H%M%S}W)")
    moment = int((NOON + came).timestamp()) * 1_000_000_000
    cluster.frames.append((frame(counter, telegram(*lines)), moment))


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def times(store: FakeStore) -> list[timedelta]:
    """Return the times of what was stored, from noon."""
    return [datetime.fromtimestamp(one.at_ms / 1000, UTC) - NOON for one in store.samples]


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"smarty_p1_collector_{name}", labels) or 0.0


def rejected(metrics: Metrics, reason: str) -> Callable[[], float]:
    return lambda: value(metrics, "rejected_total", reason=reason)


@pytest.mark.parametrize("content", [*UNREADABLE.values()], ids=[*UNREADABLE])
async def test_what_cannot_be_read_is_put_aside_and_the_collector_goes_on_with_what_it_knows(
    cluster: Cluster,
    store: FakeStore,
    metrics: Metrics,
    caplog: pytest.LogCaptureFixture,
    content: bytes,
) -> None:
    cluster.add(1, 2, 3)
    store.keep()
    await until(lambda: cluster.committed == (3, [3]))
    assert cluster.entry is not None
    cluster.entry = Entry(content, cluster.entry.revision + 1)
    # The next commit finds it.
    cluster.add(4, 3)
    await until(lambda: value(metrics, "unreadable_states_total") == 1)
    await until(lambda: cluster.committed == (5, [4]))
    assert cluster.aside == {"unreadable.0": content[: 256 * 1024]}
    assert cluster.starts == [1, 4]
    # Of the old frame, the counter is still known.
    assert rejected(metrics, "replay")() == 1
    [told] = [text for text in caplog.messages if "put aside" in text]
    assert told.startswith("Partition 0: its state in NATS is malformed: it is put aside, and ")


async def test_it_is_noticed_where_nothing_is_committed(
    cluster: Cluster, store: FakeStore, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.add(1)
    store.keep()
    await until(lambda: cluster.committed == (1, [1]))
    monkeypatch.setattr("smarty_p1_fleet.kept_state._CHECK_INTERVAL", 0.0)
    assert cluster.entry is not None
    cluster.entry = Entry(b"junk", cluster.entry.revision + 1)
    await until(lambda: value(metrics, "unreadable_states_total") == 1)
    await until(lambda: cluster.committed == (1, [1]))


@pytest.mark.parametrize(
    "cluster", [Entry(b'{"stream":"smarty_p1_frames","seq":5}', 57)], indirect=True
)
async def test_a_collector_that_knows_nothing_reads_the_stream_from_its_beginning(
    cluster: Cluster, store: FakeStore, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    # An old frame that was recorded, of those that its meter sent, and from before.
    at(cluster, 40, hours(-24), hours(-24))
    at(cluster, 41, hours(-23), hours(-23))
    at(cluster, 40, hours(-24), hours(-1))
    at(cluster, 42, hours(0), hours(0))
    await until_written(store, 3)
    assert times(store) == [hours(-24), hours(-23), hours(0)]
    store.keep()
    await until(lambda: cluster.committed == (4, [42]))
    assert rejected(metrics, "replay")() == 1
    assert value(metrics, "unreadable_states_total") == 1
    [told] = [one.getMessage() for when in ("setup", "call") for one in caplog.get_records(when)]
    assert told.endswith("it is put aside, and the stream is read from its beginning")
    # Nobody of an earlier epoch reads with the same consumer: there were 57 at most.
    assert [*cluster.consumers] == ["partition_0_58"]


async def test_a_telegrams_own_time_counts_however_late_it_comes(
    cluster: Cluster, store: FakeStore, metrics: Metrics
) -> None:
    # What waited at a gateway for weeks, or was read by one that was away for months.
    own = [timedelta(days=-365), timedelta(days=-21), hours(-1), hours(0.9)]
    for counter, time in enumerate(own, start=1):
        at(cluster, counter, time, hours(0))
    await until_written(store, 4)
    assert times(store) == own
    store.keep()
    await until(lambda: value(metrics, "telegrams_total") == 4)


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        (timedelta(days=-400), "too_old"),
        (timedelta(days=-366, seconds=-10), "too_old"),
        (datetime(2000, 1, 1, tzinfo=UTC) - NOON, "too_old"),
        (hours(1.01), "too_early"),
        (timedelta(days=3650), "too_early"),
    ],
)
async def test_what_was_not_sent_lately_is_refused_and_given_no_other_time(
    cluster: Cluster, store: FakeStore, metrics: Metrics, time: timedelta, reason: str
) -> None:
    at(cluster, 1, time, hours(0))
    # It has not come again, and what follows it counts.
    at(cluster, 1, time, hours(0))
    at(cluster, 2, hours(0), hours(0))
    await until_written(store, 1)
    assert times(store) == [hours(0)]
    store.keep()
    await until(lambda: rejected(metrics, reason)() == 1)
    assert rejected(metrics, "replay")() == 1
    assert cluster.committed == (3, [2])


async def test_nothing_before_the_newest_telegram_also_after_a_commit(
    cluster: Cluster, collector: Collector, store: FakeStore, metrics: Metrics
) -> None:
    at(cluster, 1, hours(0), hours(0))
    store.keep()
    await until(lambda: cluster.committed == (1, [1]))
    # The clock was put back; a moment has one value.
    at(cluster, 2, hours(-1), hours(0.01))
    at(cluster, 3, hours(0), hours(0.02))
    at(cluster, 4, hours(0.03), hours(0.03))
    await until(lambda: cluster.committed == (4, [4]))
    assert times(store) == [hours(0), hours(0), hours(0.03)]
    assert rejected(metrics, "too_old")() == 1
    # Whoever reads on knows it, too.
    assert cluster.entry is not None
    [newest] = parse_state(cluster.entry.value).times.values()
    assert newest == (NOON + hours(0.03)).timestamp() // 60 * 60
    assert collector.metrics is metrics


async def test_whoever_takes_over_knows_the_newest_telegram(
    cluster: Cluster, store: FakeStore, metrics: Metrics
) -> None:
    at(cluster, 1, hours(0), hours(0))
    store.keep()
    await until(lambda: cluster.committed == (1, [1]))
    # Somebody else commits something, so it begins again from what is kept.
    assert cluster.entry is not None
    kept = json.loads(cluster.entry.value)
    kept["epoch"] += 1
    [title] = kept["counters"]
    kept["counters"][title] = 2
    cluster.entry = Entry(json.dumps(kept).encode(), cluster.entry.revision + 1)
    cluster.lose_consumers()
    at(cluster, 3, hours(-0.1), hours(0.01))
    at(cluster, 4, hours(0.1), hours(0.1))
    await until(lambda: rejected(metrics, "too_old")() == 1)
    assert times(store) == [hours(0), hours(0.1)]


async def test_what_is_not_committed_is_read_again_and_stored_again(
    cluster: Cluster, store: FakeStore, metrics: Metrics
) -> None:
    for counter in (1, 2, 3):
        at(cluster, counter, hours(counter), hours(counter))
    await until_written(store, 3)
    store.run = StoreRun("200", 0.0)
    await until_written(store, 6)
    assert times(store) == [hours(1), hours(2), hours(3)] * 2
    store.keep()
    await until(lambda: cluster.committed == (3, [3]))
    assert rejected(metrics, "too_old")() == 0


async def test_a_clock_that_was_ahead_costs_no_more_than_it_was_wrong(
    cluster: Cluster, store: FakeStore, metrics: Metrics
) -> None:
    at(cluster, 1, hours(0), hours(0))
    for counter in (2, 3):
        at(cluster, counter, hours(24), hours(0.1))  # refused, and not the newest one
    at(cluster, 4, hours(1), hours(0.2))  # 48 minutes: nobody can tell
    at(cluster, 5, hours(0.3), hours(0.3))
    at(cluster, 6, hours(1.1), hours(1.1))
    await until_written(store, 3)
    assert times(store) == [hours(0), hours(1), hours(1.1)]
    store.keep()
    await until(lambda: rejected(metrics, "too_early")() == 2)
    assert rejected(metrics, "too_old")() == 1


async def test_a_newest_time_that_cannot_be_stops_no_meter(
    cluster: Cluster, store: FakeStore
) -> None:
    at(cluster, 1, hours(0), hours(0))
    store.keep()
    await until(lambda: cluster.committed == (1, [1]))
    assert cluster.entry is not None
    state = parse_state(cluster.entry.value)
    ahead = {title: int((NOON + timedelta(days=900)).timestamp()) for title in state.counters}
    spoilt = state.begun().advanced(1, state.arrived, {**state.counters, bytes(16): 1}, ahead)
    cluster.entry = Entry(spoilt.to_json(), cluster.entry.revision + 1)
    cluster.lose_consumers()
    at(cluster, 2, hours(0.1), hours(0.1))
    await until_written(store, 2)


async def test_a_telegram_without_a_time_counts_when_it_came(
    cluster: Cluster, store: FakeStore
) -> None:
    at(cluster, 1, hours(1), hours(1))
    at(cluster, 2, None, hours(1.5))
    await until_written(store, 2)
    assert times(store) == [hours(1), hours(1.5)]


def test_the_state_of_as_many_meters_as_there_may_be_fits_into_a_message() -> None:
    titles = [TITLE_WITH_KEY[:-4] + number.to_bytes(4) for number in range(20_000)]
    state = PartitionState(2**40, 2**40, {}, 1795225123.123456).advanced(
        2**40,
        1795225123.123456,
        dict.fromkeys(titles, 0xFFFF_FFFF),
        {title: 1795225123 + number for number, title in enumerate(titles[:-1])},
    )
    text = state.to_json()
    assert len(text) < 1_000_000
    assert parse_state(text) == state
    assert len(state.times) == 19_999
    assert {time % 60 for time in state.times.values()} == {0}
    # What waits goes first, and counters never.
    waiting = {
        number.to_bytes(8): Waiting(2**40, 2**40, 9, 1795225123, "0" * 8) for number in range(256)
    }
    rotation = {titles[0]: Rotation(1795225123, is_done=True)}
    fuller = state.with_keys_changed(waiting, rotation)
    assert parse_state(fuller.to_json()) == replace(state, rotations=rotation)
    few = replace(fuller, counters=dict.fromkeys(titles[:10], 1), times={})
    assert parse_state(few.to_json()) == few
