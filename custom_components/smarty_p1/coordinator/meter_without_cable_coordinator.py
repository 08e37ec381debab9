"""Coordinator of a meter without a cable. It shows the quarter-hours of the platform Leneda."""

from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..lib.failure_detection import LENEDA
from ..lib.meter.meter_memory import MeterMemory
from ..lib.meter.meter_reader import Reading, outlined_reading
from .coordinator_base import ReadingListener, SourceCoordinator
from .entry_types import AnyConfigEntry
from .meter_books import MeterBooks


class MeterWithoutCableCoordinator(SourceCoordinator[Reading]):
    """Coordinator of a meter without a cable. The entities show the quarter-hours from Leneda.

    There are no telegrams, so `data` has only values that are computed from Leneda's quarter-hours.
    The entities are available once Leneda has sent a day.
    """

    latest: Reading | None = None
    serial_number: str | None = None

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry, LENEDA)
        self.meter_id = str(entry.unique_id)
        self.books = MeterBooks(hass, entry)
        self.data = outlined_reading(MeterMemory(), dt_util.utcnow())

    async def async_start(self) -> None:
        """Load the stored data. Update the entities now, and whenever Leneda has sent new days."""
        self.config_entry.async_on_unload(self.books.leneda.async_add_listener(self._show))
        await self.books.async_open()
        self._show()

    @override
    async def async_close(self) -> None:
        """Save the stored data for the last time."""
        await self.books.async_close()

    @callback
    def async_add_reading_listener(self, listener: ReadingListener) -> CALLBACK_TYPE:
        """Call the listener whenever Leneda's quarter-hours have changed.

        Return a callback that removes the listener.
        """
        return self.async_add_listener(lambda: listener(self.data))

    @callback
    def _show(self) -> None:
        if self.is_closed or self.books.demand is None:
            return
        self.health.opened(self.now())
        self.look()
        self.books.schedule_save()
        self.push(outlined_reading(self.books.memory, dt_util.utcnow(), self.books.money()))
