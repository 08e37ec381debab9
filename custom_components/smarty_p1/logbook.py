"""Logbook entries with the text of the grid operator's messages."""

from collections.abc import Callable

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID, MAX_LENGTH_STATE_STATE
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN
from .event import MESSAGE_RECEIVED
from .lib.entities.events import ATTR_TEXT


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Register a function that describes a message of the grid operator in the logbook."""

    @callback
    def describe(event: Event) -> dict[str, str]:
        entity_id, text = str(event.data[ATTR_ENTITY_ID]), str(event.data[ATTR_TEXT])
        state = hass.states.get(entity_id)
        # Show only the message itself, because additional words could be in a different language
        # than the message.
        return {
            LOGBOOK_ENTRY_NAME: state.name if state else entity_id,
            LOGBOOK_ENTRY_MESSAGE: f"“{text[:MAX_LENGTH_STATE_STATE]}”",
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
        }

    async_describe_event(DOMAIN, MESSAGE_RECEIVED, describe)
