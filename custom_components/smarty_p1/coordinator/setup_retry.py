"""How soon a set-up that failed is tried again.

Home Assistant waits longer after each try, up to ten minutes. A port that answers again must not
wait so long.
"""

from datetime import datetime

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .entry_types import AnyConfigEntry

LONGEST_WAIT = 60.0
_DIALOGS = {SOURCE_REAUTH, SOURCE_RECONFIGURE}
_CANCEL: HassKey[dict[str, CALLBACK_TYPE]] = HassKey(f"{DOMAIN}_setup_retries")


@callback
def has_dialog(hass: HomeAssistant, entry: AnyConfigEntry) -> bool:
    """Return whether the user is just filling in a dialog, which a reload would close."""
    return any(entry.async_get_active_flows(hass, _DIALOGS))


@callback
def limit_wait(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Try the set-up of an entry again within a minute, unless that has happened by then."""
    if hass.is_stopping:
        return
    waiting = hass.data.setdefault(_CANCEL, {})
    if cancel := waiting.pop(entry.entry_id, None):
        cancel()

    @callback
    def try_again(_now: datetime) -> None:
        del waiting[entry.entry_id]
        if entry.state is not ConfigEntryState.SETUP_RETRY:
            return
        if has_dialog(hass, entry):
            limit_wait(hass, entry)
        else:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    job = HassJob(try_again, f"{entry.title} set-up", cancel_on_shutdown=True)
    waiting[entry.entry_id] = async_call_later(hass, LONGEST_WAIT, job)
