"""Event entities: messages of the grid operator, power failures, voltage sags and swells."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription, EventExtraStoredData
from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from .const import DOMAIN
from .coordinator.meter_coordinator import MeterCoordinator
from .coordinator.telegram_source import MeterConfigEntry
from .entity import SmartyEntity, described_as, find_new, on_new_objects
from .lib.entities.entity_description import EventSpec
from .lib.entities.events import ATTR_TEXT, DISTURBANCE, EVENT_MESSAGE, EVENTS, disturbances
from .lib.meter.meter_reader import Reading
from .lib.stored_values import checked_count, checked_mapping

PARALLEL_UPDATES = 0

# Event on Home Assistant's bus, for the logbook. For an event entity, the logbook shows only the
# type of the event, and not the text of the message.
MESSAGE_RECEIVED = f"{DOMAIN}_message_received"


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: MeterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the event entities for the messages that the meter sends, and for disturbances."""
    coordinator = entry.runtime_data
    find_messages = find_new(coordinator, Platform.EVENT, EVENTS, MessageEvent)
    find_disturbances = find_new(coordinator, Platform.EVENT, (DISTURBANCE,), DisturbanceEvent)

    def add_new(reading: Reading) -> None:
        async_add_entities([*find_messages(reading), *find_disturbances(reading)])

    on_new_objects(coordinator, add_new)


class MeterEvent(SmartyEntity, EventEntity):
    """Event entity that fires if a reading has a new message or higher counts of disturbances."""

    described: EventSpec
    _was_available: bool | None = None

    def __init__(self, coordinator: MeterCoordinator, described: EventSpec) -> None:
        types = list(described.event_types)
        description = described_as(EventEntityDescription, described, event_types=types)
        super().__init__(coordinator, described, description)

    @override
    async def async_added_to_hass(self) -> None:
        """After the start of Home Assistant, fire the events that happened during the restart."""
        await super().async_added_to_hass()
        # Wait until Home Assistant has started, because automations do not listen before the start,
        # and triggers ignore the first state of an entity.
        self.async_on_remove(async_at_started(self.hass, self._look_soon))

    @callback
    def _look_soon(self, hass: HomeAssistant) -> None:
        hass.loop.call_soon(self._fire_if_new)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        is_available = self.available
        if is_available != self._was_available:
            # Triggers ignore an event if the state before it is "unavailable". So write the
            # availability first, and then the event.
            super()._handle_coordinator_update()
            self._was_available = is_available
        self._fire_if_new()

    @callback
    def _fire_if_new(self) -> None:
        # While Home Assistant starts or stops, automations do not listen. So do not fire the event
        # now: a later call fires it. `hass.is_running` is also True during the start, so check the
        # state.
        if self.hass.state is not CoreState.running:
            return
        described, reading = self.described, self.coordinator.data
        if self.available and described.exists_fn(reading):
            self._fire(described.value_fn(reading))

    @callback
    def _fire(self, value: Any) -> None:  # noqa: ANN401 - the type depends on the description
        """Fire an event for a new message or a higher count in `value`.

        `value` comes from the current reading. It is the text of a message, or the counts of
        disturbances.
        """
        raise NotImplementedError


class MessageEvent(MeterEvent):
    """Event entity for messages of the grid operator. It fires when the meter sends a new text.

    If the meter repeats a text after an empty message, the entity fires again.
    """

    _text: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the last message, so that its text fires no second event after a restart."""
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
    """Last event and disturbance counts of the meter, in the form that Home Assistant stores."""

    counts: dict[str, int]


class DisturbanceEvent(MeterEvent):
    """Event entity that fires when the meter counts a power failure, voltage sag or voltage swell.

    The counts are restored after a restart. So the entity also fires for a power failure that
    stopped Home Assistant.
    """

    _counts: Mapping[str, int] = {}

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the disturbance counts from before the restart."""
        if last := await self.async_get_last_extra_data():
            with suppress(KeyError, ValueError):
                stored = checked_mapping(last.as_dict()["counts"])
                self._counts = {name: checked_count(count) for name, count in stored.items()}
        await super().async_added_to_hass()

    @property
    @override
    def extra_restore_state_data(self) -> _StoredCounts:
        """Return the last event and the disturbance counts for the storage."""
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
