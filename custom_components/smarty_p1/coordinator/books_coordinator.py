"""Base class for the coordinators of electricity meters."""

from typing import override

from homeassistant.core import HomeAssistant

from ..lib.failure_detection import Rules
from ..lib.fault_log import Listeners
from ..lib.meter.meter_reader import Reading
from .coordinator_base import SourceCoordinator
from .entry_types import AnyConfigEntry
from .meter_books import MeterBooks


class BooksCoordinator(SourceCoordinator[Reading]):
    """Coordinator of an electricity meter. `books` has the stored data of the meter.

    `latest` is the last current reading, None before the first one. `reading_listeners` are called
    with each current reading, even if the entities do not show it.
    """

    serial_number: str | None = None
    latest: Reading | None = None

    def __init__(
        self, hass: HomeAssistant, entry: AnyConfigEntry, rules: Rules, **placeholders: str
    ) -> None:
        super().__init__(hass, entry, rules, **placeholders)
        self.meter_id = str(entry.unique_id)
        self.books = MeterBooks(hass, entry)
        self.reading_listeners = Listeners[Reading](self.faults)

    async def async_start(self) -> None:
        """Load the stored data."""
        await self.books.async_open()

    @override
    async def async_close(self) -> None:
        await self.books.async_close()
