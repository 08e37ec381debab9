"""Plan and reality: late and early loads, failed starts, wishes of the user, restarts, silence.

The house is that of `test_planned_loads`: energy is cheap from 22:00 to 6:00.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType

import pytest
from homeassistant.components.persistent_notification import DOMAIN as NOTIFICATION
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1.coordinator.loads.load_records import LoadRecords
from custom_components.smarty_p1.coordinator.loads.shown_plans import HOUSE_PLANS, LOAD_PLANS
from custom_components.smarty_p1.lib.history.luxembourg_time import LUXEMBOURG
from custom_components.smarty_p1.lib.plan.coming_quarters import PlanLack
from custom_components.smarty_p1.lib.plan.commanded import EntityKind
from custom_components.smarty_p1.lib.plan.daily_load import LoadPlan, LoadState
from custom_components.smarty_p1.lib.plan.load_control import LoadControl
from custom_components.smarty_p1.lib.plan.load_record import LoadRecord
from smartyp1.json_types import JsonDict, JsonMapping

from . import billed_month, test_planned_loads
from .dialogs import contract_in
from .meter import KEY, OTHER_SERIAL, MeterPort, encipher
from .recipients import options
from .support import ON_30_NOVEMBER, OTHER_METER, Home, issue_of, smarty_entry, wait_until
from .test_planned_loads import SetClock

clock = test_planned_loads.clock
house = test_planned_loads.house
pytestmark = ON_30_NOVEMBER

EVENING = datetime(2026, 6, 16, 17, 0, 30, tzinfo=UTC)  # Tuesday 19:00 in Luxembourg
CHEAP = datetime(2026, 6, 16, 20, 0, tzinfo=UTC)
MORNING = datetime(2026, 6, 17, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POWER, READY, CONNECTED = "sensor.power", "binary_sensor.ready", "binary_sensor.connected"
NOT_STARTED = "Dishes did not start"
DISHES = {"kind": "appliance", "kwh": 1.5, "hours": 1.5, "by_workdays": "07:00:00"}
CAR = {
    "kind": "car",
    "kwh": 8.8,
    "max_kw": 11.0,
    "phases": 3,
    "by_workdays": "07:00:00",
    "connected": CONNECTED,
}


class Plans:
    """Loads of a meter, and a clock that can be moved."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, set_clock: SetClock) -> None:
        self.hass, self.entry = hass, entry
        self._set_clock = set_clock
        self._timers = datetime.now(UTC)

    async def add(self, name: str, **data: object) -> str:
        """Enter a load, and wait for its plan. Return its id."""
        subentry = ConfigSubentry(
            data=MappingProxyType({"measured_by": "sensor.wallbox_energy"} | data),
            subentry_type="load",
            title=name,
            unique_id=None,
        )
        self.hass.config_entries.async_add_subentry(self.entry, subentry)
        await self.until(lambda: LOAD_PLANS.value_of(self.hass, subentry.subentry_id) is not None)
        return subentry.subentry_id

    async def at(self, time: datetime) -> None:
        """Move the clock, let all timers of a quarter-hour run out, and wait for the plans."""
        self._set_clock(time)
        # Timers were set by the true clock.
        self._timers += timedelta(minutes=16)
        async_fire_time_changed(self.hass, self._timers)
        await self.hass.async_block_till_done()

        def are_planned() -> bool:
            plans = (LOAD_PLANS.value_of(self.hass, name) for name in self.entry.subentries)
            return all(plan is None or plan.planned_at >= time for plan in plans)

        await self.until(are_planned)

    async def until(self, condition: Callable[[], bool]) -> None:
        await wait_until(self.hass, condition)

    def of(self, name: str) -> LoadPlan:
        plan = LOAD_PLANS.value_of(self.hass, name)
        assert plan is not None
        return plan

    async def shows(self, name: str, state: LoadState, start: datetime | None) -> None:
        """Wait until a load has this state, and this next or present start."""

        def has_come() -> bool:
            plan = LOAD_PLANS.value_of(self.hass, name)
            begin = plan.runs[0][0] if plan and plan.runs else None
            return plan is not None and (plan.state, begin) == (state, start)

        await self.until(has_come)

    async def press(self, entity_id: str) -> None:
        await self.hass.services.async_call(
            "button", "press", {"entity_id": entity_id}, blocking=True
        )

    def is_set(self, entity_id: str, state: str | float, **attributes: object) -> None:
        if entity_id == POWER:
            attributes["unit_of_measurement"] = "kW"
        self.hass.states.async_set(entity_id, str(state), attributes)


