"""Table of the sensors of the electricity meter, with the objects of a telegram that they show.

Sensors for every household are enabled by default. Sensors for few users, and sensors that would
fill the database, are disabled by default. docs/entities.md lists all sensors, and how fast each
one fills the database.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..json_types import JsonMapping, without
from ..meter.meter_reader import Reading
from ..p1.obis import CONTROL_STATES, METER_TIME, OBJECTS, VOLTAGE_COUNTERS
from ..p1.telegram import Telegram, Verification
from ..p1.value_converters import Value
from .deadband import Shown, in_steps
from .entity_description import (
    DIAGNOSTIC,
    KILOWATT,
    KILOWATT_HOUR,
    MEASUREMENT,
    TOTAL_INCREASING,
    MeterSensorSpec,
    References,
    SensorSpec,
    are_sent,
)

MAX_STATE_SIZE = 255
TEXT = "text"
_DECIMALS = 3

# Volts: 230 V with the tolerance of 10 % that the standard EN 50160 allows.
VOLTAGE_LIMITS = (207.0, 253.0)

type _Kind = Mapping[str, Any]


def _quantity(
    device_class: str,
    unit: str,
    state_class: str = MEASUREMENT,
    decimals: int = _DECIMALS,
) -> _Kind:
    return {
        "device_class": device_class,
        "native_unit_of_measurement": unit,
        "state_class": state_class,
        "suggested_display_precision": decimals,
    }


_ENERGY = _quantity("energy", KILOWATT_HOUR, TOTAL_INCREASING)
_REACTIVE_ENERGY = _quantity("reactive_energy", "kvarh", TOTAL_INCREASING)
_POWER = _quantity("power", KILOWATT)
_REACTIVE_POWER = _quantity("reactive_power", "kvar")
_APPARENT_POWER = _quantity("apparent_power", "kVA")
_THRESHOLD = _quantity("apparent_power", "kVA", decimals=1)
_PHASE_POWER: _Kind = {**_POWER, "follow": in_steps(0.02)}  # in kW, about 0.1 A at 230 V
_VOLTAGE: _Kind = {
    **_quantity("voltage", "V", decimals=1),
    "follow": in_steps(1.0, every=timedelta(minutes=2), limits=VOLTAGE_LIMITS),
}
_CURRENT = _quantity("current", "A", decimals=0)
_DIAGNOSTIC: _Kind = {"entity_category": DIAGNOSTIC}
_COUNT: _Kind = {**_DIAGNOSTIC, "state_class": TOTAL_INCREASING}
# Home Assistant keeps statistics only of sensors with a state class. Settings of the meter need no
# statistics, so they have no state class.
_SETTING: _Kind = {**_DIAGNOSTIC, "state_class": None}
CONTROL_STATE: _Kind = {
    "device_class": "enum",
    "options": tuple(CONTROL_STATES.values()),
}


def to_number(value: Value) -> float | None:
    """Return `value` if it is a float or int. Otherwise return None."""
    return value if isinstance(value, (float, int)) else None


def to_text(value: Value) -> str | None:
    """Return the first 255 characters of a text, because Home Assistant allows no more.

    Return None if `value` is not a text.
    """
    return value[:MAX_STATE_SIZE] if isinstance(value, str) else None


def to_control_state(value: Value) -> str | None:
    """Return the name of the control state of a breaker, relay or valve.

    Return None if it is unknown.
    """
    return CONTROL_STATES.get(value) if isinstance(value, int) else None


def sends_decimals(telegram: Telegram, references: References) -> bool:
    """Return whether a telegram has a number with decimals for one of the `references`."""
    [names] = references
    either = b"|".join(re.escape(name.encode()) for name in names)
    return re.search(rb"^(?:%b)\(-?\d+\." % either, telegram.text, re.MULTILINE) is not None


def _integration(reading: Reading) -> JsonMapping:
    """Return an attribute with the name of the integration whose entities gave the reading.

    Return {} if the reading does not come from entities.
    """
    telegram = reading.telegram
    if telegram.verification is not Verification.INTEGRATION:
        return {}
    return {"integration": telegram.identification}


def _to_first(value: Value) -> float | None:
    return to_number(value[0]) if isinstance(value, tuple) else None


def _to_second(value: Value) -> float | None:
    return to_number(value[1]) if isinstance(value, tuple) and len(value) > 1 else None


def _to_time(value: Value) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _sensor(
    key: str,
    convert: Callable[[Value], Shown],
    *references: str,
    enabled: bool = False,
    **details: Any,  # noqa: ANN401 - fields of SensorSpec
) -> MeterSensorSpec:
    """Return the description of a sensor. `convert` computes its value from an object.

    `references` has the OBIS reference of this object, or alternative references.
    """

    def value(reading: Reading) -> Shown:
        get = reading.telegram.objects.get
        for name in references:
            if (sent := get(name)) is not None:
                return convert(sent)
        return convert(None)

    return SensorSpec(
        key=key,
        entity_registry_enabled_default=enabled,
        references=(references,),
        exists_fn=are_sent((references,)),
        value_fn=value,
        **details,
    )


def _number(key: str, kind: _Kind, reference: str, *, enabled: bool = False) -> MeterSensorSpec:
    return _sensor(key, to_number, reference, enabled=enabled, **kind)


def _net_power(
    key: str, imported: str, exported: str, kind: _Kind = _POWER, *, enabled: bool = False
) -> MeterSensorSpec:
    """Return the description of a sensor for imported minus exported power.

    A missing exported power counts as 0 if the telegram has no exported energy either.
    """

    def net(reading: Reading) -> float | None:
        power = reading.net(imported, exported, reading.missing_export)
        return None if power is None else round(power, _DECIMALS)

    def exists(reading: Reading) -> bool:
        objects = reading.telegram.objects
        is_export_known = exported in objects or reading.missing_export is not None
        return imported in objects and is_export_known

    return SensorSpec(
        key=key,
        entity_registry_enabled_default=enabled,
        references=((imported,), (exported,)),
        exists_fn=exists,
        value_fn=net,
        **kind,
    )


def _state(key: str, reference: str) -> MeterSensorSpec:
    return _sensor(key, to_control_state, reference, enabled=True, **CONTROL_STATE)


def _limit(key: str, convert: Callable[[Value], float | None]) -> MeterSensorSpec:
    kind = {**_CURRENT, **_SETTING}
    return _sensor(key, convert, "1-1:31.4.0", "1-1:34.4.0", **kind)


def _counter(key: str, *references: str) -> MeterSensorSpec:
    return _sensor(key, to_number, *references, **_COUNT)


def _message(key: str, reference: str) -> MeterSensorSpec:
    """Return the description of a sensor for a message of the grid operator.

    The sensor is disabled by default, because an event entity also shows the message.
    """

    def whole_text(reading: Reading) -> dict[str, str | None]:
        text = reading.telegram.objects.get(reference)
        return {TEXT: text if isinstance(text, str) else None}

    return _sensor(key, to_text, reference, attributes_fn=whole_text)


def _clock_offset(reading: Reading) -> int | None:
    deviation = reading.clock.deviation
    return None if deviation is None else round(deviation.total_seconds())


# The recorder stores at most 16 KiB (UTF-8) of a state's attributes. That is enough for 8,000
# characters, even if each character takes two bytes.
_MAX_OTHER_CHARS = 8_000


def _one_line(value: Value) -> str:
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
    return text if text.isprintable() else re.sub(r"[^ -~]", "?", text)


def _other_objects(reading: Reading) -> dict[str, str]:
    objects = reading.telegram.objects
    others = without(objects, OBJECTS)
    size = _MAX_OTHER_CHARS // max(len(others), 1)
    return {reference: _one_line(value)[:size] for reference, value in others.items()}


_SAGS, _SWELLS = VOLTAGE_COUNTERS["voltage_sag"], VOLTAGE_COUNTERS["voltage_swell"]
SENSORS: tuple[MeterSensorSpec, ...] = (
    _number("energy_imported", _ENERGY, "1-0:1.8.0", enabled=True),
    _number("energy_exported", _ENERGY, "1-0:2.8.0", enabled=True),
    _number("reactive_energy_imported", _REACTIVE_ENERGY, "1-0:3.8.0"),
    _number("reactive_energy_exported", _REACTIVE_ENERGY, "1-0:4.8.0"),
    _net_power("power_net", "1-0:1.7.0", "1-0:2.7.0", enabled=True),
    _number("power_imported", _POWER, "1-0:1.7.0"),
    _number("power_exported", _POWER, "1-0:2.7.0"),
    _number("reactive_power_imported", _REACTIVE_POWER, "1-0:3.7.0"),
    _number("reactive_power_exported", _REACTIVE_POWER, "1-0:4.7.0"),
    _number("apparent_power_imported", _APPARENT_POWER, "1-0:9.7.0"),
    _number("apparent_power_exported", _APPARENT_POWER, "1-0:10.7.0"),
    _net_power("power_net_l1", "1-0:21.7.0", "1-0:22.7.0", _PHASE_POWER),
    _net_power("power_net_l2", "1-0:41.7.0", "1-0:42.7.0", _PHASE_POWER),
    _net_power("power_net_l3", "1-0:61.7.0", "1-0:62.7.0", _PHASE_POWER),
    _number("power_imported_l1", _POWER, "1-0:21.7.0"),
    _number("power_imported_l2", _POWER, "1-0:41.7.0"),
    _number("power_imported_l3", _POWER, "1-0:61.7.0"),
    _number("power_exported_l1", _POWER, "1-0:22.7.0"),
    _number("power_exported_l2", _POWER, "1-0:42.7.0"),
    _number("power_exported_l3", _POWER, "1-0:62.7.0"),
    _number("reactive_power_imported_l1", _REACTIVE_POWER, "1-0:23.7.0"),
    _number("reactive_power_imported_l2", _REACTIVE_POWER, "1-0:43.7.0"),
    _number("reactive_power_imported_l3", _REACTIVE_POWER, "1-0:63.7.0"),
    _number("reactive_power_exported_l1", _REACTIVE_POWER, "1-0:24.7.0"),
    _number("reactive_power_exported_l2", _REACTIVE_POWER, "1-0:44.7.0"),
    _number("reactive_power_exported_l3", _REACTIVE_POWER, "1-0:64.7.0"),
    _number("voltage_l1", _VOLTAGE, "1-0:32.7.0", enabled=True),
    _number("voltage_l2", _VOLTAGE, "1-0:52.7.0", enabled=True),
    _number("voltage_l3", _VOLTAGE, "1-0:72.7.0", enabled=True),
    _number("current_l1", _CURRENT, "1-0:31.7.0"),
    _number("current_l2", _CURRENT, "1-0:51.7.0"),
    _number("current_l3", _CURRENT, "1-0:71.7.0"),
    _state("breaker", "0-0:96.3.10"),
    _state("relay_1", "0-1:96.3.10"),
    _state("relay_2", "0-2:96.3.10"),
    _sensor("power_threshold", to_number, "0-0:17.0.0", enabled=True, **{**_THRESHOLD, **_SETTING}),
    _limit("current_limit_imported", _to_first),
    _limit("current_limit_exported", _to_second),
    _counter("power_failures", "0-0:96.7.21"),
    _counter("voltage_sags_l1", *_SAGS["L1"]),
    _counter("voltage_sags_l2", *_SAGS["L2"]),
    _counter("voltage_sags_l3", *_SAGS["L3"]),
    _counter("voltage_swells_l1", *_SWELLS["L1"]),
    _counter("voltage_swells_l2", *_SWELLS["L2"]),
    _counter("voltage_swells_l3", *_SWELLS["L3"]),
    _message("message", "0-0:96.13.0"),
    _message("channel_message_1", "0-0:96.13.1"),
    _message("channel_message_2", "0-0:96.13.2"),
    _message("channel_message_3", "0-0:96.13.3"),
    _message("channel_message_4", "0-0:96.13.4"),
    _message("channel_message_5", "0-0:96.13.5"),
    _sensor(
        "meter_time",
        _to_time,
        METER_TIME,
        device_class="timestamp",
        **_DIAGNOSTIC,
    ),
    _sensor("p1_version", to_text, "1-3:0.2.8", **_DIAGNOSTIC),
    _sensor("device_name", to_text, "0-0:42.0.0", **_DIAGNOSTIC),
    SensorSpec(
        key="verification",
        device_class="enum",
        options=tuple(verification.value for verification in Verification),
        value_fn=lambda reading: reading.telegram.verification.value,
        attributes_fn=_integration,
        **_DIAGNOSTIC,
    ),
    SensorSpec(
        key="clock_offset",
        device_class="duration",
        state_class=MEASUREMENT,
        native_unit_of_measurement="s",
        entity_registry_enabled_default=False,
        value_fn=_clock_offset,
        references=((METER_TIME,),),
        exists_fn=are_sent(((METER_TIME,),)),
        **_DIAGNOSTIC,
    ),
    SensorSpec(
        key="other_objects",
        entity_registry_enabled_default=False,
        value_fn=lambda reading: len(_other_objects(reading)),
        attributes_fn=_other_objects,
        records_attributes=False,
        exists_fn=lambda reading: bool(_other_objects(reading)),
        **_DIAGNOSTIC,
    ),
)
