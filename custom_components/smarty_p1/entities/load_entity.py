"""Base classes of the entities of a load, and of a meter's entities about all its loads."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, SUBENTRY_LOAD
from ..coordinator.loads.entered_loads import (
    EnteredLoad,
    entered_loads,
    on_changed_loads,
    subentries_of,
)
from ..coordinator.loads.shown_plans import LOAD_PLANS, ShownValues
from ..coordinator.meter_coordinator import MeterCoordinator
from ..entity import meter_device
from ..lib.entities.entity_description import EntitySpec
from ..lib.plan.daily_load import DailyLoad, LoadPlan
from ..lib.plan.load_record import LoadRecord

type ChangeOfLoad = Callable[[LoadRecord, DailyLoad, datetime], LoadRecord]


def add_load_entities(
    coordinator: MeterCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[MeterCoordinator, ConfigSubentry], Iterable[Entity]],
    subentry_type: str = SUBENTRY_LOAD,
) -> None:
    """Create the entities of each load, also of those that the user adds later."""
    entry, known = coordinator.config_entry, set[str]()

    @callback
    def look() -> None:
        for subentry in subentries_of(entry, subentry_type):
            if subentry.subentry_id not in known:
                known.add(subentry.subentry_id)
                async_add_entities(
                    make(coordinator, subentry), config_subentry_id=subentry.subentry_id
                )

    look()
    entry.async_on_unload(on_changed_loads(coordinator.hass, entry, look))


def add_plan_entity(
    coordinator: MeterCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[MeterCoordinator], PlanEntity],
    platform: Platform,
) -> None:
    """Create an entity of the meter with its first load. Remove it with the last one."""
    entry, registry = coordinator.config_entry, er.async_get(coordinator.hass)
    has_entity = False

    @callback
    def look() -> None:
        nonlocal has_entity
        has_loads = any(entry.get_subentries_of_type(SUBENTRY_LOAD))
        entity = make(coordinator)
        known = registry.async_get_entity_id(platform, DOMAIN, str(entity.unique_id))
        if has_loads and not has_entity:
            async_add_entities([entity])
        elif known and not has_loads:
            registry.async_remove(known)
        has_entity = has_loads

    look()
    entry.async_on_unload(on_changed_loads(coordinator.hass, entry, look))


class PlanEntity(Entity):
    """Entity of a meter about the plan of all its loads."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, coordinator: MeterCoordinator, description: EntityDescription) -> None:
        self.entity_description = description
        self._entry = coordinator.config_entry
        self._attr_unique_id = f"{coordinator.meter_id}_{description.key}"
        self._attr_device_info = meter_device(coordinator)


def entered_load(coordinator: MeterCoordinator, subentry_id: str) -> EnteredLoad:
    """Return the load of a subentry."""
    return entered_loads(coordinator.config_entry)[subentry_id]


class LoadEntity(Entity):
    """Entity of a load."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _plans: ClassVar[ShownValues[Any]] = LOAD_PLANS

    def __init__(
        self,
        coordinator: MeterCoordinator,
        subentry: ConfigSubentry,
        described: EntitySpec[LoadPlan],
    ) -> None:
        entry = coordinator.config_entry
        self._coordinator = coordinator
        self._attr_translation_key = described.translation_key
        self._described = described
        self._subentry_id = subentry.subentry_id
        self._attr_unique_id = f"{subentry.subentry_id}_{described.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, subentry.subentry_id)},
            name=subentry.title,
            entry_type=DeviceEntryType.SERVICE,
            via_device_id=dr.async_get_device_id_by_identifier(
                coordinator.hass, (DOMAIN, coordinator.meter_id), config_entry_id=entry.entry_id
            ),
        )

    @property
    def _plan(self) -> LoadPlan | None:
        plan: LoadPlan | None = self._plans.value_of(self.hass, self._subentry_id)
        return plan

    @property
    def value(self) -> Any:  # noqa: ANN401 - the platform knows the type
        """Return the value in the current plan. Return None without a plan."""
        plan = self._plan
        return plan and self._described.value_fn(plan)

    @callback
    def _wish(self, change: ChangeOfLoad) -> None:
        """Change the state of the load, as the user wishes."""
        load = entered_load(self._coordinator, self._subentry_id).load
        self._coordinator.load_records.wishes.call(
            self._subentry_id, lambda record: change(record, load, dt_util.utcnow())
        )

    @property
    @override
    def available(self) -> bool:
        """Return whether the load has a plan."""
        return self._plan is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Show each new plan."""
        self.async_on_remove(
            async_dispatcher_connect(
                self.hass, self._plans.signal(self._subentry_id), self.async_write_ha_state
            )
        )
