"""The quarter-hours in Home Assistant, and the minimum time between updates of the entities."""

import asyncio
from pathlib import Path
from unittest.mock import patch

import pytest
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from smartyp1.json_types import JsonDict
from tests.ha.meter import MeterPort, with_value, without_channels
from tests.ha.support import (
    Home,
    at,
    fall_silent,
    let_pass,
    receive,
    remove_entry,
    state_of,
    unload_entry,
    wait_until,
    with_power,
)

WARNING = "binary_sensor.smarty_reference_power_warning"
RUNNING = "smarty_quarter_hour_power"
LAST = "smarty_power_of_last_quarter_hour"
PEAK = "smarty_highest_power_this_month"
AVAILABLE = "smarty_available_power"
EXCESS = "smarty_energy_above_reference_power"
COST = "smarty_surcharge_this_month"
TARIFF = {"reference_power": 3.0, "surcharge_price": 0.1, "vat": False, "min_interval": 0}


async def test_a_quarter_hour(home: Home) -> None:
    await home.set_up(at("10:30:00", 100.0, 4.0), **TARIFF)

    # 0.5 kWh in 5 minutes are 6 kW; with 2 kW for the other 10 minutes the mean is
    # (0.5 + 2 / 6) * 4 = 3.333 kW.
    await home.receive(at("10:35:00", 100.5, 2.0))
    assert float(home.state_of(RUNNING).state) == 6.0
    assert home.state_of(WARNING).state == "on"
    # 3 kW for a quarter-hour are 0.75 kWh. Of these, 0.25 are left: 1.5 kW for 10 minutes.
    assert float(home.state_of(AVAILABLE).state) == 1.5
    assert home.state_of(LAST).state == STATE_UNKNOWN

    await home.receive(at("10:40:00", 100.6, 1.0))
    # (0.6 + 1 / 12) * 4 = 2.733 kW.
    assert home.state_of(WARNING).state == "off"

    await home.receive(at("10:45:00", 101.0, 1.0))
    # 1 kWh in a quarter-hour are 4 kW, 1 kW above 3 kW: 0.25 kWh, at 0.10 a kWh 0.025.
    assert float(home.state_of(LAST).state) == 4.0
    assert float(home.state_of(PEAK).state) == 4.0
    start = home.state_of(PEAK).attributes["start"]
    assert start == "2025-07-03T01:30:00-07:00"  # 10:30 in Luxembourg
    assert float(home.state_of(EXCESS).state) == 0.25
    assert float(home.state_of(COST).state) == 0.025
    assert home.state_of(COST).attributes["unit_of_measurement"] == "EUR"
    assert home.state_of(EXCESS).attributes["last_reset"] == "2025-07-01T00:00:00+02:00"


async def test_available_power_rises_by_a_twentieth_and_ends_at_the_reference_power(
    home: Home,
) -> None:
    await home.set_up(at("12:00:00", 100.0, 2.0), reference_power=7.0)
    shown, until_end, warning = [home.state_of(AVAILABLE).state], [], []
    for clock, kwh, kw in (
        ("12:05:00", 100.5, 2.0),  # 1.25 kWh in a sixth of an hour: 7.5 kW
        ("12:05:10", 100.5, 7.627),  # 7.627: not much more, and as much as may be
        ("12:05:20", 100.5, 7.76),  # 7.759
        ("12:06:00", 100.5, 2.0),  # 8.333
        ("12:06:10", 100.6, 2.0),  # 7.811
        ("12:10:00", 101.65, 2.0),  # 1.2
    ):
        await home.receive(at(clock, kwh, kw))
        available = home.state_of(AVAILABLE)
        shown.append(available.state)
        until_end.append(available.attributes["until_quarter_hour_ends"])
        state = home.hass.states.get(WARNING)
        warning.append(state and state.state)
    assert shown == ["7.0", "7.0", "7.0", "7.0", "7.0", "7.0", "1.2"]
    assert until_end == [7.5, 7.5, 7.5, 8.3, 7.8, 1.2]
    # The warning does not wait for a step.
    assert warning == ["off", "off", "on", "off", "off", "on"]


