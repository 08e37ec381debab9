"""Table of the objects in a telegram: their OBIS references, names, units and converters.

Source: E-Meter P1 Specification 1.1.3 (Luxmetering), section 3.3. For voltage sags and swells, the
specification's table has references that begin with 0-0:, but its example and the meters have 1-0:.
For the current limits, the table has 1-1:34.4.0, but the example and the meters have 1-1:31.4.0. So
this table has both references of each of these objects.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from .value_converters import (
    Converter,
    capture,
    count,
    device_name,
    identifier,
    message,
    number,
    numbers,
    plain_text,
    timestamp,
)

METER_TIME = "0-0:1.0.0"
DEVICE_NAME = "0-0:42.0.0"
CHANNELS = range(1, 5)
is_reference = re.compile(r"[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}").fullmatch
MESSAGES = tuple(f"0-0:96.13.{field}" for field in range(6))
"""OBIS references of text messages: first of the electricity meter, then of its channels."""

CONTROL_STATES: Mapping[int, str] = MappingProxyType(
    {0: "disconnected", 1: "connected", 2: "ready_for_reconnection"}
)
"""Names of the control states of a breaker, relay or valve (DLMS class 70, control_state)."""

MBUS_DEVICE_TYPES: Mapping[int, str] = MappingProxyType(
    {
        2: "electricity",
        3: "gas",
        4: "heat",
        6: "hot_water",
        7: "water",
        8: "heat_cost_allocator",
        9: "compressed_air",
        10: "cooling",
        11: "cooling_inlet",
        12: "heat_inlet",
        13: "heat_cooling",
        21: "very_hot_water",
        22: "cold_water",
        40: "waste_water",
        41: "garbage",
    }
)
"""Names of the device types of M-Bus meters (EN 13757-3). Numbers are decimal, as in telegrams."""

_CUBIC_METRES = frozenset(
    {"gas", "water", "hot_water", "very_hot_water", "cold_water", "waste_water"}
)
_GIGAJOULES = frozenset({"heat", "heat_inlet", "cooling", "cooling_inlet", "heat_cooling"})


def default_unit(device_type: str) -> str | None:
    """Return the unit of an M-Bus meter that sends no unit.

    Return None if the unit does not follow from `device_type`.
    """
    if device_type in _CUBIC_METRES:
        return "m3"
    return "GJ" if device_type in _GIGAJOULES else None


class ObisObject(NamedTuple):
    """Kind of object in a telegram: a name for people, the unit, and the converter of the value."""

    name: str
    unit: str | None
    convert: Converter


def _number(name: str, unit: str) -> ObisObject:
    return ObisObject(name, unit, number(unit))


_LIMITS = ObisObject("current limits imported, exported", "A", numbers("A"))
_METER: dict[str, ObisObject] = {
    "1-3:0.2.8": ObisObject("P1 version", None, plain_text),
    METER_TIME: ObisObject("meter's date and time", None, timestamp),
    DEVICE_NAME: ObisObject("logical device name", None, device_name),
    "1-0:1.8.0": _number("active energy imported", "kWh"),
    "1-0:2.8.0": _number("active energy exported", "kWh"),
    "1-0:3.8.0": _number("reactive energy imported", "kvarh"),
    "1-0:4.8.0": _number("reactive energy exported", "kvarh"),
    "1-0:1.7.0": _number("active power imported", "kW"),
    "1-0:2.7.0": _number("active power exported", "kW"),
    "1-0:3.7.0": _number("reactive power imported", "kvar"),
    "1-0:4.7.0": _number("reactive power exported", "kvar"),
    "0-0:17.0.0": _number("active threshold SMAX", "kVA"),
    "1-0:9.7.0": _number("apparent power imported", "kVA"),
    "1-0:10.7.0": _number("apparent power exported", "kVA"),
    "1-1:31.4.0": _LIMITS,
    "1-1:34.4.0": _LIMITS,
    "0-0:96.3.10": ObisObject("breaker control state", None, count),
    "0-1:96.3.10": ObisObject("relay 1 control state", None, count),
    "0-2:96.3.10": ObisObject("relay 2 control state", None, count),
    "0-0:96.7.21": ObisObject("power failures", None, count),
    MESSAGES[0]: ObisObject("message", None, message),
    "1-0:32.7.0": _number("voltage L1", "V"),
    "1-0:52.7.0": _number("voltage L2", "V"),
    "1-0:72.7.0": _number("voltage L3", "V"),
    "1-0:31.7.0": _number("current L1", "A"),
    "1-0:51.7.0": _number("current L2", "A"),
    "1-0:71.7.0": _number("current L3", "A"),
    "1-0:21.7.0": _number("active power imported L1", "kW"),
    "1-0:41.7.0": _number("active power imported L2", "kW"),
    "1-0:61.7.0": _number("active power imported L3", "kW"),
    "1-0:22.7.0": _number("active power exported L1", "kW"),
    "1-0:42.7.0": _number("active power exported L2", "kW"),
    "1-0:62.7.0": _number("active power exported L3", "kW"),
    "1-0:23.7.0": _number("reactive power imported L1", "kvar"),
    "1-0:43.7.0": _number("reactive power imported L2", "kvar"),
    "1-0:63.7.0": _number("reactive power imported L3", "kvar"),
    "1-0:24.7.0": _number("reactive power exported L1", "kvar"),
    "1-0:44.7.0": _number("reactive power exported L2", "kvar"),
    "1-0:64.7.0": _number("reactive power exported L3", "kvar"),
}
VOLTAGE_COUNTERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    kind: {
        phase: (f"1-0:{group}.{number}.0", f"0-0:{group}.{number}.0")
        for phase, group in (("L1", 32), ("L2", 52), ("L3", 72))
    }
    for kind, number in (("voltage_sag", 32), ("voltage_swell", 36))
}
"""Both possible references of a counter of voltage sags or swells, keyed by kind and phase."""

_QUALITY_OF_SUPPLY: dict[str, ObisObject] = {
    reference: ObisObject(f"{kind.replace('_', ' ')}s {phase}", None, count)
    for kind, phases in VOLTAGE_COUNTERS.items()
    for phase, references in phases.items()
    for reference in references
}
_CHANNEL_MESSAGES: dict[str, ObisObject] = {
    reference: ObisObject(f"channel message {reference[-1]}", None, message)
    for reference in MESSAGES[1:]
}


class MBusField(NamedTuple):
    """Field of a meter on the M-Bus. `suffix` is its OBIS reference without `0-n:`."""

    suffix: str
    name: str
    convert: Converter


MBUS_FIELDS: Mapping[str, MBusField] = MappingProxyType(
    {
        "device_type": MBusField("24.1.0", "device type", count),
        "equipment_identifier": MBusField("96.1.0", "equipment identifier", identifier),
        "index": MBusField("24.2.1", "capture time and index", capture),
        "valve": MBusField("24.4.0", "valve control state", count),
    }
)
"""Fields of a meter on the M-Bus, keyed by the names that topics and entities use."""


def mbus_reference(channel: int | str | None, field: str) -> str:
    """Return the OBIS reference of a field for an M-Bus channel.

    `field` is a key of MBUS_FIELDS.
    """
    return f"0-{channel}:{MBUS_FIELDS[field].suffix}"


_MBUS: dict[str, ObisObject] = {
    mbus_reference(channel, field): ObisObject(f"channel {channel} {kind.name}", None, kind.convert)
    for channel in CHANNELS
    for field, kind in MBUS_FIELDS.items()
}

OBJECTS: Mapping[str, ObisObject] = MappingProxyType(
    _METER | _QUALITY_OF_SUPPLY | _CHANNEL_MESSAGES | _MBUS
)
"""Every object of the specification by its OBIS reference."""


def is_water(kind: str, unit: str | None) -> bool:
    """Return whether a meter of this kind and unit counts water in m³."""
    return unit == "m3" and "water" in kind
