"""Sensors of the small boards: what the LED pulses mean, and how full the tank is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfEnergy,
    UnitOfLength,
    UnitOfPower,
    UnitOfVolume,
)
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.typing import StateType
from homeassistant.helpers.update_coordinator import CoordinatorEntity, DataUpdateCoordinator

from ..const import DOMAIN
from ..coordinator import PulseCoordinator
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.pulse_counter import PulseData
from ..coordinator.tank_coordinator import TankCoordinator, TankData


@dataclass(frozen=True, kw_only=True)
class BoardSensorDescription[D](SensorEntityDescription):
    """A sensor, and how its value is made of what the coordinator knows."""

    value_fn: Callable[[D], StateType]


PULSE_SENSORS: tuple[BoardSensorDescription[PulseData], ...] = (
    BoardSensorDescription(
        key="pulse_energy",
        translation_key="pulse_energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
        value_fn=lambda data: data.energy_kwh,
    ),
    BoardSensorDescription(
        key="pulse_power",
        translation_key="pulse_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=3,
        value_fn=lambda data: data.power_kw,
    ),
    BoardSensorDescription(
        key="pulses",
        translation_key="pulses",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.pulses,
    ),
)
TANK_SENSORS: tuple[BoardSensorDescription[TankData], ...] = (
    BoardSensorDescription(
        key="tank_level",
        translation_key="tank_level",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda data: data.level_percent,
    ),
    BoardSensorDescription(
        key="tank_volume",
        translation_key="tank_volume",
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=0,
        value_fn=lambda data: data.volume_l,
    ),
    BoardSensorDescription(
        key="tank_distance",
        translation_key="tank_distance",
        device_class=SensorDeviceClass.DISTANCE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfLength.CENTIMETERS,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.distance_cm,
    ),
)


class _BoardSensor[D](CoordinatorEntity[DataUpdateCoordinator[D]], SensorEntity):
    _attr_has_entity_name = True
    entity_description: BoardSensorDescription[D]

    def __init__(
        self,
        coordinator: DataUpdateCoordinator[D],
        entry: AnyConfigEntry,
        description: BoardSensorDescription[D],
    ) -> None:
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)}, name=entry.title
        )

    @property
    @override
    def native_value(self) -> StateType:
        """Return the present value, None while it is unknown."""
        return self.entity_description.value_fn(self.coordinator.data)


def pulse_sensors(coordinator: PulseCoordinator) -> list[SensorEntity]:
    """Return the sensors of an LED pulse reader."""
    entry = coordinator.config_entry
    return [_BoardSensor(coordinator, entry, description) for description in PULSE_SENSORS]


def tank_sensors(coordinator: TankCoordinator) -> list[SensorEntity]:
    """Return the sensors of a tank."""
    entry = coordinator.config_entry
    return [_BoardSensor(coordinator, entry, description) for description in TANK_SENSORS]
