"""Sensors: what the meter counts and measures, and the indexes of its M-Bus meters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfVolume,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import SmartyConfigEntry, SmartyCoordinator
from .demand_sensor import demand_sensors
from .entity import MBusEntity, SmartyEntity, mbus_readings
from .p1 import MBusReading, Telegram

PARALLEL_UPDATES = 0

_DECIMALS = 3


@dataclass(frozen=True, kw_only=True)
class SmartySensorDescription(SensorEntityDescription):
    """A sensor, the objects it needs in the telegram, and how its value is made from them."""

    references: tuple[str, ...]
    value_fn: Callable[[Telegram], StateType]


def _number(telegram: Telegram, reference: str) -> float | None:
    value = telegram.objects.get(reference)
    return value if isinstance(value, float | int) else None


def _difference(telegram: Telegram, imported: str, exported: str) -> float | None:
    minuend, subtrahend = _number(telegram, imported), _number(telegram, exported)
    if minuend is None or subtrahend is None:
        return None
    return round(minuend - subtrahend, _DECIMALS)


def _energy(key: str, reference: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=_DECIMALS,
        references=(reference,),
        value_fn=lambda telegram: _number(telegram, reference),
    )


def _power(key: str, reference: str, *, enabled: bool = True) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=_DECIMALS,
        entity_registry_enabled_default=enabled,
        references=(reference,),
        value_fn=lambda telegram: _number(telegram, reference),
    )


def _net_power(key: str, imported: str, exported: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=_DECIMALS,
        references=(imported, exported),
        value_fn=lambda telegram: _difference(telegram, imported, exported),
    )


def _voltage(key: str, reference: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.VOLTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        suggested_display_precision=1,
        references=(reference,),
        value_fn=lambda telegram: _number(telegram, reference),
    )


def _current(key: str, reference: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        references=(reference,),
        value_fn=lambda telegram: _number(telegram, reference),
    )


SENSORS: tuple[SmartySensorDescription, ...] = (
    _energy("energy_imported", "1-0:1.8.0"),
    _energy("energy_exported", "1-0:2.8.0"),
    _power("power_imported", "1-0:1.7.0"),
    _power("power_exported", "1-0:2.7.0"),
    _net_power("power_net", "1-0:1.7.0", "1-0:2.7.0"),
    _voltage("voltage_l1", "1-0:32.7.0"),
    _voltage("voltage_l2", "1-0:52.7.0"),
    _voltage("voltage_l3", "1-0:72.7.0"),
    _current("current_l1", "1-0:31.7.0"),
    _current("current_l2", "1-0:51.7.0"),
    _current("current_l3", "1-0:71.7.0"),
    _power("power_imported_l1", "1-0:21.7.0", enabled=False),
    _power("power_imported_l2", "1-0:41.7.0", enabled=False),
    _power("power_imported_l3", "1-0:61.7.0", enabled=False),
    _power("power_exported_l1", "1-0:22.7.0", enabled=False),
    _power("power_exported_l2", "1-0:42.7.0", enabled=False),
    _power("power_exported_l3", "1-0:62.7.0", enabled=False),
    _net_power("power_net_l1", "1-0:21.7.0", "1-0:22.7.0"),
    _net_power("power_net_l2", "1-0:41.7.0", "1-0:42.7.0"),
    _net_power("power_net_l3", "1-0:61.7.0", "1-0:62.7.0"),
)

MBUS_UNITS: Mapping[str | None, UnitOfVolume | UnitOfEnergy] = {
    "m3": UnitOfVolume.CUBIC_METERS,
    "Wh": UnitOfEnergy.WATT_HOUR,
    "kWh": UnitOfEnergy.KILO_WATT_HOUR,
    "MWh": UnitOfEnergy.MEGA_WATT_HOUR,
    "MJ": UnitOfEnergy.MEGA_JOULE,
    "GJ": UnitOfEnergy.GIGA_JOULE,
}
_VOLUME_CLASSES: Mapping[str, SensorDeviceClass] = {
    "gas": SensorDeviceClass.GAS,
    "water": SensorDeviceClass.WATER,
    "hot_water": SensorDeviceClass.WATER,
    "very_hot_water": SensorDeviceClass.WATER,
    "cold_water": SensorDeviceClass.WATER,
    "waste_water": SensorDeviceClass.WATER,
    "compressed_air": SensorDeviceClass.VOLUME,
}


def _mbus_device_class(reading: MBusReading) -> SensorDeviceClass | None:
    if isinstance(MBUS_UNITS[reading.unit], UnitOfVolume):
        return _VOLUME_CLASSES.get(reading.type)
    return None if reading.type == "unknown" else SensorDeviceClass.ENERGY


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: SmartyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Create the sensors of what the telegram holds, also of what later telegrams add."""
    coordinator = entry.runtime_data
    missing = list(SENSORS)
    known_meters: set[str] = set()

    @callback
    def add_new_sensors() -> None:
        telegram = coordinator.data
        sensors: list[SensorEntity] = []
        for description in tuple(missing):
            if telegram.objects.keys() >= set(description.references):
                missing.remove(description)
                sensors.append(SmartySensor(coordinator, description))
        for identity, reading in mbus_readings(telegram).items():
            if identity not in known_meters and reading.unit in MBUS_UNITS:
                known_meters.add(identity)
                sensors.append(MBusSensor(coordinator, identity, reading))
        if sensors:
            async_add_entities(sensors)

    async_add_entities(demand_sensors(entry))
    add_new_sensors()
    entry.async_on_unload(coordinator.async_add_listener(add_new_sensors))


class SmartySensor(SmartyEntity, SensorEntity):
    """A sensor of the electricity meter."""

    entity_description: SmartySensorDescription

    def __init__(
        self, coordinator: SmartyCoordinator, description: SmartySensorDescription
    ) -> None:
        """Take the description that makes this sensor."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value in the last telegram, None when it is missing or empty."""
        return self.entity_description.value_fn(self.coordinator.data)


class MBusSensor(MBusEntity, SensorEntity):
    """The index of a gas, water, heat or other meter."""

    _attr_state_class = SensorStateClass.TOTAL_INCREASING
    _attr_suggested_display_precision = _DECIMALS

    def __init__(self, coordinator: SmartyCoordinator, identity: str, reading: MBusReading) -> None:
        """Take a reading whose unit is one of `MBUS_UNITS`."""
        super().__init__(coordinator, identity, reading, "index")
        self._unit = reading.unit
        self._attr_translation_key = reading.type
        self._attr_native_unit_of_measurement = MBUS_UNITS[reading.unit]
        self._attr_device_class = _mbus_device_class(reading)

    @property
    @override
    def native_value(self) -> StateType:
        """Return the last captured index, None rather than an index in another unit."""
        reading = self.reading
        return reading.value if reading and reading.unit == self._unit else None