async def test_the_warning_shows_the_reference_power_of_its_contract(home: Home) -> None:
    await home.set_up(at("10:30:00", 100.0), **TARIFF)
    later = TARIFF | {"reference_power": 12.0, "since": "2025-08-01"}
    await home.again(at("10:30:10", 100.0), {"contracts": [TARIFF, later]})
    assert home.state_of(WARNING).attributes["reference_power"] == 3.0


async def test_the_energy_of_a_running_quarter_hour_survives_a_crash(
    home: Home, hass_storage: JsonDict, tmp_path: Path
) -> None:
    entry = await home.set_up(at("10:15:00", 100.0), **TARIFF)
    key = f"smarty_p1.{entry.entry_id}.meter"

    await let_pass(home.hass, 1)
    assert hass_storage[key]["data"]["demand"]["stretches"][0]["reading"]["imported_wh"] == 100_000
    await home.receive(at("10:20:00", 100.4), at("10:30:00", 101.0))
    await let_pass(home.hass, 1)
    folder = tmp_path / ".storage" / f"{key.removesuffix('.meter')}.quarter_hours"
    [_, line] = (folder / "2025-07.csv").read_text().splitlines()
    assert line.startswith("2025-07-03T08:15Z,,1000,")
    await home.receive(at("10:31:00", 101.1))
    await let_pass(home.hass, 1)
    assert hass_storage[key]["data"]["demand"]["stretches"][0]["reading"]["imported_wh"] == 101_000


@pytest.mark.parametrize(("reference", "value"), [("0-0:1.0.0", "()"), ("1-0:1.8.0", "()")])
async def test_the_present_is_unknown_without_time_or_energy(
    home: Home, reference: str, value: str
) -> None:
    await home.set_up(at("10:30:00", 100.0, 9.0), **TARIFF)
    await home.receive(at("10:31:00", 100.15, 9.0))
    assert home.state_of(WARNING).state == "on"

    await home.receive(with_value(at("10:31:10", 100.15), reference, value))

    assert home.state_of(WARNING).state == STATE_UNKNOWN
    assert home.state_of(RUNNING).state == STATE_UNKNOWN
    assert home.state_of(AVAILABLE).state == STATE_UNKNOWN
    assert float(home.state_of(EXCESS).state) == 0.0


async def test_after_a_gap_the_begin_of_the_measurement_is_shown(home: Home) -> None:
    await home.hass.config.async_set_time_zone("Europe/Luxembourg")
    await home.set_up(at("10:30:00", 100.0), **TARIFF)
    await home.receive(at("11:05:00", 110.0, 4.0))

    warning = home.state_of(WARNING)
    states = [home.state_of(RUNNING), home.state_of(AVAILABLE), warning]
    since = [state.attributes["measured_since"] for state in states]
    assert since == ["2025-07-03T11:05:00+02:00"] * 3
    await home.receive(at("11:15:00", 110.5, 4.0))
    assert home.state_of(RUNNING).attributes["measured_since"] == "2025-07-03T11:15:00+02:00"

    # The states of the running quarter-hour are unknown while its telegrams lack the time.
    await home.receive(with_value(at("11:16:00", 110.5), "0-0:1.0.0", "()"))
    assert home.state_of(RUNNING).attributes["measured_since"] is None


async def test_a_telegram_during_the_unload_makes_nothing(
    home: Home, hass_storage: JsonDict
) -> None:
    first = without_channels(at("10:30:00", 100.0))
    entry = await home.set_up(first)
    coordinator: MeterCoordinator = entry.runtime_data
    unload = home.hass.config_entries.async_unload_platforms

    async def unload_and_receive(entry: MockConfigEntry, platforms: list[Platform]) -> bool:
        is_unloaded = await unload(entry, platforms)
        coordinator.source.line._on_data(home.port.next_frame(at("10:30:10", 100.0)))
        await home.hass.async_block_till_done()
        return is_unloaded

    with patch.object(home.hass.config_entries, "async_unload_platforms", unload_and_receive):
        assert await unload_entry(home.hass, entry)
    await home.hass.async_block_till_done()

    assert home.hass.states.get("sensor.gas_meter_7401") is None
    key = f"smarty_p1.{entry.entry_id}.meter"
    assert key in hass_storage
    assert await remove_entry(home.hass, entry)
    await let_pass(home.hass, 301)
    assert key not in hass_storage


