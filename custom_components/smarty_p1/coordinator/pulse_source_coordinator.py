"""From pulses that Home Assistant knows, of an entity or an MQTT topic, to our own entities."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import override

from homeassistant.const import (
    CONF_ENTITY_ID,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_track_entity_registry_updated_event,
    async_track_state_change_event,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from ..const import CONF_TOPIC
from .entry_types import AnyConfigEntry
from .pulse_counter import PulseCounter, PulseData
from .push_coordinator import Obstacle, PushCoordinator
from .stopping import timeout_or_stop

EVENT_DOMAIN = "event"
BINARY_DOMAINS = ("binary_sensor", "input_boolean")
# They count in Home Assistant, where they can be set; after a crash, they have an older state.
OWN_COUNT_DOMAINS = ("counter", "input_number")
COUNT_DOMAINS = (*OWN_COUNT_DOMAINS, "number", "sensor")


class PulseSourceCoordinator(PushCoordinator[PulseData]):
    """Counts what something in Home Assistant says, and is available while that is."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry)
        self.counter = PulseCounter(hass, entry)

    @override
    async def async_start(self) -> None:
        """Listen to the source, be it there already or not."""
        await self.counter.async_start(self._push)
        self.data = self.counter.data
        self.last_update_success = False
        await self._async_listen()

    @override
    async def async_close(self) -> None:
        await self.counter.async_save()

    @abstractmethod
    async def _async_listen(self) -> None:
        """Listen until the entry is unloaded."""

    @abstractmethod
    def _is_there(self) -> bool:
        """Return whether the source is available."""

    @override
    @callback
    def _push(self, data: PulseData) -> None:
        # The clock goes on while the source is away, and there is nothing to show then.
        if self._is_there():
            super()._push(data)

    @callback
    def _check_availability(self) -> None:
        """Make the entities available when the source is, and unavailable when it is not."""
        if self._is_there() == self.last_update_success:
            return
        if self.last_update_success:
            self.counter.meter.start_anew()
            self.async_set_update_error(self.explain(UpdateFailed))
        else:
            self.counter.show()


class PulseEntityCoordinator(PulseSourceCoordinator):
    """Counts the pulses of an entity: what it counts, or how often it goes on or happens."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry)
        self._entity_id: str = entry.data[CONF_ENTITY_ID]
        self._obstacle = Obstacle("entity_unavailable", {"entity": self._entity_id})
        self._domain = self._entity_id.partition(".")[0]

    @override
    async def _async_listen(self) -> None:
        for stop in (
            async_track_state_change_event(self.hass, [self._entity_id], self._on_change),
            async_track_entity_registry_updated_event(
                self.hass, [self._entity_id], self._on_registry_change
            ),
        ):
            self.config_entry.async_on_unload(stop)
        if state := self.hass.states.get(self._entity_id):
            self._read_state(None, state)
        self._check_availability()

    @override
    def _is_there(self) -> bool:
        state = self.hass.states.get(self._entity_id)
        return state is not None and state.state != STATE_UNAVAILABLE

    @callback
    def _on_change(self, event: Event[EventStateChangedData]) -> None:
        if self._is_closed:
            return
        if state := event.data["new_state"]:
            self._read_state(event.data["old_state"], state)
        self._check_availability()

    @callback
    def _on_registry_change(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Follow the entity when it is given another name."""
        if event.data["action"] == "update" and "entity_id" in event.data["changes"]:
            entity_id = event.data["entity_id"]
            unique_id = f"{CONF_ENTITY_ID}:{entity_id}"
            self.counter.source = unique_id
            self.hass.config_entries.async_update_entry(
                self.config_entry,
                data={**self.config_entry.data, CONF_ENTITY_ID: entity_id},
                unique_id=unique_id,
            )
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    @callback
    def _read_state(self, old: State | None, new: State) -> None:
        meter = self.counter.meter
        if self._domain in OWN_COUNT_DOMAINS:
            events = meter.read_own_count(new.state, self.counter.now())
        elif self._domain in COUNT_DOMAINS:
            events = meter.read_count(new.state, self.counter.now())
        elif old and is_pulse(self._domain, old.state, new.state):
            events = meter.read_pulse(self.counter.now())
        else:
            return
        self.readings += len(events)
        self.counter.add(events)


def is_pulse(domain: str, old: str, new: str) -> bool:
    """Return whether the change of a state is a pulse; what a start restores is none."""
    if domain in BINARY_DOMAINS:
        return (old, new) == (STATE_OFF, STATE_ON)
    return STATE_UNAVAILABLE not in {old, new} and new not in {old, STATE_UNKNOWN}


class PulseTopicCoordinator(PulseSourceCoordinator):
    """Counts the messages of an MQTT topic, or what they count."""

    _is_connected: Callable[[HomeAssistant], bool]

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry)
        self._topic: str = entry.data[CONF_TOPIC]
        self._obstacle = Obstacle("broker_unavailable", {"topic": self._topic})

    @override
    async def _async_listen(self) -> None:
        # Without the integration, what it imports is not there either.
        if "mqtt" not in self.hass.config.components:
            raise self._not_ready()
        from homeassistant.components import mqtt  # noqa: PLC0415

        is_there = False
        with suppress(TimeoutError):
            async with timeout_or_stop(self.hass, None):
                is_there = await mqtt.async_wait_for_mqtt_client(self.hass)
        if not is_there:
            raise self._not_ready()
        self._is_connected = mqtt.is_connected

        @callback
        def on_message(message: mqtt.ReceiveMessage) -> None:
            if not self._is_closed:
                self._read_message(str(message.payload).strip(), is_kept=message.retain)

        @callback
        def on_connection(_is_connected: bool) -> None:  # noqa: FBT001 - as the integration calls it
            self._check_availability()

        self.config_entry.async_on_unload(
            await mqtt.async_subscribe(self.hass, self._topic, on_message)
        )
        self.config_entry.async_on_unload(
            mqtt.async_subscribe_connection_status(self.hass, on_connection)
        )
        self._check_availability()

    @override
    def _is_there(self) -> bool:
        return self._is_connected(self.hass)

    @callback
    def _read_message(self, text: str, *, is_kept: bool) -> None:
        meter, now = self.counter.meter, self.counter.now()
        # A message that the broker has kept is of long ago: a count that still holds, no pulse.
        events = meter.read_count(text, now, is_old=True) if is_kept else meter.read_line(text, now)
        self.readings += len(events)
        self.counter.add(events)
