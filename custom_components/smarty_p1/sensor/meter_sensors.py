"""The sensors as tables: which object of the telegram each one shows, and how.

Enabled by default is what a household looks at. What only some need is disabled by default, and so
is what would fill the database. docs/entities.md shows the choice and what it costs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfReactiveEnergy,
    UnitOfReactivePower,
    UnitOfTime,
    UnitOfVolume,
)
from homeassistant.helpers.typing import StateType

from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.p1 import (
    CONTROL_STATES,
    OBJECTS,
    Capture,
    MBusReading,
    Reason,
    Telegram,
    Value,
    Verification,
)

MAX_STATE_SIZE = 255
_DECIMALS = 3

type Shown = StateType | datetime
type Attributes = Mapping[str, StateType]


@dataclass(frozen=True, kw_only=True)
class SmartySensorDescription(SensorEntityDescription):
    """A sensor that shows objects of the telegram.

    Each source is one object, by the references that meters send it under. `convert` and
    `attributes` take the value of each, None for one that is missing or empty.
    """

    sources: tuple[tuple[str, ...], ...]
    convert: Callable[..., Shown]
    attributes: Callable[..., Attributes] | None = None

    def is_sent(self, telegram: Telegram) -> bool:
        """Tell whether the telegram holds the objects, be they empty."""
        objects = telegram.objects
        return all(any(name in objects for name in source) for source in self.sources)

    def values(self, telegram: Telegram) -> list[Value]:
        """Return the value of each source."""
        get = telegram.objects.get
        return [
            next((value for name in source if (value := get(name)) is not None), None)
            for source in self.sources
        ]


@dataclass(frozen=True, kw_only=True)
class ReceptionSensorDescription(SensorEntityDescription):
    """A sensor that shows something about the telegrams and how they are received."""

    value: Callable[[SmartyCoordinator], Shown]
    attributes: Callable[[SmartyCoordinator], Attributes] | None = None
    needs: Callable[[Telegram], bool] = lambda _telegram: True
    is_always_available: bool = False

    def is_sent(self, telegram: Telegram) -> bool:
        """Tell whether the meter sends what the sensor needs."""
        return self.needs(telegram)


@dataclass(frozen=True, kw_only=True)
class MBusSensorDescription(SensorEntityDescription):
    """A sensor that shows an object of an M-Bus channel: 0-n: and its field."""

    field: str
    convert: Callable[[Value], Shown]


class _Kind(NamedTuple):
    """A quantity: its classes, its unit and the decimals that are worth showing."""

    device_class: SensorDeviceClass
    state_class: SensorStateClass
    unit: str
    decimals: int = _DECIMALS


_ENERGY = _Kind(
    SensorDeviceClass.ENERGY,
    SensorStateClass.TOTAL_INCREASING,
    UnitOfEnergy.KILO_WATT_HOUR,
)
_REACTIVE_ENERGY = _Kind(
    SensorDeviceClass.REACTIVE_ENERGY,
    SensorStateClass.TOTAL_INCREASING,
    UnitOfReactiveEnergy.KILO_VOLT_AMPERE_REACTIVE_HOUR,
)
_POWER = _Kind(
    SensorDeviceClass.POWER,
    SensorStateClass.MEASUREMENT,
    UnitOfPower.KILO_WATT,
)
_REACTIVE_POWER = _Kind(
    SensorDeviceClass.REACTIVE_POWER,
    SensorStateClass.MEASUREMENT,
    UnitOfReactivePower.KILO_VOLT_AMPERE_REACTIVE,
)
_APPARENT_POWER = _Kind(
    SensorDeviceClass.APPARENT_POWER,
    SensorStateClass.MEASUREMENT,
    UnitOfApparentPower.KILO_VOLT_AMPERE,
)
_VOLTAGE = _Kind(
    SensorDeviceClass.VOLTAGE,
    SensorStateClass.MEASUREMENT,
    UnitOfElectricPotential.VOLT,
    decimals=1,
)
_CURRENT = _Kind(
    SensorDeviceClass.CURRENT,
    SensorStateClass.MEASUREMENT,
    UnitOfElectricCurrent.AMPERE,
    decimals=1,
)


def _to_number(value: Value) -> float | None:
    return value if isinstance(value, float | int) else None


def _to_difference(minuend: Value, subtrahend: Value) -> float | None:
    if isinstance(minuend, float | int) and isinstance(subtrahend, float | int):
        return round(minuend - subtrahend, _DECIMALS)
    return None


def _to_first(value: Value) -> float | None:
    return _to_number(value[0]) if isinstance(value, tuple) else None


def _to_second(value: Value) -> float | None:
    return _to_number(value[1]) if isinstance(value, tuple) and len(value) > 1 else None


def _to_control_state(value: Value) -> str | None:
    return CONTROL_STATES.get(value) if isinstance(value, int) else None


def _to_text(value: Value) -> str | None:
    return value[:MAX_STATE_SIZE] if isinstance(value, str) else None


def _to_time(value: Value) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _to_capture_time(value: Value) -> datetime | None:
    return value.time if isinstance(value, Capture) else None


def _whole_text(value: Value) -> Attributes:
    return {"text": value if isinstance(value, str) else None}


def _number(
    key: str, kind: _Kind, reference: str, *, enabled: bool = True
) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=kind.device_class,
        state_class=kind.state_class,
        native_unit_of_measurement=kind.unit,
        suggested_display_precision=kind.decimals,
        entity_registry_enabled_default=enabled,
        sources=((reference,),),
        convert=_to_number,
    )


def _net_power(key: str, imported: str, exported: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=_POWER.device_class,
        state_class=_POWER.state_class,
        native_unit_of_measurement=_POWER.unit,
        suggested_display_precision=_POWER.decimals,
        sources=((imported,), (exported,)),
        convert=_to_difference,
    )


def _limit(
    key: str,
    kind: _Kind,
    convert: Callable[[Value], float | None],
    *references: str,
    enabled: bool = False,
) -> SmartySensorDescription:
    # A setting of the meter: no measurement, so no statistics.
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=kind.device_class,
        native_unit_of_measurement=kind.unit,
        suggested_display_precision=kind.decimals,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=enabled,
        sources=(references,),
        convert=convert,
    )


def _control_state(key: str, reference: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
        options=list(CONTROL_STATES.values()),
        sources=((reference,),),
        convert=_to_control_state,
    )


def _counter(key: str, *references: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        sources=(references,),
        convert=_to_number,
    )


def _message(key: str, reference: str, *, enabled: bool = False) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        entity_registry_enabled_default=enabled,
        sources=((reference,),),
        convert=_to_text,
        attributes=_whole_text,
    )


def _text(key: str, reference: str) -> SmartySensorDescription:
    return SmartySensorDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        sources=((reference,),),
        convert=_to_text,
    )


SENSORS: tuple[SmartySensorDescription, ...] = (
    _number("energy_imported", _ENERGY, "1-0:1.8.0"),
    _number("energy_exported", _ENERGY, "1-0:2.8.0"),
    _number("reactive_energy_imported", _REACTIVE_ENERGY, "1-0:3.8.0", enabled=False),
    _number("reactive_energy_exported", _REACTIVE_ENERGY, "1-0:4.8.0", enabled=False),
    _net_power("power_net", "1-0:1.7.0", "1-0:2.7.0"),
    _number("power_imported", _POWER, "1-0:1.7.0"),
    _number("power_exported", _POWER, "1-0:2.7.0"),
    _number("reactive_power_imported", _REACTIVE_POWER, "1-0:3.7.0", enabled=False),
    _number("reactive_power_exported", _REACTIVE_POWER, "1-0:4.7.0", enabled=False),
    _number("apparent_power_imported", _APPARENT_POWER, "1-0:9.7.0", enabled=False),
    _number("apparent_power_exported", _APPARENT_POWER, "1-0:10.7.0", enabled=False),
    _net_power("power_net_l1", "1-0:21.7.0", "1-0:22.7.0"),
    _net_power("power_net_l2", "1-0:41.7.0", "1-0:42.7.0"),
    _net_power("power_net_l3", "1-0:61.7.0", "1-0:62.7.0"),
    _number("power_imported_l1", _POWER, "1-0:21.7.0", enabled=False),
    _number("power_imported_l2", _POWER, "1-0:41.7.0", enabled=False),
    _number("power_imported_l3", _POWER, "1-0:61.7.0", enabled=False),
    _number("power_exported_l1", _POWER, "1-0:22.7.0", enabled=False),
    _number("power_exported_l2", _POWER, "1-0:42.7.0", enabled=False),
    _number("power_exported_l3", _POWER, "1-0:62.7.0", enabled=False),
    _number("reactive_power_imported_l1", _REACTIVE_POWER, "1-0:23.7.0", enabled=False),
    _number("reactive_power_imported_l2", _REACTIVE_POWER, "1-0:43.7.0", enabled=False),
    _number("reactive_power_imported_l3", _REACTIVE_POWER, "1-0:63.7.0", enabled=False),
    _number("reactive_power_exported_l1", _REACTIVE_POWER, "1-0:24.7.0", enabled=False),
    _number("reactive_power_exported_l2", _REACTIVE_POWER, "1-0:44.7.0", enabled=False),
    _number("reactive_power_exported_l3", _REACTIVE_POWER, "1-0:64.7.0", enabled=False),
    _number("voltage_l1", _VOLTAGE, "1-0:32.7.0"),
    _number("voltage_l2", _VOLTAGE, "1-0:52.7.0"),
    _number("voltage_l3", _VOLTAGE, "1-0:72.7.0"),
    _number("current_l1", _CURRENT, "1-0:31.7.0"),
    _number("current_l2", _CURRENT, "1-0:51.7.0"),
    _number("current_l3", _CURRENT, "1-0:71.7.0"),
    _control_state("breaker", "0-0:96.3.10"),
    _control_state("relay_1", "0-1:96.3.10"),
    _control_state("relay_2", "0-2:96.3.10"),
    _limit("power_threshold", _APPARENT_POWER, _to_number, "0-0:17.0.0", enabled=True),
    _limit("current_limit_imported", _CURRENT, _to_first, "1-1:31.4.0", "1-1:34.4.0"),
    _limit("current_limit_exported", _CURRENT, _to_second, "1-1:31.4.0", "1-1:34.4.0"),
    _counter("power_failures", "0-0:96.7.21"),
    _counter("voltage_sags_l1", "1-0:32.32.0", "0-0:32.32.0"),
    _counter("voltage_sags_l2", "1-0:52.32.0", "0-0:52.32.0"),
    _counter("voltage_sags_l3", "1-0:72.32.0", "0-0:72.32.0"),
    _counter("voltage_swells_l1", "1-0:32.36.0", "0-0:32.36.0"),
    _counter("voltage_swells_l2", "1-0:52.36.0", "0-0:52.36.0"),
    _counter("voltage_swells_l3", "1-0:72.36.0", "0-0:72.36.0"),
    _message("message", "0-0:96.13.0", enabled=True),
    _message("channel_message_1", "0-0:96.13.1"),
    _message("channel_message_2", "0-0:96.13.2"),
    _message("channel_message_3", "0-0:96.13.3"),
    _message("channel_message_4", "0-0:96.13.4"),
    _message("channel_message_5", "0-0:96.13.5"),
    SmartySensorDescription(
        key="meter_time",
        translation_key="meter_time",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        sources=(("0-0:1.0.0",),),
        convert=_to_time,
    ),
    _text("p1_version", "1-3:0.2.8"),
    _text("device_name", "0-0:42.0.0"),
)


def _clock_offset(coordinator: SmartyCoordinator) -> int | None:
    time = coordinator.data.time
    return None if time is None else round((time - coordinator.received_at).total_seconds())


def _rejected(coordinator: SmartyCoordinator) -> int:
    return coordinator.rejections.total() + coordinator.other_meters.total()


def _rejected_by_reason(coordinator: SmartyCoordinator) -> Attributes:
    reasons = {reason.value: coordinator.rejections[reason] for reason in Reason}
    return {**reasons, "other_meter": coordinator.other_meters.total()}


# Of the attributes of a state, the recorder stores 16 KiB in UTF-8.
_MAX_OTHER_TEXT = 8_000


def _one_line(value: Value) -> str:
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value or "")
    return text if text.isprintable() else re.sub(r"[^ -~]", "?", text)


def _other_objects(telegram: Telegram) -> Attributes:
    others = {name: value for name, value in telegram.objects.items() if name not in OBJECTS}
    size = _MAX_OTHER_TEXT // max(len(others), 1)
    return {reference: _one_line(value)[:size] for reference, value in others.items()}


RECEPTION_SENSORS: tuple[ReceptionSensorDescription, ...] = (
    ReceptionSensorDescription(
        key="verification",
        translation_key="verification",
        device_class=SensorDeviceClass.ENUM,
        options=[verification.value for verification in Verification],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda coordinator: coordinator.data.verification.value,
    ),
    ReceptionSensorDescription(
        key="clock_offset",
        translation_key="clock_offset",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_clock_offset,
        needs=lambda telegram: "0-0:1.0.0" in telegram.objects,
    ),
    ReceptionSensorDescription(
        key="telegrams_received",
        translation_key="telegrams_received",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda coordinator: coordinator.readings,
        is_always_available=True,
    ),
    ReceptionSensorDescription(
        key="telegrams_rejected",
        translation_key="telegrams_rejected",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_rejected,
        attributes=_rejected_by_reason,
        is_always_available=True,
    ),
    ReceptionSensorDescription(
        key="other_objects",
        translation_key="other_objects",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda coordinator: len(_other_objects(coordinator.data)),
        attributes=lambda coordinator: _other_objects(coordinator.data),
        needs=lambda telegram: bool(_other_objects(telegram)),
    ),
)


MBUS_INDEX = "24.2.1"
MBUS_SENSORS: tuple[MBusSensorDescription, ...] = (
    MBusSensorDescription(
        key="capture_time",
        translation_key="capture_time",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        field=MBUS_INDEX,
        convert=_to_capture_time,
    ),
    # Disabled: also meters without a valve send a state, mostly "disconnected".
    MBusSensorDescription(
        key="valve",
        translation_key="valve",
        device_class=SensorDeviceClass.ENUM,
        options=list(CONTROL_STATES.values()),
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        field="24.4.0",
        convert=_to_control_state,
    ),
    MBusSensorDescription(
        key="device_type",
        translation_key="device_type",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        field="24.1.0",
        convert=_to_number,
    ),
    MBusSensorDescription(
        key="equipment_identifier",
        translation_key="equipment_identifier",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        field="96.1.0",
        convert=_to_text,
    ),
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


def mbus_index(reading: MBusReading) -> SensorEntityDescription:
    """Describe the index of a meter whose unit is one of `MBUS_UNITS`."""
    unit = MBUS_UNITS[reading.unit]
    if isinstance(unit, UnitOfVolume):
        device_class = _VOLUME_CLASSES.get(reading.type)
    else:
        device_class = None if reading.type == "unknown" else SensorDeviceClass.ENERGY
    return SensorEntityDescription(
        key="index",
        translation_key=reading.type,
        device_class=device_class,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=unit,
        suggested_display_precision=_DECIMALS,
    )
