"""Websocket commands: what cards show of a meter, without an entity or a row in the database.

docs/websocket.md describes them for whoever builds on them.
"""

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback

from . import bills, days, live, media, meters, quality, quarter_hours, what_if

_COMMANDS = (
    meters.meters,
    live.live,
    quarter_hours.quarter_hours,
    days.days,
    bills.bills,
    bills.classes,
    what_if.try_battery,
    quality.voltages,
    quality.events,
    media.media,
)


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register the commands. They answer for all entries, also those that come later."""
    for command in _COMMANDS:
        websocket_api.async_register_command(hass, command)
