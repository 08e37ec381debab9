"""A meter whose totals another integration reads, at run time."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockEntityPlatform

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from tests.ha.entities import KWH, Smarty, set_up
from tests.ha.support import call, reload_entry, set_up_entry, unload_entry


@pytest.fixture
async def smarty(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Smarty:
    """Return the sensors of another integration, and a meter made of all of them."""
    freezer.move_to("2026-11-02 12:00:00+00:00")
    smarty = Smarty(hass, freezer)
    smarty.entry = await set_up(hass, smarty)
    return smarty


def keys(smarty: Smarty) -> dict[str, str]:
    """Return the states of the meter's entities by the last part of their unique ids."""
    hass, entry = smarty.hass, smarty.entry
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    states = {
        entity.unique_id.removeprefix(f"{entry.unique_id}_"): hass.states.get(entity.entity_id)
        for entity in entities
    }
    return {key: state.state for key, state in states.items() if state}


def is_unavailable(smarty: Smarty) -> bool:
    """Return whether all entities are unavailable. The price of the contract needs no reading."""
    states = keys(smarty)
    return states.pop("price_import") in {"0.21708", "unavailable"} and set(states.values()) == {
        "unavailable"
    }


async def test_a_report_becomes_a_reading(smarty: Smarty) -> None:
    assert is_unavailable(smarty)
    await smarty.send(tariff_1="1000.010", power="3600")
    shown = keys(smarty)
    assert (shown["energy_imported"], shown["energy_exported"]) == ("3000.01", "500.0")
    assert (shown["power_net"], shown["verification"]) == ("3.6", "by_integration")
    [state] = [state for state in smarty.hass.states.async_all() if state.state == "by_integration"]
    assert state.attributes["integration"] == "DSMR Smart Meter"
    for _ in range(90):
        await smarty.send()
    shown = keys(smarty)
    # 900 s later, nothing more was drawn. The quarter-hour began before the first reading.
    assert shown["demand_running"] == "0.0"
    assert {"demand_available", "demand_will_exceed", "cost_total"} <= shown.keys()
    assert not {"voltage_l1", "connection", "telegrams"} & shown.keys()


async def test_any_report_is_a_reading_of_all(smarty: Smarty) -> None:
    coordinator = smarty.entry.runtime_data
    await smarty.send("exported", exported="500.001")
    assert coordinator.readings == 1
    # The same value again fires no change of state, but it is a report.
    await smarty.send("exported")
    await smarty.send("fed_in")
    assert coordinator.readings == 3
    # A telegram of the meter is several reports, but one reading.
    await smarty.send()
    assert coordinator.readings == 4
    assert coordinator.latest.telegram.objects == {
        "1-0:1.8.0": 3000.0,
        "1-0:2.8.0": 500.001,
        "1-0:1.7.0": 1.0,
        "1-0:2.7.0": 0.0,
    }
    # A bad value counts as no value.
    for value in ("-5", "nan", "inf", "1e300", "x" * 200):
        await smarty.send(tariff_1=value)
        assert coordinator.readings == 4


async def test_a_total_that_is_silent_while_power_is_drawn(smarty: Smarty) -> None:
    await smarty.send(tariff_1="1000.001", power="600")
    # 600 W make 60 Wh in ten minutes, and the total rises in steps of 1 Wh.
    for _ in range(70):
        await smarty.send("power", "fed_in")
    coordinator = smarty.entry.runtime_data
    assert (coordinator.condition.state, coordinator.condition.obstacle) == (
        "failing",
        "entities_silent",
    )
    await smarty.send(tariff_1="1000.118")
    assert keys(smarty)["energy_imported"] == "3000.118"
    # The total does not change while the house feeds in.
    for _ in range(100):
        await smarty.send("power", "fed_in", power="0", fed_in="900")
    assert coordinator.condition.state == "receiving"


