"""Chargers that are switched by a select, by buttons or by a lock, and a status of the plug.

The house of `test_planned_loads`: energy is cheap from 22:00 to 6:00, and the car needs 8.8 kWh.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.config_validation import ensure_list
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.loads.shown_plans import LOAD_PLANS
from custom_components.smarty_p1.lib.plan.daily_load import LoadState
from smartyp1.markdown_text import read_plain

from . import test_load_follower, test_orders, test_planned_loads
from .dialogs import errors_of, markers, place_of, suggested
from .support import ON_30_NOVEMBER, issue_of, metadata_of_sums, recorder_done, said
from .test_orders import Box
from .test_planned_loads import add, fill_in, open_new, planned

clock = test_planned_loads.clock
house = test_planned_loads.house
charger = test_load_follower.charger
box = test_orders.box
pytestmark = ON_30_NOVEMBER

MODE, START, STOP, LOCK = "select.mode", "input_button.start", "input_button.stop", "lock.wallbox"
STATUS, POWER = "sensor.status", "sensor.wallbox_power"
WATTS = {"unit_of_measurement": "W", "device_class": "power", "state_class": "measurement"}
OPTIONS = {"options": ["neutral", "never", "always"]}
TEXTS = {"device_class": "enum", "options": ["unplugged", "ready", "charging", "full"]}


class Station:
    """Wallbox with all of these entities. Its car charges with 11 kW while it is allowed to."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self.orders: list[str] = []
        self.ignores = 0
        self.is_full = False
        self.shows_power = True
        hass.states.async_set(MODE, "never", OPTIONS)
        hass.states.async_set(START, "unknown")
        hass.states.async_set(STOP, "unknown")
        hass.states.async_set(LOCK, "locked")
        self.show(is_on=False)
        hass.services.async_register("select", "select_option", self._select)
        hass.services.async_register("input_button", "press", self._press)
        for name in ("lock", "unlock"):
            hass.services.async_register("lock", name, self._lock)

    def show(self, *, is_on: bool, context: Context | None = None) -> None:
        """Show status and power of a car that may charge, or may not."""
        charges = is_on and not self.is_full
        status = "charging" if charges else "full" if self.is_full else "ready"
        self._hass.states.async_set(STATUS, status, TEXTS, context=context)
        if self.shows_power:
            self._hass.states.async_set(POWER, "11000" if charges else "0", WATTS)

    async def _select(self, call: ServiceCall) -> None:
        (entity_id,), option = ensure_list(call.data["entity_id"]), call.data["option"]
        self.orders.append(option)
        self._hass.states.async_set(entity_id, option, OPTIONS, context=call.context)

    async def _press(self, call: ServiceCall) -> None:
        for entity_id in ensure_list(call.data["entity_id"]):
            if entity_id not in {START, STOP}:
                continue
            self.orders.append(entity_id)
            pressed_at = f"2026-06-16T20:00:{len(self.orders):02}"
            self._hass.states.async_set(entity_id, pressed_at, context=call.context)
            if self.ignores:
                self.ignores -= 1
            else:
                # A box reports its status by itself.
                self.show(is_on=entity_id == START)

    async def _lock(self, call: ServiceCall) -> None:
        self.orders.append(call.service)
        for state in (f"{call.service}ing", f"{call.service}ed"):
            self._hass.states.async_set(LOCK, state, context=call.context)


@pytest.fixture
def station(hass: HomeAssistant, box: Box) -> Station:
    """Return the station of the car whose need `box` tells. The switch of `box` is not used."""
    box.needs(8.8)
    return Station(hass)


async def answer(hass: HomeAssistant, form: SubentryFlowResult, **typed: Any) -> SubentryFlowResult:  # noqa: ANN401
    done = await hass.config_entries.subentries.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done()
    return done


async def enters(hass: HomeAssistant, box: Box, /, states: Any = None, **fields: Any) -> None:  # noqa: ANN401
    """Enter the car with these fields and meanings of states, and wait for its first plan."""
    form = await add(hass, box.house, energy_from="sensor.need", **fields)
    if states:
        assert form["step_id"] == "states"
        assert markers(form).keys() == states.keys()
        form = await answer(hass, form, **states)
    assert form["type"] == "create_entry"
    await box.charger.until(box.has_new_plan)


async def is_ordered(box: Box, station: Station, *orders: str) -> None:
    await box.charger.until(lambda: tuple(station.orders) == orders)
    station.orders.clear()


SELECT: dict[str, Any] = {"on_when": "always", "off_when": "never"}


