"""Coordinator of a meter that another integration reads, as entities with the meter's totals."""

from dataclasses import replace
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..lib.failure_detection import ENTITIES, ReadingProblem
from ..lib.meter import IMPORTED_ENERGY, MeterMemory, MeterReader, Reading, outlined_reading
from ..lib.p1 import Telegram
from .entry_types import AnyConfigEntry
from .meter_books import MeterBooks
from .source_coordinator import ReadingListener, SourceCoordinator
from .source_entity_reports import EntityReports


class EntityCoordinator(SourceCoordinator[Reading]):
    """Coordinator that makes readings from the states of the chosen entities.

    The readings are stored like the readings of a port. `integration` is the name of the
    integration that reads the meter. The values of that integration are not verified.
    """

    serial_number: str | None = None

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, entry, ENTITIES, name=entry.title, entity="")
        self.meter_id = str(entry.unique_id)
        self.latest: Reading | None = None
        self.books = MeterBooks(hass, entry)
        self.data = outlined_reading(MeterMemory(), dt_util.utcnow())
        self._reader: MeterReader
        self._reports = EntityReports(hass, entry.data, self._take, self._on_lost)
        self._reading_listeners: list[ReadingListener] = []

    @property
    def integration(self) -> str:
        """Return the name of the integration that reads the meter."""
        return self._reports.integration

    async def async_start(self) -> None:
        """Load the stored data, and listen to the entities."""
        await self.books.async_open()
        self._reader = MeterReader(self.books.memory, self.books.limits())
        await self._reports.async_start()
        self.config_entry.async_on_unload(self._reports.stop)
        stored = outlined_reading(self.books.memory, dt_util.utcnow())
        self.data = replace(stored, telegram=self._reports.empty)
        self.begin()

    @override
    async def async_close(self) -> None:
        """Save the stored data one last time."""
        await self.books.async_close()

    @callback
    def async_add_reading_listener(self, listener: ReadingListener) -> CALLBACK_TYPE:
        """Call `listener` with every reading. Return a callback that removes the listener."""
        self._reading_listeners.append(listener)
        return lambda: self._reading_listeners.remove(listener)

    @callback
    def _take(self, telegram: Telegram) -> None:
        if self.is_closed or telegram.objects[IMPORTED_ENERGY] is None:
            return
        now = dt_util.utcnow()
        reading = self._reader.read(telegram, now, self.books.prices_at(telegram))
        self.books.memory.last_telegram = now
        self.books.enter(reading)
        self.books.schedule_save()
        self.readings += 1
        self.latest = reading
        self.health.accepted(self.now())
        self.look()
        self.push(reading)
        for listener in tuple(self._reading_listeners):
            listener(reading)

    @callback
    def _on_lost(self, entity_id: str) -> None:
        self.placeholders["entity"] = entity_id
        self.health.away(self.now(), ReadingProblem.ENTITY_UNAVAILABLE)
        self.look()
