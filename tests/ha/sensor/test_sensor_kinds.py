"""Particular kinds of sensors: states, limits, counters, totals, and the arrival of telegrams."""

from datetime import datetime, timedelta, timezone

import pytest
from homeassistant.helpers.entity_registry import EntityRegistry
from homeassistant.util import dt as dt_util

from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.lib.entities.events import EVENTS
from custom_components.smarty_p1.lib.entities.meter_sensors import SENSORS
from custom_components.smarty_p1.lib.meter.held_back_totals import REGISTERS
from custom_components.smarty_p1.lib.p1.obis import OBJECTS
from custom_components.smarty_p1.lib.p1.rejection_reasons import Reason
from tests.ha.documentation import MBUS_SENSORS
from tests.ha.meter import OTHER_KEY, OTHER_SERIAL, SERIAL, encipher, with_value
from tests.ha.support import ENERGY, TELEGRAM, Home, fall_silent, let_pass, wait_until

GAS = "gas_meter_7401"
CAPTURED = "gas_meter_7401_time_of_reading"
VALVE = "gas_meter_7401_valve"

pytestmark = pytest.mark.usefixtures("everything_enabled")


def test_each_object_of_the_specification_has_an_entity() -> None:
    references = {name for known in SENSORS for source in known.references for name in source}
    fields = {name for known in MBUS_SENSORS for source in known.references for name in source}
    channels = {field.replace("n", f"{channel}") for channel in range(1, 5) for field in fields}

    assert references | channels == OBJECTS.keys()
    events = {name for known in EVENTS for source in known.references for name in source}
    assert events == {name for name in OBJECTS if ".13." in name}


def test_each_register_of_the_meter_is_a_total_that_must_not_fall() -> None:
    totals = {
        name
        for known in SENSORS
        if known.state_class == "total_increasing"
        for source in known.references
        for name in source
    }
    assert totals == set(REGISTERS)


CONTROL_STATES = {"0": "disconnected", "1": "connected", "2": "ready_for_reconnection"}
CONTROL_STATES |= dict.fromkeys(("3", "", "x"), "unknown")


async def test_control_states(home: Home) -> None:
    await home.set_up()
    before = home.values()
    for reference, entity_id in (
        ("0-0:96.3.10", "smarty_breaker"),
        ("0-1:96.3.10", "smarty_relay_1"),
        ("0-2:96.3.10", "smarty_relay_2"),
        ("0-1:24.4.0", VALVE),
    ):
        own = {entity_id, "smarty_telegrams_received", "smarty_meter_clock_offset"}
        for number, state in CONTROL_STATES.items():
            await home.receive(with_value(TELEGRAM, reference, f"({number})"))
            assert home.state_of(entity_id).state == state
            after = home.values()
            assert {name: after[name] for name in before.keys() - own} == {
                name: before[name] for name in before.keys() - own
            }


async def test_current_limits(home: Home) -> None:
    text = with_value(TELEGRAM, "1-1:31.4.0", None)
    await home.set_up(with_value(text, "1-1:34.4.0", "(000*A)(000*A)"))
    for reference in ("1-1:34.4.0", "1-1:31.4.0"):
        for limits, imported, exported in (
            ("(100*A)(-063*A)", "100.0", "-63.0"),
            ("(000*A)(000*A)", "0.0", "0.0"),
            ("(100*A)", "100.0", "unknown"),
            ("()(-063*A)", "unknown", "-63.0"),
            ("()", "unknown", "unknown"),
        ):
            await home.receive(with_value(text, reference, limits))
            assert home.state_of("smarty_amperage_limit_from_grid").state == imported
            assert home.state_of("smarty_amperage_limit_to_grid").state == exported


@pytest.mark.parametrize("medium", ["1-0", "0-0"])
async def test_counters_are_read_under_both_references(home: Home, medium: str) -> None:
    text = TELEGRAM.replace("\n1-0:72.32.0(", f"\n{medium}:72.32.0(")
    await home.set_up(text.replace("\n1-0:52.36.0", f"\n{medium}:52.36.0"))

    assert home.state_of("smarty_short_voltage_drops_l3").state == "2"
    assert home.state_of("smarty_short_voltage_rises_l2").state == "6"


async def test_a_channel_that_is_switched_on_step_by_step(home: Home) -> None:
    without_index = with_value(TELEGRAM, "0-1:24.2.1", None)
    await home.set_up(with_value(without_index, "0-1:96.1.0", None))
    assert not [name for name in home.values() if name.startswith("gas_")]

    await home.receive(with_value(without_index, "0-1:24.4.0", None))
    assert VALVE not in home.values()
    await home.receive(without_index)
    assert home.state_of(VALVE).state == "disconnected"
    assert not {GAS, CAPTURED} & home.values().keys()

    await home.receive(with_value(TELEGRAM, "0-1:24.2.1", "(632525252525S)(00000.000)"))
    assert home.state_of(GAS).state == "unknown"
    assert home.state_of(CAPTURED).state == "unknown"

    await home.receive(TELEGRAM)
    assert home.state_of(GAS).state == "678.901"
    assert home.state_of(CAPTURED).state == "2025-07-03T08:30:00+00:00"

    await home.receive(with_value(TELEGRAM, "0-1:24.4.0", None))
    assert home.state_of(VALVE).state == "unknown"