async def test_a_select_is_set_to_the_options_that_mean_on_and_off(
    hass: HomeAssistant, box: Box, station: Station
) -> None:
    await enters(hass, box, SELECT, switched_by=MODE)
    await box.at(0)
    await is_ordered(box, station, "always")
    box.needs(0)
    await box.at(16)
    await is_ordered(box, station, "never")
    # Another option, chosen in Home Assistant, is a choice by hand until *By plan*.
    box.needs(8.8)
    data = {"entity_id": [MODE], "option": "neutral"}
    await hass.services.async_call("select", "select_option", data, blocking=True)
    station.orders.clear()
    await box.at(31, 46)
    assert station.orders == []
    assert box.plan.state is LoadState.BY_HAND
    await box.press_by_plan()
    await is_ordered(box, station, "always")
    # What is switched on is switched off, also if the load is removed.
    (car,) = box.house.subentries
    hass.config_entries.async_remove_subentry(box.house, car)
    await is_ordered(box, station, "never")


@pytest.mark.usefixtures("station")
async def test_a_select_without_two_options_is_refused_and_its_options_are_shown_again(
    hass: HomeAssistant, box: Box
) -> None:
    form = await add(hass, box.house, switched_by=MODE)
    assert form["step_id"] == "states"
    form = await answer(hass, form, on_when="always", off_when="always")
    assert errors_of(form) == {"off_when": "same_option"}
    form = await answer(hass, form, on_when="always", off_when="never")
    assert form["type"] == "create_entry"
    (car,) = box.house.subentries.values()
    assert SELECT.items() <= car.data.items()
    change = await box.house.start_subentry_reconfigure_flow(hass, car.subentry_id)
    form = await fill_in(hass, change, "car", switched_by=MODE)
    assert suggested(form) == SELECT
    assert (await answer(hass, form, on_when="neutral", off_when="never"))["type"] == "abort"
    (car,) = box.house.subentries.values()
    assert car.data["on_when"] == "neutral"
    change = await box.house.start_subentry_reconfigure_flow(hass, car.subentry_id)
    # A plain switch has no further page.
    assert (await fill_in(hass, change, "car", switched_by="switch.box"))["type"] == "abort"


BUTTONS = {"switched_by": START, "stopped_by": STOP}
SHOWN = BUTTONS | {"shown_by": STATUS}
ON: dict[str, Any] = {"shown_when": ["charging", "full"]}


async def test_buttons_are_pressed_until_the_status_shows_it(
    hass: HomeAssistant, box: Box, station: Station
) -> None:
    await enters(hass, box, ON, **SHOWN)
    station.ignores = 1
    await box.at(0)
    await is_ordered(box, station, START)
    # Nothing has shown it after three minutes.
    await box.at(3, 4)
    await is_ordered(box, station, START)
    await box.at(16)
    assert station.orders == []
    # A full car is still on.
    station.is_full = True
    station.show(is_on=True)
    await box.at(22)
    assert station.orders == []
    box.needs(0)
    station.is_full = False
    await box.at(31)
    await is_ordered(box, station, STOP)


async def test_a_press_in_home_assistant_is_a_hand(
    hass: HomeAssistant, box: Box, station: Station
) -> None:
    await enters(hass, box, ON, **SHOWN)
    await box.at(-60)
    press = {"entity_id": [START]}
    await hass.services.async_call("input_button", "press", press, blocking=True)
    station.orders.clear()
    await box.at(-59, -44, -30)
    assert station.orders == []
    assert box.plan.state is LoadState.BY_HAND
    await box.press_by_plan()
    await is_ordered(box, station, STOP)


async def test_the_power_of_a_load_proves_that_its_buttons_were_pressed(
    hass: HomeAssistant, box: Box, station: Station
) -> None:
    await record_power(hass)
    await enters(hass, box, **BUTTONS, measured_by=POWER)
    await box.at(0)
    await is_ordered(box, station, START)
    await box.at(16)
    # A car that takes nothing for a while is not started again.
    station.is_full = True
    station.show(is_on=True)
    await box.at(22, 31)
    assert station.orders == []
    (car,) = box.house.subentries
    hass.config_entries.async_remove_subentry(box.house, car)
    await is_ordered(box, station, STOP)


async def test_the_power_shows_whether_an_assumed_switch_obeyed(
    hass: HomeAssistant, box: Box, station: Station
) -> None:
    """Home Assistant shows what it has sent to a switch in a cloud, also if it is lost there."""
    assumed = {"assumed_state": True}

    async def turn(call: ServiceCall) -> None:
        station.orders.append(call.service)
        state = call.service.removeprefix("turn_")
        hass.states.async_set("switch.box", state, assumed, context=call.context)
        if station.ignores:
            station.ignores -= 1
        else:
            station.show(is_on=state == "on")

    for name in ("turn_on", "turn_off"):
        hass.services.async_register("switch", name, turn)
    hass.states.async_set("switch.box", "off", assumed)
    await record_power(hass)
    await enters(hass, box, switched_by="switch.box", measured_by=POWER)
    station.ignores = 1
    await box.at(0)
    await is_ordered(box, station, "turn_on")
    await box.at(3, 4)
    await is_ordered(box, station, "turn_on")
    await box.at(16)
    assert station.orders == []
    # After a power cut, it shows off by itself.
    hass.states.async_set("switch.box", "off", assumed)
    station.show(is_on=False)
    await box.at(17, 24)
    await is_ordered(box, station, "turn_on")
    station.ignores = 1
    box.needs(0)
    await box.at(31)
    await is_ordered(box, station, "turn_off")
    await box.at(40, 41)
    await is_ordered(box, station, "turn_off")
    # A car that takes nothing yet does not end the hand of somebody who has switched it on.
    station.is_full = True
    await box.by_hand("turn_on")
    station.orders.clear()
    await box.at(46, 50)
    assert station.orders == []
    assert box.is_on


