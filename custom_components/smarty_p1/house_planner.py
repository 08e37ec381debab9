"""Planner of a meter: it plans the entered loads and battery, each quarter-hour anew."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from math import inf

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import (
    EventStateChangedData,
    async_track_state_change_event,
    async_track_time_interval,
    async_track_utc_time_change,
)
from homeassistant.util import dt as dt_util

from .computed_answers.answer_queue import async_aside
from .computed_answers.planned_house import async_plan_saving, async_planned_house
from .const import LOGGER
from .coordinator import RecordsConfigEntry
from .coordinator.background_tasks import SupervisedTask
from .coordinator.loads.battery_follower import BatteryFollower
from .coordinator.loads.controlled_load import ControlledLoad
from .coordinator.loads.entered_loads import EnteredLoad, on_changed_loads
from .coordinator.loads.load_records import ChangeOfRecord
from .coordinator.loads.needed_energy import UnknownNeedError, async_needed
from .coordinator.loads.order_sender import Orderer, entity_of
from .coordinator.loads.ordered_entities import OrderedEntities, async_all_off
from .coordinator.loads.refused_loads import switched_loads
from .coordinator.loads.shown_plans import (
    HOUSE_PLANS,
    LOAD_PLANS,
    PLAN_SAVINGS,
    PlanSaving,
    ShownHouse,
    planned_loads,
)
from .coordinator.market_prices.contract_market_prices import async_contract_market_prices
from .coordinator.repair_issues import set_issue
from .lib.answers.outlook import FORMAT_JSON
from .lib.answers.plan import PLAN_FORMATS
from .lib.history.luxembourg_time import hour_start, quarter_start
from .lib.passed_pause import has_passed
from .lib.plan.coming_quarters import PlanLack
from .lib.plan.commanded import Told
from .lib.plan.daily_load import WAITING, DailyLoad, LoadPlan, LoadState
from .lib.plan.house_request import LoadWish, PlannedHouse
from .lib.plan.load_record import Charge, LoadRecord, Noted
from .lib.problem import Problem

_QUARTERS = (0, 15, 30, 45)
# The recorder writes the last five minutes of a load ten seconds after they have ended. Before, the
# energy of the last quarter-hour would be planned again.
_SECOND = 20
_TICK = timedelta(seconds=30)
# Some entities report a price or a charge each second.
_COOLDOWN_S = 60.0
_MAX_NAMED = 6
# A slow machine needs minutes for a plan.
_MAX_AGE = timedelta(minutes=25)


_TOLD = {
    Told.DOES_NOT_OBEY: Problem.LOAD_DOES_NOT_OBEY,
    Told.STOPPED: Problem.LOAD_STOPPED,
    Told.STARTS_ITSELF: Problem.LOAD_STARTS_ITSELF,
}
_PROBLEMS = (
    *_TOLD.values(),
    Problem.LOAD_WITHOUT_PLAN,
    Problem.LOAD_NEED_UNKNOWN,
    Problem.LOAD_WITHOUT_READING,
    Problem.LOAD_NOT_LIMITED,
)
type _Need = tuple[LoadPlan, LoadWish | None]
"""Plan of a load without runs, and its wish if it needs energy."""

_NEEDING = {*WAITING, LoadState.BY_HAND, LoadState.RUNNING, LoadState.BLOCKED}


class HousePlanner:
    """Planner of one meter.

    It plans after each quarter-hour, and when a load is connected, ready, added or changed, when it
    begins or ends, when the user presses a button, and when prices change. The energy that a load
    has used since its last deadline comes from its own statistics, and its state from a file. So a
    restart forgets nothing. Each hour, it counts the saving of the running month anew.
    """

    def __init__(self, hass: HomeAssistant, entry: RecordsConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._loads: Mapping[str, EnteredLoad] = {}
        self._records = entry.runtime_data.load_records
        self._limits = entry.runtime_data.limits
        self._is_open = False
        self._has_reading = False
        """Whether the meter had been read before the last plan."""
        self._task = SupervisedTask(hass, entry, self._async_plan, "plan")
        self._new_numbers = Debouncer(
            hass, LOGGER, cooldown=_COOLDOWN_S, immediate=True, function=self._on_numbers
        )
        self._tracked: list[CALLBACK_TYPE] = []
        self._controlled: dict[str, ControlledLoad] = {}
        self._unknown = set[str]()
        """Loads that have no plan now."""
        self._orders = OrderedEntities(hass, entry.runtime_data, self._follow_one)
        self._battery = BatteryFollower(hass, entry, self._orders)
        self._error = ""
        """Type of the error because of which there is no new plan."""
        self._unknown_needs: dict[str, str] = {}
        """Entities that should tell the energy that a load needs. Empty if others are lost."""
        self._named: dict[Problem, list[str]] = {}
        """Loads that the repair issues name."""
        self._counted_hour: datetime | None = None
        """Hour in which the saving was last counted."""

    @callback
    def start(self) -> None:
        """Plan now and later. Unloading the entry ends it."""
        hass, entry = self._hass, self._entry
        # Home Assistant calls them in reverse order: the last orders are still written.
        for stop in (
            self._async_all_off,
            self._records.async_close,
            async_track_utc_time_change(hass, self._on_event, minute=_QUARTERS, second=_SECOND),
            self._orders.listen(),
            on_changed_loads(hass, entry, self._look),
            self._records.wishes.add(self._take),
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._battery.end),
            self._forget,
            self._new_numbers.async_shutdown,
            self._battery.end,
        ):
            entry.async_on_unload(stop)
        self._look()

    @callback
    def _look(self) -> None:
        """Plan again if the loads or the battery have changed, or whether they may be switched."""
        loads = switched_loads(self._hass, self._entry)
        has_new_battery = self._battery.reread_battery()
        if loads == self._loads and not has_new_battery:
            return
        for subentry_id in self._loads.keys() - loads.keys():
            LOAD_PLANS.show_value(self._hass, subentry_id, None)
        # A plan out of the file is old, and is not shown.
        self._unknown |= loads.keys() - self._loads.keys()
        for name, entered in loads.items():
            if entered != self._loads.get(name):
                self._controlled[name] = ControlledLoad(self._hass, entered, self._orders)
        self._loads = loads
        self._counted_hour = None
        self._stop_tracking()
        self._track()
        if self._is_open:
            self._follow_removed()
        self._task.start()

    @callback
    def _forget(self) -> None:
        self._stop_tracking()
        for subentry_id in self._loads:
            LOAD_PLANS.show_value(self._hass, subentry_id, None)
        HOUSE_PLANS.show_value(self._hass, self._entry.entry_id, None)
        PLAN_SAVINGS.show_value(self._hass, self._entry.entry_id, None)

    async def _async_all_off(self) -> None:
        """Switch off what runs by the plan of a meter that is disabled."""
        if self._entry.disabled_by:
            await async_all_off(self._hass, self._records)

    @callback
    def _track(self) -> None:
        """Listen to what loads and battery need. A house without them has no work to do."""
        stored = self._records.state
        if not (self._loads or self._battery.entered or stored.loads or stored.batteries):
            return
        hass, coordinator = self._hass, self._entry.runtime_data
        loads = self._loads.values()
        watched = [*chain.from_iterable(load.watched for load in loads)]
        commanded = [*chain.from_iterable(load.commanded for load in loads)]
        commanded += self._battery.entered.entities if self._battery.entered else []
        numbers = [load.energy_from for load in loads if load.energy_from]
        numbers += coordinator.records.prices.entities_from(dt_util.utcnow())
        self._tracked = [
            async_track_state_change_event(hass, watched, self._on_connected),
            async_track_state_change_event(hass, numbers, self._on_number),
            # Its own orders, the user's hand, and the grid operator's relay.
            async_track_state_change_event(hass, [*commanded, *watched], self._on_ordered),
            # A silent meter sends nothing that could be followed.
            async_track_time_interval(hass, self._follow, _TICK),
            coordinator.reading_listeners.add(self._follow),
        ]

    @callback
    def _stop_tracking(self) -> None:
        for stop in self._tracked:
            stop()
        self._tracked = []

    @callback
    def _on_connected(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if (old and old.state) != (new and new.state):
            self._on_event(dt_util.utcnow())

    @callback
    def _on_ordered(self, event: Event[EventStateChangedData]) -> None:
        self._orders.note_state(event)
        self._follow()
        self._orders.forget_state()

    @callback
    def _on_number(self, _event: Event[EventStateChangedData]) -> None:
        self._new_numbers.async_schedule_call()

    @callback
    def _on_numbers(self) -> None:
        """Plan with new prices or charges. In the first seconds, the regular plan comes soon."""
        now = dt_util.utcnow()
        if now - quarter_start(now) >= timedelta(seconds=_SECOND):
            self._on_event()

    @callback
    def _on_event(self, _now: datetime | None = None) -> None:
        # The unit of an entity may have changed.
        self._look()
        if self._loads or self._battery.entered:
            self._task.start()

    @callback
    def _take(self, subentry_id: str, change: ChangeOfRecord) -> None:
        """Take the wish of a user, which ends the hand at the switch. Many wishes are one plan."""
        if subentry_id in self._loads:
            before = self._records.record_of(subentry_id)
            record = change(before)
            if record.is_started_now and not before.is_started_now:
                planned = planned_loads(self._hass, self._entry.entry_id).get(subentry_id, {})
                record = replace(record, more_eur=planned.get("saving"))
            self._records.put_record(
                subentry_id, replace(record, control=record.control.released())
            )
            self._on_event()
        elif subentry_id in self._owners():
            self._battery.release()
            self._follow()

    async def _async_plan(self) -> None:
        if not self._is_open:
            await self._records.async_load()
            self._is_open = True
            # A load may have been removed while Home Assistant was off.
            self._stop_tracking()
            self._track()
        try:
            await self._async_new_plan(dt_util.utcnow())
            self._error = ""
        except Exception as err:
            self._error = type(err).__name__
            raise

    async def _async_new_plan(self, now: datetime) -> None:
        self._has_reading = self._entry.runtime_data.records.household_state is not None
        self._note_all(now)
        needs = await self._async_needs(now)
        wishes = [wish for _, wish in needs.values() if wish]
        planned = await self._async_planned(now, wishes)
        shown = await self._async_shown(planned)
        for name in self._loads:
            self._show_load(name, planned, *needs.get(name, (None, None)))
        HOUSE_PLANS.show_value(self._hass, self._entry.entry_id, shown)
        self._follow()
        await self._entry.runtime_data.faults.attempt(self._async_count_saving, now)

    async def _async_count_saving(self, now: datetime) -> None:
        """Count the saving of the running month anew, each hour, when an hour's energy is known."""
        household = self._entry.runtime_data.records.household_state
        hour = hour_start(now - timedelta(seconds=_SECOND))
        if household is None or not self._loads or hour == self._counted_hour:
            return
        month = household.known_month
        saving = await async_plan_saving(self._entry.runtime_data, month, now)
        self._counted_hour = hour
        shown = PlanSaving(household.month_start, saving, month.known_share(now))
        PLAN_SAVINGS.show_value(self._hass, self._entry.entry_id, shown)

    def _show_load(
        self, name: str, planned: PlannedHouse | None, plan: LoadPlan | None, wish: LoadWish | None
    ) -> None:
        """Show the plan of a load, None if its need is unknown, or if the house has no plan."""
        if plan is None or (wish and planned is None):
            self._unknown.add(name)
        else:
            self._unknown.discard(name)
            record = self._records.record_of(name)
            if planned:
                plan = _with_runs(replace(plan, lacks=planned.lacks), planned, wish, record)
            self._records.put_record(
                name, record.with_plan(plan, is_running=bool(wish and wish.is_running))
            )
        self._show(name)

    @callback
    def _show(self, name: str) -> None:
        """Show what is known of a load now."""
        shown = None
        if name not in self._unknown:
            shown = self._controlled[name].shown(self._records.record_of(name))
        if LOAD_PLANS.value_of(self._hass, name) != shown:
            LOAD_PLANS.show_value(self._hass, name, shown)

    async def _async_needs(self, now: datetime) -> dict[str, _Need]:
        """Return the loads whose need is known, with their plans without runs."""
        needs: dict[str, _Need] = {}
        self._unknown_needs = unknown = {}
        for name, entered in self._loads.items():
            try:
                needs[name] = await self._async_need(name, entered, now)
            except UnknownNeedError as err:
                unknown[name] = str(err)
        return needs

    async def _async_need(self, name: str, entered: EnteredLoad, now: datetime) -> _Need:
        """Return a load with the energy that it needs now. Raises UnknownNeedError."""
        load, record = entered.load, self._records.record_of(name)
        plan = _without_runs(load, record, self._state(name, entered, record, now), now)
        is_failed = plan.state is LoadState.DID_NOT_START
        if plan.state not in _NEEDING and not (is_failed and load.hours is None):
            return replace(plan, left_kwh=load.kwh if is_failed else 0.0), None
        if load.hours is None:
            load = load._replace(max_kw=min(load.max_kw, record.max_kw))
        rest_hours = record.rest_hours(load, quarter_start(now))
        left, source = await self._async_left(name, entered, rest_hours, now)
        if plan.state is LoadState.BLOCKED:
            return replace(plan, missing_kwh=round(left, 2), left_kwh=left), None
        if not left:
            return replace(plan, state=LoadState.DONE), None
        return plan, LoadWish(
            name,
            left,
            load.max_kw,
            load.min_kw,
            rest_hours or load.hours,
            record.waits_until,
            None if record.began else plan.by,
            source,
            announced_start=record.announced_start,
            is_running=_runs(load, record),
            since=max([quarter_start(now), *record.ready_at[-1:]]),
            is_at_once=record.is_at_once,
        )

    async def _async_left(
        self, name: str, entered: EnteredLoad, rest_hours: float | None, now: datetime
    ) -> tuple[float, str | None]:
        """Return the energy that a load needs, and its statistics. Raises UnknownNeedError."""
        load = entered.load
        if rest_hours is not None:
            return load.max_kw * rest_hours, entered.measured_by
        left, source = await async_needed(
            self._hass, name, entered, self._records.record_of(name), now
        )
        # An appliance runs through, whatever it has used before.
        return left if load.hours is None else load.kwh, source

    async def _async_planned(
        self, now: datetime, wishes: Sequence[LoadWish]
    ) -> PlannedHouse | None:
        """Return the plan of the loads. Return None without loads, or before the first reading."""
        coordinator = self._entry.runtime_data
        if not self._has_reading:
            return None
        battery, planned = await self._battery.async_wish(now), None
        if wishes or battery:
            market = await async_contract_market_prices(coordinator, now)
            planned = await async_planned_house(
                coordinator, now, market, wishes, battery, is_certain=False
            )
        known = None if isinstance(planned, PlanLack) else planned
        # A battery needs prices and usual days.
        self._battery.take_plan(None if known and known.lacks else known, now)
        return known

    async def _async_shown(self, planned: PlannedHouse | None) -> ShownHouse | None:
        """Return the plan as cards show it, or the data without which it has no costs to show."""
        if not self._has_reading:
            return PlanLack.DAYS
        if planned is None or planned.lacks:
            return min(planned.lacks) if planned else None
        return await async_aside(self._hass, PLAN_FORMATS[FORMAT_JSON], planned)

    def _state(
        self, name: str, entered: EnteredLoad, record: LoadRecord, now: datetime
    ) -> LoadState:
        is_unknown = entered.is_there(self._hass) is None and not record.ready_at
        is_always_there = entered.load.hours is None and is_unknown
        state = record.state(entered.load, now, is_always_there=is_always_there)
        is_off = record.max_kw < self._lowest_kw(name)
        is_blocked = state in {*WAITING, LoadState.BY_HAND} and is_off
        return LoadState.BLOCKED if is_blocked else state

    def _lowest_kw(self, name: str) -> float:
        """Return the lowest power with which a load can run."""
        entered = self._loads[name]
        if entered.is_controlled and entered.load.hours is None:
            return self._controlled[name].charger.min_kw
        return entered.load.max_kw

    @callback
    def _note_all(self, now: datetime) -> dict[str, bool | None]:
        """Note what the loads do. Return whether each has begun, ended or failed, None if unknown.

        A load that cannot be looked at costs the others nothing.
        """
        call = self._entry.runtime_data.faults.call
        return {name: call(self._note, name, now) for name in self._loads}

    @callback
    def _note(self, name: str, now: datetime) -> bool:
        """Note what a load does. Return whether it has begun, ended or failed."""
        entered = self._loads[name]
        record = self._records.record_of(name).at_deadline(entered.load, now)
        record = self._counted(name, record, now)
        self._records.count(name, record)
        if (is_there := entered.is_there(self._hass)) is not None:
            record = record.with_presence(now, is_there=is_there)
        cap = self._limits.cap_of(name)
        max_kw, top = (inf, None) if cap is None else (cap.kw, cap.top)
        is_new = max_kw != record.max_kw
        record = replace(record, max_kw=max_kw, top=inf if top is None else top)
        noted = _noted(entered, record, self._controlled[name].power.measure(now))
        measured = self._hass.states.get(entered.measured_by or "")
        noted = noted._replace(reported_at=measured.last_reported if measured else None)
        return self._records.put_record(name, record.noted(entered.load, now, noted)) or is_new

    def _counted(self, name: str, record: LoadRecord, now: datetime) -> LoadRecord:
        """Return the record after the energy since the last look, and with the last charge."""
        entered, load, plan = self._loads[name], self._controlled[name], record.plan
        if (kw := load.power.measure(now)) is None:
            # Without a sensor, the set power is believed, otherwise the planned one.
            kw = load.set_kw(record)
        if kw is None:
            kw = plan.planned_kw if plan.runs_now else 0.0
        since = record.period_of(entered.load, now).since
        control, charge = record.control.counted(since, kw, now), record.charge
        needed_kwh = entered.needed_kwh(self._hass)
        if needed_kwh is not None and (charge is None or needed_kwh != charge.needed_kwh):
            charge = Charge(needed_kwh, control.own_kwh)
        return replace(record, control=control, charge=charge)

    @callback
    def _follow(self, _event: object = None) -> None:
        """Let battery and loads that the plan controls follow the last reading."""
        if not self._is_open or self._records.is_closed:
            return
        coordinator, now = self._entry.runtime_data, dt_util.utcnow()
        call, noted = coordinator.faults.call, self._note_all(now)
        call(self._battery.follow, now, coordinator.latest)
        for name, is_new in noted.items():
            if is_new is not None:
                call(self._follow_load, name)
        call(self._follow_removed)
        call(self._tell, now)
        is_first = not self._has_reading and coordinator.records.household_state is not None
        if any((*self._note_all(now).values(), *noted.values(), is_first)):
            self._on_event()

    @callback
    def _follow_one(self, name: str) -> None:
        """Go on after the answer to an order."""
        if name not in self._loads:
            self._battery.go_on()
        elif not self._records.is_closed:
            self._follow_load(name)

    @callback
    def _follow_load(self, name: str) -> None:
        """Send the orders that a load needs now."""
        record, now, entered = self._records.record_of(name), dt_util.utcnow(), self._loads[name]
        if entered.is_controlled or record.control.entities:
            latest = self._entry.runtime_data.latest
            control = self._controlled[name].followed(record, now, latest)
            reason = LoadState.BLOCKED if record.max_kw < inf else record.plan.state
            self._orders.command(Orderer(name, entered.name, reason), control)
            self._show(name)
        self._limits.note_follow(name)

    @callback
    def _follow_removed(self) -> None:
        """Switch off and give back what the plan has ordered from loads that are removed."""
        stored, now, owners = self._records.state, dt_util.utcnow(), self._owners()
        for names, is_battery in ((stored.loads, False), (stored.batteries, True)):
            for name in names.keys() - owners.keys():
                control = self._records.control_of(name)
                reports = self._orders.reports(control)
                control = control.reported(reports, now).used({}, now)
                orderer = Orderer(name, self._entry.title, is_battery=is_battery)
                self._orders.command(orderer, control)
        self._records.forget_others(owners)

    def _owners(self) -> dict[str, str]:
        """Return the names of all loads and the battery by the ids of their subentries."""
        owners = {name: entered.name for name, entered in self._loads.items()}
        if battery := self._battery.entered:
            owners[battery.subentry_id] = battery.name
        return owners

    @callback
    def _tell(self, now: datetime) -> None:
        """Raise and withdraw the repair issues about loads that do not obey or have no plan."""
        named = self._disobedient(now)
        if not self._limits.is_alive(now):
            # Two watch each other: a limit that nobody enforces is told.
            limited = [entered.name for entered in self._loads.values() if entered.blocked_by]
            named[Problem.LOAD_NOT_LIMITED] = limited
        for owner, entered in self._loads.items():
            # Another repair issue names lost entities.
            is_lost = self._unknown_needs.get(owner) == ""
            if entered.is_controlled and not is_lost and self._is_without_plan(owner, now):
                entity_id = self._unknown_needs.get(owner)
                text = f"{entered.name} ({entity_id})" if entity_id else entered.name
                named[self._problem_of(owner)].append(text)
        for problem in _PROBLEMS:
            if (loads := named[problem]) != self._named.get(problem):
                text = ", ".join(loads[:_MAX_NAMED])
                cause = {"error": self._error or TimeoutError.__name__}
                shown = cause if problem is Problem.LOAD_WITHOUT_PLAN else {}
                set_issue(self._hass, self._entry, problem, is_there=loads, entities=text, **shown)
        self._named = named

    def _disobedient(self, now: datetime) -> defaultdict[Problem, list[str]]:
        """Return the loads and entities to tell about, with the last order and the state."""
        named = defaultdict[Problem, list[str]](list)
        for owner, name in self._owners().items():
            entered = self._loads.get(owner)
            if entered and entered.is_there(self._hass) is False:
                continue
            for reason, problem in _TOLD.items():
                named[problem] += [
                    f"{name} ({entity_of(self._hass, at.entity_id)}: {at.ordered}, {at.state})"
                    for at in self._records.control_of(owner).told(now, reason)
                ]
        return named

    def _is_without_plan(self, name: str, now: datetime) -> bool:
        """Return whether a load has no plan of now, although there was time to make one."""
        planned_at = quarter_start(self._records.record_of(name).plan.planned_at)
        return has_passed(max(planned_at, self._controlled[name].entered_at), now, _MAX_AGE)

    def _problem_of(self, name: str) -> Problem:
        """Return the problem because of which there is no new plan of a load."""
        if self._error:
            return Problem.LOAD_WITHOUT_PLAN
        if name in self._unknown_needs:
            return Problem.LOAD_NEED_UNKNOWN
        return Problem.LOAD_WITHOUT_PLAN if self._has_reading else Problem.LOAD_WITHOUT_READING


