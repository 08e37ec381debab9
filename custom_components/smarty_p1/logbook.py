"""Logbook entries of the grid operator's messages, and of the orders of the plan."""

from collections.abc import Callable

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID, CONF_NAME, MAX_LENGTH_STATE_STATE, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_translate_state

from .const import DOMAIN
from .coordinator.loads.order_sender import ATTR_ORDER, ATTR_REASON, EVENT_ORDER
from .event import MESSAGE_RECEIVED
from .lib.entities.events import ATTR_TEXT
from .sensor.load_sensors import LOAD_STATE


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Register functions that describe messages of the grid operator, and orders of the plan."""

    @callback
    def describe_message(event: Event) -> dict[str, str]:
        entity_id, text = str(event.data[ATTR_ENTITY_ID]), str(event.data[ATTR_TEXT])
        state = hass.states.get(entity_id)
        # Show only the message itself, because additional words could be in a different language
        # than the message.
        return {
            LOGBOOK_ENTRY_NAME: state.name if state else entity_id,
            LOGBOOK_ENTRY_MESSAGE: f"“{text[:MAX_LENGTH_STATE_STATE]}”",
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
        }

    @callback
    def describe_order(event: Event) -> dict[str, str]:
        order, reason = event.data[ATTR_ORDER], event.data[ATTR_REASON]
        words = [async_translate_state(hass, order, Platform.SWITCH, None, None, None)]
        if reason:
            sensor = Platform.SENSOR, DOMAIN, LOAD_STATE, None
            words.append(async_translate_state(hass, reason, *sensor))
        return {
            LOGBOOK_ENTRY_NAME: event.data[CONF_NAME],
            LOGBOOK_ENTRY_MESSAGE: " · ".join(words),
            LOGBOOK_ENTRY_ENTITY_ID: event.data[ATTR_ENTITY_ID],
        }

    async_describe_event(DOMAIN, MESSAGE_RECEIVED, describe_message)
    async_describe_event(DOMAIN, EVENT_ORDER, describe_order)
