"""Orders to chargers that refuse, ignore, forget or are switched by somebody else.

The house of `test_planned_loads`: energy is cheap from 22:00 to 6:00, and the car needs 8.8 kWh.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryDisabler
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.config_validation import ensure_list
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1 import house_planner
from custom_components.smarty_p1.computed_answers.planned_house import async_planned_house
from custom_components.smarty_p1.coordinator.loads import needed_energy, order_sender
from custom_components.smarty_p1.coordinator.loads.shown_plans import LOAD_PLANS
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.history.luxembourg_time import quarter_start
from custom_components.smarty_p1.lib.plan.daily_load import LoadPlan, LoadState
from smartyp1.json_types import JsonDict

from . import billed_month, test_load_follower, test_planned_loads
from .dialogs import in_sections
from .support import ON_30_NOVEMBER, Home, recorder_done, said, wait_until
from .test_load_follower import CHEAP, Charger
from .test_planned_loads import CAR, add, fill_in

clock = test_planned_loads.clock
house = test_planned_loads.house
charger = test_load_follower.charger
pytestmark = [*ON_30_NOVEMBER, pytest.mark.timeout(120)]

MINUTE = timedelta(minutes=1)
BOX, NEED, POWER, RELAY = "switch.box", "sensor.need", "number.power", "sensor.relay"
WATTS = {"min": 0, "max": 11000, "unit_of_measurement": "W"}


# Time for which a test looks for a plan that is not made.
_NO_PLAN_S = 0.5
# Plans and writes of a quarter-hour in which a load begins at most.
MAX_PLANS = 4


class Box:
    """Charger whose switch refuses or ignores its next orders. Its power is set in watts."""

    def __init__(self, hass: HomeAssistant, house: MockConfigEntry, charger: Charger) -> None:
        self._hass = hass
        self.house = house
        self.charger = charger
        self.refusals = 0
        self.ignores = 0
        self.orders: list[str] = []
        hass.states.async_set(BOX, "off")
        hass.states.async_set(POWER, "0", WATTS)
        for name in ("turn_on", "turn_off"):
            hass.services.async_register("switch", name, self._turn)
        hass.services.async_register("number", "set_value", self._set)

    @property
    def is_on(self) -> bool:
        return self.state(BOX) == "on"

    @property
    def watts(self) -> float:
        return float(self.state(POWER))

    @property
    def plan(self) -> LoadPlan:
        plan = LOAD_PLANS.value_of(self._hass, next(iter(self.house.subentries)))
        assert plan is not None
        return plan

    async def at(self, *minutes: float, is_planned: bool = True) -> None:
        """Let the plan be made and followed at some minutes after 22:00."""
        for minute in minutes:
            await self.charger.at(CHEAP + minute * MINUTE)
            # A plan is made beside the tests.
            if is_planned:
                await self.charger.until(self.has_new_plan)
            else:
                await asyncio.sleep(_NO_PLAN_S)
            await self._hass.async_block_till_done()

    def has_new_plan(self) -> bool:
        plan = LOAD_PLANS.value_of(self._hass, next(iter(self.house.subentries)))
        return plan is not None and quarter_start(plan.planned_at) == quarter_start(
            dt_util.utcnow()
        )

    async def enters(self, **changes: str | bool | None) -> None:
        """Enter the box's car, and wait for its first plan."""
        fields = {"switched_by": BOX, "energy_from": NEED, **changes}
        await add(self._hass, self.house, **fields)
        await self.charger.until(self.has_new_plan)

    async def charges(self) -> None:
        """Let the car charge by the plan for a quarter-hour."""
        self.needs(8.8)
        await self.enters()
        await self.charger.at(CHEAP)
        await self.charger.until(lambda: self.is_on)
        await self.at(16)
        assert self.is_on

    def needs(self, kwh: float) -> None:
        self._hass.states.async_set(NEED, str(kwh), {"unit_of_measurement": "kWh"})

    async def by_hand(self, service: str) -> None:
        """Switch it as somebody does in Home Assistant."""
        call = self._hass.services.async_call
        await call("switch", service, {"entity_id": BOX}, blocking=True)
        await self._hass.async_block_till_done()

    async def press_by_plan(self) -> None:
        target = {"entity_id": "button.car_by_plan"}
        await self._hass.services.async_call("button", "press", target, blocking=True)

    def state(self, entity_id: str) -> str:
        state = self._hass.states.get(entity_id)
        assert state is not None
        return state.state

    async def _turn(self, call: ServiceCall) -> None:
        self.orders.append(call.service)
        if self.refusals:
            self.refusals -= 1
            raise HomeAssistantError
        if self.ignores:
            self.ignores -= 1
            return
        state = call.service.removeprefix("turn_")
        for entity_id in ensure_list(call.data["entity_id"]):
            self._hass.states.async_set(entity_id, state, context=call.context)

    async def _set(self, call: ServiceCall) -> None:
        watts = str(call.data["value"])
        self._hass.states.async_set(POWER, watts, WATTS, context=call.context)