async def test_without_a_reading_nothing_is_stored(home: Home, hass_storage: JsonDict) -> None:
    entry = await home.set_up(with_value(at("10:30:00", 100.0), "0-0:1.0.0", "()"))

    assert await remove_entry(home.hass, entry)
    await let_pass(home.hass, 301)

    assert f"smarty_p1.{entry.entry_id}.meter" not in hass_storage


async def test_an_identifier_that_is_empty_at_a_reload_makes_no_meter(home: Home) -> None:
    await home.set_up(at("10:30:00", 100.0))
    home.port.greeting = home.port.next_frame(with_value(at("10:30:10", 100.0), "0-1:96.1.0", "()"))

    await home.reload()

    assert home.hass.states.get("sensor.gas_meter_1") is None


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


async def test_a_silence_ends_waiting_values_and_the_next_telegram_is_shown_at_once(
    home: Home,
) -> None:
    entry = await home.set_up(at("10:29:40", 100.0), **AN_HOUR)
    await home.receive(at("10:29:45", 100.05), at("10:29:46", 100.06))
    await fall_silent(home.hass, entry)
    assert home.state_of("smarty_quarter_hour_power").state == "unavailable"
    await home.receive(at("10:29:50", 100.1))
    assert home.state_of("smarty_energy_imported").state == "100.1"


async def test_an_urgent_value_does_not_wait_and_nothing_older_follows(
    hass: HomeAssistant, port: MeterPort, states: list[str]
) -> None:
    await receive(hass, port, with_power("01.000"))
    await receive(hass, port, with_power("02.000"))
    await receive(hass, port, with_value(with_power("03.000"), "0-0:96.3.10", "(0)"))
    assert states == ["1.0", "3.0"]
    await asyncio.sleep(1.2)
    assert states == ["1.0", "3.0"]

    # No timer is left when the entry is unloaded: a timer would fail the test.
    await receive(hass, port, with_power("04.000"))
    await receive(hass, port, with_power("05.000"))
    [entry] = hass.config_entries.async_entries("smarty_p1")
    assert await unload_entry(hass, entry)
    assert states == ["1.0", "3.0", "4.0", "unavailable"]


FIRST = at("10:30:00", 100.0)
LOW = at("10:30:00", 100.0, 1.0)
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
async def test_values_that_do_not_wait_an_hour(
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
    await home.receive(at("10:29:45", 100.05), at("10:29:50", 100.1))
    assert home.state_of(energy).state == "100.0"

    # The register is as of the moment the quarter-hour ended.
    await home.receive(at("10:30:00", 100.2), at("10:37:30", 100.3), at("10:45:00", 100.45))
    assert home.state_of(energy).state == "100.45"
    assert float(home.state_of("smarty_power_of_last_quarter_hour").state) == 1.0

    await home.receive(at("10:45:10", 100.5))
    assert home.state_of(energy).state == "100.45"
    text = with_value(at("10:45:20", 100.6), "0-0:96.13.0", "(48616C6C6F)")
    await home.receive(text)
    assert home.state_of(energy).state == "100.6"

    coordinator: MeterCoordinator = entry.runtime_data
    assert coordinator.readings == 8


@pytest.mark.parametrize(
    "first", [at("10:30:00", 100.0), with_value(at("10:30:00", 100.0), "0-0:96.13.0", None)]
)
async def test_limited_updates_lose_no_message(home: Home, first: str) -> None:
    """The message may be in the first telegram, or in a later line."""
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
