"""What is remembered of a meter over a reload, and what an unload leaves behind."""

from typing import Any
from unittest.mock import patch

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort, with_value, without_channels
from tests.ha.support import (
    at,
    let_pass,
    receive,
    reload,
    set_up,
    state_of,
)


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
        coordinator.line._on_data(port.next_frame(at("10:30:10", 100.0)))
        await hass.async_block_till_done()
        return is_unloaded

    with patch.object(hass.config_entries, "async_unload_platforms", unload_and_receive):
        assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()

    assert hass.states.get("sensor.gas_meter_7401") is None
    key = f"smarty_p1.{entry.entry_id}.meter"
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

    assert f"smarty_p1.{entry.entry_id}.meter" not in hass_storage


async def test_an_identifier_that_is_empty_at_a_reload_makes_no_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    port.greeting = port.next_frame(with_value(at("10:30:10", 100.0), "0-1:96.1.0", "()"))

    await reload(hass, entry)

    assert hass.states.get("sensor.gas_meter_1") is None


async def test_an_identifier_that_is_empty_once_makes_no_meter(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry, at("10:30:00", 100.0))
    gas = "sensor.gas_meter_7401"

    await receive(hass, port, with_value(at("10:30:10", 100.0), "0-1:96.1.0", "()"))
    assert hass.states.get(gas).state == "unavailable"  # type: ignore[union-attr]
    assert hass.states.get("sensor.gas_meter_1") is None

    await receive(hass, port, at("10:30:20", 100.0))
    assert hass.states.get(gas).state == "678.901"  # type: ignore[union-attr]
