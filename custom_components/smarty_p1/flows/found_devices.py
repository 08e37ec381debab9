"""Devices of other integrations that may be a load, and the fields of a load that they fill in.

A field is filled in only if exactly one entity fits it, by domain, device class and unit, or by the
integration's own key. Names say nothing: they are in the language of the household.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set as AbstractSet
from typing import Any

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor import ATTR_STATE_CLASS, SensorDeviceClass
from homeassistant.const import CONF_NAME, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.unit_conversion import ElectricCurrentConverter, PowerConverter

from ..const import (
    CONF_CONNECTED,
    CONF_ENERGY_FROM,
    CONF_LOAD_MAX_KW,
    CONF_MEASURED_BY,
    CONF_OFF_WHEN,
    CONF_ON_WHEN,
    CONF_POWER_SET_BY,
    CONF_SWITCHED_BY,
    LOAD_CAR,
)
from ..coordinator.loads.entered_loads import PHASE_KW
from ..coordinator.loads.state_numbers import number_of
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.plan.planned_load import MAX_LOAD_KW

_MAX_DEVICES = 40
_CURRENTS = ElectricCurrentConverter.VALID_UNITS
# This is not a field: the counter fills in CONF_MEASURED_BY if no sensor shows power.
_COUNTED = "counted_by"
_FIELDS_OF_SENSORS: Mapping[str, str] = {
    SensorDeviceClass.POWER: CONF_MEASURED_BY,
    SensorDeviceClass.ENERGY: _COUNTED,
    SensorDeviceClass.BATTERY: CONF_ENERGY_FROM,
}
_CHARGERS = {
    "alfen_wallbox",
    "easee",
    "goecharger_api2",
    "keba",
    "myenergi",
    "nrgkick",
    "ocpp",
    "ohme",
    "openevse",
    "peblar",
    "tesla_wall_connector",
    "v2c",
    "wallbox",
    "zaptec",
}
"""Integrations whose devices are chargers, also without a number in A or a sensor of the plug."""
_FIELDS_OF_KEYS = {
    "goecharger_api2.amp": CONF_POWER_SET_BY,
    "goecharger_api2.frc": CONF_SWITCHED_BY,
    "wallbox.maximum_charging_current": CONF_POWER_SET_BY,
}
"""Fields that an entity fills in although others fit, too, by integration and translation key."""
KNOWN_OPTIONS = {CONF_ON_WHEN: "2", CONF_OFF_WHEN: "1"}
"""Options of the only select among them."""
_USUAL = {LOAD_CAR: {CONF_LOAD_MAX_KW: 11}}


def found_devices(hass: HomeAssistant, kind: str, taken: AbstractSet[str]) -> dict[str, JsonDict]:
    """Return the fields that each device which may be a load of this kind fills in, by its id.

    A device with an entity in `taken` is a load already.
    """
    found, registry = dict[str, dict[str, Any]](), er.async_get(hass)
    ids = {entity.device_id for entity in registry.entities.values() if entity.device_id}
    for device in filter(None, map(dr.async_get(hass).async_get, ids)):
        entities = er.async_entries_for_device(registry, device.id)
        fields = _fields(hass, entities)
        if taken.isdisjoint(fields.values()) and _is_kind(kind, entities, fields):
            name = device.name_by_user or device.name or ""
            found[device.id] = {CONF_NAME: name, **_USUAL.get(kind, {}), **fields}
    named = sorted(found.items(), key=lambda item: item[1][CONF_NAME])
    return dict(named[:_MAX_DEVICES])


def _is_kind(kind: str, entities: Iterable[er.RegistryEntry], fields: JsonMapping) -> bool:
    """Return whether a device may be a load of this kind."""
    if any(_is_of_charger(entity) for entity in entities):
        return kind == LOAD_CAR and bool(fields)
    return kind != LOAD_CAR and {CONF_SWITCHED_BY, CONF_MEASURED_BY} <= fields.keys()


def _is_of_charger(entity: er.RegistryEntry) -> bool:
    field = _field_of(entity)
    is_current = field == CONF_POWER_SET_BY and entity.unit_of_measurement in _CURRENTS
    return entity.platform in _CHARGERS or is_current or field == CONF_CONNECTED


def _fields(hass: HomeAssistant, entities: Iterable[er.RegistryEntry]) -> JsonDict:
    """Return the fields that the entities of a device fill in."""
    candidates = defaultdict[str, list[er.RegistryEntry]](list)
    known = dict[str, er.RegistryEntry]()
    for entity in entities:
        if field := _FIELDS_OF_KEYS.get(f"{entity.platform}.{entity.translation_key}"):
            known[field] = entity
        elif field := _field_of(entity):
            candidates[field].append(entity)
    only = {field: entity for field, fits in candidates.items() for entity in _single_fit(fits)}
    chosen = only | known
    number = chosen.pop(CONF_POWER_SET_BY, None)
    fields: JsonDict = {field: entity.entity_id for field, entity in chosen.items()}
    if counter := fields.pop(_COUNTED, None):
        fields.setdefault(CONF_MEASURED_BY, counter)
    if number_of(hass.states.get(fields.get(CONF_ENERGY_FROM, ""))) is None:
        # Few chargers know the charge of a car.
        fields.pop(CONF_ENERGY_FROM, None)
    return fields | _powers(number, can_pause=CONF_SWITCHED_BY in fields)


def _powers(number: er.RegistryEntry | None, *, can_pause: bool) -> JsonDict:
    """Return the number that sets the power, and the highest power in kW."""
    if number is None:
        return {}
    low, high = ((number.capabilities or {}).get(name, 0.0) for name in ("min", "max"))
    max_kw = _max_kw(high, number.unit_of_measurement)
    powers = dict[str, Any]()
    if 0 < max_kw <= MAX_LOAD_KW:
        # Round down: the load must never be planned with more than it can use.
        powers[CONF_LOAD_MAX_KW] = int(10 * max_kw) / 10
    if can_pause or low <= 0:
        # Otherwise, the load could never pause.
        powers[CONF_POWER_SET_BY] = number.entity_id
    return powers


def _field_of(entity: er.RegistryEntry) -> str | None:
    """Return the field that an entity may fill in."""
    kind, unit = entity.device_class or entity.original_device_class, entity.unit_of_measurement
    match entity.domain:
        case Platform.SWITCH if entity.entity_category is None:
            return CONF_SWITCHED_BY
        case Platform.NUMBER if unit in {*_CURRENTS, *PowerConverter.VALID_UNITS}:
            return CONF_POWER_SET_BY
        case Platform.BINARY_SENSOR if kind == BinarySensorDeviceClass.PLUG:
            return CONF_CONNECTED
        case Platform.SENSOR if ATTR_STATE_CLASS in (entity.capabilities or {}):
            return _FIELDS_OF_SENSORS.get(kind or "")
    return None


def _single_fit(entities: list[er.RegistryEntry]) -> list[er.RegistryEntry]:
    """Return the only entity that fits. Return [] if none or several fit.

    Entities of single phases or sockets have unique ids that differ only in digits. So such
    entities rule each other out.
    """
    families = [re.sub(r"\d", "", entity.unique_id) for entity in entities]
    fits = [entity for n, entity in enumerate(entities) if families.count(families[n]) == 1]
    return fits if len(fits) == 1 else []


def _max_kw(value: float, unit: str | None) -> float:
    """Return the highest value of a number in kW. A current in A is taken on three phases."""
    unit = unit or "A"
    if unit in _CURRENTS:
        return 3 * PHASE_KW * ElectricCurrentConverter.convert(value, unit, "A")
    return PowerConverter.convert(value, unit, "kW")
