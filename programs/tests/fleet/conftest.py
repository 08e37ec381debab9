"""A pipeline, with a cluster and a store that are made up."""

from collections.abc import AsyncIterator

import pytest

from dev.encoder import KEY, TITLE
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_gateway import Keys
from tests.fleet.made_up import Fleet


@pytest.fixture
def metrics() -> CollectorMetrics:
    return CollectorMetrics()


@pytest.fixture
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a service that was away be tried again at once."""
    monkeypatch.setattr("smarty_p1_fleet.outage_log._FIRST_DELAY_S", 0.01)


@pytest.fixture
async def fleet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    """Return a fleet whose pipeline knows the key of one meter; it is not started."""
    monkeypatch.setattr("smarty_p1_fleet.frames.new_frames.WRITE_INTERVAL_S", 0.01)
    monkeypatch.setattr("smarty_p1_fleet.frames.frame_pipeline._SETTLE_INTERVAL_S", 0.01)
    fleet = Fleet(Keys({TITLE: KEY}, None))
    yield fleet
    await fleet.stop()
