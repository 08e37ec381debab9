"""Powers of the last hour by config entry. They outlive a reload, as after a change of options."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..lib.meter.last_hour import LastHour
from .entry_types import AnyConfigEntry

_LAST_HOURS: HassKey[dict[str, LastHour]] = HassKey(f"{DOMAIN}_last_hours")


@callback
def last_hour_of(hass: HomeAssistant, entry: AnyConfigEntry) -> LastHour:
    """Return the powers of an entry's last hour. They survive a reload, but no restart."""
    return hass.data.setdefault(_LAST_HOURS, {}).setdefault(entry.entry_id, LastHour())


@callback
def forget_last_hour(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Forget the powers of a removed entry."""
    hass.data.get(_LAST_HOURS, {}).pop(entry.entry_id, None)
