"""From a source of pulses to the entities: a port, an entity of Home Assistant, an MQTT topic."""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, override

from homeassistant.const import (
    CONF_ENTITY_ID,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_track_entity_registry_updated_event,
    async_track_state_change_event,
)
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from ..const import CONF_TOPIC, DOMAIN, LOGGER
from ..lib.port import BUSY_TEXT, LinkError, PortSilentError
from .entry_types import AnyConfigEntry
from .port_coordinator import LinkCoordinator
from .pulse_tally import PulseData, PulseTally
from .setup_retry import limit_wait
from .stopping import timeout_or_stop

EVENT_DOMAIN = "event"
BINARY_DOMAINS = ("binary_sensor", "input_boolean")
# They count in Home Assistant, where they can be set; after a crash, they have an older state.
OWN_COUNT_DOMAINS = ("counter", "input_number")
COUNT_DOMAINS = (*OWN_COUNT_DOMAINS, "number", "sensor")

type PulseCoordinator = PulsePortCoordinator | PulseSourceCoordinator


class PulsePortCoordinator(LinkCoordinator[PulseData]):
    """Counts what a board sends at a port.

    An LED may be dark for hours, so entities are unavailable only when the port is lost for long.
    """

    # A gateway that went away without a word is found out by connecting anew.
    silence_timeout: ClassVar[float | None] = 3600.0
    stale_timeout = 30.0
    nothing_received = not_understood = "no_pulse"

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        """Take the port from the entry."""
        super().__init__(hass, entry)
        self.tally = PulseTally(hass, entry, self._show)

    @property
    @override
    def is_started(self) -> bool:
        """Tell whether the port is open: a pulse may be long in coming."""
        return self.is_connected

    @override
    async def async_start(self) -> None:
        await self.tally.async_start()
        await super().async_start()
        self.tally.show()

    @override
    async def async_close(self) -> None:
        await self.tally.async_close()

    @override
    def _take(self, data: bytes) -> None:
        if BUSY_TEXT in data:
            return
        if events := self.tally.meter.feed(data, self.tally.now()):
            self._on_reading()
            self.tally.take(events)

    @override
    @callback
    def _on_open(self) -> None:
        self._setup_decided.set()

    @override
    @callback
    def _on_lost(self, error: LinkError) -> None:
        super()._on_lost(error)
        if isinstance(error, PortSilentError):
            self.tally.meter.begin_line()
        else:
            self.tally.meter.start_anew()
        if self._cancel_stale_timer is None:
            self._restart_stale_timer()

    @override
    @callback
    def _restart_stale_timer(self) -> None:
        # The last pulse may be long ago: only a port that is lost says something.
        if not self.is_connected:
            super()._restart_stale_timer()

    @override
    @callback
    def _on_stale(self, now: datetime) -> None:
        if not self.is_connected:
            super()._on_stale(now)
            return
        self._cancel_stale_timer = None
        if not self.last_update_success:
            LOGGER.info("%s: the port is open again", self.name)
            self.tally.show()

    @callback
    def _show(self, data: PulseData) -> None:
        # The clock goes on while the port is lost, and there is nothing to show then.
        if self.is_connected or self.last_update_success:
            self._push(data)


class PulseSourceCoordinator(DataUpdateCoordinator[PulseData]):
    """Counts what something in Home Assistant says, and is available while that is."""

    config_entry: AnyConfigEntry

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        """Take the source from the entry."""
        super().__init__(hass, LOGGER, config_entry=entry, name=entry.title)
        self.readings = 0
        self.received_at = dt_util.utcnow()
        self.tally = PulseTally(hass, entry, self._push)
        self._is_closed = False

    async def async_start(self) -> None:
        """Listen to the source, be it there already or not."""
        await self.tally.async_start()
        self.data = self.tally.data
        self.last_update_success = False
        await self._async_listen()

    async def async_close(self) -> None:
        """Store the pulses, once and for all."""
        await self.tally.async_close()

    def set_closed(self, *, is_closed: bool) -> None:
        """Ignore what the source says, or no longer."""
        self._is_closed = is_closed

    @abstractmethod
    async def _async_listen(self) -> None:
        """Listen until the entry is unloaded."""

    @abstractmethod
    def explain[E: HomeAssistantError](self, error: type[E]) -> E:
        """Return the error that says that the source is away."""

    @override
    async def _async_update_data(self) -> PulseData:
        """Answer a manual refresh with what is known: nothing can be asked."""
        if not self.last_update_success:
            raise self.explain(UpdateFailed)
        return self.tally.data

    @callback
    def _push(self, data: PulseData) -> None:
        # The clock goes on while the source is away, and there is nothing to show then.
        if self._is_there():
            self.received_at = dt_util.utcnow()
            self.async_set_updated_data(data)

    @abstractmethod
    def _is_there(self) -> bool:
        """Tell whether the source is available."""

    @callback
    def _check_presence(self) -> None:
        """Let the entities be available when the source is."""
        if self._is_there() == self.last_update_success:
            return
        if self.last_update_success:
            self.tally.meter.start_anew()
            self.async_set_update_error(self.explain(UpdateFailed))
        else:
            self.tally.show()