@pytest.fixture
async def plans(house: MockConfigEntry, hass: HomeAssistant, clock: SetClock) -> Plans:
    await async_setup_component(hass, "homeassistant", {})
    plans = Plans(hass, house, clock)
    plans.is_set(CONNECTED, "on")
    plans.is_set(POWER, 0.0)
    await test_planned_loads.record(hass, POWER, "kW", "power")
    await plans.at(EVENING)
    return plans


async def test_an_appliance_waits_until_it_is_ready_and_runs_once(plans: Plans) -> None:
    dishes = await plans.add("Dishes", **DISHES, measured_by=POWER)
    await plans.shows(dishes, LoadState.NOT_READY, None)
    await plans.press("button.dishes_ready")
    await plans.shows(dishes, LoadState.PLANNED, CHEAP)
    await plans.at(CHEAP + MINUTE)
    await plans.until(lambda: plans.of(dishes).runs_now)
    plans.is_set(POWER, 2.0)
    for minute in (2, 4):
        await plans.at(CHEAP + minute * MINUTE)
    await plans.shows(dishes, LoadState.RUNNING, CHEAP)
    # While the dishwasher dries, it has little power. No button ends the run.
    plans.is_set(POWER, 0.01)
    await plans.press("button.dishes_skip_today")
    await plans.at(CHEAP + 61 * MINUTE)
    await plans.shows(dishes, LoadState.RUNNING, CHEAP + 60 * MINUTE)
    await plans.at(CHEAP + 100 * MINUTE)
    await plans.shows(dishes, LoadState.DONE, None)
    await plans.press("button.dishes_ready")
    await plans.shows(dishes, LoadState.PLANNED, CHEAP + 90 * MINUTE)


async def test_late_ready_starts_now_and_shows_the_missing_energy(plans: Plans) -> None:
    plans.is_set(READY, "off")
    dishes = await plans.add("Dishes", **DISHES, ready=READY)
    assert "button.dishes_ready" not in plans.hass.states.async_entity_ids("button")
    late = MORNING - 45 * MINUTE
    await plans.at(late + MINUTE)
    await plans.shows(dishes, LoadState.NOT_READY, None)
    plans.is_set(READY, "on")
    await plans.shows(dishes, LoadState.PLANNED, late)
    # Of 1.5 hours with 1 kW, 44 minutes fit in before 7:00.
    assert plans.of(dishes).missing_kwh == 0.77


async def test_a_car_may_come_late_leave_early_and_stay_longer(plans: Plans) -> None:
    plans.is_set(CONNECTED, "off")
    car = await plans.add("Car", **CAR)
    await plans.shows(car, LoadState.NOT_CONNECTED, None)
    plans.is_set(CONNECTED, "on")
    await plans.shows(car, LoadState.PLANNED, CHEAP)
    plans.is_set(CONNECTED, "off")
    await plans.shows(car, LoadState.NOT_CONNECTED, None)
    # In the 29 minutes that are left, 11 kW give 5.32 of 8.8 kWh.
    late = MORNING - 30 * MINUTE
    await plans.at(late + MINUTE)
    plans.is_set(CONNECTED, "on")
    await plans.shows(car, LoadState.PLANNED, late)
    assert plans.of(car).missing_kwh == 3.48
    # The car stays: the deadline of the next day counts.
    await plans.at(MORNING + MINUTE)
    await plans.until(lambda: plans.of(car).by == MORNING + timedelta(days=1))
    assert plans.of(car).missing_kwh == 0.0


async def test_a_load_that_does_not_start_gets_a_second_try_then_a_message(
    home: Home, plans: Plans
) -> None:
    chosen = options("failed_load", to=())
    await home.again(billed_month.telegram("00:00:05", 0.1), {**plans.entry.options, **chosen})
    dishes = await plans.add("Dishes", **DISHES, measured_by=POWER)
    plans.is_set(POWER, 0.05)
    await plans.press("button.dishes_start_now")
    begin = EVENING.replace(second=0)
    await plans.shows(dishes, LoadState.PLANNED, begin)
    for minute in range(1, 8):
        plans.is_set(POWER, 0.05)
        await plans.at(begin + minute * MINUTE)
    await plans.shows(dishes, LoadState.TRIES_AGAIN, begin + 15 * MINUTE)
    assert not plans.of(dishes).runs_now
    for minute in range(15, 24):
        plans.is_set(POWER, 0.05)
        await plans.at(begin + minute * MINUTE)
    await plans.shows(dishes, LoadState.DID_NOT_START, None)
    await plans.at(begin + 25 * MINUTE)
    shown = plans.hass.data[NOTIFICATION]
    await plans.until(lambda: [each["title"] for each in shown.values()] == [NOT_STARTED])
    # The user presses again.
    await plans.press("button.dishes_start_now")
    await plans.shows(dishes, LoadState.PLANNED, begin + 15 * MINUTE)


