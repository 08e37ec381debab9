"""Time by which a load must be done for once."""

from datetime import time
from typing import override

from homeassistant.components.time import TimeEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import RecordsConfigEntry
from .entities.load_entity import LoadEntity, add_load_entities
from .lib.entities.entity_description import EntitySpec
from .lib.history.luxembourg_time import LUXEMBOURG
from .lib.plan.daily_load import LoadPlan

PARALLEL_UPDATES = 0
DONE_BY: EntitySpec[LoadPlan] = EntitySpec(
    key="done_by",
    value_fn=lambda plan: plan.once_by and plan.once_by.astimezone(LUXEMBOURG).time(),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: RecordsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the times of the loads."""
    add_load_entities(
        entry.runtime_data, async_add_entities, lambda meter, load: [LoadTime(meter, load, DONE_BY)]
    )


class LoadTime(LoadEntity, TimeEntity):
    """Time by which a load must be done, instead of its next entered deadline."""

    @property
    @override
    def native_value(self) -> time | None:
        """Return the time of day in Luxembourg. Return None if the entered deadline counts."""
        value: time | None = self.value
        return value

    @override
    async def async_set_value(self, value: time) -> None:
        """Let the load be done by the next such time of day, once."""
        self._wish(lambda record, load, now: record.with_deadline(load, now, value))
