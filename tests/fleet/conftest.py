"""A partition that works, with a cluster and a store that are made up."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.kv import KeyValue

from dev.encoder import KEY, TITLE
from smarty_p1_fleet.meters import MeterWarnings
from smarty_p1_fleet.metrics import Metrics
from smarty_p1_fleet.partition import Collector, Partition
from smarty_p1_fleet.victoria_metrics import Store
from smarty_p1_gateway import Keys
from tests.fleet.fake_cluster import Cluster, FakeStore


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Return one that has a state already, if that is a test's parameter."""
    return Cluster(entry=getattr(request, "param", None))


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
        warnings=MeterWarnings(),
        partitions=1,
        most_openers=10,
        publishes_readings=False,
        first_sequence=1,
    )


@pytest.fixture
async def partition(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Partition]:
    monkeypatch.setattr("smarty_p1_fleet.partition._COMMIT_INTERVAL", 0.0)
    monkeypatch.setattr("smarty_p1_fleet.frame_reader._PAUSE", 0.001)
    monkeypatch.setattr("smarty_p1_fleet.frame_reader._GATHER_TIME", 0.01)
    partition = Partition(0, collector)
    running = asyncio.create_task(partition.run())
    yield partition
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