@pytest.mark.parametrize("kind", ["input_boolean", "input_button"])
async def test_an_appliance_is_started_once_for_each_try(plans: Plans, kind: str) -> None:
    entity_id = f"{kind}.dishwasher"
    await async_setup_component(plans.hass, kind, {kind: {"dishwasher": None}})
    calls = list[str]()

    def note(event: Event) -> None:
        if event.data["service"] in {"turn_on", "turn_off", "press"}:
            calls.append(f"{event.data['domain']}.{event.data['service']}")

    dishes = await plans.add("Dishes", **DISHES, measured_by=POWER, switched_by=entity_id)
    plans.is_set(POWER, 0.0)
    await plans.press("button.dishes_ready")
    await plans.shows(dishes, LoadState.PLANNED, CHEAP)
    plans.hass.bus.async_listen("call_service", note)
    for minute in range(1, 13):
        await plans.at(CHEAP + minute * MINUTE)
    service = "turn_on" if kind == "input_boolean" else "press"
    assert [call.partition(".")[2] for call in calls].count(service) == (
        2 if kind == "input_boolean" else 1
    )
    assert not any(call.endswith("turn_off") for call in calls)


async def test_a_load_without_a_sensor_of_its_power_is_believed(plans: Plans) -> None:
    dishes = await plans.add("Dishes", **DISHES)
    await plans.press("button.dishes_start_now")
    begin = EVENING.replace(second=0)
    for minute in range(1, 8):
        await plans.at(begin + minute * MINUTE)
    await plans.shows(dishes, LoadState.RUNNING, begin)


async def test_a_load_that_is_started_by_hand_runs_and_counts_as_running(plans: Plans) -> None:
    dishes = await plans.add("Dishes", **DISHES, measured_by=POWER)
    plans.is_set(POWER, 1.0)
    for minute in range(1, 4):
        await plans.at(EVENING + minute * MINUTE)
    # The plan did not have it run.
    await plans.shows(dishes, LoadState.BY_HAND, None)
    assert not plans.of(dishes).runs_now
    assert plans.of(dishes).left_kwh == pytest.approx(1.5, abs=0.06)


async def test_a_deadline_for_once_ends_with_its_time(plans: Plans) -> None:
    car = await plans.add("Car", **CAR)
    await plans.hass.services.async_call(
        "time", "set_value", {"entity_id": "time.car_done_by", "time": "21:00:00"}, blocking=True
    )
    nine = datetime(2026, 6, 16, 19, tzinfo=UTC)
    await plans.until(lambda: plans.of(car).by == nine)
    state = plans.hass.states.get("time.car_done_by")
    assert state is not None
    assert state.state == "21:00:00"
    assert plans.of(car).runs[-1][1] <= nine
    await plans.at(nine + MINUTE)
    await plans.until(lambda: plans.of(car).by == MORNING + timedelta(days=1))
    state = plans.hass.states.get("time.car_done_by")
    assert state is not None
    assert state.state == "unknown"


async def test_presses_at_once_are_one_plan(plans: Plans) -> None:
    dishes = await plans.add("Dishes", **DISHES)
    seen = list[LoadPlan]()
    signal = LOAD_PLANS.signal(dishes)
    note = callback(lambda: seen.append(plans.of(dishes)))
    stop = async_dispatcher_connect(plans.hass, signal, note)
    for _ in range(50):
        await plans.press("button.dishes_ready")
    await plans.shows(dishes, LoadState.PLANNED, CHEAP)
    stop()
    # One plan may run when the next press comes.
    assert len(seen) <= 3


