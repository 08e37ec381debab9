"""Battery that the user enters: planned with the loads, and controlled only if the user wants it.

The house is that of `test_planned_loads`: it needs 0.4 kW, and energy is cheap from 22:00 to 6:00.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from smartyp1.json_types import JsonDict

from . import billed_month, test_planned_loads
from .dialogs import errors_of, in_sections, place_of
from .support import ON_30_NOVEMBER, Home, wait_until
from .test_planned_loads import NOW, SetClock

clock = test_planned_loads.clock
house = test_planned_loads.house
pytestmark = ON_30_NOVEMBER

EVENING = datetime(2026, 6, 16, 19, 50, tzinfo=UTC)
CHEAP = datetime(2026, 6, 16, 20, 0, 25, tzinfo=UTC)
"""22:00 in Luxembourg."""
LATE = CHEAP.replace(hour=3, minute=45) + timedelta(days=1)
"""The last quarter-hour in which energy is cheap."""
NUMBER, MODE = "input_number.battery", "input_select.battery"
BATTERY: JsonDict = {
    "name": "Battery",
    "capacity_kwh": "10",
    "charge": "sensor.battery_charge",
    "charge_kw": "4",
    "charges_from_grid": True,
    "measured_by": "sensor.wallbox_energy",
}
SET = {"power_set_by": NUMBER}
SELECTED = {"mode_set_by": MODE}
MODES = {"mode_controlled": "Charge", "mode_otherwise": "Auto"}


@pytest.fixture(autouse=True)
async def battery(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.battery_charge", "50", {"unit_of_measurement": "%"})
    number = {"min": -5000, "max": 5000, "unit_of_measurement": "W"}
    numbers = {"battery": number, "charge": number | {"min": 0}}
    await async_setup_component(hass, "input_number", {"input_number": numbers})
    options = {"options": ["Auto", "Charge"]}
    await async_setup_component(hass, "input_select", {"input_select": {"battery": options}})


async def open_new(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "battery"), context={"source": SOURCE_USER}
    )


async def add(hass: HomeAssistant, entry: MockConfigEntry, **changes: object) -> SubentryFlowResult:
    flow = await open_new(hass, entry)
    subentries = hass.config_entries.subentries
    done = await subentries.async_configure(flow["flow_id"], in_sections(flow, BATTERY | changes))
    if done["type"] == "form":
        done = await subentries.async_configure(flow["flow_id"], MODES)
    await hass.async_block_till_done()
    return done


def state(hass: HomeAssistant, entity_id: str) -> str:
    found = hass.states.get(entity_id)
    return found.state if found else "no entity"


def planned_kw(hass: HomeAssistant) -> float | None:
    try:
        return float(state(hass, "sensor.battery_planned_power"))
    except ValueError:
        return None


async def at(hass: HomeAssistant, clock: SetClock, time: datetime) -> None:
    clock(time)
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(minutes=16))
    await hass.async_block_till_done()


async def until_set(hass: HomeAssistant, condition: Callable[[], bool]) -> None:
    """Wait for a power or a mode. The timer that looks at a silent meter sets the first one."""
    await wait_until(hass, lambda: planned_kw(hass) is not None)
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(seconds=31))
    await wait_until(hass, condition)


async def test_without_a_setting_a_battery_is_planned_only(
    house: MockConfigEntry, hass: HomeAssistant, clock: SetClock
) -> None:
    before = house.runtime_data
    done = await add(hass, house)
    assert done["type"] == "create_entry"
    # Its energy serves the dear evening, and it charges in the cheap night.
    await wait_until(hass, lambda: planned_kw(hass) == pytest.approx(-0.4, abs=0.05))
    await at(hass, clock, CHEAP)
    await wait_until(hass, lambda: (planned_kw(hass) or 0) >= 0)
    assert house.runtime_data is before
    assert state(hass, NUMBER) == "-5000.0"
    assert state(hass, MODE) == "Auto"


@pytest.mark.parametrize("positive_charges", [True, False])
async def test_the_power_of_a_battery_is_set_by_the_true_readings(
    house: MockConfigEntry,
    hass: HomeAssistant,
    home: Home,
    *,
    positive_charges: bool,
) -> None:
    await home.again(billed_month.telegram("00:00:10", 1.5))
    await add(hass, house, **SET, positive_charges=positive_charges)
    # The battery gives the 2.345 kW that the house needs now, and sells nothing.
    watts = -2345 if positive_charges else 2345
    await until_set(hass, lambda: float(state(hass, NUMBER)) == pytest.approx(watts, abs=1))


async def test_a_silent_meter_and_a_removed_battery_end_the_control(
    house: MockConfigEntry, hass: HomeAssistant, home: Home, clock: SetClock
) -> None:
    await home.again(billed_month.telegram("00:00:10", 1.5))
    await add(hass, house, **SET)
    await until_set(hass, lambda: float(state(hass, NUMBER)) == pytest.approx(-2345, abs=1))
    assert planned_kw(hass) == pytest.approx(-2.345, abs=0.01)
    await at(hass, clock, NOW + timedelta(minutes=2))
    await wait_until(hass, lambda: float(state(hass, NUMBER)) == 0)
    (subentry_id,) = house.subentries
    hass.config_entries.async_remove_subentry(house, subentry_id)
    await wait_until(hass, lambda: state(hass, "sensor.battery_planned_power") == "no entity")


async def test_a_battery_with_two_numbers_never_charges_and_discharges_at_once(
    house: MockConfigEntry, hass: HomeAssistant, home: Home, clock: SetClock
) -> None:
    names = "number.charge", "number.discharge"
    kind = {"min": 0, "max": 5000, "unit_of_measurement": "W"}
    stuck, refused = set[str](), asyncio.Event()

    def set_number(call: ServiceCall) -> None:
        (name,) = cv.ensure_list(call.data["entity_id"])
        if name in stuck:
            refused.set()
            raise HomeAssistantError
        hass.states.async_set(name, str(call.data["value"]), kind, context=call.context)

    hass.services.async_register("number", "set_value", callback(set_number))
    for name in names:
        hass.states.async_set(name, "0.0", kind)

    def watts() -> tuple[float, ...]:
        return tuple(float(state(hass, name)) for name in names)

    await test_planned_loads.add(hass, house)
    await home.again(billed_month.telegram("00:00:10", 1.5))
    # The numbers have no sign, whatever sign the sensor of the power has.
    two = {"power_set_by": names[0], "discharge_set_by": names[1], "positive_charges": False}
    await add(hass, house, **two)
    await wait_until(hass, lambda: planned_kw(hass) is not None)
    await home.receive(billed_month.telegram("00:00:20", 1.5))
    await wait_until(hass, lambda: watts() == (0, pytest.approx(2345, abs=1)))
    hass.states.async_set("sensor.battery_charge", "0", {"unit_of_measurement": "%"})
    clock(LATE)
    stuck.add(names[1])
    await home.receive(billed_month.telegram("00:00:30", 1.5))
    # A car that leaves is a new plan.
    hass.states.async_set("binary_sensor.wallbox_connected", "off")
    await wait_until(hass, refused.is_set)
    await hass.async_block_till_done()
    assert watts() == (0, pytest.approx(2345, abs=1))
    await wait_until(hass, lambda: state(hass, "sensor.car_state") == "not_connected")
    stuck.clear()
    for minutes in (2, 4, 6):
        # Its control changes once a minute. A look between clock and telegram sees a silent meter.
        clock(LATE + timedelta(minutes=minutes))
        await home.receive(billed_month.telegram(f"00:0{minutes}:00", 1.5))
        if watts()[0] > 0:
            break
    assert (watts()[0] > 0, watts()[1]) == (True, 0)
    _, subentry_id = house.subentries
    clock(LATE + timedelta(minutes=8))
    hass.config_entries.async_remove_subentry(house, subentry_id)
    await wait_until(hass, lambda: watts() == (0, 0))


@pytest.mark.parametrize("mode", [{}, SELECTED])
async def test_a_number_that_can_only_charge_leaves_the_house_to_the_battery(
    house: MockConfigEntry, hass: HomeAssistant, home: Home, clock: SetClock, mode: dict[str, str]
) -> None:
    await home.again(billed_month.telegram("00:00:10", 1.5))
    await add(hass, house, power_set_by="input_number.charge", **mode)
    await until_set(hass, lambda: planned_kw(hass) == pytest.approx(-0.4, abs=0.05))
    await hass.async_block_till_done()
    assert planned_kw(hass) == pytest.approx(-0.4, abs=0.05)
    assert (state(hass, MODE), state(hass, "input_number.charge")) == ("Auto", "0.0")
    hass.states.async_set("sensor.battery_charge", "0", {"unit_of_measurement": "%"})
    clock(LATE)
    await home.again(billed_month.telegram("00:00:10", 0.1))
    await until_set(hass, lambda: float(state(hass, "input_number.charge")) > 0)


async def test_a_mode_is_chosen_only_to_charge_from_the_grid(
    house: MockConfigEntry, hass: HomeAssistant, home: Home, clock: SetClock
) -> None:
    """The battery is empty, and the house needs energy in the dear morning."""
    hass.states.async_set("sensor.battery_charge", "0", {"unit_of_measurement": "%"})
    await add(hass, house, **SELECTED)
    await wait_until(hass, lambda: planned_kw(hass) is not None)
    assert state(hass, MODE) == "Auto"
    clock(LATE)
    await home.again(billed_month.telegram("00:00:10", 0.1))
    await until_set(hass, lambda: state(hass, MODE) == "Charge")


WRONG_FIELDS: list[tuple[JsonDict, str, str]] = [
    ({"capacity_kwh": "0"}, "capacity_kwh", "amount_out_of_range"),
    ({"charge": "sensor.mileage"}, "charge", "charge_has_other_unit"),
    (SET | {"power_set_by": "input_number.km"}, "power_set_by", "power_set_by_has_other_unit"),
    ({"discharge_set_by": NUMBER}, "power_set_by", "charge_number_missing"),
    (SET | {"discharge_set_by": NUMBER}, "power_set_by", "charge_number_missing"),
    (
        SET | {"discharge_set_by": "input_number.km"},
        "discharge_set_by",
        "power_set_by_has_other_unit",
    ),
    ({"measured_by": "sensor.nothing"}, "measured_by", "load_has_no_statistics"),
]
AT_ONCE = [WRONG_FIELDS[row] for row in (0, 1, 5, 6)]


async def test_a_wrong_field_is_named_and_can_be_corrected(
    house: MockConfigEntry, hass: HomeAssistant, subtests: pytest.Subtests
) -> None:
    for entity_id in ("sensor.mileage", "input_number.km"):
        hass.states.async_set(entity_id, "60", {"unit_of_measurement": "km"})
    subentries = hass.config_entries.subentries
    form = await open_new(hass, house)
    for typed, field, error in WRONG_FIELDS:
        with subtests.test(error, typed=typed):
            form = await subentries.async_configure(
                form["flow_id"], in_sections(form, BATTERY | typed)
            )
            assert errors_of(form) == {place_of(form, field): error}
    wrong = {name: value for typed, _, _ in AT_ONCE for name, value in typed.items()}
    form = await subentries.async_configure(form["flow_id"], in_sections(form, BATTERY | wrong))
    assert errors_of(form) == {place_of(form, field): error for _, field, error in AT_ONCE}
    done = await subentries.async_configure(form["flow_id"], in_sections(form, BATTERY))
    assert done["type"] == "create_entry"
    second = await open_new(hass, house)
    assert (second["type"], second["reason"]) == ("abort", "has_battery")
    (subentry_id,) = house.subentries
    form = await subentries.async_init(
        (house.entry_id, "battery"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )
    form = await subentries.async_configure(form["flow_id"], in_sections(form, BATTERY | SELECTED))
    for field, option, error in (
        ("mode_controlled", "x" * 101, "states_missing"),
        ("mode_otherwise", "Charge", "same_option"),
    ):
        form = await subentries.async_configure(form["flow_id"], MODES | {field: option})
        assert errors_of(form) == {field: error}
    done = await subentries.async_configure(form["flow_id"], MODES)
    assert done["reason"] == "reconfigure_successful"
    (subentry,) = house.subentries.values()
    assert {name: subentry.data[name] for name in MODES} == MODES
