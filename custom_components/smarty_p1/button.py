"""Buttons of a load that is planned, and of a battery: ready, start now, skip today, by plan."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_BATTERY
from .coordinator import RecordsConfigEntry
from .coordinator.loads.entered_loads import EnteredLoad
from .coordinator.meter_coordinator import MeterCoordinator
from .entities.load_entity import ChangeOfLoad, LoadEntity, add_load_entities, entered_load
from .lib.entities.entity_description import EntitySpec
from .lib.plan.daily_load import LoadPlan

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class ButtonSpec(EntitySpec[LoadPlan]):
    """Description of a button."""

    value_fn: Callable[[LoadPlan], None] = lambda _: None
    press_fn: ChangeOfLoad
    exists_for: Callable[[EnteredLoad], bool] = lambda _: True


LOAD_BUTTONS = (
    ButtonSpec(
        key="ready",
        press_fn=lambda record, _, now: record.with_ready(now),
        exists_for=lambda entered: entered.load.hours is not None and entered.ready is None,
    ),
    ButtonSpec(key="start_now", press_fn=lambda record, _, now: record.with_start_now(now)),
    ButtonSpec(key="skip_today", press_fn=lambda record, load, now: record.with_skip(load, now)),
)
BY_PLAN = ButtonSpec(key="by_plan", press_fn=lambda record, load, _: record.with_plan_again(load))


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: RecordsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the buttons of the loads."""
    add_load_entities(entry.runtime_data, async_add_entities, _buttons)
    add_load_entities(
        entry.runtime_data,
        async_add_entities,
        lambda meter, battery: [BatteryButton(meter, battery, BY_PLAN)],
        SUBENTRY_BATTERY,
    )


def _buttons(coordinator: MeterCoordinator, subentry: ConfigSubentry) -> Iterable[ButtonEntity]:
    entered = entered_load(coordinator, subentry.subentry_id)
    return [
        LoadButton(coordinator, subentry, spec)
        for spec in (*LOAD_BUTTONS, BY_PLAN)
        if spec.exists_for(entered)
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


class BatteryButton(LoadButton):
    """Button of a battery, which ends the user's hand."""

    @override
    async def async_press(self) -> None:
        """Tell the planner to take the battery back."""
        self._coordinator.load_records.wishes.call(self._subentry_id, lambda record: record)