class PulseEntityCoordinator(PulseSourceCoordinator):
    """Counts the pulses of an entity: what it counts, or how often it goes on or happens."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        """Take the entity from the entry."""
        super().__init__(hass, entry)
        self._entity_id: str = entry.data[CONF_ENTITY_ID]
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
            self._take_state(None, state)
        self._check_presence()

    @override
    def _is_there(self) -> bool:
        state = self.hass.states.get(self._entity_id)
        return state is not None and state.state != STATE_UNAVAILABLE

    @override
    def explain[E: HomeAssistantError](self, error: type[E]) -> E:
        return error(
            translation_domain=DOMAIN,
            translation_key="entity_unavailable",
            translation_placeholders={"entity": self._entity_id},
        )

    @callback
    def _on_change(self, event: Event[EventStateChangedData]) -> None:
        if self._is_closed:
            return
        if state := event.data["new_state"]:
            self._take_state(event.data["old_state"], state)
        self._check_presence()

    @callback
    def _on_registry_change(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Follow the entity when it is given another name."""
        if event.data["action"] == "update" and "entity_id" in event.data["changes"]:
            entity_id = event.data["entity_id"]
            unique_id = f"{CONF_ENTITY_ID}:{entity_id}"
            self.tally.rename_source(unique_id)
            self.hass.config_entries.async_update_entry(
                self.config_entry,
                data={**self.config_entry.data, CONF_ENTITY_ID: entity_id},
                unique_id=unique_id,
            )
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    @callback
    def _take_state(self, old: State | None, new: State) -> None:
        meter = self.tally.meter
        if self._domain in OWN_COUNT_DOMAINS:
            events = meter.read_own_count(new.state, self.tally.now())
        elif self._domain in COUNT_DOMAINS:
            events = meter.read_count(new.state, self.tally.now())
        elif old and is_pulse(self._domain, old.state, new.state):
            events = meter.read_pulse(self.tally.now())
        else:
            return
        self.readings += len(events)
        self.tally.take(events)


def is_pulse(domain: str, old: str, new: str) -> bool:
    """Tell whether the change of a state is a pulse. What is restored at a start is none."""
    if domain in BINARY_DOMAINS:
        return (old, new) == (STATE_OFF, STATE_ON)
    return STATE_UNAVAILABLE not in {old, new} and new not in {old, STATE_UNKNOWN}


class PulseTopicCoordinator(PulseSourceCoordinator):
    """Counts the messages of an MQTT topic, or what they count."""

    _is_connected: Callable[[HomeAssistant], bool]

    @override
    async def _async_listen(self) -> None:
        # Without the integration, what it imports is not there either.
        if "mqtt" not in self.hass.config.components:
            limit_wait(self.hass, self.config_entry)
            raise self.explain(ConfigEntryNotReady)
        from homeassistant.components import mqtt  # noqa: PLC0415

        is_there = False
        with suppress(TimeoutError):
            async with timeout_or_stop(self.hass, None):
                is_there = await mqtt.async_wait_for_mqtt_client(self.hass)
        if not is_there:
            limit_wait(self.hass, self.config_entry)
            raise self.explain(ConfigEntryNotReady)
        self._is_connected = mqtt.is_connected

        @callback
        def on_message(message: mqtt.ReceiveMessage) -> None:
            if not self._is_closed:
                self._take_message(str(message.payload).strip(), is_kept=message.retain)

        @callback
        def on_connection(_is_connected: bool) -> None:  # noqa: FBT001 - as the integration calls it
            self._check_presence()

        self.config_entry.async_on_unload(
            await mqtt.async_subscribe(self.hass, self.config_entry.data[CONF_TOPIC], on_message)
        )
        self.config_entry.async_on_unload(
            mqtt.async_subscribe_connection_status(self.hass, on_connection)
        )
        self._check_presence()

    @override
    def _is_there(self) -> bool:
        return self._is_connected(self.hass)

    @override
    def explain[E: HomeAssistantError](self, error: type[E]) -> E:
        return error(
            translation_domain=DOMAIN,
            translation_key="broker_unavailable",
            translation_placeholders={"topic": self.config_entry.data[CONF_TOPIC]},
        )

    @callback
    def _take_message(self, text: str, *, is_kept: bool) -> None:
        meter, now = self.tally.meter, self.tally.now()
        # A message that the broker has kept is of long ago: a count that still holds, no pulse.
        events = meter.read_count(text, now, is_old=True) if is_kept else meter.read_line(text, now)
        self.readings += len(events)
        self.tally.take(events)


def make_pulse_coordinator(hass: HomeAssistant, entry: AnyConfigEntry) -> PulseCoordinator:
    """Return the coordinator of the source that the entry names."""
    if CONF_ENTITY_ID in entry.data:
        return PulseEntityCoordinator(hass, entry)
    if CONF_TOPIC in entry.data:
        return PulseTopicCoordinator(hass, entry)
    return PulsePortCoordinator(hass, entry)
