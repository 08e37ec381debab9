"""Buttons of a load that is planned: ready, start now, skip today."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import RecordsConfigEntry
from .coordinator.loads.entered_loads import EnteredLoad
from .coordinator.meter_coordinator import MeterCoordinator
from .lib.entities.entity_description import EntitySpec
from .lib.plan.daily_load import DailyLoad, LoadPlan
from .lib.plan.load_memory import LoadMemory
from .load_entity import LoadEntity, add_load_entities, entered_load

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class ButtonSpec(EntitySpec[LoadPlan]):
    """Description of a button."""

    value_fn: Callable[[LoadPlan], None] = lambda _: None
    press_fn: Callable[[LoadMemory, DailyLoad, datetime], LoadMemory]
    exists_for: Callable[[EnteredLoad], bool] = lambda _: True


LOAD_BUTTONS = (
    ButtonSpec(
        key="ready",
        press_fn=lambda memory, _, now: memory.with_ready(now),
        exists_for=lambda entered: entered.load.hours is not None and entered.ready is None,
    ),
    ButtonSpec(key="start_now", press_fn=lambda memory, _, now: memory.with_start_now(now)),
    ButtonSpec(key="skip_today", press_fn=lambda memory, load, now: memory.with_skip(load, now)),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: RecordsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the buttons of the loads."""
    add_load_entities(entry.runtime_data, async_add_entities, _buttons)


def _buttons(coordinator: MeterCoordinator, subentry: ConfigSubentry) -> Iterable[ButtonEntity]:
    entered = entered_load(coordinator, subentry.subentry_id)
    return [
        LoadButton(coordinator, subentry, spec) for spec in LOAD_BUTTONS if spec.exists_for(entered)
    ]


class LoadButton(LoadEntity, ButtonEntity):
    """Button of a load. Any number of presses is one new plan of the meter's loads."""

    _described: ButtonSpec

    @property
    @override
    def available(self) -> bool:
        """Return True: a wish counts even while nothing can be planned."""
        return True

    @override
    async def async_press(self) -> None:
        """Tell the planner the wish of the user."""
        self._wish(self._described.press_fn)
