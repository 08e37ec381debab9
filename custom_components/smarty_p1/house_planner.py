"""Planner of a meter: it plans the entered loads and battery, each quarter-hour anew."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

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
from .coordinator.loads.appliance_starter import ApplianceStarter
from .coordinator.loads.battery_follower import BatteryFollower
from .coordinator.loads.entered_loads import EnteredLoad, entered_loads, on_changed_loads
from .coordinator.loads.load_follower import LoadFollower
from .coordinator.loads.load_memories import ChangeOfMemory
from .coordinator.loads.load_power import LoadPower
from .coordinator.loads.needed_energy import UnknownNeedError, async_needed
from .coordinator.loads.shown_plans import (
    HOUSE_PLANS,
    LOAD_PLANS,
    PLAN_SAVINGS,
    HousePlan,
    PlanSaving,
)
from .coordinator.market_prices.contract_market_prices import async_contract_market_prices
from .lib.answers.outlook import FORMAT_JSON
from .lib.answers.plan import PLAN_FORMATS, LoadWish, PlannedHouse
from .lib.history.luxembourg_time import hour_start, quarter_start
from .lib.plan.coming_quarters import PlanLack
from .lib.plan.daily_load import LoadPlan, LoadState
from .lib.plan.load_memory import LoadMemory, Noted, Period

_QUARTERS = (0, 15, 30, 45)
# The recorder writes the last five minutes of a load ten seconds after they have ended. Before, the
# energy of the last quarter-hour would be planned again.
_SECOND = 20
_TICK = timedelta(seconds=30)
# Some entities report a price or a charge each second.
_COOLDOWN_S = 60.0


class _LoadNeed(NamedTuple):
    """Load with its state and its energy in a plan."""

    memory: LoadMemory
    state: LoadState
    period: Period
    wish: LoadWish | None = None
    """None if it needs nothing."""


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
        self._memories = entry.runtime_data.load_memories
        self._is_open = False
        self._task = SupervisedTask(hass, entry, self._async_plan, "plan")
        self._new_numbers = Debouncer(
            hass, LOGGER, cooldown=_COOLDOWN_S, immediate=True, function=self._on_event
        )
        self._tracked: list[CALLBACK_TYPE] = []
        self._powers: dict[str, LoadPower] = {}
        self._followers: dict[str, LoadFollower | ApplianceStarter] = {}
        self._battery = BatteryFollower(hass, entry)
        self._counted_hour: datetime | None = None
        """Hour in which the saving was last counted."""

    @callback
    def start(self) -> None:
        """Plan now and later. Unloading the entry ends it."""
        hass, entry = self._hass, self._entry
        for stop in (
            async_track_utc_time_change(hass, self._on_event, minute=_QUARTERS, second=_SECOND),
            on_changed_loads(hass, entry, self._look),
            self._memories.wishes.add(self._take),
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._battery.give_back),
            self._battery.give_back,
            self._forget,
            self._new_numbers.async_shutdown,
            self._memories.async_close,
        ):
            entry.async_on_unload(stop)
        self._look()

    @callback
    def _look(self) -> None:
        """Plan again if the loads or the battery have changed."""
        loads, has_new_battery = entered_loads(self._entry), self._battery.look()
        if loads == self._loads and not has_new_battery:
            return
        for subentry_id in self._loads.keys() - loads.keys():
            LOAD_PLANS.show(self._hass, subentry_id, None)
        # A load whose switch has changed begins anew. A removed load keeps its switch as it is.
        for name, entered in loads.items():
            if entered != self._loads.get(name):
                self._followers.pop(name, None)
                self._powers[name] = LoadPower(self._hass, entered.measured_by, entered.load.max_kw)
        self._followers = {name: self._followers[name] for name in self._followers if name in loads}
        self._loads = loads
        self._counted_hour = None
        self._stop_tracking()
        self._track()
        self._task.start()

    @callback
    def _forget(self) -> None:
        self._stop_tracking()
        for subentry_id in self._loads:
            LOAD_PLANS.show(self._hass, subentry_id, None)
        HOUSE_PLANS.show(self._hass, self._entry.entry_id, None)
        PLAN_SAVINGS.show(self._hass, self._entry.entry_id, None)

    @callback
    def _track(self) -> None:
        """Listen to what loads and battery need. A house without them has no work to do."""
        if not self._loads and not self._battery.is_controlled:
            return
        hass, coordinator = self._hass, self._entry.runtime_data
        loads = self._loads.values()
        watched = [entity_id for load in loads for entity_id in load.watched]
        numbers = [load.energy_from for load in loads if load.energy_from]
        numbers += coordinator.records.prices.entities_from(dt_util.utcnow())
        self._tracked = [
            async_track_state_change_event(hass, watched, self._on_connected),
            async_track_state_change_event(hass, numbers, self._on_number),
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
    def _on_number(self, _event: Event[EventStateChangedData]) -> None:
        self._new_numbers.async_schedule_call()

    @callback
    def _on_event(self, _now: datetime | None = None) -> None:
        if self._loads or self._battery.entered:
            self._task.start()

    @callback
    def _take(self, subentry_id: str, change: ChangeOfMemory) -> None:
        """Take the wish of a user. Many wishes at once are one plan."""
        if subentry_id in self._loads:
            self._memories.put(subentry_id, change(self._memories.of(subentry_id)))
            self._on_event()

    async def _async_plan(self) -> None:
        if not self._is_open:
            await self._memories.async_load()
            self._is_open = True
        now = dt_util.utcnow()
        self._note(now)
        needs = await self._async_needs(now)
        wishes = [need.wish for need in needs.values() if need.wish]
        planned = await self._async_planned(now, wishes)
        shown = await self._async_shown(planned)
        for subentry_id in self._loads:
            self._show_load(subentry_id, planned, needs.get(subentry_id), now)
        self._memories.forget_others(self._loads)
        HOUSE_PLANS.show(self._hass, self._entry.entry_id, shown)
        self._follow()
        await self._entry.runtime_data.faults.attempt(self._async_count_saving, now)

    async def _async_count_saving(self, now: datetime) -> None:
        """Count the saving of the running month anew, each hour, when an hour's energy is known."""
        demand = self._entry.runtime_data.records.demand
        hour = hour_start(now - timedelta(seconds=_SECOND))
        if demand is None or not self._loads or hour == self._counted_hour:
            return
        saving = await async_plan_saving(self._entry.runtime_data, demand.known_month, now)
        self._counted_hour = hour
        PLAN_SAVINGS.show(self._hass, self._entry.entry_id, PlanSaving(demand.month_start, saving))

    def _show_load(
        self, name: str, planned: PlannedHouse | None, need: _LoadNeed | None, now: datetime
    ) -> None:
        """Show the plan of a load, None if its need is unknown, or if the house has no plan."""
        is_known = need and (planned or not need.wish)
        plan = _plan(planned, need, now) if need and is_known else None
        LOAD_PLANS.show(self._hass, name, plan)
        if plan:
            runs = bool(need and need.wish and need.wish.runs)
            self._memories.put(name, self._memories.of(name).with_plan(plan, runs=runs))

    async def _async_needs(self, now: datetime) -> dict[str, _LoadNeed]:
        """Return the loads whose need is known."""
        needs: dict[str, _LoadNeed] = {}
        for subentry_id, entered in self._loads.items():
            with suppress(UnknownNeedError):
                needs[subentry_id] = await self._async_need(subentry_id, entered, now)
        return needs

    async def _async_need(self, name: str, entered: EnteredLoad, now: datetime) -> _LoadNeed:
        """Return a load with the energy that it needs now. Raises UnknownNeedError."""
        load, memory = entered.load, self._memories.of(name)
        state, period = self._state(entered, memory, now), memory.period_of(entered.load, now)
        nothing = _LoadNeed(memory, state, period)
        if state not in {LoadState.PLANNED, LoadState.BY_HAND, LoadState.RUNNING}:
            return nothing
        hours, record = load.hours, entered.measured_by
        if (rest_hours := memory.rest_hours(load, quarter_start(now))) is not None:
            hours, left = rest_hours, load.max_kw * rest_hours
        else:
            left, record = await async_needed(self._hass, name, entered, period.since, now)
            # An appliance runs through, whatever it has used before.
            left = left if hours is None else load.kwh
        if not left:
            return nothing._replace(state=LoadState.DONE)
        has_begun = rest_hours is not None
        wish = LoadWish(
            name,
            left,
            load.max_kw,
            load.min_kw,
            hours,
            memory.retry_at,
            None if has_begun else period.by,
            record,
            announced_start=memory.announced_start,
            runs=has_begun or (hours is None and self._runs(name, memory)),
            since=max([quarter_start(now), *memory.ready_at[-1:]]),
            is_at_once=has_begun or memory.is_started_now or memory.is_by_hand,
        )
        return nothing._replace(wish=wish)

    def _runs(self, name: str, memory: LoadMemory) -> bool:
        """Return whether a load that may pause runs now."""
        plan = LOAD_PLANS.of(self._hass, name)
        return bool(memory.has_power or (plan and plan.runs_now))

    async def _async_planned(
        self, now: datetime, wishes: Sequence[LoadWish]
    ) -> PlannedHouse | None:
        """Return the plan of the loads. Return None without loads, or before the first reading."""
        coordinator = self._entry.runtime_data
        if coordinator.records.demand is None:
            return None
        battery, planned = await self._battery.async_wish(now), None
        if wishes or battery:
            market = await async_contract_market_prices(coordinator, now)
            planned = await async_planned_house(
                coordinator, now, market, wishes, battery, is_certain=False
            )
        known = None if isinstance(planned, PlanLack) else planned
        # A battery needs prices and usual days.
        self._battery.take(None if known and known.lacks else known, now)
        return known

    async def _async_shown(self, planned: PlannedHouse | None) -> HousePlan | None:
        """Return the plan as cards show it, or the data without which it has no costs to show."""
        if self._entry.runtime_data.records.demand is None:
            return PlanLack.DAYS
        if planned is None or planned.lacks:
            return min(planned.lacks) if planned else None
        return await async_aside(self._hass, PLAN_FORMATS[FORMAT_JSON], planned)

    def _state(self, entered: EnteredLoad, memory: LoadMemory, now: datetime) -> LoadState:
        is_unknown = entered.is_there(self._hass) is None and not memory.ready_at
        is_always_there = entered.load.hours is None and is_unknown
        state = memory.state(entered.load, now, is_always_there=is_always_there)
        is_blocked = state is LoadState.PLANNED and entered.is_blocked(self._hass)
        return LoadState.BLOCKED if is_blocked else state

    @callback
    def _note(self, now: datetime) -> bool:
        """Note what the loads do. Return whether one of them has begun, ended or failed."""
        is_new = False
        for name, entered in self._loads.items():
            memory, follower = self._memories.of(name), self._followers.get(name)
            plan, is_there = LOAD_PLANS.of(self._hass, name), entered.is_there(self._hass)
            if is_there is not None:
                memory = memory.with_presence(now, is_there=is_there)
            is_ordered = bool(plan and plan.runs_now)
            if follower:
                is_ordered = follower.gives_power
            noted = Noted(
                self._powers[name].kw(now), is_ordered, bool(follower and follower.is_by_hand)
            )
            is_new |= self._memories.put(name, memory.noted(entered.load, now, noted))
        return is_new

    @callback
    def _follow(self, _event: object = None) -> None:
        """Let battery and loads that the plan controls follow the last reading."""
        if not self._is_open:
            return
        coordinator, now = self._entry.runtime_data, dt_util.utcnow()
        coordinator.faults.call(self._battery.follow, now, coordinator.latest)
        for name, entered in self._loads.items():
            if entered.is_controlled:
                if name not in self._followers:
                    make = LoadFollower if entered.load.hours is None else ApplianceStarter
                    starts = self._memories.of(name).starts
                    self._followers[name] = make(self._hass, name, entered, starts)
                follower = self._followers[name]
                coordinator.faults.call(follower.follow, now, coordinator.latest)
                memory = self._memories.of(name)
                if follower.starts != memory.starts:
                    self._memories.put(name, memory.with_starts(follower.starts))
        if self._note(now):
            self._on_event()


def _plan(planned: PlannedHouse | None, need: _LoadNeed, now: datetime) -> LoadPlan:
    """Return the plan of a load, as its entities show it."""
    once = need.memory.once
    nothing = LoadPlan(
        (),
        None,
        0.0,
        now,
        by=need.period.by,
        state=need.state,
        lacks=planned.lacks if planned else frozenset(),
        once_by=once.by if once and now < once.by else None,
    )
    if need.wish is None or planned is None:
        return nothing
    [load] = [load for load in planned.loads if load.name == need.wish.name]
    plan = nothing._replace(missing_kwh=round(planned.missing_kwh(load), 2), left_kwh=need.wish.kwh)
    if need.state is LoadState.BY_HAND:
        return plan
    of_load = planned.plan.loads[load.name]
    return plan._replace(
        runs=(*planned.runs(load),),
        limit_price=of_load.limit_price if of_load.runs else None,
        quarter=planned.coming[0].quarter,
        planned_kwh=of_load.kwh[0],
        is_at_once=need.memory.is_started_now,
    )
