"""Binary sensors: a warning before the reference power is exceeded, and loads that run by plan."""

from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import RecordsConfigEntry
from .coordinator.meter_coordinator import MeterCoordinator
from .entities.load_entity import LoadEntity, add_load_entities
from .entity import SmartyEntity, StateWriter, described_as, find_new
from .lib.entities.entity_description import BinarySensorSpec, EntitySpec
from .lib.entities.quarter_hour_power_sensors import BINARY_SENSORS, MEASURED_SINCE
from .lib.json_types import JsonMapping
from .lib.plan.daily_load import LoadPlan

PARALLEL_UPDATES = 0
RUNS_BY_PLAN: EntitySpec[LoadPlan] = EntitySpec(
    key="runs_by_plan",
    device_class=BinarySensorDeviceClass.RUNNING,
    value_fn=lambda plan: plan.runs_by_plan,
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: RecordsConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the binary sensors that the options enable."""
    coordinator = entry.runtime_data
    find = find_new(coordinator, Platform.BINARY_SENSOR, BINARY_SENSORS, MeterBinarySensor)
    # All binary sensors exist after the set-up, so no listener has to look for new ones.
    async_add_entities(find(coordinator.data))
    add_load_entities(coordinator, async_add_entities, lambda *load: [LoadRuns(*load)])


def _describe(described: EntitySpec[Any]) -> BinarySensorEntityDescription:
    device_class = described.device_class and BinarySensorDeviceClass(described.device_class)
    return described_as(BinarySensorEntityDescription, described, device_class=device_class)


class MeterBinarySensor(SmartyEntity, BinarySensorEntity):
    """Binary sensor of the electricity meter."""

    _unrecorded_attributes = frozenset({MEASURED_SINCE})
    described: BinarySensorSpec

    def __init__(self, coordinator: MeterCoordinator, described: BinarySensorSpec) -> None:
        super().__init__(coordinator, described, _describe(described))
        self._writer = StateWriter(self, lambda: (self.details, self._reference_kw))

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the warning is on. Return None if the forecast is unknown."""
        is_on: bool | None = self.described.value_fn(self.coordinator.data)
        return is_on

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        if self.available:
            self._writer.write(self.is_on)
        else:
            super()._handle_coordinator_update()

    @property
    @override
    def extra_state_attributes(self) -> JsonMapping:
        """Return the attributes of the entity, and the reference power of the contract in kW.

        A gauge card can use the reference power as its maximum.
        """
        return {**(super().extra_state_attributes or {}), "reference_power": self._reference_kw}

    @property
    def _reference_kw(self) -> Any:  # noqa: ANN401 - an option of any type
        demand, options = self.coordinator.data.demand, self.coordinator.records.wanted_options
        return demand.reference_kw if demand else options["reference_power"]


class LoadRuns(LoadEntity, BinarySensorEntity):
    """Binary sensor that is on while a load runs by the plan."""

    def __init__(self, coordinator: MeterCoordinator, subentry: ConfigSubentry) -> None:
        super().__init__(coordinator, subentry, RUNS_BY_PLAN)
        self.entity_description = _describe(RUNS_BY_PLAN)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the plan has the load run in this quarter-hour."""
        runs: bool | None = self.value
        return runs
