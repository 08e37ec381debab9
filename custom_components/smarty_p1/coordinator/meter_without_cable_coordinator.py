"""Coordinator of a meter without a cable. It shows the quarter-hours of the platform Leneda."""

from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..lib.failure_detection import LENEDA
from ..lib.meter.meter_memory import MeterMemory
from ..lib.meter.meter_reader import outlined_reading
from .books_coordinator import BooksCoordinator
from .entry_types import AnyConfigEntry


class MeterWithoutCableCoordinator(BooksCoordinator):
    """Coordinator of a meter without a cable. The entities show the quarter-hours from Leneda.

    There are no telegrams, so `data` has only values that are computed from Leneda's quarter-hours.
    The entities are available once Leneda has sent a day. `reading_listeners` are called whenever
    Leneda's quarter-hours have changed.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry, LENEDA)
        self.data = outlined_reading(MeterMemory(), dt_util.utcnow())

    @override
    async def async_start(self) -> None:
        """Load the stored data. Update the entities now, and whenever Leneda has sent new days."""
        self.config_entry.async_on_unload(self.books.leneda.listeners.add(self._show))
        await super().async_start()
        self._show()

    @callback
    def _show(self) -> None:
        if self.is_closed or self.books.demand is None:
            return
        self.health.opened(self.now())
        self.look()
        self.books.schedule_save()
        reading = outlined_reading(self.books.memory, dt_util.utcnow(), self.books.money())
        self.push(reading)
        self.reading_listeners.call(reading)
