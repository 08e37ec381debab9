"""Interface of an output for other programs, and of its kind."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

from homeassistant.core import HomeAssistant, callback

from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.telegram_source import TelegramMeter
from ..lib.meter.meter_reader import Reading


class Sink(Protocol):
    """Running output of one meter."""

    async def async_start(self, latest: Reading | None) -> None:
        """Begin with the latest current reading. It is None if there is none."""

    @callback
    def on_reading(self, reading: Reading) -> None:
        """Pass a current reading on."""

    async def async_stop(self) -> None:
        """End the output, because the entry is unloaded."""


async def _async_forget_nothing(_hass: HomeAssistant, _entry: AnyConfigEntry) -> None: ...


class SinkKind(NamedTuple):
    """Kind of output, in the table `SINKS`."""

    section: str
    """Section of the entry's options."""
    async_make: Callable[[TelegramMeter, Mapping[str, Any]], Awaitable[Sink | None]]
    """Makes the output of a meter from the section. Returns None if the section is not enabled."""
    async_forget: Callable[[HomeAssistant, AnyConfigEntry], Awaitable[None]] = _async_forget_nothing
    """Removes what the output of a removed entry has left in other programs."""
