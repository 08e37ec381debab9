"""Repair for automations with the blueprint *Notify me*, which messages have replaced."""

from homeassistant.components.automation import EVENT_AUTOMATION_RELOADED, blueprint_in_automation
from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.start import async_at_started

from ..const import DOMAIN
from ..coordinator import has_books
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.repair_issues import Problem, raise_issue, withdraw_issues

_FILE = "tell_me.yaml"
_MAX_NAMED = 3


@callback
def async_watch_old_blueprint(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Raise or withdraw the repair issue when Home Assistant has started or loads automations.

    With several meters, only the first one has the issue.
    """

    @callback
    def check(_about: Event | HomeAssistant) -> None:
        names = _automations(hass) if _is_first(hass, entry) else []
        if names:
            shown = ", ".join(names[:_MAX_NAMED])
            raise_issue(hass, entry, Problem.OLD_BLUEPRINT, automations=shown)
        else:
            withdraw_issues(hass, entry, [Problem.OLD_BLUEPRINT])

    entry.async_on_unload(async_at_started(hass, check))
    entry.async_on_unload(hass.bus.async_listen(EVENT_AUTOMATION_RELOADED, check))


def _is_first(hass: HomeAssistant, entry: AnyConfigEntry) -> bool:
    return next(filter(has_books, hass.config_entries.async_entries(DOMAIN))) is entry


def _automations(hass: HomeAssistant) -> list[str]:
    """Return the names of the automations with the blueprint."""
    return [
        state.name
        for state in hass.states.async_all(AUTOMATION)
        if (path := blueprint_in_automation(hass, state.entity_id))
        and path.replace("-", "_").endswith(f"{DOMAIN}/{_FILE}")
    ]