async def test_a_total_that_is_not_reported_while_it_does_not_change(smarty: Smarty) -> None:
    await smarty.send(tariff_1="1000.100")
    await smarty.send(tariff_1="1000.200", tariff_2="2000.000", exported="500.000")
    # The house feeds in for two hours, and MQTT reports nothing that stays the same.
    await smarty.wait(7200)
    assert is_unavailable(smarty)
    await smarty.send("tariff_1", tariff_1="1000.300")
    noon = {"start": "2026-11-02T12:00:00+00:00", "end": "2026-11-02T18:00:00+00:00"}
    known = (await call(smarty.hass, "get_quarter_hours", **noon))["quarter_hours"]
    assert [quarter["imported_kwh"] for quarter in known] == [0.0] * 7
    # After an integration was away, the total is higher: the time of that energy is unknown.
    await smarty.wait(7200)
    await smarty.send("tariff_1", tariff_1="1000.900")
    assert (await call(smarty.hass, "get_quarter_hours", **noon))["quarter_hours"] == known


@pytest.mark.parametrize("away", ["unavailable", "unknown"])
async def test_two_tariffs_count_only_together(smarty: Smarty, away: str) -> None:
    await smarty.send()
    await smarty.send(tariff_2=away)
    await smarty.send(tariff_1="1000.020")
    assert smarty.entry.runtime_data.readings == 1
    assert is_unavailable(smarty)
    # The first state after it was away may be old, so it is no report.
    await smarty.send("tariff_2", tariff_2="2000.000")
    assert smarty.entry.runtime_data.readings == 1
    await smarty.send()
    assert keys(smarty)["energy_imported"] == "3000.02"


async def test_nothing_is_read_without_a_report(smarty: Smarty) -> None:
    await smarty.send()
    await smarty.wait(600)
    assert smarty.entry.runtime_data.readings == 1
    assert keys(smarty)["energy_imported"] == "3000.0"
    await smarty.wait(30)
    assert is_unavailable(smarty)
    # A restored state counts as no report.
    for name in smarty.chosen("tariff_1", "tariff_2"):
        smarty.hass.states.async_remove(name)
    await smarty.send("tariff_1", "tariff_2")
    assert smarty.entry.runtime_data.readings == 1
    await smarty.send()
    assert smarty.entry.runtime_data.readings == 2


async def test_a_fall_waits_for_its_confirmation(smarty: Smarty) -> None:
    await smarty.send()
    for _ in range(8):
        await smarty.send(tariff_1="0.500")
        assert keys(smarty)["energy_imported"] == "3000.0"
    await smarty.send(tariff_1="1000.100")
    assert keys(smarty)["energy_imported"] == "3000.1"


async def test_a_renamed_entity_goes_on(smarty: Smarty) -> None:
    await smarty.send()
    registry = er.async_get(smarty.hass)
    before = registry.async_get(smarty.ids["tariff_1"].id)
    assert before
    smarty.hass.states.async_remove(before.entity_id)
    registry.async_update_entity(before.entity_id, new_entity_id="sensor.new_name")
    await smarty.send("tariff_1", tariff_1="1000.100")
    await smarty.send("tariff_1", tariff_1="1000.200")
    assert keys(smarty)["energy_imported"] == "3000.2"


@pytest.mark.parametrize("is_reloaded", [False, True])
@pytest.mark.parametrize("unique_id", ["unique_tariff_1", "of another integration"])
async def test_a_deleted_entity_is_shown_as_unavailable_at_once(
    smarty: Smarty, unique_id: str, *, is_reloaded: bool
) -> None:
    await smarty.send()
    hass, registry, coordinator = smarty.hass, er.async_get(smarty.hass), smarty.entry.runtime_data
    # The registry and the state may end in either order.
    hass.states.async_remove("sensor.tariff_1")
    assert (coordinator.condition.state, coordinator.condition.obstacle) == (
        "failing",
        "entity_unavailable",
    )
    await smarty.send()
    await smarty.send()
    assert coordinator.condition.state == "receiving"
    registry.async_remove("sensor.tariff_1")
    assert coordinator.condition.state == "failing"
    hass.states.async_remove("sensor.tariff_1")
    assert is_unavailable(smarty)
    if is_reloaded:
        await reload_entry(hass, smarty.entry)
        coordinator = smarty.entry.runtime_data
        assert coordinator.condition.state == "failing"
    assert coordinator.placeholders["entity"] == "sensor.tariff_1"
    await smarty.send("tariff_2", "exported")
    assert coordinator.condition.state == "failing"

    made = registry.async_get_or_create("sensor", "dsmr", unique_id, suggested_object_id="tariff_1")
    assert made.entity_id == "sensor.tariff_1"
    smarty.ids["tariff_1"] = made
    await hass.async_block_till_done()
    for kwh in ("1000.300", "1000.400", "1000.500"):
        await smarty.send(tariff_1=kwh)
    assert keys(smarty)["energy_imported"] == "3000.5"
    registry.async_update_entity(made.entity_id, new_entity_id="sensor.moved")
    hass.states.async_remove("sensor.tariff_1")
    assert smarty.entry.runtime_data.condition.state == "receiving"
    await smarty.send(tariff_1="1000.600")
    await smarty.send(tariff_1="1000.700")
    assert keys(smarty)["energy_imported"] == "3000.7"