async def test_a_restart_forgets_neither_the_task_nor_the_shown_start(
    plans: Plans, home: Home, hass_storage: JsonDict
) -> None:
    dishes = await plans.add("Dishes", **DISHES, measured_by=POWER)
    await plans.press("button.dishes_ready")
    await plans.shows(dishes, LoadState.PLANNED, CHEAP)
    key = f"smarty_p1.{plans.entry.entry_id}.loads"
    await home.again(billed_month.telegram("00:00:10", 0.1))
    stored = hass_storage[key]["data"]["loads"][dishes]
    assert stored["announced_start"] == CHEAP.isoformat()
    assert stored["ready_at"] == [EVENING.isoformat()]
    await plans.until(lambda: LOAD_PLANS.value_of(plans.hass, dishes) is not None)
    await plans.shows(dishes, LoadState.PLANNED, CHEAP)
    # The run began before the next restart, so its rest is known.
    await plans.at(CHEAP + MINUTE)
    await plans.until(lambda: plans.of(dishes).runs_now)
    plans.is_set(POWER, 1.0)
    for minute in (2, 4):
        await plans.at(CHEAP + minute * MINUTE)
    await plans.shows(dishes, LoadState.RUNNING, CHEAP)
    plans.is_set(POWER, "unavailable")
    await home.again(billed_month.telegram("00:00:15", 0.1))
    await plans.at(CHEAP + 46 * MINUTE)
    await plans.shows(dishes, LoadState.RUNNING, CHEAP + 45 * MINUTE)
    assert plans.of(dishes).left_kwh == pytest.approx(0.77, abs=0.03)


async def test_a_removed_load_leaves_nothing_in_the_file(
    plans: Plans, home: Home, hass_storage: JsonDict
) -> None:
    dishes = await plans.add("Dishes", **DISHES)
    await plans.press("button.dishes_ready")
    await plans.shows(dishes, LoadState.PLANNED, CHEAP)
    plans.hass.config_entries.async_remove_subentry(plans.entry, dishes)
    car = await plans.add("Car", **CAR)
    await home.again(billed_month.telegram("00:00:10", 0.1))
    key = f"smarty_p1.{plans.entry.entry_id}.loads"
    assert hass_storage[key]["data"]["loads"].keys() == {car}
    await plans.hass.config_entries.async_remove(plans.entry.entry_id)
    assert key not in hass_storage


def test_loads_that_were_removed_never_make_the_file_too_long(hass: HomeAssistant) -> None:
    records = LoadRecords(hass, "entry")
    for number in range(30):
        switch = {f"switch.{number}": EntityKind.SWITCH}
        records.put_record(str(number), LoadRecord(control=LoadControl().used(switch, EVENING)))
    present = [str(number) for number in range(20, 30)]
    records.forget_others(present)
    # Ten that are not seen off yet.
    assert [*records.state.loads] == [str(number) for number in range(10, 30)]


async def test_the_entities_of_a_load_belong_to_it(plans: Plans) -> None:
    await plans.add("Dishes", **DISHES)
    await plans.add("Car", **CAR)
    registry = er.async_get(plans.hass)
    names = {
        entity.entity_id
        for entity in er.async_entries_for_config_entry(registry, plans.entry.entry_id)
        if entity.domain in {"button", "time"}
    }
    assert names == {
        "button.dishes_ready",
        "button.dishes_start_now",
        "button.dishes_skip_today",
        "button.dishes_by_plan",
        "time.dishes_done_by",
        "button.car_start_now",
        "button.car_skip_today",
        "button.car_by_plan",
        "time.car_done_by",
    }


async def with_contract(plans: Plans, home: Home, **terms: object) -> None:
    contract = contract_in(plans.entry)
    kept = {name: term for name, term in contract.items() if "second" not in name}
    await home.again(billed_month.telegram("00:00:05", 0.1), {"contracts": [kept | terms]})


