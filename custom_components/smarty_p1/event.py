"""Events: the messages of the grid operator, when they arrive."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator.meter_coordinator import MeterConfigEntry, SmartyCoordinator
from .entity import SmartyEntity, add_what_is_sent
from .lib.p1 import Telegram, Value

PARALLEL_UPDATES = 0

EVENT_MESSAGE = "message"
ATTR_TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class MessageEventDescription(EventEntityDescription):
    """The event of one message, by its object."""

    reference: str

    def is_sent(self, telegram: Telegram) -> bool:
        """Tell whether the telegram holds the message, be it empty."""
        return self.reference in telegram.objects


def _message(key: str, reference: str, *, enabled: bool = False) -> MessageEventDescription:
    return MessageEventDescription(
        key=key,
        translation_key=key,
        event_types=[EVENT_MESSAGE],
        entity_registry_enabled_default=enabled,
        reference=reference,
    )


EVENTS: tuple[MessageEventDescription, ...] = (
    _message("message", "0-0:96.13.0", enabled=True),
    _message("channel_message_1", "0-0:96.13.1"),
    _message("channel_message_2", "0-0:96.13.2"),
    _message("channel_message_3", "0-0:96.13.3"),
    _message("channel_message_4", "0-0:96.13.4"),
    _message("channel_message_5", "0-0:96.13.5"),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: MeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the events of the messages that the meter sends, be they empty."""
    add_what_is_sent(entry.runtime_data, EVENTS, MessageEvent, async_add_entities)


class MessageEvent(SmartyEntity, EventEntity):
    """Fires when a message has another text than the last one that it fired for.

    A text that comes back after the message was empty is a new one.
    """

    entity_description: MessageEventDescription

    _text: Value = None

    def __init__(
        self, coordinator: SmartyCoordinator, description: MessageEventDescription
    ) -> None:
        """Take the description that makes this event."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @override
    async def async_added_to_hass(self) -> None:
        """Remember the last message, so that it is not news after a restart."""
        await super().async_added_to_hass()
        if (last := await self.async_get_last_event_data()) and last.last_event_attributes:
            self._text = last.last_event_attributes.get(ATTR_TEXT)
        if not self.coordinator.data.objects.get(self.entity_description.reference):
            self._text = None  # the same text would be a new one

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        # First the event before: triggers ignore an event that follows "unavailable".
        super()._handle_coordinator_update()
        objects = self.coordinator.data.objects
        if self.entity_description.reference not in objects:
            return
        text = objects[self.entity_description.reference]
        if text and text != self._text:
            self._trigger_event(EVENT_MESSAGE, {ATTR_TEXT: text})
            self.async_write_ha_state()
        self._text = text