async def record_power(hass: HomeAssistant) -> None:
    """Give the power of the station statistics."""
    metadata = metadata_of_sums(POWER, "W", "power")
    metadata |= {"mean_type": StatisticMeanType.ARITHMETIC, "has_sum": False}
    rows: list[Any] = [{"start": datetime(2026, 6, 16, 10, tzinfo=UTC), "mean": 0.0}]
    get_instance(hass).async_import_statistics(metadata, rows, StatisticsShortTerm)
    await recorder_done(hass)


def issue(hass: HomeAssistant, box: Box) -> str | None:
    found = issue_of(hass, box.house, "load_refused")
    return read_plain(said(found)["entities"]) if found else None


def devices(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[str, str]:
    """Give the lock a device, and return the ids of another device and of its own one."""
    registry = dr.async_get(hass)
    ids = [
        registry.async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={("wallbox", name)}
        ).id
        for name in ("door", "wallbox")
    ]
    entities = er.async_get(hass)
    for domain, name in (("lock", "wallbox"), ("sensor", "wallbox_power")):
        entities.async_get_or_create(
            domain, "wallbox", name, suggested_object_id=name, device_id=ids[1]
        )
    return ids[0], ids[1]


async def test_a_lock_of_the_charger_is_locked_and_unlocked_after_it_was_confirmed(
    hass: HomeAssistant, box: Box
) -> None:
    other = MockConfigEntry(domain="wallbox")
    other.add_to_hass(hass)
    door, _ = devices(hass, other)
    station = Station(hass)
    await record_power(hass)
    box.needs(8.8)
    form = await open_new(hass, box.house, "car")
    fields = {"energy_from": "sensor.need", "switched_by": LOCK}
    form = await fill_in(hass, form, "car", **fields)
    place = place_of(form, "switched_by")
    assert errors_of(form) == {place: "lock_of_other_device"}
    form = await fill_in(hass, form, "car", **fields, measured_by=POWER)
    assert errors_of(form) == {place: "lock_to_confirm"}
    form = await fill_in(hass, form, "car", **fields, measured_by=POWER)
    assert form["type"] == "create_entry"
    await box.charger.until(box.has_new_plan)
    await box.at(0)
    await is_ordered(box, station, "unlock")
    station.show(is_on=True)
    box.needs(0)
    await box.at(16)
    await is_ordered(box, station, "lock")
    # A lock that is no longer one of the charger could be that of a door.
    er.async_get(hass).async_update_entity(LOCK, device_id=door)
    box.needs(8.8)
    await box.at(31, 35)
    assert issue(hass, box) == f"Car ({LOCK})"
    assert station.orders == []


@pytest.mark.usefixtures("station")
async def test_texts_of_a_status_mean_connected(
    hass: HomeAssistant, house: MockConfigEntry
) -> None:
    connected = {"connected_when": ["ready", "charging", "full"]}
    form = await add(hass, house, connected=STATUS)
    form = await answer(hass, form, connected_when=[])
    assert errors_of(form) == {"connected_when": "states_missing"}
    form = await answer(hass, form, **connected)
    assert form["type"] == "create_entry"
    await planned(hass, next="2026-06-16T20:00:00+00:00")
    hass.states.async_set(STATUS, "unplugged", TEXTS)
    await planned(hass, next="unknown")
    hass.states.async_set(STATUS, "charging", TEXTS)
    await planned(hass, next="2026-06-16T20:00:00+00:00")
    plan = LOAD_PLANS.value_of(hass, next(iter(house.subentries)))
    assert plan is not None
    assert plan.state is LoadState.PLANNED


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"switched_by": START}, "stopped_by", "stop_button_missing"),
    ({"switched_by": START, "stopped_by": START}, "stopped_by", "stop_button_missing"),
    (BUTTONS, "shown_by", "proof_missing"),
    ({"switched_by": "switch.box", "stopped_by": STOP}, "stopped_by", "only_with_button"),
    ({"shown_by": STATUS}, "shown_by", "only_with_button"),
]


@pytest.mark.usefixtures("station")
async def test_buttons_need_both_and_a_proof(
    hass: HomeAssistant, box: Box, subtests: pytest.Subtests
) -> None:
    form = await open_new(hass, box.house, "car")
    for typed, field, error in WRONG:
        with subtests.test(error, typed=typed):
            form = await fill_in(hass, form, "car", **typed)
            assert errors_of(form) == {place_of(form, field): error}
    form = await fill_in(hass, form, "car", **SHOWN)
    assert form["step_id"] == "states"