def with_prices(plans: Plans, days: int, now: datetime) -> None:
    """Let an entity list the prices of some days. Energy is cheap from 3:00 to 4:00 only."""
    midnight = datetime(2026, 6, 15, 22, tzinfo=UTC)
    rows = [
        {
            "start": (midnight + timedelta(hours=hour)).isoformat(),
            "value": 0.02 if hour % 24 == (3 if hour < 24 else 5) else 0.2,
        }
        for hour in range(24 * days)
    ]
    price = rows[(now - midnight) // timedelta(hours=1)]["value"]
    attributes = {"unit_of_measurement": "EUR/kWh", "prices": rows}
    plans.hass.states.async_set("sensor.spot", str(price), attributes, timestamp=now.timestamp())


def shown_plan(plans: Plans) -> JsonMapping:
    """Return the plan that cards show."""
    shown = HOUSE_PLANS.value_of(plans.hass, plans.entry.entry_id)
    assert not isinstance(shown, PlanLack)
    assert shown
    return shown


async def test_prices_at_a_quarter_past_one_change_the_plan(plans: Plans, home: Home) -> None:
    await plans.at(EVENING - timedelta(hours=6))
    with_prices(plans, 1, EVENING - timedelta(hours=6))
    await with_contract(plans, home, energy_price_entity="sensor.spot")
    car = await plans.add("Car", **CAR | {"kwh": 2.0})
    # Tomorrow's prices are not known: those of today count, and the plan says so.
    three = datetime(2026, 6, 17, 1, tzinfo=UTC)
    await plans.shows(car, LoadState.PLANNED, three)
    assert shown_plan(plans)["prices_of_day_before_from"]
    with_prices(plans, 2, EVENING - timedelta(hours=6))
    await plans.shows(car, LoadState.PLANNED, three + timedelta(hours=2))
    assert not shown_plan(plans)["prices_of_day_before_from"]


async def test_a_charge_that_changes_with_the_quarter_hour_waits_for_the_regular_plan(
    plans: Plans, clock: SetClock
) -> None:
    percent = {"unit_of_measurement": "%"}
    plans.is_set("sensor.charge", "75", **percent)
    car = await plans.add("Car", **CAR | {"energy_from": "sensor.charge", "capacity_kwh": 40.0})
    quarter = EVENING.replace(second=0) + 15 * MINUTE
    await plans.at(quarter - MINUTE)
    before = plans.of(car)
    assert before.left_kwh == pytest.approx(10)
    times = list[datetime]()

    @callback
    def note() -> None:
        times.append(plans.of(car).planned_at)

    stop = async_dispatcher_connect(plans.hass, LOAD_PLANS.signal(car), note)
    clock(quarter + timedelta(seconds=5))
    plans.is_set("sensor.charge", "70", **percent)
    await plans.hass.async_block_till_done()
    await plans.at(quarter + timedelta(seconds=20))
    assert plans.of(car).left_kwh == pytest.approx(12)
    stop()
    assert min(times) >= quarter + timedelta(seconds=20)


async def test_a_plan_goes_without_prices_and_shows_no_costs(plans: Plans, home: Home) -> None:
    await with_contract(plans, home, energy_price_entity="sensor.nobody")
    car = await plans.add("Car", **CAR)
    await plans.until(lambda: bool(plans.of(car).runs))
    plan = plans.of(car)
    assert (plan.lacks, plan.missing_kwh) == ({PlanLack.PRICE}, 0.0)
    assert HOUSE_PLANS.value_of(plans.hass, plans.entry.entry_id) is PlanLack.PRICE
    state = plans.hass.states.get("sensor.car_limit_price")
    assert state is not None
    assert state.state == "unknown"


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-10-24T20:00:30+02:00", 12), ("2027-03-27T20:00:30+01:00", 10)],
)
async def test_a_deadline_is_kept_when_the_clock_changes(
    plans: Plans, evening: str, hours: int
) -> None:
    # In another season, no usual days are known: the plan goes by price and deadline.
    now = datetime.fromisoformat(evening).astimezone(UTC)
    await plans.at(now)
    car = await plans.add("Car", **CAR | {"by_weekend": "07:00:00", "kwh": 60.0})
    deadline = now.replace(second=0) + timedelta(hours=hours)
    await plans.until(lambda: plans.of(car).by == deadline)
    plan = plans.of(car)
    assert PlanLack.DAYS in plan.lacks
    assert (plan.missing_kwh, plan.runs[-1][1] <= deadline) == (0.0, True)


def with_night(plans: Plans, now: datetime, prices: Mapping[int, float]) -> None:
    """Let an entity list the prices from noon on for 48 hours, by hours of UTC after midnight."""
    noon = now.replace(hour=10, minute=0, second=0)
    rows = [
        {
            "start": (noon + timedelta(hours=hour)).isoformat(),
            "value": prices.get(hour - 14, 0.2),
        }
        for hour in range(48)
    ]
    attributes = {"unit_of_measurement": "EUR/kWh", "prices": rows}
    plans.hass.states.async_set("sensor.spot", "0.2", attributes, timestamp=now.timestamp())


