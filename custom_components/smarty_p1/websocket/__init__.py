"""Websocket commands for dashboard cards. They return data that no entity has.

docs/websocket.md describes the commands for authors of cards.
"""

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback

from . import (
    bills,
    days,
    gas_water_heat,
    habits,
    house,
    live,
    meters,
    quality,
    quarter_hours,
    what_if,
)

_COMMANDS = (
    meters.answer_meters,
    live.subscribe_live,
    quarter_hours.answer_quarter_hours,
    days.answer_days,
    habits.answer_usual,
    habits.answer_highlights,
    house.answer_house,
    bills.answer_bills,
    bills.answer_classes,
    what_if.try_battery,
    quality.answer_voltages,
    quality.answer_events,
    gas_water_heat.answer_media,
)


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register the commands. They also work for meters that are added later."""
    for command in _COMMANDS:
        websocket_api.async_register_command(hass, command)
