"""Loads and batteries that are stored although the dialog refuses them. They are not switched."""

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ...const import (
    CONF_DISCHARGE_SET_BY,
    CONF_MEASURED_BY,
    CONF_MODE_SET_BY,
    CONF_POWER_SET_BY,
    CONF_STOPPED_BY,
    CONF_SWITCHED_BY,
    SUBENTRY_BATTERY,
    SUBENTRY_LOAD,
)
from ...lib.json_types import JsonMapping
from ..entry_types import AnyConfigEntry, known_meters
from .entered_battery import EnteredBattery, entered_battery
from .entered_loads import EnteredLoad, entered_loads, subentries_of

POWER_UNITS = {
    SUBENTRY_LOAD: {None, "A", "mA", "W", "kW"},
    SUBENTRY_BATTERY: {None, "W", "kW", "MW"},
}
"""Units of a number that sets a power, by type of subentry."""
NUMBERS = (CONF_POWER_SET_BY, CONF_DISCHARGE_SET_BY)
"""Fields with a number that the plan sets to a power."""
COMMANDED = (CONF_SWITCHED_BY, CONF_STOPPED_BY, *NUMBERS, CONF_MODE_SET_BY)
"""Fields with an entity that the plan switches or sets."""


def unit_of(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the unit of an entity, also of one without a state yet. Return None if unknown."""
    if state := hass.states.get(entity_id):
        return state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    registered = er.async_get(hass).async_get(entity_id)
    return registered.unit_of_measurement if registered else None


def commanded(hass: HomeAssistant, own: ConfigSubentry | None = None) -> dict[str, str]:
    """Return the id of the subentry that commands each entity, over all meters.

    The subentry that was added first counts. `own` is left out.
    """
    owners = dict[str, str]()
    for entry in known_meters(hass):
        for name, subentry in entry.subentries.items():
            if own is None or name != own.subentry_id:
                for entity_id in _entities(subentry.data):
                    owners.setdefault(entity_id, name)
    return owners


def refused(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, list[str]]:
    """Return the refused entities of each subentry of a meter that must not be switched.

    The list is empty for a load or battery that is one too many.
    """
    owners, found = commanded(hass), dict[str, list[str]]()
    for kind in POWER_UNITS:
        counted = {subentry.subentry_id for subentry in subentries_of(entry, kind)}
        for subentry in entry.get_subentries_of_type(kind):
            name, wrong = subentry.subentry_id, _wrong(hass, subentry)
            wrong += [entity for entity in _entities(subentry.data) if owners[entity] != name]
            if wrong or name not in counted:
                found[name] = [*dict.fromkeys(wrong)]
    return found


def _wrong(hass: HomeAssistant, subentry: ConfigSubentry) -> list[str]:
    """Return the entities of a kind or unit that may not be switched or set."""
    data = subentry.data
    wrong = [] if is_of_load(hass, data) else [data[CONF_SWITCHED_BY]]
    units = POWER_UNITS[subentry.subentry_type]
    numbers = [data[field] for field in NUMBERS if field in data]
    return wrong + [number for number in numbers if unit_of(hass, number) not in units]


def is_of_load(hass: HomeAssistant, data: JsonMapping) -> bool:
    """Return whether the switch of a load may be switched: a lock only of the device it measures.

    Any other lock could be that of a door.
    """
    registry, switch = er.async_get(hass), data.get(CONF_SWITCHED_BY, "")
    if not switch.startswith("lock."):
        return True
    entities = (registry.async_get(name) for name in (switch, data.get(CONF_MEASURED_BY, "")))
    lock, sensor = (entity and entity.device_id for entity in entities)
    return lock is not None and lock == sensor


def switched_loads(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, EnteredLoad]:
    """Return the loads of a meter. Refused loads have no entities that the plan commands."""
    loads = dict(entered_loads(entry))
    for name in loads.keys() & refused(hass, entry).keys():
        loads[name] = loads[name]._replace(
            switched_by=None, stopped_by=None, shown_by=None, power_set_by=None
        )
    return loads


def switched_battery(hass: HomeAssistant, entry: AnyConfigEntry) -> EnteredBattery | None:
    """Return the battery of a meter's house. A refused battery has no entities to command."""
    entered = entered_battery(entry)
    if entered and entered.subentry_id in refused(hass, entry):
        fields = entered.fields.items()
        told = {name: value for name, value in fields if name not in COMMANDED}
        entered = entered._replace(fields=told)
    return entered


def _entities(data: JsonMapping) -> list[str]:
    return [data[field] for field in COMMANDED if field in data]
