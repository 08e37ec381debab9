"""What a collector tells Prometheus of the stream and of what waits."""

import time
from datetime import UTC, datetime

import pytest
from nats.js.api import (
    ClusterInfo,
    ConsumerConfig,
    ConsumerInfo,
    PeerInfo,
    StreamConfig,
    StreamInfo,
    StreamState,
)

from smarty_p1_fleet.metrics import CollectorMetrics

LEADS, FOLLOWS = "node1", PeerInfo("node2", current=True)


def value(metrics: CollectorMetrics, name: str) -> float | None:
    return metrics.registry.get_sample_value(f"smarty_p1_collector_{name}")


@pytest.mark.parametrize(
    ("cluster", "nodes"),
    [
        (ClusterInfo(leader=LEADS, replicas=[FOLLOWS, PeerInfo("node3", current=True)]), 3),
        (ClusterInfo(leader=LEADS, replicas=[FOLLOWS, PeerInfo("node3", current=False)]), 2),
        (
            ClusterInfo(
                leader=LEADS, replicas=[FOLLOWS, PeerInfo("node3", current=True, offline=True)]
            ),
            2,
        ),
        (ClusterInfo(leader=None, replicas=[FOLLOWS]), 1),
        (None, 0),
    ],
)
def test_the_stream_and_its_nodes(cluster: ClusterInfo | None, nodes: int) -> None:
    metrics = CollectorMetrics()
    config = StreamConfig(name="frames", max_bytes=10 * 1024**3, num_replicas=3)
    state = StreamState(messages=1, bytes=500, first_seq=1, last_seq=1, consumer_count=1)
    metrics.show_stream(StreamInfo(config=config, state=state, cluster=cluster))
    assert value(metrics, "stream_replicas") == nodes
    assert value(metrics, "stream_wanted_replicas") == 3
    assert (value(metrics, "stream_bytes"), value(metrics, "stream_max_bytes")) == (
        500,
        10_737_418_240,
    )


def test_a_stream_without_a_limit() -> None:
    metrics = CollectorMetrics()
    state = StreamState(messages=1, bytes=500, first_seq=1, last_seq=1, consumer_count=1)
    metrics.show_stream(StreamInfo(config=StreamConfig(max_bytes=-1), state=state))
    assert value(metrics, "stream_max_bytes") == 0


def test_what_waits_and_how_old_it_is() -> None:
    metrics = CollectorMetrics()
    consumer = ConsumerInfo("store", "frames", ConsumerConfig(), datetime.now(UTC))
    consumer.num_pending, consumer.num_ack_pending = 7, 3
    metrics.show_consumer(consumer)
    assert (value(metrics, "pending"), value(metrics, "not_acknowledged")) == (7, 3)
    oldest: list[float | None] = [None, time.time() + 60, time.time() - 1000]
    metrics.watch_oldest(lambda: oldest[0])
    assert value(metrics, "oldest_age_seconds") == 0
    oldest.pop(0)
    assert value(metrics, "oldest_age_seconds") == 0
    oldest.pop(0)
    assert 1000 <= (value(metrics, "oldest_age_seconds") or 0) < 1600
