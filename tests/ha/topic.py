"""A topic of MQTT at which a gateway publishes the frames of a meter."""

import asyncio
from datetime import datetime
from types import SimpleNamespace

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_mqtt_message
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.smarty_p1.coordinator import meter_coordinator, telegram_source

from .support import PATIENCE, TELEGRAM, Home, Passed, set_up_entry, with_contract

ROOT = "smarty_p1/house"
TOPIC = f"{ROOT}/frame"
STATUS = f"{ROOT}/status"
PORT = f"mqtt:{TOPIC}"


class Clock:
    """Clock by which a reading is received. It does not run; timers do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        self._now = now
        shown = SimpleNamespace(utcnow=lambda: self.now, as_local=dt_util.as_local)
        for module in (meter_coordinator, telegram_source):
            monkeypatch.setattr(module, "dt_util", shown)

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, now: datetime) -> None:
        Passed.seconds += (now - self._now).total_seconds()
        self._now = now


async def tell(hass: HomeAssistant, payload: bytes | str, topic: str = TOPIC) -> None:
    async_fire_mqtt_message(hass, topic, payload)
    await wait_a_moment(hass)


async def wait_a_moment(hass: HomeAssistant) -> None:
    """Let published messages be read."""
    for _ in range(5):
        await asyncio.sleep(0)
    await hass.async_block_till_done()


async def wait_for_subscriber(mock: MqttMockHAClient, topic: str, count: int = 1) -> None:
    """Wait until a topic has `count` subscriptions."""
    async with asyncio.timeout(PATIENCE):
        while sum(call.args[0] == topic for call in mock.async_subscribe.mock_calls) < count:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0)


async def set_up_at_topic(
    home: Home, mock: MqttMockHAClient, first: str = TELEGRAM, **options: object
) -> MockConfigEntry:
    """Set a meter up whose first telegram comes at the topic."""
    hass, home.entry = home.hass, home.make_entry(PORT)
    hass.config_entries.async_update_entry(home.entry, options=with_contract(options))
    setup = hass.async_create_task(set_up_entry(hass, home.entry))
    await wait_for_subscriber(mock, TOPIC)
    async_fire_mqtt_message(hass, TOPIC, home.port.next_frame(first))
    assert await setup
    await hass.async_block_till_done()
    return home.entry
