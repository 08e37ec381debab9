"""The quarter-hours in Home Assistant: sensors, warning, options, and what survives a restart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.const import (
    CONF_MIN_INTERVAL,
    CONF_REFERENCE_POWER,
    CONF_SURCHARGE_PRICE,
    CONF_SURCHARGE_PRICE_SINCE,
    CONF_VAT,
    SECTION_LEVIES,
    SECTION_NETWORK_PRICES,
)
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.lib.meter import MeterMemory
from tests.ha.conftest import EntryMaker
from tests.ha.dialogs import enter_contract, fill_contract
from tests.ha.meter import MeterPort, with_value
from tests.ha.support import (
    at,
    let_pass,
    own_log,
    reload,
    set_up,
    state_of,
    wait_for_telegram,
    wait_until,
)

WARNING = "binary_sensor.smarty_reference_power_warning"
RUNNING = "smarty_quarter_hour_power"
LAST = "smarty_last_quarter_hour"
PEAK = "smarty_monthly_peak"
AVAILABLE = "smarty_available_power"
EXCESS = "smarty_excess_energy"
COST = "smarty_surcharge_this_month"
TARIFF = {
    CONF_REFERENCE_POWER: 3.0,
    CONF_SURCHARGE_PRICE: 0.1,
    CONF_VAT: False,
    CONF_MIN_INTERVAL: 0,
}


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

    # 1 kW, 1.025 kW and 1.1 kW so far; the rest of 0.75 kWh would allow more than 3 kW.
    for clock, kwh in (("10:30:36", 100.010), ("10:32:24", 100.041), ("10:33:36", 100.066)):
        await send(hass, port, entry, at(clock, kwh, 1.0))
        shown.append((state_of(hass, RUNNING).state, state_of(hass, AVAILABLE).state))

    assert shown == [("1.0", "3.0"), ("1.0", "3.0"), ("1.1", "3.0")]


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
    await wait_for_telegram(hass, entry)
    await send(hass, port, entry, at("10:45:00", 102.25))

    # 1.25 kWh are 5 kW; 0.25 kWh above 3 kW before the restart, 0.5 kWh across it.
    assert float(state_of(hass, LAST).state) == 5.0
    assert float(state_of(hass, EXCESS).state) == 0.75

    key = f"smarty_p1.{entry.entry_id}.meter"
    assert key in hass_storage
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert key not in hass_storage


async def test_what_a_quarter_hour_has_come_to_survives_a_crash(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    tmp_path: Path,
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:15:00", 100.0), **TARIFF)
    key = f"smarty_p1.{entry.entry_id}.meter"

    await let_pass(hass, 1)
    assert hass_storage[key]["data"]["demand"]["stretches"][0]["reading"]["imported_wh"] == 100_000
    await send(hass, port, entry, at("10:20:00", 100.4))
    await send(hass, port, entry, at("10:30:00", 101.0))
    await let_pass(hass, 1)
    folder = tmp_path / ".storage" / f"{key.removesuffix('.meter')}.quarter_hours"
    [_, line] = (folder / "2025-07.csv").read_text().splitlines()
    assert line.startswith("2025-07-03T08:15Z,,1000,")
    await send(hass, port, entry, at("10:31:00", 101.1))
    await let_pass(hass, 1)
    assert hass_storage[key]["data"]["demand"]["stretches"][0]["reading"]["imported_wh"] == 101_000


async def test_the_state_is_saved_now_and_then(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **TARIFF)

    await let_pass(hass, 301)
    stored = hass_storage[f"smarty_p1.{entry.entry_id}.meter"]["data"]["demand"]
    assert stored["stretches"][0]["reading"]["imported_wh"] == 100_000


async def test_what_is_stored_may_be_rubbish(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = make_entry(port.url)
    key = f"smarty_p1.{entry.entry_id}.meter"
    content = MeterMemory().as_dict() | {"demand": {"version": 1}}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": content}
    port.greeting = port.next_frame(at("10:30:00", 100.0, 1.5))

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert float(state_of(hass, RUNNING).state) == 1.5
    assert [level for level, _ in own_log(caplog)] == ["WARNING"]


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

    result = await enter_contract(hass, entry, {CONF_REFERENCE_POWER: typed})
    await hass.async_block_till_done()
    await wait_for_telegram(hass, entry)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options.get(CONF_REFERENCE_POWER) == stored
    assert (hass.states.get(WARNING) is None) == (stored is None)


@pytest.mark.parametrize("typed", ["seven", "0", "-3", "nan", "1e9", "inf"])
async def test_a_reference_power_that_is_none(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, typed: str
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))

    result = await enter_contract(hass, entry, {CONF_REFERENCE_POWER: typed})
    assert result["errors"] == {CONF_REFERENCE_POWER: "reference_power_malformed"}

    port.greeting = port.next_frame(at("10:30:10", 100.0))
    result = await fill_contract(hass, result, {CONF_REFERENCE_POWER: "7"})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_options_can_be_cleared(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0), **TARIFF)
    port.greeting = port.next_frame(at("10:30:10", 100.0))

    result = await enter_contract(hass, entry, {SECTION_LEVIES: {}, SECTION_NETWORK_PRICES: {}})
    await hass.async_block_till_done()
    await wait_for_telegram(hass, entry)

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
    **typed: float | str | Mapping[str, bool],
) -> Mapping[str, Any] | None:
    """Send the form of the options; the meter answers the reload at a time of day."""
    port.greeting = port.next_frame(at(clock, kwh))
    network = {name: typed.pop(name) for name in {CONF_SURCHARGE_PRICE} & typed.keys()}
    agreed = {
        CONF_REFERENCE_POWER: "3",
        SECTION_LEVIES: {CONF_VAT: False},
        SECTION_NETWORK_PRICES: network,
    }
    result = await enter_contract(hass, entry, agreed | typed)
    await hass.async_block_till_done()
    await wait_for_telegram(hass, entry)
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
    typed: dict[str, float | str | Mapping[str, bool]] = {
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
        hass, port, entry, "10:15:10", 100.0, surcharge_price_since="2026-01-01"
    )

    assert errors == {SECTION_NETWORK_PRICES: "surcharge_price_missing"}
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
    assert state_of(hass, AVAILABLE).attributes["until_quarter_hour_ends"] == 45.0
    await send(hass, port, entry, with_threshold(at("10:44:30", 100.0)))
    assert state_of(hass, AVAILABLE).attributes["until_quarter_hour_ends"] == 13.8
    assert float(state_of(hass, AVAILABLE).state) == 3.0


@pytest.mark.parametrize("day", ["0001-01-01", "2024-12-31", "2099-01-01"])
async def test_a_day_that_cannot_be_is_refused(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, day: str
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:15:00", 100.0), **TARIFF)

    typed: dict[str, float | str | Mapping[str, bool]] = {
        "surcharge_price": 0.2,
        "surcharge_price_since": day,
    }
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


async def test_a_month_that_has_ended_is_known_after_a_restart(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    tmp_path: Path,
) -> None:
    entry = await two_months(hass, port, make_entry)
    key = f"smarty_p1.{entry.entry_id}"
    folder = tmp_path / ".storage" / f"{key}.quarter_hours"
    assert {path.name for path in folder.iterdir()} == {"2025-07.csv", "2025-08.csv"}

    port.greeting = port.next_frame(on("25-08-01", "00:25:00", 102.7))
    await reload(hass, entry)
    demand = entry.runtime_data.latest.demand
    assert demand
    assert [month.imported_kwh for month in demand.earlier_months] == [2.0]
    assert demand.month.imported_kwh == pytest.approx(0.7)

    assert await hass.config_entries.async_remove(entry.entry_id)
    assert not [name for name in hass_storage if name.startswith(key)]
    assert not folder.exists()


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
    assert demand.last_quarter[1:5] == (4.0, 0.1, 0.2, 0.3)