@pytest.fixture
def box(hass: HomeAssistant, house: MockConfigEntry, charger: Charger) -> Box:
    """Return the box of the house's car."""
    return Box(hass, house, charger)


def refuse(box: Box) -> None:
    box.refusals = 2


def ignore(box: Box) -> None:
    box.ignores = 1


@pytest.mark.parametrize("disturb", [refuse, ignore])
async def test_an_off_order_never_gives_up(
    box: Box,
    disturb: Callable[[Box], None],
) -> None:
    await box.charges()
    disturb(box)
    box.needs(0)
    await box.at(31, 32, 34, 36, 40)
    assert not box.is_on


async def test_a_box_that_does_not_obey_has_an_issue_until_it_does(
    box: Box, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await box.charges()
    box.refusals = 99
    box.needs(0)
    await box.at(31, 32, 34, 38, 42, 46, 50)
    assert home.issue("load_does_not_obey")
    box.refusals = 0
    await box.at(56)
    assert not box.is_on
    await box.at(57)
    assert not home.issue("load_does_not_obey")
    # However often it refused.
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings.count("Car was not switched or set: HomeAssistantError") == 1


async def test_an_order_is_in_the_logbook_with_its_load_and_reason(
    hass: HomeAssistant, box: Box, hass_ws_client: WebSocketGenerator
) -> None:
    hass.config.components.add("frontend")  # the test kit does not install it
    assert await async_setup_component(hass, "logbook", {})
    hass.config.components.remove("frontend")
    await box.charges()
    box.needs(0)
    await box.at(31)
    await box.charger.until(lambda: not box.is_on)
    await recorder_done(hass)
    client = await hass_ws_client()
    request = {"type": "logbook/get_events", "start_time": "2026-06-16T00:00:00Z"}
    await client.send_json_auto_id(request | {"end_time": "2026-12-31T00:00:00Z"})
    entries = (await client.receive_json())["result"]
    orders = [entry for entry in entries if entry.get("name") == "Car" and "message" in entry]
    assert [entry["message"] for entry in orders] == ["on · Planned", "off · Has its energy"]
    assert {entry["entity_id"] for entry in orders} == {"sensor.car_planned_power"}
    # The logbook names the cause of a change.
    causes = [entry["context_name"] for entry in entries if entry.get("entity_id") == BOX]
    assert causes == ["Car", "Car"]


async def test_an_order_that_cannot_be_in_the_logbook_is_sent(
    box: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Home Assistant refuses an event with such a long name.
    monkeypatch.setattr(order_sender, "EVENT_ORDER", "x" * 100)
    await box.charges()
    assert "OrderedEntities._log (MaxLengthExceeded)" in caplog.text


async def test_diagnostics_number_the_loads_and_name_only_domains_and_integrations(
    hass: HomeAssistant, box: Box
) -> None:
    hass.states.async_remove(BOX)
    registry = er.async_get(hass)
    registry.async_get_or_create("switch", "easee", "1", suggested_object_id="box")
    hass.states.async_set(BOX, "off")
    await box.charges()
    content = await async_get_config_entry_diagnostics(hass, box.house)
    (load,) = content["loads"]
    assert load["number"] == 1
    assert load["entered"]["switched_by"] == ["switch", "easee"]
    assert load["entered"]["energy_from"] == ["sensor", None]
    assert load["entered"]["kwh"] == 8.8
    (switch,) = load["record"]["control"]["entities"]
    assert (switch["entity_id"], switch["ordered"]) == (["switch", "easee"], "on")
    text = json.dumps(load)
    assert not [name for name in ("Car", "box", "need") if f'"{name}' in text or f".{name}" in text]


async def test_a_hand_lasts_until_the_deadline_or_until_by_plan(box: Box) -> None:
    await box.charges()
    await box.by_hand("turn_off")
    await box.at(17, 31, 46)
    assert not box.is_on
    plan = box.plan
    assert (plan.state, plan.hand_until) == (
        LoadState.BY_HAND,
        datetime(2026, 6, 17, 5, tzinfo=UTC),
    )
    assert plan.missing_kwh == pytest.approx(8.8)
    await box.press_by_plan()
    await box.charger.until(lambda: box.is_on)
    assert box.plan.hand_until is None


async def test_a_load_that_stops_or_starts_by_itself_has_an_issue_until_by_plan(
    hass: HomeAssistant, box: Box, home: Home
) -> None:
    await box.charges()
    for minute in (17, 24):
        await box.at(minute)
        assert not home.issue("load_stopped")
        assert box.is_on
        hass.states.async_set(BOX, "off")
        await box.at(minute + 1, minute + 6)
    assert home.issue("load_stopped")
    await box.press_by_plan()
    # A pause lasts five minutes at least.
    await box.at(36)
    await box.charger.until(lambda: box.is_on)
    assert not home.issue("load_stopped")
    box.needs(0)
    await box.at(46)
    for minute in (60, 75, 90, 105):
        await box.at(minute)
        assert not box.is_on
        assert not home.issue("load_starts_itself")
        hass.states.async_set(BOX, "on")
        await hass.async_block_till_done()
    assert home.issue("load_starts_itself")
    assert box.is_on


async def test_a_box_that_starts_by_itself_runs_on_if_the_user_has_chosen_so(
    hass: HomeAssistant, box: Box
) -> None:
    box.needs(8.8)
    await box.enters(plan_decides=False)
    await box.at(-60)
    hass.states.async_set(BOX, "on")
    await box.at(-59, -40)
    assert box.is_on
    assert box.plan.state is LoadState.BY_HAND


@pytest.mark.parametrize("service", ["turn_on", "turn_off"])
async def test_a_state_without_a_call_is_no_hand_the_first_time(
    hass: HomeAssistant, box: Box, service: str
) -> None:
    """A box that restarts, or starts by itself, is ordered as before."""
    await box.charges()
    if service == "turn_on":
        box.needs(0)
        await box.at(31)
        await box.charger.until(lambda: not box.is_on)
        await box.at(33, 41)
    hass.states.async_set(BOX, service.removeprefix("turn_"))
    await box.at(42, 49, 50)
    assert box.is_on is (service == "turn_off")
    assert box.plan.state is not LoadState.BY_HAND


async def test_a_car_that_is_full_after_a_restart_is_switched_off(
    hass: HomeAssistant, box: Box, home: Home
) -> None:
    await box.charges()
    assert await hass.config_entries.async_unload(box.house.entry_id)
    box.needs(0)
    await box.at(25, is_planned=False)
    home.port.greeting = home.port.next_frame(billed_month.telegram("00:00:10", 0.1))
    assert await hass.config_entries.async_setup(box.house.entry_id)
    await wait_until(hass, lambda: box.house.runtime_data.last_update_success)
    await box.at(31, 32)
    assert not box.is_on


async def test_another_switch_leaves_none_on(hass: HomeAssistant, box: Box) -> None:
    await box.charges()
    hass.states.async_set("switch.other", "off")
    (subentry_id,) = box.house.subentries
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (box.house.entry_id, "load"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )
    changes = CAR | {"switched_by": "switch.other"}
    await subentries.async_configure(form["flow_id"], in_sections(form, changes))
    await box.at(17, 31)
    assert not box.is_on


@pytest.mark.parametrize("is_by_hand", [False, True])
@pytest.mark.parametrize("is_removed", [False, True])
async def test_a_disabled_meter_and_a_removed_one_leave_on_only_a_hand(
    hass: HomeAssistant, box: Box, *, is_removed: bool, is_by_hand: bool
) -> None:
    await box.charges()
    if is_by_hand:
        for service in ("turn_off", "turn_on"):
            await box.by_hand(service)
    calls = len(box.orders)
    entries, entry_id = hass.config_entries, box.house.entry_id
    if is_removed:
        await entries.async_remove(entry_id)
    else:
        await entries.async_set_disabled_by(entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()
    assert box.is_on is is_by_hand
    # Once: nobody would see a second try.
    assert len(box.orders) == calls + (not is_by_hand)


async def test_without_a_new_plan_the_last_one_is_followed_to_its_end(
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
    home: Home,
) -> None:
    await box.charges()

    async def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(needed_energy, "async_load_energies", fail)
    await box.at(31, 37, is_planned=False)
    assert box.is_on
    await box.at(46, 52, is_planned=False)
    assert said(home.issue("load_without_plan"))["error"] == "OSError"
    await box.at(180, 186, 200, is_planned=False)
    assert not box.is_on


async def charge_under_a_limit(hass: HomeAssistant, box: Box) -> None:
    """Let a car charge by switch and number. The operator may limit it to 2 kW, and does not."""
    hass.states.async_set(RELAY, "connected")
    box.needs(8.8)
    limited = {"blocked_by": RELAY, "limited_to": "2", "min_kw": "1.4"}
    await box.enters(power_set_by=POWER, **limited)
    await box.at(0)
    await box.charger.until(lambda: box.is_on)


async def test_the_limit_of_the_operator_is_a_power_also_for_a_hand(
    hass: HomeAssistant, box: Box
) -> None:
    await charge_under_a_limit(hass, box)
    assert box.watts > 2000
    hass.states.async_set(RELAY, "disconnected")
    await box.charger.until(lambda: box.watts <= 2000)
    assert box.is_on
    for minute, state in ((2, "ready_for_reconnection"), (4, "unavailable"), (6, "connected")):
        await box.at(minute)
        hass.states.async_set(RELAY, state)
        await box.at(minute + 1)
        assert box.watts <= 2000
    # The plan of the next quarter-hour, then its order: a number rises at most each 30 s.
    await box.at(9, 16, 18, 20)
    await box.charger.until(lambda: box.watts > 2000)


async def test_a_limit_of_the_operator_is_logged_over_a_restart(
    hass: HomeAssistant, box: Box, hass_ws_client: WebSocketGenerator
) -> None:
    def measured(kw: float) -> None:
        unit = {"unit_of_measurement": "kW", "device_class": "power"}
        hass.states.async_set("sensor.box_power", str(kw), unit)

    async def limits() -> Any:  # noqa: ANN401 - JSON
        request = {"type": "smarty_p1/events", "entry_id": box.house.entry_id}
        await client.send_json_auto_id(request)
        return (await client.receive_json())["result"]["limits"]

    client = await hass_ws_client()
    hass.states.async_set(RELAY, "connected")
    measured(0)
    await test_planned_loads.record(hass, "sensor.box_power", "kW", "power")
    box.needs(8.8)
    await box.enters(blocked_by=RELAY, limited_to="2", measured_by="sensor.box_power")
    await box.at(0)
    await box.charger.until(lambda: box.is_on)
    measured(10.9)
    await box.at(16)
    assert await limits() == []
    begin, end = CHEAP + 17 * MINUTE, CHEAP + 40 * MINUTE
    await box.charger.at(begin)
    hass.states.async_set(RELAY, "disconnected")
    await box.charger.until(lambda: not box.is_on)
    [logged] = await limits()
    load_id = next(iter(box.house.subentries))
    assert logged == {
        "load_id": load_id,
        "load": "Car",
        "limit_kw": 2.0,
        "begin": begin.isoformat(),
        "kw_before": 10.9,
        "end": None,
        "kw_after": None,
        "obeyed_after": None,
    }
    assert await hass.config_entries.async_reload(box.house.entry_id)
    await box.charger.at(begin + timedelta(seconds=20))
    measured(0.02)
    await box.charger.until(box.house.runtime_data.load_records.loaded.is_set)
    hass.states.async_set(BOX, "off", {"look": 1})
    await hass.async_block_till_done()
    await box.charger.at(end)
    hass.states.async_set(RELAY, "connected")
    await hass.async_block_till_done()
    await box.at(45)
    obeyed = {"kw_after": 0.02, "obeyed_after": 20.0, "end": end.isoformat()}
    assert await limits() == [logged | obeyed]


async def test_a_charger_without_a_meter_obeys_once_its_entities_show_it(
    hass: HomeAssistant, box: Box
) -> None:
    await charge_under_a_limit(hass, box)
    log = box.house.runtime_data.limits.log
    hass.states.async_set(RELAY, "disconnected")
    await hass.async_block_till_done()
    await box.charger.until(lambda: log.limits[-1].obeyed_after is not None)
    [limit] = log.limits
    assert limit.kw_before is not None
    assert limit.kw_before > 2.0
    assert limit.kw_after == 2.0
    assert box.watts <= 2000


@pytest.mark.parametrize(("unit", "ordered"), [("A", 20.0), ("W", 4600.0), ("kW", 4.6)])
async def test_a_charger_without_a_meter_is_counted_with_the_power_that_its_number_shows(
    hass: HomeAssistant, box: Box, unit: str, ordered: float
) -> None:
    attributes = {"min": 0, "max": 2 * ordered, "unit_of_measurement": unit}
    hass.states.async_set(POWER, "0", attributes)

    async def cap(call: ServiceCall) -> None:
        watts = str(min(call.data["value"], ordered / 2))
        hass.states.async_set(POWER, watts, attributes, context=call.context)

    hass.services.async_register("number", "set_value", cap)
    fields = {"switched_by": BOX, "measured_by": None, "max_kw": "4.6", "power_set_by": POWER}
    # The form asks once for the missing sensor.
    await fill_in(hass, await add(hass, box.house, **fields), "car", **fields)
    await box.charger.at(CHEAP)
    await box.charger.until(lambda: box.is_on)
    await box.at(5, 16)
    loads = box.house.runtime_data.load_records.state.loads
    (before,) = loads.values()
    await box.at(31)
    (after,) = loads.values()
    assert after.control.own_kwh - before.control.own_kwh == pytest.approx(2.3 / 4, abs=0.01)
    assert box.state("sensor.car_planned_power") == "2.3"


async def test_loads_that_share_a_limit_have_it_together(hass: HomeAssistant, box: Box) -> None:
    hass.states.async_set(RELAY, "connected")
    shared: JsonDict = {"blocked_by": RELAY, "limited_to": "4", "limit_shared": True}
    box.needs(8.8)
    await box.enters(power_set_by=POWER, min_kw="1.4", max_kw="3", **shared)
    hass.states.async_set("switch.boiler", "off")
    await add(hass, box.house, "pausing", max_kw="1,2", switched_by="switch.boiler", **shared)
    await box.at(0)
    boiler = "binary_sensor.water_runs_by_plan"
    await box.charger.until(lambda: box.is_on and box.state(boiler) == "on")
    hass.states.async_set(RELAY, "disconnected")
    # The car needs 3 kW of 4, and the boiler 1.2 kW.
    await box.charger.until(lambda: box.state("switch.boiler") == "off")
    await box.charger.until(lambda: box.state("sensor.water_state") == "blocked")
    assert box.is_on
    box.needs(0)
    await box.at(16)
    await box.charger.until(lambda: box.state("switch.boiler") == "on")
    assert not box.is_on


async def test_a_load_that_is_added_while_its_relay_is_silent_is_limited_as_the_others(
    hass: HomeAssistant, box: Box
) -> None:
    hass.states.async_set(RELAY, "disconnected")
    hass.states.async_set("switch.boiler", "off")
    limited = {"blocked_by": RELAY, "limited_to": "0"}
    await add(hass, box.house, "pausing", switched_by="switch.boiler", **limited)
    await box.at(-20)
    hass.states.async_set(RELAY, "unavailable")
    await box.at(-5)
    box.needs(8.8)
    await box.enters(**limited)
    await box.at(1)
    assert box.state("sensor.car_state") == box.state("sensor.water_state") == "blocked"
    assert not box.is_on


async def test_an_unknown_need_has_an_issue_with_the_entity(
    hass: HomeAssistant, box: Box, home: Home
) -> None:
    hass.states.async_set(NEED, "unknown", {"unit_of_measurement": "kWh"})
    await add(hass, box.house, switched_by=BOX, energy_from=NEED, kwh=None)
    await box.at(0, 26, is_planned=False)
    assert NEED in said(home.issue("load_need_unknown"))["entities"]
    box.needs(8.8)
    await box.at(31)
    assert not home.issue("load_need_unknown")


class RunningClock:
    """Clock that is a millisecond later at each look."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, begin: datetime) -> None:
        self.now = begin
        monkeypatch.setattr(dt_util, "utcnow", self._tick)

    def _tick(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


async def test_a_running_clock_makes_no_plans_and_writes(
    hass: HomeAssistant, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stored time that each look moves would plan and write without a pause."""
    plans: list[object] = []

    async def count(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - as it was called
        plans.append(args)
        return await async_planned_house(*args, **options)

    box.needs(8.8)
    hass.states.async_set(RELAY, "connected")
    await box.enters(blocked_by=RELAY, limited_to="0")
    monkeypatch.setattr(house_planner, "async_planned_house", count)
    records, writes = box.house.runtime_data.load_records, []
    for begin in (CHEAP - 30 * MINUTE, CHEAP):
        await box.charger.at(begin)
        await box.charger.until(box.has_new_plan)
        await hass.async_block_till_done()
        plans.clear()
        clock = RunningClock(monkeypatch, begin)
        for _ in range(80):
            clock.now += timedelta(seconds=10)
            hass.states.async_set(BOX, box.state(BOX), {"look": clock.now.isoformat()})
            await hass.async_block_till_done()
            writes.append(records.is_waiting)
            await records.async_write_waiting()
        assert len(plans) <= MAX_PLANS
        # While it charges, the own count is stored each minute.
        assert sum(writes[:80]) <= MAX_PLANS
    assert box.is_on
