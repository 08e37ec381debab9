"""Events: the messages of the grid operator, when they arrive."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from .coordinator.meter_coordinator import MeterConfigEntry
from .entity import Described, SmartyEntity, are_sent, find_new, on_new_objects
from .lib.meter import Reading

PARALLEL_UPDATES = 0

EVENT_MESSAGE = "message"
ATTR_TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class DescribedEvent(Described[Reading], EventEntityDescription):
    """An event, and the text of a reading that it is about."""


def _message(key: str, reference: str, *, enabled: bool = False) -> DescribedEvent:
    references = ((reference,),)
    return DescribedEvent(
        key=key,
        translation_key=key,
        event_types=[EVENT_MESSAGE],
        entity_registry_enabled_default=enabled,
        references=references,
        exists_fn=are_sent(references),
        value_fn=lambda reading: reading.telegram.objects.get(reference),
    )


EVENTS: tuple[DescribedEvent, ...] = (
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
    find = find_new(entry.runtime_data, Platform.EVENT, EVENTS, MessageEvent)
    on_new_objects(entry.runtime_data, lambda reading: async_add_entities(find(reading)))


class MessageEvent(SmartyEntity, EventEntity):
    """Fires when a message has another text than the last one that it fired for.

    A text that comes back after the message was empty is a new one.
    """

    entity_description: DescribedEvent
    _text: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the last message, which is no news after a restart; look at the current one."""
        await super().async_added_to_hass()
        if (last := await self.async_get_last_event_data()) and last.last_event_attributes:
            self._text = last.last_event_attributes.get(ATTR_TEXT)
        # Automations listen when Home Assistant has started, and triggers ignore the first state.
        self.async_on_remove(async_at_started(self.hass, self._look_soon))

    @callback
    def _look_soon(self, hass: HomeAssistant) -> None:
        hass.loop.call_soon(self._fire_if_new)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        # First the event before: triggers ignore an event that follows "unavailable".
        super()._handle_coordinator_update()
        self._fire_if_new()

    @callback
    def _fire_if_new(self) -> None:
        description, reading = self.entity_description, self.coordinator.data
        if not self.available or not description.exists_fn(reading):
            return
        text = description.value_fn(reading)
        if text and text != self._text:
            self._trigger_event(EVENT_MESSAGE, {ATTR_TEXT: text})
            self.async_write_ha_state()
        self._text = text
