"""Coordinator of a pulse reader. Its pulses come from a port, an entity or an MQTT topic."""

from collections.abc import Mapping
from typing import override

from homeassistant.const import CONF_ENTITY_ID, CONF_PORT
from homeassistant.core import HomeAssistant, callback

from ..const import CONF_TOPIC
from ..lib.boards import Pulses
from ..lib.failure_detection import PULSE_ENTITY, PULSE_PORT, PULSE_TOPIC, Condition, Rules
from .entry_types import AnyConfigEntry
from .pulse_counter import PulseCounter, PulseData
from .pulse_sources import EntityPulses, MakeSource, PortPulses, TopicPulses
from .source_coordinator import SourceCoordinator

# For each kind of source: its health rules and its class. The kind is the key in the entry's data
# that has the source, such as CONF_PORT.
_SOURCES: Mapping[str, tuple[Rules, MakeSource]] = {
    CONF_PORT: (PULSE_PORT, PortPulses),
    CONF_ENTITY_ID: (PULSE_ENTITY, EntityPulses),
    CONF_TOPIC: (PULSE_TOPIC, TopicPulses),
}
_PLACEHOLDERS = {CONF_ENTITY_ID: "entity"}


class PulseCoordinator(SourceCoordinator[PulseData]):
    """Coordinator that shows the count of pulses while the source of the pulses is available.

    An LED may be dark for hours, so a long time without a pulse is no fault.
    """

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        kind, (rules, make) = next(source for source in _SOURCES.items() if source[0] in entry.data)
        super().__init__(hass, entry, rules, **{_PLACEHOLDERS.get(kind, kind): entry.data[kind]})
        self.counter = PulseCounter(hass, entry)
        self.source = make(self, self.counter, self._count)

    async def async_start(self) -> None:
        """Load the stored count, and start listening to the source."""
        await self.counter.async_start(self._show)
        self.data = self.counter.data
        self.begin()
        await self.source.async_start()

    @override
    async def async_close(self) -> None:
        await self.counter.async_save()

    @override
    @callback
    def on_condition(self, before: Condition) -> None:
        super().on_condition(before)
        if self.condition.has_value and not self.last_update_success:
            self.counter.show()

    @callback
    def _count(self, events: list[Pulses]) -> None:
        self.readings += len(events)
        self.counter.add(events)

    @callback
    def _show(self, data: PulseData) -> None:
        # A timer of the counter calls this method even while the source is unavailable. So check
        # that there are values to show.
        if self.condition.has_value:
            self.push(data)
