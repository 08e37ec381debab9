"""Websocket commands for dashboard cards. They return data that no entity has.

docs/websocket.md describes the commands for authors of cards.
"""

from collections.abc import Mapping

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api.const import WebSocketCommandHandler
from homeassistant.core import HomeAssistant, callback

from . import (
    bills_days_quarter_hours,
    gas_water_heat,
    house_and_device_shares,
    last_hour,
    live,
    meters,
    plan,
    quality,
    what_if,
)

COMMANDS: Mapping[WebSocketCommandHandler, type] = {
    meters.answer_meters: meters.MetersAnswer,
    live.subscribe_live: live.LiveAnswer,
    last_hour.answer_last_hour: last_hour.PowerHourAnswer,
    bills_days_quarter_hours.answer_quarter_hours: bills_days_quarter_hours.QuarterHoursAnswer,
    bills_days_quarter_hours.answer_days: bills_days_quarter_hours.DaysAnswer,
    bills_days_quarter_hours.answer_usual: bills_days_quarter_hours.UsualDayAnswer,
    bills_days_quarter_hours.answer_highlights: bills_days_quarter_hours.HighlightsAnswer,
    bills_days_quarter_hours.answer_bills: bills_days_quarter_hours.BillsAnswer,
    house_and_device_shares.answer_house: house_and_device_shares.ChosenHouseAnswer,
    bills_days_quarter_hours.answer_classes: bills_days_quarter_hours.ClassesAnswer,
    what_if.answer_what_if: what_if.WhatIfYearAnswer,
    house_and_device_shares.answer_shares: house_and_device_shares.SharesAnswer,
    plan.subscribe_plan: plan.PlanAnswer,
    quality.answer_voltages: quality.VoltagesAnswer,
    quality.answer_events: quality.EventsAnswer,
    gas_water_heat.answer_media: gas_water_heat.MediaAnswer,
}
"""Commands, each with the type of its answer."""


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register the commands. They also work for meters that are added later."""
    for command in COMMANDS:
        websocket_api.async_register_command(hass, command)