async def test_an_announced_start_moves_for_five_cents_also_when_the_clock_changes(
    plans: Plans, home: Home
) -> None:
    # The hour from 2:00 on comes twice.
    told, earlier = "2026-10-25T02:00:00+01:00", "2026-10-25T02:00:00+02:00"
    evening = datetime(2026, 10, 24, 17, 0, 30, tzinfo=UTC)
    midnight = evening.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    await plans.at(evening)
    with_night(plans, evening, {1: 0.1})
    await with_contract(plans, home, energy_price_entity="sensor.spot")
    car = await plans.add("Car", **CAR | {"by_weekend": "07:00:00", "kwh": 2.0})

    async def starts(at: datetime, prices: Mapping[int, float], expected: str) -> None:
        """Change the prices at a time: load, sensor and calendar have the same start."""
        await plans.at(at)
        with_night(plans, evening, prices)
        await plans.at(at + MINUTE / 2)
        start = datetime.fromisoformat(expected).astimezone(UTC)
        await plans.shows(car, LoadState.PLANNED, start)
        sensor, event = (
            plans.hass.states.get(name)
            for name in ("sensor.car_next_start", "calendar.smarty_plan")
        )
        assert sensor
        assert event
        assert sensor.state == ("unknown" if start < at else start.isoformat())
        local = start.astimezone(LUXEMBOURG)
        assert event.attributes["start_time"] == f"{local:%Y-%m-%d %H:%M:%S}"
        seven = datetime.combine(midnight, time(7), LUXEMBOURG)
        assert plans.of(car).by == seven.astimezone(UTC)

    await starts(evening + MINUTE, {1: 0.1}, told)
    # The hour before saves 2 kWh x 2 cents x 1.08, then 4 cents instead of 2.
    await starts(evening + 16 * MINUTE, {0: 0.08, 1: 0.1}, told)
    await starts(evening + 31 * MINUTE, {0: 0.06, 1: 0.1}, earlier)
    # In the last half hour, nothing but missing energy moves it.
    await starts(midnight - 20 * MINUTE, {1: 0.01}, earlier)
    await starts(midnight - 10 * MINUTE, {0: 0.06, 1: 0.1}, earlier)
    await starts(midnight + MINUTE, {0: 0.06, 1: 0.1}, earlier)
    assert plans.of(car).runs_now
    # Until its quarter-hour ends, it is not taken back. Later, energy goes where it is cheaper.
    for minute, start in ((6, earlier), (16, told)):
        await plans.at(midnight + minute * MINUTE)
        with_night(plans, evening, {1: 0.01})
        await plans.at(midnight + (minute + 1) * MINUTE)
        await plans.shows(car, LoadState.PLANNED, datetime.fromisoformat(start).astimezone(UTC))


async def test_a_damaged_file_begins_anew_and_says_so(
    plans: Plans, home: Home, hass_storage: JsonDict
) -> None:
    await plans.add("Dishes", **DISHES)
    key = f"smarty_p1.{plans.entry.entry_id}.loads"
    await home.again(billed_month.telegram("00:00:05", 0.1))
    # An unloading entry stores the memories of its loads.
    assert await home.hass.config_entries.async_unload(plans.entry.entry_id)
    hass_storage[key] = {"version": 1, "key": key, "data": {"other": {"tries": 7}}}
    await home.again(billed_month.telegram("00:00:10", 0.1))
    await plans.until(lambda: issue_of(plans.hass, plans.entry, "stored_unreadable") is not None)


async def test_loads_of_two_meters_are_planned_apart(plans: Plans, clock: SetClock) -> None:
    hass = plans.hass
    async with MeterPort(encipher(OTHER_METER, 1)) as port:
        entry = smarty_entry(
            title="Other",
            unique_id=OTHER_SERIAL,
            data={"port": port.url, "encryption_key": KEY},
            options={"contracts": [contract_in(plans.entry)]},
        )
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await wait_until(hass, lambda: entry.runtime_data.records.household_state is not None)
        others = Plans(hass, entry, clock)
        dishes, theirs = await plans.add("Dishes", **DISHES), await others.add("Theirs", **DISHES)
        await plans.press("button.dishes_ready")
        await plans.shows(dishes, LoadState.PLANNED, CHEAP)
        await others.shows(theirs, LoadState.NOT_READY, None)
        await others.press("button.theirs_ready")
        await others.shows(theirs, LoadState.PLANNED, CHEAP)
        hass.config_entries.async_remove_subentry(plans.entry, dishes)
        await plans.until(lambda: LOAD_PLANS.value_of(hass, dishes) is None)
        await others.shows(theirs, LoadState.PLANNED, CHEAP)
        await hass.config_entries.async_unload(entry.entry_id)
