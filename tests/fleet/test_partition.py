"""A partition that loses its consumer, its connection, its place, or what it has read."""

import json

import pytest

from smarty_p1_fleet.acknowledged_writes import StoreRun
from smarty_p1_fleet.metrics import Metrics
from smarty_p1_fleet.partition import Collector
from tests.fleet.fake_cluster import Cluster, Entry, FakeStore, until, until_written

pytestmark = pytest.mark.usefixtures("partition")


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
    # The consumers of the three epochs before are deleted.
    assert [*cluster.consumers] == ["partition_0_4"]
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


async def test_whose_it_is_no_longer_leaves_it_alone(
    cluster: Cluster, collector: Collector, store: FakeStore
) -> None:
    cluster.add(1)
    await until_written(store, 1)
    asked: list[int] = []

    async def is_mine(number: int) -> bool:
        asked.append(number)
        return len(asked) > 2

    collector.is_mine = is_mine
    cluster.lose_consumers()
    await until(lambda: len(asked) == 2)
    assert cluster.starts == [1]
    await until(lambda: cluster.starts == [1, 2])
    assert asked == [0, 0, 0]


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


async def test_a_delay_is_told_with_the_first_write_alone(
    cluster: Cluster, store: FakeStore
) -> None:
    cluster.add(1, 2)
    await until_written(store, 2)
    store.run = StoreRun("200", 0.0)
    cluster.add(3)
    await until_written(store, 5)
    assert [sample.is_new for sample in store.samples] == [True, True, False, False, True]


async def test_whoever_takes_over_tells_no_delay_of_what_was_there(
    cluster: Cluster, store: FakeStore
) -> None:
    cluster.add(1)
    await until_written(store, 1)
    # Somebody else had it for a moment: what came may be written, and when is not known.
    assert cluster.entry is not None
    state = json.loads(cluster.entry.value) | {"epoch": 20}
    cluster.entry = Entry(json.dumps(state).encode(), 30)
    cluster.lose_consumers()
    cluster.add(2, 3)
    await until_written(store, 3)
    cluster.add(4)
    await until_written(store, 4)
    assert [sample.is_new for sample in store.samples] == [True, False, False, True]


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
