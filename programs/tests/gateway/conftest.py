"""Fixtures that all tests of the gateway share."""

from collections.abc import AsyncIterator

import pytest

from dev.meter_port import MeterPort
from tests.gateway.loopback import Broker


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let Home Assistant's test kit accept the timers that a gateway leaves at its end."""
    return True


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a broker that is back be found by its other clients at once."""
    monkeypatch.setattr("smarty_p1_gateway.mqtt.mqtt_frames_publisher._GRACE", 0.0)


@pytest.fixture
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a broker and a memory that were away be tried again at once."""
    monkeypatch.setattr("smarty_p1_gateway.mqtt.reconnecting_publisher._FIRST_DELAY_S", 0.02)
    monkeypatch.setattr("smarty_p1_gateway.disk_writer._RETRY_DELAY_S", 0.02)


@pytest.fixture
async def line() -> AsyncIterator[MeterPort]:
    """Return a port that sends given bytes."""
    async with MeterPort() as port:
        yield port


@pytest.fixture
async def shed() -> AsyncIterator[MeterPort]:
    async with MeterPort() as port:
        yield port


@pytest.fixture
def broker() -> Broker:
    """Return a broker that does not serve yet."""
    return Broker()
