"""Websocket commands for dashboard cards. They return data that no entity has.

docs/websocket.md describes the commands for authors of cards.
"""

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback

from . import (
    best_start,
    bills_days_quarter_hours,
    gas_water_heat,
    house,
    last_hour,
    live,
    meters,
    quality,
    what_if,
)

_COMMANDS = (
    meters.answer_meters,
    live.subscribe_live,
    last_hour.answer_last_hour,
    bills_days_quarter_hours.answer_quarter_hours,
    bills_days_quarter_hours.answer_days,
    bills_days_quarter_hours.answer_usual,
    bills_days_quarter_hours.answer_highlights,
    house.answer_house,
    house.answer_shares,
    bills_days_quarter_hours.answer_bills,
    bills_days_quarter_hours.answer_classes,
    what_if.answer_what_if,
    best_start.answer_start_costs,
    quality.answer_voltages,
    quality.answer_events,
    gas_water_heat.answer_media,
)


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register the commands. They also work for meters that are added later."""
    for command in _COMMANDS:
        websocket_api.async_register_command(hass, command)
