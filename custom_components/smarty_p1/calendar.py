"""Calendar of a meter with the runs of all its loads, today and tomorrow."""

from collections.abc import Iterable
from datetime import datetime
from typing import override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import RecordsConfigEntry
from .coordinator.loads.entered_loads import entered_loads
from .coordinator.loads.shown_plans import HOUSE_PLANS, LOAD_PLANS
from .coordinator.meter_coordinator import MeterCoordinator
from .entities.load_entity import PlanEntity, add_plan_entity
from .lib.history.luxembourg_time import day_end, day_start, quarter_start

PARALLEL_UPDATES = 0
PLAN = CalendarEntityDescription(key="plan", translation_key="plan")

type _Run = tuple[datetime, datetime]


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: RecordsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the calendar of a meter that has a load."""
    add_plan_entity(entry.runtime_data, async_add_entities, PlanCalendar, Platform.CALENDAR)


class PlanCalendar(PlanEntity, CalendarEntity):
    """Calendar of the planned runs. It is on while a load runs by the plan."""

    entity_description: CalendarEntityDescription

    def __init__(self, coordinator: MeterCoordinator) -> None:
        super().__init__(coordinator, PLAN)
        # A plan has no past. Without the begun runs, a run would begin anew with each plan.
        self._runs: dict[str, list[_Run]] = {}

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return the run of now, otherwise the next one."""
        now = dt_util.utcnow()
        return next((event for event in self._events() if event.end > now), None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Return the runs in a period."""
        return [
            event for event in self._events() if event.start < end_date and event.end > start_date
        ]

    @override
    async def async_added_to_hass(self) -> None:
        """Show each new plan."""
        self._take_plan()
        signal = HOUSE_PLANS.signal(self._entry.entry_id)
        self.async_on_remove(async_dispatcher_connect(self.hass, signal, self._on_plan))

    @callback
    def _on_plan(self) -> None:
        self._take_plan()
        self.async_write_ha_state()

    def _take_plan(self) -> None:
        """Take the planned runs, after those of today that have begun."""
        now = quarter_start(dt_util.utcnow())
        runs = dict[str, list[_Run]]()
        for load in entered_loads(self._entry):
            plan, begun = LOAD_PLANS.value_of(self.hass, load), self._runs.get(load, [])
            begun = [(begin, min(end, now)) for begin, end in begun if begin < now]
            runs[load] = _joined([*begun, *(plan.runs if plan else ())], day_start(now))
        self._runs = runs

    def _events(self) -> list[CalendarEvent]:
        """Return the runs of today and tomorrow, in the order of time."""
        until = day_end(day_end(dt_util.utcnow()))
        events = [
            CalendarEvent(dt_util.as_local(begin), dt_util.as_local(end), entered.load.name)
            for load, entered in entered_loads(self._entry).items()
            for begin, end in self._runs.get(load, ())
            if begin < until
        ]
        return sorted(events, key=lambda event: (event.start, event.end))


def _joined(runs: Iterable[_Run], since: datetime) -> list[_Run]:
    """Return the runs that end after `since`. Runs without a pause are one."""
    joined = list[_Run]()
    for begin, end in runs:
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return [run for run in joined if run[1] > since]
