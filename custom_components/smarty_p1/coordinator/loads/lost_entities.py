"""Entities of loads that are lost for long, or refused by the dialog: repair issues name them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ...lib.passed_pause import has_passed
from ...lib.problem import Problem
from ..entry_types import AnyConfigEntry
from ..repair_issues import set_issue
from .entered_battery import EnteredBattery, entered_battery
from .entered_loads import EnteredLoad, entered_loads, on_changed_loads
from .refused_loads import refused

# Chargers restart after an update, and clouds fail for a night. An hour is no short outage.
_MAX_OUTAGE = timedelta(hours=1)
_MAX_NAMED = 6
_MINUTES = range(4, 60, 5)


def lost_entities(hass: HomeAssistant, ids: Iterable[str], now: datetime) -> list[str]:
    """Return the entities that do not exist, or that have been unavailable for an hour.

    Before Home Assistant has started, integrations may still add entities.
    """
    return [entity_id for entity_id in ids if hass.is_running and _is_lost(hass, entity_id, now)]


@callback
def async_watch_load_entities(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Raise and withdraw the repair issues about loads of a meter until the entry is unloaded."""

    @callback
    def look(_event: object = None) -> None:
        now = dt_util.utcnow()
        entered: list[EnteredLoad | EnteredBattery] = [*entered_loads(entry).values()]
        entered += filter(None, [entered_battery(entry)])
        lost = [
            f"{device.name} ({entity_id})"
            for device in entered
            for entity_id in lost_entities(hass, device.entities, now)
        ]
        not_switched = [
            " ".join([entry.subentries[name].title, *(f"({entity})" for entity in entities)])
            for name, entities in refused(hass, entry).items()
        ]
        problems = {Problem.LOAD_ENTITY_LOST: lost, Problem.LOAD_REFUSED: not_switched}
        for problem, texts in problems.items():
            named = ", ".join(texts[:_MAX_NAMED])
            set_issue(hass, entry, problem, is_there=texts, entities=named)

    entry.async_on_unload(async_track_utc_time_change(hass, look, minute=[*_MINUTES], second=50))
    entry.async_on_unload(on_changed_loads(hass, entry, look))
    entry.async_on_unload(async_at_started(hass, look))


def _is_lost(hass: HomeAssistant, entity_id: str, now: datetime) -> bool:
    state = hass.states.get(entity_id)
    if state is None:
        # A renamed entity has no state for a moment.
        registered = er.async_get(hass).async_get(entity_id)
        return registered is None or registered.disabled
    return state.state == STATE_UNAVAILABLE and has_passed(state.last_changed, now, _MAX_OUTAGE)