async def test_an_entity_that_is_not_registered_is_deleted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    smarty = Smarty(hass, freezer)
    smarty.entry = await set_up(hass, smarty, energy_imported=["sensor.template"])
    for _ in range(2):
        hass.states.async_set("sensor.template", "5.0", KWH)
        await smarty.wait(2)
    assert smarty.entry.runtime_data.condition.state == "receiving"
    hass.states.async_remove("sensor.template")
    assert smarty.entry.runtime_data.condition.state == "failing"


class Total(SensorEntity):
    """Total of an integration whose entities Home Assistant renames and deletes itself."""

    _attr_device_class = SensorDeviceClass.ENERGY
    _attr_native_unit_of_measurement = "kWh"
    _attr_unique_id = _attr_name = "Total"
    _attr_should_poll = False
    _attr_native_value = 5.0


async def test_home_assistant_renames_and_deletes_an_entity(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    smarty, total = Smarty(hass, freezer), Total()
    platform = MockEntityPlatform(hass, domain="sensor", platform_name="dsmr")
    await platform.async_add_entities([total])
    registry = er.async_get(hass)
    registered = registry.async_get(total.entity_id)
    assert registered
    smarty.entry = await set_up(hass, smarty, energy_imported=[registered.id])
    coordinator = smarty.entry.runtime_data
    states = []
    note = callback(lambda _event: states.append(coordinator.condition.state))
    hass.bus.async_listen("state_changed", note)

    async def report(count: int) -> None:
        for _ in range(count):
            total.async_write_ha_state()
            await smarty.wait(2)

    await report(2)
    registry.async_update_entity(total.entity_id, new_entity_id="sensor.renamed")
    await report(2)
    assert (coordinator.readings > 2, {*states}) == (True, {"receiving"})
    registry.async_remove("sensor.renamed")
    await hass.async_block_till_done()
    assert coordinator.condition.state == "failing"
    assert coordinator.placeholders["entity"] == "sensor.renamed"


async def test_a_restart_goes_on(smarty: Smarty) -> None:
    await smarty.send()
    await unload_entry(smarty.hass, smarty.entry)
    await smarty.send(tariff_1="1000.300")
    assert await set_up_entry(smarty.hass, smarty.entry)
    assert smarty.entry.runtime_data.readings == 0
    await smarty.send(tariff_1="1000.400")
    assert keys(smarty)["energy_imported"] == "3000.4"
    assert smarty.entry.runtime_data.records.household_state.month.imported_kwh == pytest.approx(
        0.4
    )


async def test_a_meter_of_entities_has_no_telegrams(smarty: Smarty) -> None:
    await smarty.send()
    with pytest.raises(ServiceValidationError, match="Smarty is not read through a port"):
        await call(smarty.hass, "get_telegram")
    # No option needs telegrams, and diagnostics name no entity.
    menu = await smarty.hass.config_entries.options.async_init(smarty.entry.entry_id)
    pages = ["contracts", "aids", "goal_and_messages", "sun", "leneda_file", "leneda_account"]
    assert menu["menu_options"] == pages
    told = await async_get_config_entry_diagnostics(smarty.hass, smarty.entry)
    assert (told["readings"], told["telegram"]["verification"]) == (1, "by_integration")
    assert told["telegram"]["objects"]["1-0:1.8.0"] == 3000.0
    assert told["data"]["energy_imported"] == [["sensor", "dsmr"]] * 2
