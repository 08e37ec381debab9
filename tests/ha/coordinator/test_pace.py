"""The minimum time between updates of the entities."""

import asyncio

import pytest
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort, with_value
from tests.ha.pacing import send_at, with_power
from tests.ha.support import receive, set_up, state_of

POWER = "smarty_net_power"


@pytest.fixture
async def states(hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker) -> list[str]:
    """Return the states of a sensor of an entry that is updated once a second at most."""

    def make(url: str, **arguments: str) -> MockConfigEntry:
        entry = make_entry(url, **arguments)
        hass.config_entries.async_update_entry(entry, options={"min_interval": 1})
        return entry

    await set_up(hass, port, make)
    await asyncio.sleep(1.0)
    states: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        assert event.data["new_state"]
        states.append(event.data["new_state"].state)

    async_track_state_change_event(hass, f"sensor.{POWER}", note)
    return states


async def test_the_newest_telegram_waits_for_its_turn(
    hass: HomeAssistant, port: MeterPort, states: list[str]
) -> None:
    await send_at(hass, port, [0.0, 0.3, 0.55])
    assert states == ["1.0", "3.0"]


async def test_what_is_urgent_does_not_wait_and_nothing_older_follows(
    hass: HomeAssistant, port: MeterPort, states: list[str]
) -> None:
    await receive(hass, port, with_power("01.000"))
    await receive(hass, port, with_power("02.000"))
    await receive(hass, port, with_value(with_power("03.000"), "0-0:96.3.10", "(0)"))
    assert states == ["1.0", "3.0"]
    await asyncio.sleep(1.2)
    assert states == ["1.0", "3.0"]


async def test_what_waits_is_forgotten_when_the_meter_is_silent(
    hass: HomeAssistant, port: MeterPort, states: list[str]
) -> None:
    await receive(hass, port, with_power("01.000"))
    await receive(hass, port, with_power("02.000"))
    [entry] = hass.config_entries.async_entries("smarty_p1")
    entry.runtime_data._on_stale(None)
    await asyncio.sleep(1.2)
    assert states == ["1.0", "unavailable"]
    assert state_of(hass, POWER).state == "unavailable"


async def test_nothing_waits_any_more_when_the_entry_is_unloaded(
    hass: HomeAssistant, port: MeterPort, states: list[str]
) -> None:
    await receive(hass, port, with_power("01.000"))
    await receive(hass, port, with_power("02.000"))
    [entry] = hass.config_entries.async_entries("smarty_p1")
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert states == ["1.0", "unavailable"]
    # A timer that was left would make this test fail.
