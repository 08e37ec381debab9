"""The quarter-hours in Home Assistant: sensors, warning, options, and what survives a restart."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.const import (
    CONF_MIN_INTERVAL,
    CONF_REFERENCE_POWER,
    CONF_SURCHARGE_PRICE,
    CONF_SURCHARGE_PRICE_SINCE,
    CONF_VAT,
)
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.lib.meter import CONFIRMATIONS
from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort, with_value, without_channels
from tests.ha.support import (
    TELEGRAM,
    let_pass,
    own_log,
    receive,
    reload,
    state_of,
    wait_for_entities,
    wait_until,
)

WARNING = "binary_sensor.smarty_reference_power_warning"
RUNNING = "smarty_quarter_hour_power"
LAST = "smarty_last_quarter_hour"
PEAK = "smarty_monthly_peak"
AVAILABLE = "smarty_available_power"
EXCESS = "smarty_excess_energy"
COST = "smarty_surcharge_this_month"
TARIFF = {CONF_REFERENCE_POWER: 3.0, CONF_SURCHARGE_PRICE: 0.1, CONF_MIN_INTERVAL: 0}


def at(clock: str, kwh: float, kw: float = 0.0) -> str:
    """Return a telegram of 3 July 2025, summer time, with this index and power."""
    text = with_value(TELEGRAM, "0-0:1.0.0", f"(250703{clock.replace(':', '')}S)")
    text = with_value(text, "1-0:1.7.0", f"({kw:06.3f}*kW)")
    return with_value(text, "1-0:1.8.0", f"({kwh:010.3f}*kWh)")


async def set_up(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, first: str, **options: float
) -> MockConfigEntry:
    """Return an entry with these options whose meter has sent one telegram."""
    port.greeting = port.next_frame(first)
    entry = make_entry(port.url)
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    port.greeting = b""
    return entry


async def send(hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, text: str) -> None:
    """Send a telegram and wait until it has been taken."""
    coordinator: SmartyCoordinator = entry.runtime_data
    taken = coordinator.readings
    await port.send_telegram(text)
    await wait_until(hass, lambda: coordinator.readings > taken)


async def test_a_quarter_hour(hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0, 4.0), **TARIFF)

    # 0.5 kWh in 5 minutes are 6 kW; with 2 kW for the other 10 minutes the mean is
    # (0.5 + 2 / 6) * 4 = 3.333 kW.
    await send(hass, port, entry, at("10:35:00", 100.5, 2.0))
    assert float(state_of(hass, RUNNING).state) == 6.0
    assert hass.states.get(WARNING).state == "on"  # type: ignore[union-attr]
    # 3 kW for a quarter-hour are 0.75 kWh, of which 0.25 are left: 1.5 kW for 10 minutes.
    assert float(state_of(hass, AVAILABLE).state) == 1.5
    assert state_of(hass, LAST).state == STATE_UNKNOWN

    await send(hass, port, entry, at("10:40:00", 100.6, 1.0))
    # (0.6 + 1 / 12) * 4 = 2.733 kW.
    assert hass.states.get(WARNING).state == "off"  # type: ignore[union-attr]

    await send(hass, port, entry, at("10:45:00", 101.0, 1.0))
    # 1 kWh in a quarter-hour are 4 kW, 1 kW above 3 kW: 0.25 kWh, at 0.10 a kWh 0.025.
    assert float(state_of(hass, LAST).state) == 4.0
    assert float(state_of(hass, PEAK).state) == 4.0
    start = state_of(hass, PEAK).attributes["start"]
    assert start == "2025-07-03T01:30:00-07:00"  # 10:30 in Luxembourg
    assert float(state_of(hass, EXCESS).state) == 0.25
    assert float(state_of(hass, COST).state) == 0.025
    assert state_of(hass, COST).attributes["unit_of_measurement"] == "EUR"
    assert state_of(hass, EXCESS).attributes["last_reset"] == "2025-07-01T00:00:00+02:00"


async def test_the_present_of_a_quarter_hour_follows_in_steps(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0, 1.0), **TARIFF)
    shown = []

    # 1 kW, 1.025 kW and 1.1 kW so far; of 0.75 kWh is left for 3.08 kW, 3.38 kW and 3.6 kW.
    for clock, kwh in (("10:30:36", 100.010), ("10:32:24", 100.041), ("10:33:36", 100.066)):
        await send(hass, port, entry, at(clock, kwh, 1.0))
        shown.append((state_of(hass, RUNNING).state, state_of(hass, AVAILABLE).state))

    assert shown == [("1.0", "3.0"), ("1.0", "3.38"), ("1.1", "3.6")]


async def test_what_exists_depends_on_the_options(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    names = {RUNNING, LAST, PEAK, AVAILABLE, EXCESS, COST}

    def existing() -> set[str]:
        return {name for name in names if hass.states.get(f"sensor.{name}")}

    assert existing() == {RUNNING, LAST, PEAK}
    assert hass.states.get(WARNING) is None

    port.greeting = port.next_frame(at("10:30:10", 100.0))
    hass.config_entries.async_update_entry(entry, options={CONF_SURCHARGE_PRICE: 0.1})
    await reload(hass, entry)
    assert existing() == {RUNNING, LAST, PEAK}

    port.greeting = port.next_frame(at("10:30:20", 100.0))
    hass.config_entries.async_update_entry(entry, options={CONF_REFERENCE_POWER: 7.0})
    await reload(hass, entry)
    # Whose price is published.
    assert existing() == names
    assert hass.states.get(WARNING) is not None


async def test_a_restart_in_the_middle_of_a_quarter_hour(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:15:00", 100.0), **TARIFF)
    await send(hass, port, entry, at("10:30:00", 101.0))
    await send(hass, port, entry, at("10:35:00", 101.5))

    assert await hass.config_entries.async_unload(entry.entry_id)
    port.greeting = port.next_frame(at("10:40:00", 101.75))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_entities(hass, entry)
    await send(hass, port, entry, at("10:45:00", 102.25))

    # 1.25 kWh are 5 kW; 0.25 kWh above 3 kW before the restart, 0.5 kWh across it.
    assert float(state_of(hass, LAST).state) == 5.0
    assert float(state_of(hass, EXCESS).state) == 0.75

    key = f"smarty_p1.{entry.entry_id}.demand"
    assert key in hass_storage
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert key not in hass_storage


async def test_what_a_quarter_hour_has_come_to_survives_a_crash(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:15:00", 100.0), **TARIFF)
    key = f"smarty_p1.{entry.entry_id}.demand"

    await let_pass(hass, 1)
    assert hass_storage[key]["data"]["stretches"][0]["reading"]["imported_wh"] == 100_000
    await send(hass, port, entry, at("10:30:00", 101.0))
    await let_pass(hass, 1)
    assert hass_storage[key]["data"]["stretches"][0]["months"][0]["days"][0]["above"]["3"] == [
        1,
        250.0,
    ]
    await send(hass, port, entry, at("10:31:00", 101.1))
    await let_pass(hass, 1)
    assert hass_storage[key]["data"]["stretches"][0]["reading"]["imported_wh"] == 101_000


async def test_the_state_is_saved_now_and_then(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **TARIFF)

    await let_pass(hass, 301)
    stored = hass_storage[f"smarty_p1.{entry.entry_id}.demand"]["data"]
    assert stored["stretches"][0]["reading"]["imported_wh"] == 100_000


async def test_what_is_stored_may_be_rubbish(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = make_entry(port.url)
    key = f"smarty_p1.{entry.entry_id}.demand"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": {"version": 1}}
    port.greeting = port.next_frame(at("10:30:00", 100.0, 1.5))

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert float(state_of(hass, RUNNING).state) == 1.5
    assert [level for level, _ in own_log(caplog)] == ["WARNING"]


async def test_updates_may_be_limited_without_losing_a_text_or_a_quarter_hour(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:29:40", 100.0), **{CONF_MIN_INTERVAL: 3600})
    energy = "smarty_energy_imported"
    await send(hass, port, entry, at("10:29:45", 100.05))
    await send(hass, port, entry, at("10:29:50", 100.1))
    assert state_of(hass, energy).state == "100.0"

    # The register is as of the moment the quarter-hour ended.
    await send(hass, port, entry, at("10:30:00", 100.2))
    await send(hass, port, entry, at("10:37:30", 100.3))
    await send(hass, port, entry, at("10:45:00", 100.45))
    assert state_of(hass, energy).state == "100.45"
    assert float(state_of(hass, LAST).state) == 1.0

    await send(hass, port, entry, at("10:45:10", 100.5))
    assert state_of(hass, energy).state == "100.45"
    text = with_value(at("10:45:20", 100.6), "0-0:96.13.0", "(48616C6C6F)")
    await send(hass, port, entry, text)
    assert state_of(hass, energy).state == "100.6"

    coordinator: SmartyCoordinator = entry.runtime_data
    assert coordinator.readings == 8


async def test_limited_updates_do_not_delay_the_warning(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    options = TARIFF | {CONF_MIN_INTERVAL: 3600}
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0, 1.0), **options)
    assert hass.states.get(WARNING).state == "off"  # type: ignore[union-attr]

    await send(hass, port, entry, at("10:30:10", 100.0, 4.0))
    assert hass.states.get(WARNING).state == "on"  # type: ignore[union-attr]
    await send(hass, port, entry, at("10:30:20", 100.0, 1.0))
    assert hass.states.get(WARNING).state == "off"  # type: ignore[union-attr]


async def test_limited_updates_do_not_delay_a_new_channel(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    first = without_channels(at("10:30:00", 100.0))
    entry = await set_up(hass, port, make_entry, first, **{CONF_MIN_INTERVAL: 3600})
    await send(hass, port, entry, without_channels(at("10:30:10", 100.0)))
    gas = "sensor.gas_meter_7401"
    assert hass.states.get(gas) is None

    await send(hass, port, entry, at("10:30:20", 100.0))
    assert hass.states.get(gas).state == "678.901"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "first", [at("10:30:00", 100.0), with_value(at("10:30:00", 100.0), "0-0:96.13.0", None)]
)
async def test_limited_updates_lose_no_message(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, first: str
) -> None:
    """Also one that is there with the first telegram, or in a line that comes later."""
    entry = await set_up(hass, port, make_entry, first, **{CONF_MIN_INTERVAL: 3600})
    event = "event.smarty_message"

    for second in range(10, 40, 10):
        text = with_value(at(f"10:30:{second}", 100.0), "0-0:96.13.0", "(48616C6C6F)")
        await send(hass, port, entry, text)
    state = hass.states.get(event)
    assert state is not None
    assert state.attributes["text"] == "Hallo"
    fired = state.state

    # The same text after a reload that met an empty message is news again.
    port.greeting = port.next_frame(at("10:31:00", 100.0))
    await reload(hass, entry)
    port.greeting = b""
    for second in (10, 20):
        text = with_value(at(f"10:31:{second}", 100.0), "0-0:96.13.0", "(48616C6C6F)")
        await send(hass, port, entry, text)
    assert hass.states.get(event).state > fired  # type: ignore[union-attr]


async def test_a_text_that_is_there_at_the_start_fires_with_limited_updates(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    text = with_value(at("10:30:00", 100.0), "0-0:96.13.0", "(48616C6C6F)")
    entry = await set_up(hass, port, make_entry, text, **{CONF_MIN_INTERVAL: 3600})

    await send(hass, port, entry, with_value(text, "0-0:1.0.0", "(250703103010S)"))

    assert hass.states.get("event.smarty_message").attributes["text"] == "Hallo"  # type: ignore[union-attr]


async def test_limited_updates_do_not_delay_the_breaker(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **{CONF_MIN_INTERVAL: 3600})
    await send(hass, port, entry, at("10:30:10", 100.0))

    await send(hass, port, entry, with_value(at("10:30:20", 100.0), "0-0:96.3.10", "(0)"))

    assert state_of(hass, "smarty_breaker").state == "disconnected"


@pytest.mark.parametrize(("reference", "value"), [("0-0:1.0.0", "()"), ("1-0:1.8.0", "()")])
async def test_the_present_is_unknown_without_time_or_energy(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, reference: str, value: str
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0, 9.0), **TARIFF)
    await send(hass, port, entry, at("10:31:00", 100.15, 9.0))
    assert hass.states.get(WARNING).state == "on"  # type: ignore[union-attr]

    await send(hass, port, entry, with_value(at("10:31:10", 100.15), reference, value))

    assert hass.states.get(WARNING).state == STATE_UNKNOWN  # type: ignore[union-attr]
    assert state_of(hass, RUNNING).state == STATE_UNKNOWN
    assert state_of(hass, AVAILABLE).state == STATE_UNKNOWN
    assert float(state_of(hass, EXCESS).state) == 0.0


async def test_a_register_that_is_held_back_is_no_reading_of_the_quarter_hour(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    options = {CONF_REFERENCE_POWER: 30.0, CONF_MIN_INTERVAL: 0}
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **options)
    for clock, kwh in (("10:40:00", 106.0), ("10:44:50", 108.9), ("10:45:00", 0.0)):
        await send(hass, port, entry, at(clock, kwh))

    await send(hass, port, entry, at("10:45:10", 109.1))

    # Linear between 108.9 and 109.1: 9 kWh are 36 kW, 6 kW above 30 kW for a quarter-hour.
    assert float(state_of(hass, LAST).state) == 36.0
    assert float(state_of(hass, EXCESS).state) == 1.5


async def test_what_is_accepted_of_totals_survives_a_reload(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    port.greeting = port.next_frame(at("10:30:10", 0.0))

    await reload(hass, entry)

    assert state_of(hass, "smarty_energy_imported").state == "100.0"


async def test_what_flows_survives_a_reload(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    def captured(clock: str, minutes: str, index: str) -> str:
        return with_value(at(clock, 100.0), "0-1:24.2.1", f"(2507031{minutes}00S)({index}*m3)")

    entry = await set_up(hass, port, make_entry, captured("10:30:00", "030", "00100.000"))
    await receive(hass, port, captured("10:35:00", "035", "00100.100"))
    port.greeting = port.next_frame(captured("10:35:10", "035", "00100.100"))

    await reload(hass, entry)

    assert state_of(hass, "gas_meter_7401_flow_rate").state == "1.2"


async def test_a_telegram_during_the_unload_makes_nothing(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    first = without_channels(at("10:30:00", 100.0))
    entry = await set_up(hass, port, make_entry, first)
    coordinator: SmartyCoordinator = entry.runtime_data
    unload = hass.config_entries.async_unload_platforms

    async def unload_and_receive(entry: MockConfigEntry, platforms: list[Platform]) -> bool:
        is_unloaded = await unload(entry, platforms)
        coordinator._on_data(port.next_frame(at("10:30:10", 100.0)))
        await hass.async_block_till_done()
        return is_unloaded

    with patch.object(hass.config_entries, "async_unload_platforms", unload_and_receive):
        assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()

    assert hass.states.get("sensor.gas_meter_7401") is None
    key = f"smarty_p1.{entry.entry_id}.demand"
    assert key in hass_storage
    assert await hass.config_entries.async_remove(entry.entry_id)
    await let_pass(hass, 301)
    assert key not in hass_storage


async def test_without_a_reading_nothing_is_stored(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(
        hass, port, make_entry, with_value(at("10:30:00", 100.0), "0-0:1.0.0", "()")
    )

    assert await hass.config_entries.async_remove(entry.entry_id)
    await let_pass(hass, 301)

    assert f"smarty_p1.{entry.entry_id}.demand" not in hass_storage


async def test_an_identifier_that_is_empty_at_a_reload_makes_no_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    port.greeting = port.next_frame(with_value(at("10:30:10", 100.0), "0-1:96.1.0", "()"))

    await reload(hass, entry)

    assert hass.states.get("sensor.gas_meter_1") is None


async def test_limited_updates_show_a_meter_that_is_back(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **{CONF_MIN_INTERVAL: 3600})
    await send(hass, port, entry, with_value(at("10:30:10", 100.0), "0-1:96.1.0", "()"))

    await send(hass, port, entry, at("10:30:20", 100.0))

    gas = hass.states.get("sensor.gas_meter_7401")
    assert gas is not None
    assert gas.state == "678.901"


async def test_updates_are_limited_also_when_objects_come_and_go(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    first = at("10:30:00", 100.0)
    entry = await set_up(hass, port, make_entry, first, **{CONF_MIN_INTERVAL: 3600})
    await send(hass, port, entry, at("10:30:10", 100.0))

    for second in (20, 30, 40):
        text = at(f"10:30:{second}", 100.1)
        await send(hass, port, entry, text)
        await send(hass, port, entry, with_value(text, "1-0:3.8.0", None))

    assert state_of(hass, "smarty_energy_imported").state == "100.0"


async def test_an_identifier_that_is_empty_once_makes_no_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    gas = "sensor.gas_meter_7401"

    await send(hass, port, entry, with_value(at("10:30:10", 100.0), "0-1:96.1.0", "()"))
    assert hass.states.get(gas).state == "unavailable"  # type: ignore[union-attr]
    assert hass.states.get("sensor.gas_meter_1") is None

    await send(hass, port, entry, at("10:30:20", 100.0))
    assert hass.states.get(gas).state == "678.901"  # type: ignore[union-attr]


async def test_limited_updates_hold_back_and_count_totals_that_fall(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **{CONF_MIN_INTERVAL: 3600})
    coordinator: SmartyCoordinator = entry.runtime_data

    # A telegram that no entity is updated by, one that a text makes due, and the true value again.
    await send(hass, port, entry, at("10:30:10", 0.0))
    assert coordinator.reception.totals_held_back == {"1-0:1.8.0": 1}
    text = with_value(at("10:30:20", 0.0), "0-0:96.13.0", "(48616C6C6F)")
    await send(hass, port, entry, text)
    assert state_of(hass, "smarty_energy_imported").state == "100.0"
    await send(hass, port, entry, at("10:30:30", 100.1))
    await send(hass, port, entry, at("10:30:40", 0.0))
    assert coordinator.reception.totals_held_back == {"1-0:1.8.0": 2}


async def test_limited_updates_accept_a_fall_that_is_confirmed_meanwhile(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **{CONF_MIN_INTERVAL: 3600})
    for index in range(1, CONFIRMATIONS + 2):
        await send(hass, port, entry, at(f"10:31:{index:02}", 5.0))
    text = with_value(at("10:32:00", 5.0), "0-0:96.13.0", "(48616C6C6F)")
    await send(hass, port, entry, text)

    assert state_of(hass, "smarty_energy_imported").state == "5.0"
    assert entry.runtime_data.reception.totals_held_back == {"1-0:1.8.0": 1}


async def test_a_meter_that_was_unavailable_is_back_at_once(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:29:40", 100.0), **{CONF_MIN_INTERVAL: 3600})
    entry.runtime_data._on_stale(None)
    assert state_of(hass, RUNNING).state == "unavailable"

    await send(hass, port, entry, at("10:29:50", 100.1))
    assert state_of(hass, "smarty_energy_imported").state == "100.1"


@pytest.mark.parametrize(
    ("typed", "stored"), [("7", 7.0), ("12.5", 12.5), ("12,5 kW", 12.5), (" ", None)]
)
async def test_options(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    typed: str,
    stored: float | None,
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    port.greeting = port.next_frame(at("10:30:10", 100.0))
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    assert flow["step_id"] == "init"

    result = await hass.config_entries.options.async_configure(
        flow["flow_id"], {CONF_REFERENCE_POWER: typed, CONF_MIN_INTERVAL: 30}
    )
    await hass.async_block_till_done()
    await wait_for_entities(hass, entry)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options.get(CONF_REFERENCE_POWER) == stored
    assert entry.options[CONF_MIN_INTERVAL] == 30
    assert (hass.states.get(WARNING) is None) == (stored is None)


@pytest.mark.parametrize("typed", ["seven", "0", "-3", "nan", "1e9", "inf"])
async def test_a_reference_power_that_is_none(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, typed: str
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    flow = await hass.config_entries.options.async_init(entry.entry_id)

    result = await hass.config_entries.options.async_configure(
        flow["flow_id"], {CONF_REFERENCE_POWER: typed, CONF_MIN_INTERVAL: 0}
    )
    assert result["errors"] == {CONF_REFERENCE_POWER: "reference_power_malformed"}

    port.greeting = port.next_frame(at("10:30:10", 100.0))
    result = await hass.config_entries.options.async_configure(
        flow["flow_id"], {CONF_REFERENCE_POWER: "7", CONF_MIN_INTERVAL: 0}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_options_can_be_cleared(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **TARIFF)
    port.greeting = port.next_frame(at("10:30:10", 100.0))
    flow = await hass.config_entries.options.async_init(entry.entry_id)

    result = await hass.config_entries.options.async_configure(
        flow["flow_id"], {CONF_MIN_INTERVAL: 0}
    )
    await hass.async_block_till_done()
    await wait_for_entities(hass, entry)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == {CONF_MIN_INTERVAL: 0}
    assert hass.states.get(f"sensor.{EXCESS}") is None
    assert hass.states.get(WARNING) is None


async def test_the_projection_is_there_but_disabled(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    entity_registry: er.EntityRegistry,
) -> None:
    await set_up(hass, port, make_entry, at("10:30:00", 100.0))

    registered = entity_registry.async_get("sensor.smarty_projected_quarter_hour")
    assert registered is not None
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def configure(
    hass: HomeAssistant,
    port: MeterPort,
    entry: MockConfigEntry,
    clock: str,
    kwh: float,
    **typed: float | str,
) -> Mapping[str, Any] | None:
    """Send the form of the options; the meter answers the reload at a time of day."""
    port.greeting = port.next_frame(at(clock, kwh))
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        flow["flow_id"], {CONF_REFERENCE_POWER: "3", CONF_MIN_INTERVAL: 0, CONF_VAT: False, **typed}
    )
    await hass.async_block_till_done()
    port.greeting = b""
    return result.get("errors")


async def test_another_price_leaves_the_past_alone(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:15:00", 100.0), **TARIFF)
    await send(hass, port, entry, at("10:30:00", 101.0))
    assert float(state_of(hass, COST).state) == 0.025  # 0.25 kWh at 0.1

    assert not await configure(hass, port, entry, "10:30:10", 101.0, surcharge_price=0.3)
    assert float(state_of(hass, COST).state) == 0.025
    await send(hass, port, entry, at("10:45:00", 102.0))
    assert float(state_of(hass, COST).state) == 0.1  # and 0.25 kWh at 0.3

    # From a day on: all of July.
    typed: dict[str, float | str] = {
        "surcharge_price": 0.2,
        "surcharge_price_since": "2025-07-01",
    }
    assert not await configure(hass, port, entry, "10:45:10", 102.0, **typed)
    assert float(state_of(hass, COST).state) == 0.1  # 0.5 kWh at 0.2
    assert entry.options["surcharge_price_since"] == "2025-07-01"

    # What stays as it is keeps its day, and a new price does not take over that of the old one.
    assert not await configure(hass, port, entry, "10:45:20", 102.0, surcharge_price=0.2)
    assert entry.options["surcharge_price_since"] == "2025-07-01"
    assert not await configure(hass, port, entry, "10:45:30", 102.0, surcharge_price=0.4)
    assert "surcharge_price_since" not in entry.options
    assert float(state_of(hass, COST).state) == 0.1
    await send(hass, port, entry, at("11:00:00", 103.0))
    assert float(state_of(hass, COST).state) == 0.2  # and 0.25 kWh at 0.4


async def test_a_day_without_a_price_is_refused(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:15:00", 100.0), **TARIFF)

    errors = await configure(
        hass, port, entry, "10:15:10", 100.0, surcharge_price_since="2026-01-01", vat=True
    )

    assert errors == {CONF_SURCHARGE_PRICE: "surcharge_price_missing"}
    assert dict(entry.options) == TARIFF


async def test_the_peak_in_the_repeated_hour_of_october_has_its_own_start(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await hass.config.async_set_time_zone("Europe/Luxembourg")

    def october(clock: str, kwh: float) -> str:
        return with_value(at("10:00:00", kwh), "0-0:1.0.0", f"(251026{clock})")

    entry = await set_up(hass, port, make_entry, october("021500S", 100.0))
    await send(hass, port, entry, october("023000S", 101.0))
    assert state_of(hass, PEAK).attributes["start"] == "2025-10-26T02:15:00+02:00"
    assert state_of(hass, LAST).attributes["start"] == "2025-10-26T02:15:00+02:00"
    assert state_of(hass, RUNNING).attributes["measured_since"] == "2025-10-26T02:30:00+02:00"

    for clock, kwh in (
        ("024500S", 101.1),
        ("020000W", 101.2),
        ("021500W", 101.3),
        ("023000W", 103.0),
    ):
        await send(hass, port, entry, october(clock, kwh))
    assert state_of(hass, PEAK).attributes["start"] == "2025-10-26T02:15:00+01:00"
    assert state_of(hass, LAST).attributes["start"] == "2025-10-26T02:15:00+01:00"
    assert state_of(hass, RUNNING).attributes["measured_since"] == "2025-10-26T02:30:00+01:00"


async def test_after_a_gap_it_is_said_since_when_is_measured(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await hass.config.async_set_time_zone("Europe/Luxembourg")
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **TARIFF)
    await send(hass, port, entry, at("11:05:00", 110.0, 4.0))

    warning = hass.states.get(WARNING)
    assert warning
    states = [state_of(hass, RUNNING), state_of(hass, AVAILABLE), warning]
    since = [state.attributes["measured_since"] for state in states]
    assert since == ["2025-07-03T11:05:00+02:00"] * 3
    await send(hass, port, entry, at("11:15:00", 110.5, 4.0))
    assert state_of(hass, RUNNING).attributes["measured_since"] == "2025-07-03T11:15:00+02:00"

    # Nothing is about the running quarter-hour while its telegrams lack the time.
    await send(hass, port, entry, with_value(at("11:16:00", 110.5), "0-0:1.0.0", "()"))
    assert state_of(hass, RUNNING).attributes["measured_since"] is None


async def test_the_power_available_ends_at_the_threshold_in_the_telegram(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **TARIFF)

    def with_threshold(text: str) -> str:
        return with_value(text, "0-0:17.0.0", "(13.8*kVA)")

    # 0.75 kWh are left: 45 kW for a minute.
    await send(hass, port, entry, at("10:44:00", 100.0))
    assert float(state_of(hass, AVAILABLE).state) == 45.0
    await send(hass, port, entry, with_threshold(at("10:44:30", 100.0)))
    assert float(state_of(hass, AVAILABLE).state) == 13.8


@pytest.mark.parametrize("day", ["0001-01-01", "2024-12-31", "2099-01-01"])
async def test_a_day_that_cannot_be_is_refused(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, day: str
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:15:00", 100.0), **TARIFF)

    typed: dict[str, float | str] = {"surcharge_price": 0.2, "surcharge_price_since": day}
    errors = await configure(hass, port, entry, "10:15:10", 100.0, **typed)

    assert errors == {CONF_SURCHARGE_PRICE_SINCE: "surcharge_day_implausible"}


def on(day: str, clock: str, kwh: float) -> str:
    """Return a telegram of another day of 2025, summer time."""
    stamp = f"({day.replace('-', '')}{clock.replace(':', '')}S)"
    return with_value(at(clock, kwh), "0-0:1.0.0", stamp)


async def two_months(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> MockConfigEntry:
    """Return an entry whose meter has begun another month."""
    entry = await set_up(hass, port, make_entry, on("25-07-31", "23:30:00", 100.0), **TARIFF)
    for day, clock, kwh in (
        ("25-07-31", "23:45:00", 101.0),
        ("25-08-01", "00:00:00", 102.0),
        ("25-08-01", "00:15:00", 102.5),
        ("25-08-01", "00:20:00", 102.6),
    ):
        await send(hass, port, entry, on(day, clock, kwh))
    await let_pass(hass, 1)
    return entry


async def test_a_month_that_has_ended_is_stored_beside_the_running_one(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    entry = await two_months(hass, port, make_entry)
    key = f"smarty_p1.{entry.entry_id}"

    [july] = hass_storage[f"{key}.months"]["data"]["months"]
    assert july["start"] == "2025-07-01T00:00:00+02:00"
    assert july["days"][0]["imported_wh"] == 2000.0

    port.greeting = port.next_frame(on("25-08-01", "00:25:00", 102.7))
    await reload(hass, entry)
    [stretch] = hass_storage[f"{key}.demand"]["data"]["stretches"]
    assert [month["start"][:7] for month in stretch["months"]] == ["2025-08"]
    demand = entry.runtime_data.latest.demand
    assert demand
    assert [month.imported_kwh for month in demand.earlier_months] == [2.0]
    assert demand.month.imported_kwh == pytest.approx(0.7)

    assert await hass.config_entries.async_remove(entry.entry_id)
    assert not [name for name in hass_storage if name.startswith(key)]


async def test_a_disk_that_is_full_when_a_month_ends_loses_nothing(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    write = Store._async_write_data

    async def full(store: Store[Any], *args: Any) -> None:  # noqa: ANN401
        if store.key.endswith(".months"):
            raise WriteError
        await write(store, *args)

    with patch.object(Store, "_async_write_data", full):
        entry = await two_months(hass, port, make_entry)
        key = f"smarty_p1.{entry.entry_id}"
        assert f"{key}.months" not in hass_storage
        [stretch] = hass_storage[f"{key}.demand"]["data"]["stretches"]
        assert [month["start"][:7] for month in stretch["months"]] == ["2025-07", "2025-08"]

    # Tried again with the next quarter-hour.
    await send(hass, port, entry, on("25-08-01", "00:30:00", 102.8))
    await let_pass(hass, 1)
    assert len(hass_storage[f"{key}.months"]["data"]["months"]) == 1


async def test_the_four_registers_are_handed_on(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    text = at("10:45:00", 101.0)
    for reference, value in (
        ("1-0:2.8.0", "(001234.667*kWh)"),
        ("1-0:3.8.0", "(000001.035*kvarh)"),
        ("1-0:4.8.0", "(000064.081*kvarh)"),
    ):
        text = with_value(text, reference, value)
    await send(hass, port, entry, text)

    demand = entry.runtime_data.latest.demand
    assert demand
    assert demand.last_quarter
    # Before, they were 1234.567 kWh, 0.835 and 63.781 kvarh.
    assert demand.last_quarter[1:] == (4.0, 0.1, 0.2, 0.3)
