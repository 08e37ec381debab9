"""Planner of a meter: it plans the loads that the user has entered, each quarter-hour anew."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import (
    EventStateChangedData,
    async_track_state_change_event,
    async_track_time_interval,
    async_track_utc_time_change,
)
from homeassistant.util import dt as dt_util

from .answer_queue import async_aside, async_market_ahead, async_planned_house
from .coordinator import BooksConfigEntry
from .coordinator.background_tasks import SupervisedTask
from .coordinator.loads.battery_follower import BatteryFollower
from .coordinator.loads.entered_loads import EnteredLoad, entered_loads, on_changed_loads, set_plan
from .coordinator.loads.house_plan import ShownPlan, set_house_plan
from .coordinator.loads.load_follower import LoadFollower
from .coordinator.loads.needed_energy import UnknownNeedError, async_needed
from .lib.answers.plan import FORMAT_JSON, PLAN_FORMATS, LoadWish, PlannedHouse
from .lib.history.calendar import QUARTER_HOUR
from .lib.plan.coming_quarters import PlanLack
from .lib.plan.daily_load import LoadPlan

_QUARTERS = (0, 15, 30, 45)
# The recorder writes the last five minutes of a load ten seconds after they have ended. Before, the
# energy of the last quarter-hour would be planned again.
_SECOND = 20
_TICK = timedelta(seconds=30)


class HousePlanner:
    """Planner of one meter.

    It plans after each quarter-hour, and when a load is connected, added or changed. The energy
    that a load has used since its last deadline comes from its own statistics, so a restart
    forgets nothing.
    """

    def __init__(self, hass: HomeAssistant, entry: BooksConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._loads: Mapping[str, EnteredLoad] = {}
        self._task = SupervisedTask(hass, entry, self._async_plan, "plan")
        self._tracked: list[CALLBACK_TYPE] = []
        self._followers: dict[str, LoadFollower] = {}
        self._battery = BatteryFollower(hass, entry)

    @callback
    def start(self) -> None:
        """Plan now and later. Unloading the entry ends it."""
        hass, entry = self._hass, self._entry
        entry.async_on_unload(
            async_track_utc_time_change(hass, self._on_event, minute=_QUARTERS, second=_SECOND)
        )
        entry.async_on_unload(on_changed_loads(hass, entry, self._look))
        entry.async_on_unload(self._forget)
        self._battery.start(self._task.start)
        self._look()

    @callback
    def _look(self) -> None:
        """Plan again if the loads have changed."""
        loads = entered_loads(self._entry)
        if loads == self._loads:
            return
        for subentry_id in self._loads.keys() - loads.keys():
            set_plan(self._hass, subentry_id, None)
        # A load whose switch has changed begins anew. A removed load keeps its switch as it is.
        self._followers = {
            name: self._followers[name]
            if entered == self._loads.get(name)
            else LoadFollower(self._hass, name, entered)
            for name, entered in loads.items()
            if entered.is_controlled
        }
        self._loads = loads
        self._stop_tracking()
        self._track([entity_id for load in loads.values() for entity_id in load.watched])
        self._task.start()

    @callback
    def _forget(self) -> None:
        self._stop_tracking()
        for subentry_id in self._loads:
            set_plan(self._hass, subentry_id, None)
        set_house_plan(self._hass, self._entry.entry_id, None)

    @callback
    def _track(self, connected: list[str]) -> None:
        """Listen to what the loads need. A house without loads has no work to do."""
        hass = self._hass
        self._tracked = [async_track_state_change_event(hass, connected, self._on_connected)]
        if self._followers:
            listen = self._entry.runtime_data.async_add_reading_listener
            # A silent meter sends nothing that could be followed.
            tick = async_track_time_interval(hass, self._follow, _TICK)
            self._tracked += [listen(self._follow), tick]

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
    def _on_event(self, _now: datetime) -> None:
        if self._loads or self._battery.entered:
            self._task.start()

    async def _async_plan(self) -> None:
        now, loads = dt_util.utcnow(), self._loads
        wishes: dict[str, LoadWish | None] = {}
        for subentry_id, entered in loads.items():
            try:
                wishes[subentry_id] = await self._async_wish(subentry_id, entered, now)
            except UnknownNeedError:
                continue
        planned = await self._async_planned(now, [*filter(None, wishes.values())])
        shown: ShownPlan = (
            await async_aside(self._hass, PLAN_FORMATS[FORMAT_JSON], planned)
            if isinstance(planned, PlannedHouse)
            else planned
        )
        for subentry_id in self._loads:
            plan = None
            if subentry_id in wishes and not isinstance(planned, PlanLack):
                wish = wishes[subentry_id]
                plan = (
                    _plan(planned, wish, now) if planned and wish else LoadPlan((), None, 0.0, now)
                )
            set_plan(self._hass, subentry_id, plan)
        set_house_plan(self._hass, self._entry.entry_id, shown)
        self._follow()

    async def _async_wish(self, name: str, entered: EnteredLoad, now: datetime) -> LoadWish | None:
        """Return what a load needs now. Return None if it needs nothing.

        Raises UnknownNeedError.
        """
        load = entered.load
        since = load.last_deadline(now)
        left, record = await async_needed(self._hass, name, entered, since, now)
        if not left or not entered.can_run(self._hass):
            return None
        return LoadWish(
            name,
            left,
            load.max_kw,
            load.min_kw,
            load.hours,
            by=load.deadline(now),
            measured_by=record,
        )

    async def _async_planned(
        self, now: datetime, wishes: Sequence[LoadWish]
    ) -> PlannedHouse | PlanLack | None:
        """Return the plan of loads and battery, None if there are none."""
        coordinator = self._entry.runtime_data
        if coordinator.books.demand is None:
            return PlanLack.DAYS
        battery = await self._battery.async_wish(now)
        planned: PlannedHouse | PlanLack | None = None
        if wishes or battery:
            market = await async_market_ahead(coordinator, now)
            planned = await async_planned_house(coordinator, now, market, wishes, battery)
        self._battery.take(planned if isinstance(planned, PlannedHouse) else None, now)
        return planned

    @callback
    def _follow(self, _event: object = None) -> None:
        """Let each load that the plan switches follow the last reading."""
        coordinator = self._entry.runtime_data
        for follower in self._followers.values():
            coordinator.faults.call(follower.follow, dt_util.utcnow(), coordinator.latest)


def _plan(planned: PlannedHouse, wish: LoadWish, now: datetime) -> LoadPlan:
    load, first = planned.plan.loads[wish.name], planned.coming[0]
    return LoadPlan(
        tuple(
            (first.start + begin * QUARTER_HOUR, first.start + end * QUARTER_HOUR)
            for begin, end in load.runs
        ),
        load.limit_price if load.runs else None,
        round(load.missing_kwh, 2),
        now,
        first.quarter,
        load.kwh[0],
        wish.kwh,
        wish.by,
    )
