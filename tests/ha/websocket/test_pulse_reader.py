"""The power of a pulse reader, sent by websocket: now, and in the last hour."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import CONF_ENTITY_ID, STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.const import DOMAIN
from smartyp1.json_types import JsonDict
from tests.ha.boards import ENERGY, PULSE_TITLE, pulse_entry
from tests.ha.support import load, reload_entry, remove_entry, unload_entry

from .conftest import Client, ClientOf, ask, refused, user_with

LED = "binary_sensor.led"
pytestmark = pytest.mark.freeze_time("2026-11-21T17:38:20+00:00")


class Blinking:
    """An LED at 1000 pulses per kWh, and the time that passes."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass = hass
        self._freezer = freezer

    async def passes(self, seconds: int) -> None:
        """Let time pass, second by second."""
        for _ in range(seconds):
            self._freezer.tick(timedelta(seconds=1))
            async_fire_time_changed(self._hass, dt_util.utcnow())
            await self._hass.async_block_till_done()

    async def blink(self) -> None:
        for state in (STATE_ON, STATE_OFF):
            self._hass.states.async_set(LED, state)
            await self._hass.async_block_till_done()


def _now(seconds: int) -> str:
    return (dt_util.utcnow() + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
async def led(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Blinking:
    hass.states.async_set(LED, STATE_OFF)
    return Blinking(hass, freezer)


@pytest.fixture
async def entry(hass: HomeAssistant, led: Blinking) -> MockConfigEntry:  # noqa: ARG001 - the LED is there before its reader
    """Return a pulse reader that is set up."""
    entry = pulse_entry(hass, **{CONF_ENTITY_ID: LED})
    await load(hass, entry)
    return entry


async def test_the_power_between_two_pulses_and_its_gaps(
    hass: HomeAssistant, entry: MockConfigEntry, led: Blinking, hass_ws_client: WebSocketGenerator
) -> None:

    async def hour() -> JsonDict:
        # The timers that run out would end a connection that is not read.
        client = await hass_ws_client(hass)
        told: JsonDict = await ask(client, "last_hour", entry_id=entry.entry_id)
        await client.close()
        return told

    # 36 s between pulses of 1 Wh: 100 W. Three slots without a pulse are no gap.
    for _ in range(3):
        await led.blink()
        await led.passes(36)
    # The LED does not blink: the power falls, but is known.
    await led.passes(36)
    answer = await hour()
    net = answer["net"]
    assert (len(net), answer["phases"]) == (360, [])
    first = next(n for n, watts in enumerate(net) if watts is not None)
    assert net[first : first + 7] == [100] * 7
    assert None not in net[first:]
    assert 45 <= net[-1] <= 60

    # Without its source, pulses may be missed: a gap.
    hass.states.async_set(LED, STATE_UNAVAILABLE)
    lost = _now(0)
    await led.passes(40)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": f"{DOMAIN}/live", "entry_id": entry.entry_id})
    assert (await client.receive_json())["success"]
    message = (await client.receive_json())["event"]
    assert (message["state"], message["obstacle"]) == ("failing", "entity_unavailable")
    assert message["received_at"] <= lost
    await client.close()
    hass.states.async_set(LED, STATE_OFF)
    await led.passes(20)
    assert (await hour())["net"][-5:] == [None] * 5

    # The hour survives a change of options, and nothing is left of a removed reader.
    await reload_entry(hass, entry)
    assert 100 in (await hour())["net"]
    await remove_entry(hass, entry)
    client = await hass_ws_client(hass)
    assert await refused(client, "last_hour", entry_id=entry.entry_id) == "not_found"
    hours = [value for key, value in hass.data.items() if str(key).endswith("last_hours")]
    assert hours == [{}]


async def test_live_messages_come_while_the_led_is_dark(
    hass: HomeAssistant, entry: MockConfigEntry, led: Blinking, client: Client
) -> None:
    await client.send_json_auto_id({"type": f"{DOMAIN}/live", "entry_id": entry.entry_id})
    assert (await client.receive_json())["success"]
    message = (await client.receive_json())["event"]
    assert (message["state"], message["values"]) == ("receiving", {"power_net": None})
    assert message["quarter_hour"] is None
    received: dict[str, float | None] = {}
    for second in range(0, 130, 2):
        if second in {0, 36}:
            await led.blink()
        await led.passes(2)
        while second % 10 == 8 and (not received or max(received) < _now(-4)):
            message = (await client.receive_json())["event"]
            received[message["received_at"]] = message["values"]["power_net"]
    powers = [*received.values()]
    # Unknown until the second pulse, then 100 W, then falling.
    assert powers[0] is None
    assert max(known := [kw for kw in powers if kw is not None]) == 0.1
    assert known == sorted(known, reverse=True)
    assert known[-1] < 0.05
    await unload_entry(hass, entry)
    while not message.get("gone"):
        message = (await client.receive_json())["event"]
    assert message["state"] == "not_loaded"


async def test_readers_are_no_meters_and_have_their_rights(
    hass: HomeAssistant, entry: MockConfigEntry, client: Client, client_of: ClientOf
) -> None:
    answer = await ask(client, "meters")
    assert answer["meters"] == []
    [reader] = answer["pulse_readers"]
    shown = {"entry_id": entry.entry_id, "title": PULSE_TITLE, "source": "pulses"}
    assert reader.items() >= (shown | {"state": "receiving", "reference_kw": None}).items()
    assert reader["device_id"]
    for command in ("days", "highlights", "bill"):
        assert await refused(client, command, entry_id=entry.entry_id) == "not_found"
    allowed = await client_of(user_with(hass, ENERGY))
    assert (await ask(allowed, "meters"))["pulse_readers"] == [reader]
    other = await client_of(user_with(hass, "sensor.other"))
    assert (await ask(other, "meters"))["pulse_readers"] == []
    for command in ("last_hour", "live"):
        assert await refused(other, command, entry_id=entry.entry_id) == "unauthorized"
