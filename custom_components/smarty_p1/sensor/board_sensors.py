"""Sensors of pulse readers (energy by LED pulses) and tanks (water level)."""

from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
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
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.pulse_coordinator import PulseCoordinator
from ..coordinator.stored.pulse_count_file import PulseData
from ..coordinator.tank_coordinator import TankCoordinator, TankData
from ..lib.entities.entity_description import SensorSpec
from .sensor_description import describe_sensor

PULSE_SENSORS: tuple[SensorSpec[PulseData], ...] = (
    SensorSpec(
        key="pulse_energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
        value_fn=lambda data: data.energy_kwh,
    ),
    SensorSpec(
        key="pulse_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=3,
        value_fn=lambda data: data.power_kw,
    ),
    SensorSpec(
        key="pulses",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.pulses,
    ),
)
TANK_SENSORS: tuple[SensorSpec[TankData], ...] = (
    SensorSpec(
        key="tank_level",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda data: data.level_percent,
    ),
    SensorSpec(
        key="tank_volume",
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfVolume.LITERS,
        suggested_display_precision=0,
        value_fn=lambda data: data.volume_l,
    ),
    SensorSpec(
        key="tank_distance",
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

    def __init__(
        self,
        coordinator: DataUpdateCoordinator[D],
        entry: AnyConfigEntry,
        described: SensorSpec[D],
        device: DeviceInfo,
    ) -> None:
        super().__init__(coordinator)
        self._described = described
        self.entity_description = describe_sensor(described)
        self._attr_unique_id = f"{entry.entry_id}_{described.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)}, name=entry.title, **device
        )

    @property
    @override
    def native_value(self) -> StateType:
        """Return the current value. Return None while it is unknown."""
        value: StateType = self._described.value_fn(self.coordinator.data)
        return value


def pulse_sensors(coordinator: PulseCoordinator) -> list[SensorEntity]:
    """Return the sensors of an LED pulse reader."""
    entry = coordinator.config_entry
    # Pulse readers are of many makes, so the device has no manufacturer.
    device = DeviceInfo(model="LED pulse reader")
    return [_BoardSensor(coordinator, entry, spec, device) for spec in PULSE_SENSORS]


def tank_sensors(coordinator: TankCoordinator) -> list[SensorEntity]:
    """Return the sensors of a tank."""
    entry = coordinator.config_entry
    device = DeviceInfo(manufacturer="MaxBotix", model="XL-MaxSonar")
    return [_BoardSensor(coordinator, entry, spec, device) for spec in TANK_SENSORS]
