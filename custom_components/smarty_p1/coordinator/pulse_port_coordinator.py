"""From a pulse board at a port to the entities."""

from datetime import datetime
from typing import ClassVar, override

from homeassistant.core import HomeAssistant, callback

from ..lib.port import BUSY_TEXT, LinkError, PortSilentError
from .entry_types import AnyConfigEntry
from .port_coordinator import PortCoordinator
from .pulse_counter import PulseCounter, PulseData


class PulsePortCoordinator(PortCoordinator[PulseData]):
    """Counts what a board sends at a port.

    An LED may be dark for hours, so entities are unavailable only when the port is lost for long.
    """

    # A gateway that went away without a word is found out by connecting anew.
    silence_timeout: ClassVar[float | None] = 3600.0
    stale_timeout = 30.0
    nothing_received = not_understood = "no_pulse"

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry)
        self.counter = PulseCounter(hass, entry)

    @property
    @override
    def is_started(self) -> bool:
        """Return whether the port is open: a pulse may be long in coming."""
        return self.is_connected

    @override
    async def async_start(self) -> None:
        await self.counter.async_start(self._show)
        await super().async_start()
        self.counter.show()

    @override
    async def async_close(self) -> None:
        await self.counter.async_save()

    @override
    def _feed(self, data: bytes) -> None:
        if BUSY_TEXT in data:
            return
        if events := self.counter.meter.feed(data, self.counter.now()):
            self._on_reading()
            self.counter.add(events)

    @override
    @callback
    def _on_open(self) -> None:
        self._setup_decided.set()

    @override
    @callback
    def _on_lost(self, error: LinkError) -> None:
        super()._on_lost(error)
        if isinstance(error, PortSilentError):
            self.counter.meter.begin_line()
        else:
            self.counter.meter.start_anew()
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
            self.counter.show()

    @callback
    def _show(self, data: PulseData) -> None:
        # The clock goes on while the port is lost, and there is nothing to show then.
        if self.is_connected or self.last_update_success:
            self._push(data)
