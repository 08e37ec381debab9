"""Sensors of a load that is planned: next start, power, limit price, and missing energy."""

from collections.abc import Iterable
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower

from ..coordinator import BooksCoordinator
from ..coordinator.loads.needed_energy import PLANNED_POWER
from ..lib.entities.deadband import Shown
from ..lib.entities.entity_description import CURRENCY, SensorSpec
from ..lib.plan.daily_load import LoadPlan
from ..load_entity import LoadEntity
from .sensor_description import describe_sensor

LOAD_SENSORS: tuple[SensorSpec[LoadPlan], ...] = (
    SensorSpec(
        key="next_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda plan: plan.next_start,
    ),
    SensorSpec(
        key="limit_price",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=f"{CURRENCY}/kWh",
        suggested_display_precision=2,
        value_fn=lambda plan: plan.limit_price,
    ),
    SensorSpec(
        key=PLANNED_POWER,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=1,
        value_fn=lambda plan: plan.planned_kw,
    ),
    SensorSpec(
        key="missing_at_deadline",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        value_fn=lambda plan: plan.missing_kwh,
    ),
)


class LoadSensor(LoadEntity, SensorEntity):
    """Sensor of a load."""

    def __init__(
        self,
        coordinator: BooksCoordinator,
        subentry: ConfigSubentry,
        described: SensorSpec[LoadPlan],
    ) -> None:
        super().__init__(coordinator, subentry, described, describe_sensor(described))

    @property
    @override
    def native_value(self) -> Shown:
        """Return the value in the current plan. Return None if it has none."""
        value: Shown = self.value
        return value


def battery_sensors(
    coordinator: BooksCoordinator, subentry: ConfigSubentry
) -> Iterable[SensorEntity]:
    """Return the sensors of a battery: its planned power, which is above 0 while it charges."""
    return [
        LoadSensor(coordinator, subentry, spec)
        for spec in LOAD_SENSORS
        if spec.key == PLANNED_POWER
    ]


def load_sensors(coordinator: BooksCoordinator, subentry: ConfigSubentry) -> Iterable[SensorEntity]:
    """Return the sensors of a load."""
    return [LoadSensor(coordinator, subentry, spec) for spec in LOAD_SENSORS]
