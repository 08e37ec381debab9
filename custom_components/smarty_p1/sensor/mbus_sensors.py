"""The sensors of a gas, water, heat or other meter on an M-Bus channel, whichever that is."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfVolume

from ..lib.meter import Reading
from ..lib.p1 import Capture, MBusReading, Value
from .meter_sensors import CONTROL_STATE, Shown, to_control_state, to_number, to_text
from .sensor_description import DescribedSensor

_UNITS: Mapping[str | None, UnitOfVolume | UnitOfEnergy] = {
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


_INDEX = "24.2.1"
_DIAGNOSTIC: Mapping[str, Any] = {
    "entity_category": EntityCategory.DIAGNOSTIC,
    "entity_registry_enabled_default": False,
}


def mbus_sensors(identity: str, meter: MBusReading) -> tuple[DescribedSensor[Reading], ...]:
    """Describe the sensors of a meter; its index only when the unit is known."""
    return _mbus_sensors(identity, meter.type, meter.unit)


@lru_cache(maxsize=256)
def _mbus_sensors(
    identity: str, kind: str, unit: str | None
) -> tuple[DescribedSensor[Reading], ...]:
    """Make the descriptions once: MQTT asks for them with every telegram."""

    def reference(reading: Reading, field: str) -> str:
        return f"0-{reading.channels.get(identity)}:{field}"

    def sensor(
        key: str,
        convert: Callable[[Value], Shown],
        field: str,
        *,
        translation_key: str | None = None,
        **details: Any,  # noqa: ANN401 - the fields of the description
    ) -> DescribedSensor[Reading]:
        return DescribedSensor(
            key=key,
            translation_key=translation_key or key,
            references=((f"0-n:{field}",),),
            exists_fn=lambda reading: reference(reading, field) in reading.telegram.objects,
            value_fn=lambda reading: convert(
                reading.telegram.objects.get(reference(reading, field))
            ),
            **details,
        )

    sensors = (
        sensor(
            "capture_time",
            lambda value: value.time if isinstance(value, Capture) else None,
            _INDEX,
            device_class=SensorDeviceClass.TIMESTAMP,
            **_DIAGNOSTIC,
        ),
        # Disabled: also meters without a valve send a state, mostly "disconnected".
        sensor("valve", to_control_state, "24.4.0", **CONTROL_STATE, **_DIAGNOSTIC),
        sensor("device_type", to_number, "24.1.0", **_DIAGNOSTIC),
        sensor("equipment_identifier", to_text, "96.1.0", **_DIAGNOSTIC),
    )
    if unit not in _UNITS:
        return sensors

    def index(reading: Reading) -> float | None:
        meter = reading.meter(identity)
        return meter.value if meter and meter.unit == unit else None

    return (
        DescribedSensor(
            key="index",
            translation_key=kind,
            device_class=_device_class(kind, _UNITS[unit]),
            state_class=SensorStateClass.TOTAL_INCREASING,
            native_unit_of_measurement=_UNITS[unit],
            suggested_display_precision=3,
            references=((f"0-n:{_INDEX}",),),
            exists_fn=lambda reading: reference(reading, _INDEX) in reading.telegram.objects,
            value_fn=index,  # None rather than an index in another unit
        ),
        *sensors,
    )


def _device_class(kind: str, unit: UnitOfVolume | UnitOfEnergy) -> SensorDeviceClass | None:
    if isinstance(unit, UnitOfVolume):
        return _VOLUME_CLASSES.get(kind)
    return None if kind == "unknown" else SensorDeviceClass.ENERGY
