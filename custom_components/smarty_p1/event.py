"""Events: messages of the grid operator when they arrive, and what the meter counts of the grid."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.event import (
    EventEntity,
    EventEntityDescription,
    EventExtraStoredData,
)
from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from .const import DOMAIN
from .coordinator.meter_coordinator import MeterConfigEntry, SmartyCoordinator
from .entity import SmartyEntity, category_of, find_new, on_new_objects
from .lib.entities import (
    ATTR_TEXT,
    DISTURBANCE,
    EVENT_MESSAGE,
    EVENTS,
    EventSpec,
    disturbances,
)
from .lib.meter import Reading
from .lib.stored_values import checked_count, checked_mapping

PARALLEL_UPDATES = 0

# On the bus, for the logbook: of the attributes of a state, it shows only the type of an event.
MESSAGE_RECEIVED = f"{DOMAIN}_message_received"


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: MeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the events of what the meter sends, be it empty."""
    coordinator = entry.runtime_data
    find_messages = find_new(coordinator, Platform.EVENT, EVENTS, MessageEvent)
    find_disturbances = find_new(coordinator, Platform.EVENT, (DISTURBANCE,), DisturbanceEvent)

    def add_new(reading: Reading) -> None:
        async_add_entities([*find_messages(reading), *find_disturbances(reading)])

    on_new_objects(coordinator, add_new)


class MeterEvent(SmartyEntity, EventEntity):
    """Fires when a reading says something new, also new since before a restart."""

    described: EventSpec
    _was_available: bool | None = None

    def __init__(self, coordinator: SmartyCoordinator, described: EventSpec) -> None:
        description = EventEntityDescription(
            key=described.key,
            translation_key=described.translation_key,
            event_types=list(described.event_types),
            entity_category=category_of(described),
            entity_registry_enabled_default=described.entity_registry_enabled_default,
        )
        super().__init__(coordinator, described, description)

    @override
    async def async_added_to_hass(self) -> None:
        """Look at the current reading when somebody can listen."""
        await super().async_added_to_hass()
        # Automations listen when Home Assistant has started, and triggers ignore the first state.
        self.async_on_remove(async_at_started(self.hass, self._look_soon))

    @callback
    def _look_soon(self, hass: HomeAssistant) -> None:
        hass.loop.call_soon(self._fire_if_new)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        is_available = self.available
        if is_available != self._was_available:
            # The event before: triggers ignore an event that follows "unavailable".
            super()._handle_coordinator_update()
            self._was_available = is_available
        self._fire_if_new()

    @callback
    def _fire_if_new(self) -> None:
        described, reading = self.described, self.coordinator.data
        if self.available and described.exists_fn(reading):
            self._fire(described.value_fn(reading))

    @callback
    def _fire(self, value: Any) -> None:  # noqa: ANN401 - whatever the description returns
        """Fire what is new about a value."""
        raise NotImplementedError


class MessageEvent(MeterEvent):
    """Fires when a message has another text than the last one that it fired for.

    A text that comes back after the message was empty is a new one.
    """

    _text: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the last message, which is no news after a restart."""
        if (last := await self.async_get_last_event_data()) and last.last_event_attributes:
            self._text = last.last_event_attributes.get(ATTR_TEXT)
        await super().async_added_to_hass()

    @override
    @callback
    def _fire(self, value: str | None) -> None:
        if value and value != self._text:
            self._trigger_event(EVENT_MESSAGE, {ATTR_TEXT: value})
            self.async_write_ha_state()
            self.hass.bus.async_fire(
                MESSAGE_RECEIVED, {ATTR_ENTITY_ID: self.entity_id, ATTR_TEXT: value}
            )
        self._text = value


@dataclass
class _StoredCounts(EventExtraStoredData):
    """The last event, and what the meter had counted."""

    counts: dict[str, int]


class DisturbanceEvent(MeterEvent):
    """Fires when the meter has counted a power failure, a sag or a swell of the voltage.

    Also one that ended the telegrams, or Home Assistant: the counts are remembered.
    """

    _counts: Mapping[str, int] = {}

    @override
    async def async_added_to_hass(self) -> None:
        """Restore what the meter had counted before a restart."""
        if last := await self.async_get_last_extra_data():
            with suppress(KeyError, ValueError):
                stored = checked_mapping(last.as_dict()["counts"])
                self._counts = {name: checked_count(count) for name, count in stored.items()}
        await super().async_added_to_hass()

    @property
    @override
    def extra_restore_state_data(self) -> _StoredCounts:
        """Return what is to be remembered."""
        last = super().extra_restore_state_data
        return _StoredCounts(last.last_event_type, last.last_event_attributes, dict(self._counts))

    @override
    @callback
    def _fire(self, value: dict[str, int]) -> None:
        if value == self._counts:
            return
        for kind, details in disturbances(self._counts, value):
            self._trigger_event(kind, details)
            self.async_write_ha_state()
        self._counts = {**self._counts, **value}
