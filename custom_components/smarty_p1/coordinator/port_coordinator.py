"""What the coordinators of all ports share: a link to read from, and what is wrong with it."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, override

from homeassistant.const import CONF_PORT
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import UpdateFailed

from ..const import CONF_BAUD_RATE, LOGGER
from ..lib.port import (
    BAUD_RATE,
    SILENCE_TIMEOUT,
    Link,
    LinkError,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
    redact_port,
)
from .entry_types import AnyConfigEntry
from .mqtt_port import (
    GatewayOfflineError,
    MqttDisconnectedError,
    MqttMissingError,
    topic_of,
    topic_opener,
)
from .push_coordinator import Obstacle, PushCoordinator
from .stopping import timeout_or_stop

SETUP_TIMEOUT = 30.0
# The second try is for gateways that have not noticed yet that the last connection is closed.
SETUP_TRIES = 2


# Why the port was lost, by the error and those it is a kind of.
LOST: Mapping[type[BaseException], Obstacle] = {
    PortNotFoundError: Obstacle("port_not_found"),
    PortPermissionError: Obstacle("port_permission"),
    PortBusyError: Obstacle("port_busy"),
    PortClosedError: Obstacle("port_closed"),
    PortUnreachableError: Obstacle("port_unreachable"),
    PortSilentError: Obstacle("port_silent"),
    MqttMissingError: Obstacle("mqtt_missing"),
    MqttDisconnectedError: Obstacle("mqtt_disconnected"),
    GatewayOfflineError: Obstacle("gateway_offline"),
    LinkError: Obstacle("link_lost"),
}
_LOST = tuple(LOST.values())


class PortCoordinator[D](PushCoordinator[D]):
    """Pushes the readings of one port to its entities.

    They become unavailable when no reading comes for `stale_timeout` seconds.
    """

    baud_rate: ClassVar[int] = BAUD_RATE
    silence_timeout: ClassVar[float | None] = SILENCE_TIMEOUT
    # A minute at most, and timers are late by a moment.
    stale_timeout: ClassVar[float] = 59.9
    # The keys of the translated exceptions for a port that sends nothing, and something else.
    nothing_received: ClassVar[str] = "nothing_received"
    not_understood: ClassVar[str]

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry)
        self._link_task: asyncio.Task[None] | None = None
        self._take_port()
        self._byte_listeners: list[Callable[[bytes], None]] = []
        self._obstacle = self._silence = Obstacle(self.nothing_received)
        self._losses = 0
        self._is_offline = False
        self._setup_decided = asyncio.Event()
        self._stale_job = HassJob(self._on_stale, cancel_on_shutdown=True)
        self._cancel_stale_timer: CALLBACK_TYPE | None = None

    def _take_port(self) -> None:
        """Have the port that the entry has now read by the next link."""
        data = self.config_entry.data
        port = data[CONF_PORT]
        self.shown_port = redact_port(port)
        # A topic is silent when the meter or its gateway is, and stays what it is.
        self._is_topic = topic_of(port) is not None
        self._link = Link(
            port,
            self._on_data,
            self._on_lost,
            on_open=self._on_open,
            silence_timeout=None if self._is_topic else self.silence_timeout,
            baud_rate=data.get(CONF_BAUD_RATE, self.baud_rate),
            opener=topic_opener(self.hass, port, self._on_away),
        )

    @property
    def is_started(self) -> bool:
        """Return whether there is something to show."""
        return self.readings > 0

    @property
    def is_connected(self) -> bool:
        """Return whether the port is open."""
        return self._link.is_open

    @override
    async def async_start(self) -> None:
        """Open the port and wait for the first reading.

        Raises ConfigEntryNotReady when none comes.
        """
        self._start_link()
        await self._wait_until_decided(SETUP_TIMEOUT)
        if not self.is_started:
            raise self._not_ready()

    @callback
    def async_add_byte_listener(self, listener: Callable[[bytes], None]) -> CALLBACK_TYPE:
        """Call the listener with all that comes from the port, as it comes, before it is read.

        Return what ends that.
        """
        self._byte_listeners.append(listener)
        return lambda: self._byte_listeners.remove(listener)

    @callback
    def _start_link(self) -> None:
        # Home Assistant cancels this task and waits for its end, when the entry is unloaded and
        # when its setup fails.
        self._link_task = self.config_entry.async_create_background_task(
            self.hass, self._link.run(), f"{self.name} link"
        )

    async def async_release_port(self) -> None:
        """Close the port for a moment; what was read last goes on being shown."""
        if task := self._link_task:
            task.cancel()
            await asyncio.wait([task])

    async def _wait_until_decided(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with timeout_or_stop(self.hass, seconds):
                await self._setup_decided.wait()

    @override
    async def async_shutdown(self) -> None:
        """Stop waiting for readings."""
        await super().async_shutdown()
        if self._cancel_stale_timer:
            self._cancel_stale_timer()
            self._cancel_stale_timer = None

    @abstractmethod
    def _feed(self, data: bytes) -> None:
        """Read the next bytes; call `_on_reading` for what they complete and is accepted."""

    @callback
    def _on_open(self) -> None:
        """Note that the port is open."""

    @callback
    def _on_data(self, data: bytes) -> None:
        if self._is_closed:
            return
        if self._obstacle is self._silence or self._obstacle in _LOST:
            self._obstacle = Obstacle(self.not_understood)
        try:
            for listener in tuple(self._byte_listeners):
                listener(data)
            self._feed(data)
        except Exception:  # noqa: BLE001 - whatever it is
            # A mistake here, or in what listens to updates, must not end the link for good.
            LOGGER.exception("%s: unexpected error while taking a reading", self.name)

    @callback
    def _on_lost(self, error: LinkError) -> None:
        LOGGER.debug("%s: lost the port: %s", self.name, error)
        self._obstacle = next(LOST[cls] for cls in type(error).__mro__ if cls in LOST)
        self._losses += 1
        if self._losses >= SETUP_TRIES or isinstance(error, PortNotFoundError):
            self._setup_decided.set()

    @callback
    def _on_away(self, error: LinkError) -> None:
        """Note that nothing will come for now, although the port stays open."""
        if self._is_closed:
            return
        if isinstance(error, GatewayOfflineError):
            # All entities are told, and anybody on the broker may say it often: only an accepted
            # reading contradicts it.
            if self._is_offline:
                self._obstacle = LOST[GatewayOfflineError]
                return
            self._is_offline = True
        self._on_lost(error)
        if self.readings:
            self._fail()

    @callback
    def _on_reading(self) -> None:
        """Note that a reading was received and accepted."""
        self.readings += 1
        self._is_offline = False
        self._link.confirm()
        self._obstacle = self._silence
        self._restart_stale_timer()
        self._setup_decided.set()

    @callback
    def _restart_stale_timer(self) -> None:
        if self._cancel_stale_timer:
            self._cancel_stale_timer()
        self._cancel_stale_timer = async_call_later(self.hass, self.stale_timeout, self._stale_job)

    @callback
    def _on_stale(self, _now: datetime) -> None:
        self._restart_stale_timer()
        self._fail()

    @callback
    def _fail(self) -> None:
        """Make the entities unavailable, and say why."""
        if self.last_update_success:
            self.async_set_update_error(self.explain(UpdateFailed))
        else:
            self.last_exception = self.explain(UpdateFailed)
            self.async_update_listeners()  # what is received meanwhile is still counted

    @property
    def obstacle(self) -> str | None:
        """Return the translation key of why there is no reading, None while readings come."""
        if self.readings and self.last_update_success:
            return None
        return self._obstacle.translation_key

    @property
    def losses(self) -> int:
        """Return how often the port was lost or could not be opened."""
        return self._losses

    @override
    def _placeholders(self) -> dict[str, str]:
        return {"port": self.shown_port, **super()._placeholders()}
