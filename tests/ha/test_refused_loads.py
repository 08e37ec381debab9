"""Loads and batteries that are stored although the dialog refuses them: a repair, and no orders.

The house of `test_planned_loads`: energy is cheap from 22:00 to 6:00, and the car needs 8.8 kWh.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1.coordinator.loads.shown_plans import LOAD_PLANS
from smartyp1.markdown_text import read_plain

from . import billed_month, test_load_follower, test_orders, test_planned_loads
from .support import ON_30_NOVEMBER, Home, issue_of, said, smarty_entry
from .test_load_follower import CHEAP
from .test_orders import BOX, POWER, WATTS, Box
from .test_planned_battery import planned_kw, until_set

clock = test_planned_loads.clock
house = test_planned_loads.house
charger = test_load_follower.charger
box = test_orders.box
pytestmark = ON_30_NOVEMBER

BATTERY = {
    "capacity_kwh": 10.0,
    "charge": "sensor.charge",
    "charge_kw": 4.0,
    "efficiency": 90,
    "charges_from_grid": False,
    "positive_charges": True,
}


def store(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str, name: str, data: Mapping[str, Any]
) -> ConfigSubentry:
    """Store a subentry that no dialog would store now."""
    stored = ConfigSubentry(
        data=MappingProxyType(dict(data)), subentry_type=kind, title=name, unique_id=None
    )
    hass.config_entries.async_add_subentry(entry, stored)
    return stored


def named(hass: HomeAssistant, entry: MockConfigEntry) -> str | None:
    """Return the loads and entities that the repair names, None without it."""
    issue = issue_of(hass, entry, "load_refused")
    return read_plain(said(issue)["entities"]) if issue else None


async def test_a_number_whose_unit_becomes_a_share_is_not_set_until_it_is_a_power_again(
    hass: HomeAssistant, box: Box
) -> None:
    box.needs(8.8)
    await box.enters(power_set_by=POWER)
    hass.states.async_set(POWER, "0", WATTS | {"unit_of_measurement": "%"})
    await box.at(0, 5, 16)
    assert named(hass, box.house) == f"Car ({POWER})"
    assert box.plan.runs_now
    assert (box.orders, box.watts) == ([], 0)
    hass.states.async_set(POWER, "0", WATTS)
    await box.at(31)
    await box.charger.until(lambda: box.is_on and box.watts > 0)
    await box.at(36)
    assert named(hass, box.house) is None


async def test_the_load_of_another_meter_that_came_first_commands_their_switch(
    hass: HomeAssistant, box: Box
) -> None:
    box.needs(8.8)
    other = smarty_entry(title="Other", unique_id="other")
    other.add_to_hass(hass)
    # Meters are looked at in the order in which they were added: the house came first.
    store(hass, other, "load", "Boiler", {"switched_by": BOX})
    await box.enters(switched_by=None)
    car = next(iter(box.house.subentries.values()))
    hass.config_entries.async_update_subentry(box.house, car, data={**car.data, "switched_by": BOX})
    await box.at(0)
    await box.charger.until(lambda: box.is_on)
    assert named(hass, box.house) is None
    battery = store(hass, box.house, "battery", "Battery", BATTERY | {"power_set_by": POWER})
    water = store(hass, box.house, "load", "Water", _water() | {"power_set_by": POWER})
    await box.at(5, 16)
    assert named(hass, box.house) == f"Water ({POWER})"
    assert box.watts == 0
    hass.config_entries.async_remove_subentry(box.house, battery.subentry_id)
    await box.at(31)
    assert named(hass, box.house) is None
    assert water.subentry_id in box.house.subentries
    await box.charger.until(lambda: box.watts > 0)


def _water() -> dict[str, Any]:
    return {"kind": "pausing", "kwh": 16.0, "max_kw": 2.0, "min_minutes": 5}


async def test_a_load_that_is_one_too_many_is_named_and_not_switched(
    hass: HomeAssistant, box: Box
) -> None:
    for number in range(10):
        store(hass, box.house, "load", f"Water {number}", _water())
    store(hass, box.house, "load", "Eleventh", _water() | {"switched_by": BOX})
    await hass.async_block_till_done()
    await box.charger.at(CHEAP)
    await box.at(5, 16)
    assert named(hass, box.house) == "Eleventh"
    assert box.orders == []


async def test_a_load_that_is_only_planned_needs_none_of_its_buttons(
    hass: HomeAssistant, box: Box
) -> None:
    box.needs(8.8)
    await box.enters()
    buttons = {"switched_by": BOX, "stopped_by": "button.gone", "shown_by": "sensor.gone"}
    pool = store(hass, box.house, "load", "Pool", _water() | buttons)
    await box.at(16)
    assert LOAD_PLANS.value_of(hass, pool.subentry_id)


async def test_a_battery_with_a_number_that_a_load_sets_is_only_planned_until_the_load_is_removed(
    hass: HomeAssistant, box: Box, home: Home
) -> None:
    hass.states.async_set("sensor.charge", "50", {"unit_of_measurement": "%"})
    hass.states.async_set("number.charge", "0", WATTS)
    await box.enters(power_set_by=POWER)
    (car,) = box.house.subentries
    await home.again(billed_month.telegram("00:00:10", 1.5))
    numbers = {"power_set_by": "number.charge", "discharge_set_by": POWER}
    store(hass, box.house, "battery", "Battery", BATTERY | numbers)
    await hass.async_block_till_done()
    await box.charger.until(lambda: planned_kw(hass) == pytest.approx(-0.4, abs=0.05))
    async_fire_time_changed(hass, datetime.now(UTC) + timedelta(minutes=5))
    await hass.async_block_till_done()
    assert named(hass, box.house) == f"Battery ({POWER})"
    assert box.watts == 0
    hass.config_entries.async_remove_subentry(box.house, car)
    await until_set(hass, lambda: box.watts == pytest.approx(2345, abs=1))
    assert named(hass, box.house) is None
