"""Sensors of a meter on an M-Bus channel: gas, water, heat or another medium."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ..json_types import JsonMapping
from ..meter.meter_reader import Reading
from ..p1.obis import mbus_reference
from ..p1.value_converters import Capture, MBusReading, Value
from .deadband import Shown
from .entity_description import (
    DIAGNOSTIC,
    KILOWATT,
    KILOWATT_HOUR,
    MEASUREMENT,
    TOTAL_INCREASING,
    MeterSensorSpec,
    SensorSpec,
)
from .meter_sensors import CONTROL_STATE, to_control_state, to_number, to_text

INDEX = "index"
"""Key of the sensor with the index of an M-Bus meter."""
_CUBIC_METRES = "m³"
_UNITS: Mapping[str | None, str] = {
    "m3": _CUBIC_METRES,
    "Wh": "Wh",
    "kWh": KILOWATT_HOUR,
    "MWh": "MWh",
    "MJ": "MJ",
    "GJ": "GJ",
}
_VOLUME_CLASSES: Mapping[str, str] = {
    "gas": "gas",
    "water": "water",
    "hot_water": "water",
    "very_hot_water": "water",
    "cold_water": "water",
    "waste_water": "water",
    "compressed_air": "volume",
}
_FLOW_RATE: JsonMapping = {
    "device_class": "volume_flow_rate",
    "native_unit_of_measurement": "m³/h",
}
_POWER: JsonMapping = {
    "device_class": "power",
    "native_unit_of_measurement": KILOWATT,
}
_DIAGNOSTIC: JsonMapping = {
    "entity_category": DIAGNOSTIC,
    "entity_registry_enabled_default": False,
}


def sensors_of_mbus_meter(identity: str, meter: MBusReading) -> tuple[MeterSensorSpec, ...]:
    """Return the sensors of an M-Bus meter.

    If the unit is unknown, the sensors of the index and of the flow are left out.
    """
    return _mbus_sensors(identity, meter.type, meter.unit)


@lru_cache(maxsize=256)
def _mbus_sensors(identity: str, kind: str, unit: str | None) -> tuple[MeterSensorSpec, ...]:
    """Return the sensors of an M-Bus meter.

    The result is cached, because every MQTT message needs it.
    """

    def reference(reading: Reading, field: str) -> str:
        return mbus_reference(reading.channels.get(identity), field)

    def sensor(
        key: str,
        field: str,
        value_fn: Callable[[Reading], Shown],
        **details: Any,  # noqa: ANN401 - fields of SensorSpec
    ) -> MeterSensorSpec:
        return SensorSpec(
            key=key,
            references=((mbus_reference("n", field),),),
            exists_fn=lambda reading: reference(reading, field) in reading.telegram.objects,
            value_fn=value_fn,
            **details,
        )

    def converted(field: str, convert: Callable[[Value], Shown]) -> Callable[[Reading], Shown]:
        return lambda reading: convert(reading.telegram.objects.get(reference(reading, field)))

    sensors = (
        sensor(
            "capture_time",
            "index",
            converted("index", lambda value: value.time if isinstance(value, Capture) else None),
            device_class="timestamp",
            **_DIAGNOSTIC,
        ),
        # The valve sensor is disabled by default, because a meter without a valve also sends a
        # valve state, mostly "disconnected".
        sensor(
            "valve",
            "valve",
            converted("valve", to_control_state),
            **CONTROL_STATE,
            **_DIAGNOSTIC,
        ),
        *(
            sensor(field, field, converted(field, convert), **_DIAGNOSTIC)
            for field, convert in (("device_type", to_number), ("equipment_identifier", to_text))
        ),
    )
    if unit not in _UNITS:
        return sensors

    def index(reading: Reading) -> float | None:
        meter = reading.meter(identity)
        return meter.value if meter and meter.unit == unit else None

    def flow(key: str, kind: JsonMapping) -> MeterSensorSpec:
        # If the meter now sends its index in another unit, `index` returns None. The unit of the
        # flow is then wrong, too, so show no flow.
        return sensor(
            key,
            "index",
            lambda reading: None if index(reading) is None else reading.flows.get(identity),
            state_class=MEASUREMENT,
            suggested_display_precision=3,
            **kind,
        )

    is_volume = _UNITS[unit] == _CUBIC_METRES
    return (
        sensor(
            INDEX,
            "index",
            index,  # returns None if the meter now sends another unit than the sensor's unit
            translation_key=kind,
            is_main=True,
            device_class=_device_class(kind, _UNITS[unit]),
            state_class=TOTAL_INCREASING,
            native_unit_of_measurement=_UNITS[unit],
            suggested_display_precision=3,
        ),
        flow("flow_rate", _FLOW_RATE) if is_volume else flow("power", _POWER),
        *sensors,
    )


def _device_class(kind: str, unit: str) -> str | None:
    if unit == _CUBIC_METRES:
        return _VOLUME_CLASSES.get(kind)
    return None if kind == "unknown" else "energy"
