"""Reader of the port of a meter, pulse reader or tank. It also reports failures of the port."""

import asyncio
from collections.abc import Callable
from typing import Any

from homeassistant.const import CONF_PORT
from homeassistant.core import callback

from ..const import CONF_BAUD_RATE, LOGGER
from ..lib.failure_detection import FailureState
from ..lib.port.address_masking import redact_port
from ..lib.port.errors import LinkError
from ..lib.port.reconnecting_port import ReconnectingPort
from ..lib.port.serial_port import BAUD_RATE
from .coordinator_base import SourceCoordinator
from .mqtt_port import topic_of, topic_opener


class PortConnection:
    """Reader of the port of a source (meter, pulse reader or tank).

    The reader reports to the source's health when the port opens, delivers data or is lost.
    `shown_port` is the port without secrets. `is_topic` is True if the port is an MQTT topic.
    """

    def __init__(
        self,
        source: SourceCoordinator[Any],
        take: Callable[[bytes], bool | None],
        *,
        on_lost: Callable[[LinkError], None] = lambda _error: None,
        silence_timeout: float | None,
        baud_rate: int = BAUD_RATE,
    ) -> None:
        """Prepare the reader.

        It calls `take` with received bytes, and `on_lost` when the port is lost. `take` returns
        False if the bytes changed no condition that is still to be checked.

        After `silence_timeout` seconds without a byte, the port is reopened.
        """
        self._source = source
        self._take = take
        self._on_lost_too = on_lost
        self._silence_timeout = silence_timeout
        self._baud_rate = baud_rate
        self._task: asyncio.Task[None] | None = None
        self._take_port()

    @property
    def is_open(self) -> bool:
        """Return whether the port is open now."""
        return self._link.is_open

    @callback
    def start(self) -> None:
        """Start to read the entry's port. The reading ends when the entry is unloaded."""
        self._take_port()
        source = self._source
        # Home Assistant cancels this task when it unloads the entry, and waits for the task's end.
        # The end of the task closes the port.
        self._task = source.config_entry.async_create_background_task(
            source.hass, self._link.run(), f"{source.name} link"
        )

    async def async_release(self) -> None:
        """Close the port until `start` is called. The entities keep their values."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    @callback
    def confirm(self) -> None:
        """Reset the delay before a lost port is opened again.

        Call this when valid bytes were received.
        """
        self._link.confirm()

    def _take_port(self) -> None:
        data = self._source.config_entry.data
        port = data[CONF_PORT]
        self.shown_port = self._source.placeholders["port"] = redact_port(port)
        self.is_topic = topic_of(port) is not None
        self._link = ReconnectingPort(
            port,
            self._on_data,
            self._on_lost,
            on_open=self._on_open,
            # Opening a silent topic again would not end the silence. So a topic has no timeout.
            silence_timeout=None if self.is_topic else self._silence_timeout,
            baud_rate=data.get(CONF_BAUD_RATE, self._baud_rate),
            opener=topic_opener(self._source.hass, port, self._on_away),
        )

    @callback
    def _on_open(self) -> None:
        self._source.health.opened(self._source.now())
        self._source.check_condition()

    @callback
    def _on_data(self, data: bytes) -> None:
        source = self._source
        if source.is_closed:
            return
        source.health.received(source.now())
        has_event = source.faults.call(self._take, data)
        # A telegram comes in dozens of chunks. While readings come, only time ends a condition.
        if has_event is not False or source.condition.state is not FailureState.RECEIVING:
            source.check_condition()

    @callback
    def _on_lost(self, error: LinkError) -> None:
        source = self._source
        LOGGER.debug("%s: lost the port: %s", source.name, error)
        source.health.lost(source.now(), error.problem)
        source.faults.call(self._on_lost_too, error)
        source.check_condition()

    @callback
    def _on_away(self, error: LinkError | None) -> None:
        source = self._source
        if source.is_closed:
            return
        if error:
            source.health.away(source.now(), error.problem)
        else:
            source.health.back()
        source.check_condition()