async def test_a_meter_has_the_unit_of_its_captures(home: Home) -> None:
    await home.set_up(with_value(TELEGRAM, "0-3:24.2.1", "(632525252525S)(00000.000)"))
    assert "heat_meter_7403" not in home.values()
    without_valve = with_value(TELEGRAM, "0-3:24.4.0", None)
    for text, index, state, is_reloaded in (
        (TELEGRAM, "(250703110000S)(00001.234*MWh)", "1.234", False),
        (TELEGRAM, "()()", "unknown", False),
        (without_valve, "()()", "unknown", False),
        (without_valve, "()()", "unknown", True),
        (TELEGRAM, "(250703120000S)(00001.235*MWh)", "1.235", False),
    ):
        sent = with_value(text, "0-3:24.2.1", index)
        if is_reloaded:
            await home.again(sent)
        else:
            await home.receive(sent)
        heat = home.state_of("heat_meter_7403")
        assert heat.state == state
        assert heat.attributes["unit_of_measurement"] == "MWh"


def with_time(time: datetime) -> str:
    local = time.astimezone(timezone(timedelta(hours=1)))
    return with_value(TELEGRAM, "0-0:1.0.0", f"({local:%y%m%d%H%M%S}W)")


@pytest.mark.parametrize("ahead", [3600, -3600])
async def test_the_clock_of_the_meter(home: Home, ahead: int) -> None:
    began = dt_util.utcnow()
    time = (began + timedelta(seconds=ahead)).replace(microsecond=0)
    await home.set_up(with_time(time))
    assert home.state_of("smarty_meter_clock").state == time.isoformat()
    took = (dt_util.utcnow() - began).total_seconds()
    offset = int(home.state_of("smarty_meter_clock_offset").state)
    assert ahead - took - 2 < offset <= ahead

    await home.receive(with_value(TELEGRAM, "0-0:1.0.0", "()"))
    assert home.state_of("smarty_meter_clock").state == "unknown"
    assert home.state_of("smarty_meter_clock_offset").state == "unknown"


async def test_telegrams_are_counted(home: Home) -> None:
    entry = await home.set_up()
    coordinator: MeterCoordinator = entry.runtime_data
    other = TELEGRAM.replace(SERIAL.encode().hex().upper(), OTHER_SERIAL.encode().hex().upper())
    await home.port.send(encipher(TELEGRAM, 500, key=OTHER_KEY))
    await home.port.send(encipher(other, 1, system_title=b"SAGother"))
    await wait_until(home.hass, lambda: coordinator.source.reception.other_meters.total() == 1)
    await home.receive(TELEGRAM)

    assert home.state_of("smarty_telegrams_received").state == "2"
    rejected = home.state_of("smarty_telegrams_rejected")
    assert rejected.state == "2"
    counts = dict.fromkeys(Reason, 0) | {Reason.TAG: 1, "other_meter": 1}
    assert {reason: rejected.attributes[reason] for reason in counts} == counts

    # The rejections are also counted while no telegram is accepted.
    await fall_silent(home.hass, entry)
    assert home.state_of(ENERGY).state == "unavailable"
    assert home.state_of("smarty_telegrams_received").state == "2"
    await home.port.send(encipher(TELEGRAM, 501, key=OTHER_KEY))
    await wait_until(home.hass, lambda: coordinator.source.reception.rejections.total() == 2)
    await let_pass(home.hass, 61)
    assert home.state_of(ENERGY).state == "unavailable"
    assert home.state_of("smarty_telegrams_rejected").state == "3"
    assert "nothing is received" in str(coordinator.last_exception)


async def test_objects_outside_the_specification(home: Home) -> None:
    await home.set_up()
    assert "smarty_other_values_of_the_meter" not in home.values()

    text = with_value(TELEGRAM, "1-0:99.97.0", "(2)(0-0:96.7.19)")
    await home.receive(with_value(text, "0-0:96.13.9", "()"))

    state = home.state_of("smarty_other_values_of_the_meter")
    assert state.state == "2"
    assert state.attributes["1-0:99.97.0"] == "2 0-0:96.7.19"
    assert not state.attributes["0-0:96.13.9"]

    await home.receive(TELEGRAM)
    assert home.state_of("smarty_other_values_of_the_meter").state == "0"


@pytest.mark.parametrize(("sent", "decimals"), [("(001*A)", 0), ("(001.5*A)", 1), ("()", 0)])
async def test_currents_have_as_many_decimals_as_the_meter_sends(
    home: Home, entity_registry: EntityRegistry, sent: str, decimals: int
) -> None:
    await home.set_up(with_value(TELEGRAM, "1-0:51.7.0", sent))

    for phase, shown in (("l1", 0), ("l2", decimals)):
        registered = entity_registry.async_get(f"sensor.smarty_current_{phase}")
        assert registered
        assert registered.options["sensor"] == {"suggested_display_precision": shown}
