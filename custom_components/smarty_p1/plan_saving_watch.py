"""Watch of the saving by the plan: it counts the running month anew, each hour."""

from datetime import datetime

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from .computed_answers.planned_house import async_plan_saving
from .coordinator import BooksConfigEntry
from .coordinator.background_tasks import SupervisedTask
from .coordinator.loads.entered_loads import entered_loads, on_changed_loads
from .coordinator.loads.shown_plans import PLAN_SAVINGS, PlanSaving

_MINUTES = (1, 16, 31, 46)


class PlanSavingWatch:
    """Watch of one meter. Without loads, it counts nothing."""

    def __init__(self, hass: HomeAssistant, entry: BooksConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._counted_at: datetime | None = None
        self._task = SupervisedTask(hass, entry, self._async_count, "saving by the plan")

    @callback
    def start(self) -> None:
        """Count now and each hour. Unloading the entry ends it."""
        hass, entry = self._hass, self._entry
        entry.async_on_unload(
            async_track_utc_time_change(hass, self._on_time, minute=_MINUTES, second=0)
        )
        entry.async_on_unload(on_changed_loads(hass, entry, self._look))
        entry.async_on_unload(lambda: PLAN_SAVINGS.show(hass, entry.entry_id, None))
        self._look()

    @callback
    def _look(self) -> None:
        self._counted_at = None
        self._task.start()

    @callback
    def _on_time(self, now: datetime) -> None:
        # The recorder has the energies of an hour after the hour has ended. A meter without a
        # reading so far is asked again after a quarter-hour.
        if self._counted_at is None or now.hour != self._counted_at.hour:
            self._task.start()

    async def _async_count(self) -> None:
        now, demand = dt_util.utcnow(), self._entry.runtime_data.books.demand
        if demand is None or not entered_loads(self._entry):
            return
        saving = await async_plan_saving(self._entry.runtime_data, demand.known_month, now)
        self._counted_at = now
        PLAN_SAVINGS.show(self._hass, self._entry.entry_id, PlanSaving(demand.month_start, saving))