def _runs(load: DailyLoad, record: LoadRecord) -> bool:
    """Return whether a load runs now."""
    is_on = bool(record.has_power) or record.plan.runs_now
    return is_on if load.hours is None else record.began is not None


def _noted(entered: EnteredLoad, record: LoadRecord, kw: float | None) -> Noted:
    """Return the observation of a load. What is ordered counts once it was seen."""
    runs_now, control = record.plan.runs_now, record.control
    if not entered.is_controlled:
        return Noted(kw, runs_now)
    if entered.load.hours is not None:
        return Noted(kw, runs_now and control.has_started)
    is_given = control.is_on and control.following.kw > 0 and not control.has_hand
    return Noted(kw, is_given, control.is_by_hand if control.switch else None)


def _without_runs(load: DailyLoad, record: LoadRecord, state: LoadState, now: datetime) -> LoadPlan:
    """Return the plan of a load before the house is planned."""
    once = record.once
    return LoadPlan(
        planned_at=now,
        by=record.period_of(load, now).by,
        state=state,
        once_by=once.by if once and now < once.by else None,
        skipped_until=record.skipped_until(load, now),
        more_eur=record.more_eur,
    )


def _with_runs(
    plan: LoadPlan, planned: PlannedHouse, wish: LoadWish | None, record: LoadRecord
) -> LoadPlan:
    """Return the plan of a load with its part of the plan of the house."""
    if wish is None:
        return plan
    [load] = [load for load in planned.loads if load.name == wish.name]
    plan = replace(plan, missing_kwh=round(planned.missing_kwh(load), 2), left_kwh=wish.kwh)
    if plan.state is LoadState.BY_HAND:
        return plan
    of_load = planned.plan.loads[load.name]
    return replace(
        plan,
        runs=(*planned.runs(load),),
        limit_price=of_load.limit_price,
        quarter=planned.coming[0].quarter,
        planned_kwh=of_load.kwh[0],
        mean_kw=planned.mean_kw(load),
        is_at_once=record.is_started_now,
        is_certain=plan.by is not None and planned.is_priced_until(plan.by),
    )
