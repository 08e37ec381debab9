"""The minimum time between updates of the entities."""

import asyncio

import pytest
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from tests.ha.meter import MeterPort, with_value, without_channels
from tests.ha.pacing import with_power
from tests.ha.support import Home, at, fall_silent, receive, state_of, wait_until

POWER = "smarty_net_power"
AN_HOUR = {"min_interval": 3600}


@pytest.fixture
async def states(home: Home) -> list[str]:
    """Return the states of a sensor of an entry that is updated once a second at most."""
    await home.set_up(min_interval=1)
    await asyncio.sleep(1.0)
    states: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        assert event.data["new_state"]
        states.append(event.data["new_state"].state)

    async_track_state_change_event(home.hass, f"sensor.{POWER}", note)
    return states


async def test_a_telegram_that_is_a_moment_early_waits_for_its_turn(
    hass: HomeAssistant, port: MeterPort, states: list[str]
) -> None:
    await receive(hass, port, with_power("01.000"))
    await receive(hass, port, with_power("02.000"))
    await asyncio.sleep(0.6)
    await receive(hass, port, with_power("03.000"))
    await wait_until(hass, lambda: states == ["1.0", "3.0"])


async def test_a_silence_ends_what_waits_and_the_next_telegram_is_shown_at_once(home: Home) -> None:
    entry = await home.set_up(at("10:29:40", 100.0), **AN_HOUR)
    await home.receive(at("10:29:45", 100.05))
    await home.receive(at("10:29:46", 100.06))
    await fall_silent(home.hass, entry)
    assert home.state_of("smarty_quarter_hour_power").state == "unavailable"
    await home.receive(at("10:29:50", 100.1))
    assert home.state_of("smarty_energy_imported").state == "100.1"


async def test_what_is_urgent_does_not_wait_and_nothing_older_follows(
    hass: HomeAssistant, port: MeterPort, states: list[str]
) -> None:
    await receive(hass, port, with_power("01.000"))
    await receive(hass, port, with_power("02.000"))
    await receive(hass, port, with_value(with_power("03.000"), "0-0:96.3.10", "(0)"))
    assert states == ["1.0", "3.0"]
    await asyncio.sleep(1.2)
    assert states == ["1.0", "3.0"]

    # Nothing waits any more when the entry is unloaded: a timer that is left fails the test.
    await receive(hass, port, with_power("04.000"))
    await receive(hass, port, with_power("05.000"))
    [entry] = hass.config_entries.async_entries("smarty_p1")
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert states == ["1.0", "3.0", "4.0", "unavailable"]


FIRST = at("10:30:00", 100.0)
LOW = at("10:30:00", 100.0, 1.0)
WARNING = "binary_sensor.smarty_reference_power_warning"
GAS_UNNAMED = with_value(at("10:30:10", 100.0), "0-1:96.1.0", "()")


@pytest.mark.parametrize(
    ("first", "sent", "entity_id", "shown"),
    [
        (LOW, [at("10:30:10", 100.0, 4.0)], WARNING, "on"),
        (LOW, [at("10:30:10", 100.0, 4.0), at("10:30:20", 100.0, 1.0)], WARNING, "off"),
        (
            without_channels(FIRST),
            [without_channels(at("10:30:10", 100.0)), at("10:30:20", 100.0)],
            "sensor.gas_meter_7401",
            "678.901",
        ),
        (FIRST, [GAS_UNNAMED, at("10:30:20", 100.0)], "sensor.gas_meter_7401", "678.901"),
        (
            FIRST,
            [at("10:30:10", 100.0), with_value(at("10:30:20", 100.0), "0-0:96.3.10", "(0)")],
            "sensor.smarty_breaker",
            "disconnected",
        ),
    ],
)
async def test_what_does_not_wait_an_hour(
    home: Home, first: str, sent: list[str], entity_id: str, shown: str
) -> None:
    tariff = {"reference_power": 3.0, "surcharge_price": 0.1}
    await home.set_up(first, **tariff, **AN_HOUR)
    before = home.hass.states.get(entity_id)
    assert before is None or len(sent) > 1 or before.state != shown
    for text in sent:
        await home.receive(text)
    assert home.state_of(entity_id).state == shown


async def test_updates_may_be_limited_without_losing_a_text_or_a_quarter_hour(home: Home) -> None:
    entry = await home.set_up(at("10:29:40", 100.0), **AN_HOUR)
    energy = "smarty_energy_imported"
    await home.receive(at("10:29:45", 100.05))
    await home.receive(at("10:29:50", 100.1))
    assert home.state_of(energy).state == "100.0"

    # The register is as of the moment the quarter-hour ended.
    await home.receive(at("10:30:00", 100.2))
    await home.receive(at("10:37:30", 100.3))
    await home.receive(at("10:45:00", 100.45))
    assert home.state_of(energy).state == "100.45"
    assert float(home.state_of("smarty_power_of_last_quarter_hour").state) == 1.0

    await home.receive(at("10:45:10", 100.5))
    assert home.state_of(energy).state == "100.45"
    text = with_value(at("10:45:20", 100.6), "0-0:96.13.0", "(48616C6C6F)")
    await home.receive(text)
    assert home.state_of(energy).state == "100.6"

    coordinator: SmartyCoordinator = entry.runtime_data
    assert coordinator.readings == 8


@pytest.mark.parametrize(
    "first", [at("10:30:00", 100.0), with_value(at("10:30:00", 100.0), "0-0:96.13.0", None)]
)
async def test_limited_updates_lose_no_message(home: Home, first: str) -> None:
    """Also one that is there with the first telegram, or in a line that comes later."""
    await home.set_up(first, **AN_HOUR)
    hass, event = home.hass, "event.smarty_message"

    for second in range(10, 40, 10):
        text = with_value(at(f"10:30:{second}", 100.0), "0-0:96.13.0", "(48616C6C6F)")
        await home.receive(text)
    state = state_of(hass, event)
    assert state.attributes["text"] == "Hallo"
    fired = state.state

    # The same text after a reload that met an empty message is news again.
    await home.again(at("10:31:00", 100.0))
    for second in (10, 20):
        text = with_value(at(f"10:31:{second}", 100.0), "0-0:96.13.0", "(48616C6C6F)")
        await home.receive(text)
    assert hass.states.get(event).state > fired  # type: ignore[union-attr]
