"""Coordinator of a pulse reader. Its pulses come from a port, an entity or an MQTT topic."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, override

from homeassistant.const import (
    CONF_ENTITY_ID,
    CONF_PORT,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event, async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import CONF_MESSAGE, CONF_TOPIC
from ..lib.boards.board_message import Counted
from ..lib.boards.pulse_meter import Pulses
from ..lib.connection_outage import Backoff
from ..lib.failure_detection import (
    PULSE_ENTITY,
    PULSE_PORT,
    PULSE_TOPIC,
    Condition,
    ReadingProblem,
    Rules,
)
from ..lib.fault_log import Listeners
from ..lib.meter.last_hour import STEP_S
from ..lib.min_interval import MinInterval
from ..lib.port.errors import LinkError, PortSilentError
from ..lib.problem import Problem
from .background_tasks import SupervisedTask
from .coordinator_base import DataSource, SourceCoordinator
from .entry_types import AnyConfigEntry
from .last_hours import last_hour_of
from .mqtt_port import async_has_mqtt
from .port_connection import PortConnection
from .repair_issues import is_raised, raise_issue, withdraw_issues
from .stored.pulse_count_file import PulseCounter, PulseData

if TYPE_CHECKING:
    from homeassistant.components.mqtt import ReceiveMessage

EVENT_DOMAIN = "event"
BINARY_DOMAINS = ("binary_sensor", "input_boolean")
# Domains of Home Assistant's helpers that can count. The count of such a helper can jump: users can
# change the count, and a crash of Home Assistant can reset it to an older value.
OWN_COUNT_DOMAINS = ("counter", "input_number")
COUNT_DOMAINS = (*OWN_COUNT_DOMAINS, "number", "sensor")
# Seconds. A gateway may disappear without closing the connection. So the port is opened again after
# a silence of this length. If the gateway has disappeared, opening fails and the failure is
# reported.
_SILENCE_TIMEOUT_S = 3600.0
# Shortest time between two updates of the entities. While no pulse comes, a timer with this
# interval shows how the power falls.
_UPDATE_INTERVAL = timedelta(seconds=5)
_FIRST_DELAY_S = 1.0
_MAX_DELAY_S = 60.0

# Problems of a board whose JSON messages nobody has chosen a value of.
_MESSAGE_PROBLEMS = (Problem.OBJECT_PER_PULSE, Problem.OBJECT_NOT_COUNTED)


class PortPulses:
    """Source of pulses that come from a pulse board at a port."""

    def __init__(self, coordinator: PulseCoordinator) -> None:
        self.line = PortConnection(
            coordinator, self._take, on_lost=self._on_lost, silence_timeout=_SILENCE_TIMEOUT_S
        )
        self._coordinator = coordinator
        self._counter = coordinator.counter

    async def async_start(self) -> None:
        """Start reading the port."""
        self.line.start()

    @callback
    def _take(self, data: bytes) -> None:
        events = self._counter.meter.feed(data, self._counter.now())
        if events:
            self.line.confirm()
        self._coordinator.count(events)

    @callback
    def _on_lost(self, error: LinkError) -> None:
        if isinstance(error, PortSilentError):
            self._counter.meter.begin_line()
        else:
            self._counter.meter.start_anew()


class _PulsesWithoutPort:
    """Source of pulses of an entity or a topic. It has no port."""

    line = None

    def __init__(self, coordinator: PulseCoordinator) -> None:
        self._coordinator = coordinator
        self._hass = coordinator.hass
        self._entry = coordinator.config_entry
        self._counter = coordinator.counter

    @callback
    def _tell_health(self, obstacle: ReadingProblem, *, is_there: bool) -> None:
        """Report to the coordinator's health whether the entity or MQTT broker is available.

        If it is not available, `obstacle` is the reported problem. Pulses can be missed then, so
        the meter forgets its power.
        """
        coordinator = self._coordinator
        if is_there:
            coordinator.health.opened(coordinator.now())
        else:
            self._counter.meter.start_anew()
            coordinator.health.lost(coordinator.now(), obstacle)
        coordinator.check_condition()


class EntityPulses(_PulsesWithoutPort):
    """Source of pulses that come from an entity.

    A pulse is a rise of a sensor's count, a binary sensor that turns on, or an event.
    """

    def __init__(self, coordinator: PulseCoordinator) -> None:
        super().__init__(coordinator)
        self._entity_id: str = self._entry.data[CONF_ENTITY_ID]
        self._domain = self._entity_id.partition(".")[0]
        self._was_there: bool | None = None

    async def async_start(self) -> None:
        """Listen to the entity, even if Home Assistant has not added the entity yet.

        If the entity is renamed, the entry gets its new id and is loaded again.
        """
        self._entry.async_on_unload(
            async_track_state_change_event(self._hass, [self._entity_id], self._on_change)
        )
        if state := self._hass.states.get(self._entity_id):
            self._read_state(None, state)
        self._check_availability()

    @callback
    def _check_availability(self) -> None:
        state = self._hass.states.get(self._entity_id)
        is_there = state is not None and state.state != STATE_UNAVAILABLE
        if is_there is not self._was_there:
            self._was_there = is_there
            self._tell_health(ReadingProblem.ENTITY_UNAVAILABLE, is_there=is_there)

    @callback
    def _on_change(self, event: Event[EventStateChangedData]) -> None:
        if self._coordinator.is_closed:
            return
        if state := event.data["new_state"]:
            self._read_state(event.data["old_state"], state)
        self._check_availability()

    @callback
    def _read_state(self, old: State | None, new: State) -> None:
        meter, now = self._counter.meter, self._counter.now()
        if self._domain in OWN_COUNT_DOMAINS:
            self._coordinator.count(meter.read_own_count(new.state, now))
        elif self._domain in COUNT_DOMAINS:
            self._coordinator.count(meter.read_count(new.state, now))
        elif old and is_pulse(self._domain, old.state, new.state):
            self._coordinator.count(meter.read_pulse(now))


class TopicPulses(_PulsesWithoutPort):
    """Source of pulses from an MQTT topic.

    A message is a pulse, or contains a count of pulses or a state.
    """

    async def async_start(self) -> None:
        """Subscribe in the background, because the MQTT integration may be set up only later."""
        SupervisedTask(self._hass, self._entry, self._async_subscribe, "topic").start()

    async def _async_subscribe(self) -> None:
        backoff = Backoff(_FIRST_DELAY_S, _MAX_DELAY_S)
        while not await self._async_is_subscribed():
            await backoff.wait()

    async def _async_is_subscribed(self) -> bool:
        if not await async_has_mqtt(self._hass):
            return False
        from homeassistant.components import mqtt  # noqa: PLC0415 - only there with its integration

        try:
            topic = self._entry.data[CONF_TOPIC]
            stop = await mqtt.async_subscribe(self._hass, topic, self._on_message)
        except HomeAssistantError:
            return False
        self._entry.async_on_unload(stop)
        self._entry.async_on_unload(
            mqtt.async_subscribe_connection_status(self._hass, self._on_connection)
        )
        self._on_connection(mqtt.is_connected(self._hass))
        return True

    @callback
    def _on_connection(self, is_connected: bool) -> None:  # noqa: FBT001 - passed by position
        self._tell_health(ReadingProblem.BROKER_UNAVAILABLE, is_there=is_connected)

    @callback
    def _on_message(self, message: ReceiveMessage) -> None:
        if self._coordinator.is_closed:
            return
        text = str(message.payload).strip()
        now = self._counter.now()
        self._coordinator.count(self._counter.meter.read_line(text, now, is_old=message.retain))


def is_pulse(domain: str, old: str, new: str) -> bool:
    """Return whether a change of state from `old` to `new` is a pulse.

    A change from or to "unavailable" is not a pulse.
    """
    if domain in BINARY_DOMAINS:
        return (old, new) == (STATE_OFF, STATE_ON)
    return STATE_UNAVAILABLE not in {old, new} and new not in {old, STATE_UNKNOWN}


# Health rules and class for each kind of source. A key is the name of the field in the entry's data
# that stores the source, such as CONF_PORT.
_SOURCES: Mapping[str, tuple[Rules, Callable[[PulseCoordinator], DataSource]]] = {
    CONF_PORT: (PULSE_PORT, PortPulses),
    CONF_ENTITY_ID: (PULSE_ENTITY, EntityPulses),
    CONF_TOPIC: (PULSE_TOPIC, TopicPulses),
}
_PLACEHOLDERS = {CONF_ENTITY_ID: "entity"}


class PulseCoordinator(SourceCoordinator[PulseData]):
    """Coordinator that shows the count of pulses while the source of the pulses is available.

    An LED may be dark for hours, so a long time without a pulse is not a fault. `noted_at` is the
    time at which the power was last noted for the last hour. `power_listeners` are called each time
    it is noted.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        kind, (rules, make) = next(source for source in _SOURCES.items() if source[0] in entry.data)
        super().__init__(hass, entry, rules, **{_PLACEHOLDERS.get(kind, kind): entry.data[kind]})
        self.counter = PulseCounter(hass, entry)
        self.source = make(self)
        self.line = self.source.line
        self.last_hour = last_hour_of(hass, entry)
        self.noted_at: datetime | None = None
        self.power_listeners = Listeners[()](self.faults)
        self._turns = MinInterval(hass.loop, _UPDATE_INTERVAL.total_seconds())

    async def async_start(self) -> None:
        """Load the stored count, and start listening to the source.

        Raises UnreadableNowError if the file of the count cannot be read now.
        """
        self.config_entry.async_on_unload(self.counter.async_close)
        await self.counter.async_load()
        # A dialog may have changed the form of the messages. The next JSON message raises the issue
        # again if there is still no choice.
        withdraw_issues(self.hass, self.config_entry, _MESSAGE_PROBLEMS)
        self.data = self.counter.data
        self.begin()
        await self.source.async_start()
        # Between two pulses, nothing is received. But the power falls, and is known all the same.
        for action, interval in (
            (self._note_power, timedelta(seconds=STEP_S)),
            (self._show_changes, _UPDATE_INTERVAL),
        ):
            self.config_entry.async_on_unload(
                async_track_time_interval(self.hass, action, interval, cancel_on_shutdown=True)
            )

    @override
    async def async_close(self) -> None:
        await self.counter.async_close()

    @callback
    def _note_power(self, _now: datetime | None = None) -> None:
        """Note the power for the last hour. A slot in which the source is unavailable is a gap."""
        if not self.condition.has_value:
            return
        self.noted_at = dt_util.utcnow()
        self.last_hour.note_power(self.noted_at, self.counter.data.power_kw)
        self.power_listeners.call()

    @override
    @callback
    def on_condition(self, before: Condition) -> None:
        super().on_condition(before)
        if self.condition.has_value and not self.last_update_success:
            self._show()

    @callback
    def count(self, events: list[Pulses]) -> None:
        """Take new pulses, which the counter's meter has already counted."""
        if events:
            self.readings += len(events)
            self.counter.schedule()
            if self._turns.has_turn():
                self._show()
        if self.counter.meter.survey.has_messages:
            self._ask_for_value()

    @callback
    def _ask_for_value(self) -> None:
        """Ask the user by a repair issue for the value that counts pulses in JSON messages."""
        entry = self.config_entry
        if message := entry.data.get(CONF_MESSAGE):
            is_asked = message["counted"] == Counted.PLAIN and not self.readings
            problem = Problem.OBJECT_NOT_COUNTED
        else:
            is_asked = not self.counter.meter.is_counting
            problem = Problem.OBJECT_PER_PULSE
        if is_asked and not is_raised(self.hass, entry, problem):
            raise_issue(self.hass, entry, problem)

    @callback
    def _show_changes(self, _now: datetime) -> None:
        if self.last_update_success and self.counter.data != self.data:
            self._show()

    @callback
    def _show(self) -> None:
        """Update the entities, unless the source is unavailable."""
        if self.condition.has_value:
            self._turns.restart()
            self.push(self.counter.data)
            self._note_power()
