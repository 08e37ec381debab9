"""Ids of other integrations' entities in the data, options and subentries of config entries.

The user can rename or delete such an entity, and its integration can make it again. Most fields
follow a renamed entity: its new id replaces the old one, also if the entry is not loaded. The
Energy dashboard keeps the old id of a renamed entity until the user corrects it. So a field with
ids of the dashboard keeps them, too, and the option CONF_REGISTRY_IDS has the ids of their entities
in the entity registry, which never change.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback, valid_entity_id
from homeassistant.helpers import entity_registry as er

from ..const import (
    CONF_BLOCKED_BY,
    CONF_CHARGE,
    CONF_CONNECTED,
    CONF_DISCHARGE_SET_BY,
    CONF_ENERGY_FROM,
    CONF_FORMER_SOURCES,
    CONF_HOUSE_DEVICES,
    CONF_MEASURED_BY,
    CONF_MODE_SET_BY,
    CONF_POWER_SET_BY,
    CONF_READY,
    CONF_RECIPIENTS,
    CONF_REGISTRY_IDS,
    CONF_SHOWN_BY,
    CONF_STOPPED_BY,
    CONF_SUN_SOURCES,
    CONF_SWITCHED_BY,
)
from ..lib.json_types import JsonDict, JsonMapping
from ..lib.meter.telegram_from_source_entities import QUANTITIES
from .entry_types import AnyConfigEntry, known_meters

ENTITY_FIELDS = frozenset(
    {
        CONF_ENTITY_ID,
        CONF_RECIPIENTS,
        CONF_MEASURED_BY,
        CONF_CONNECTED,
        CONF_READY,
        CONF_BLOCKED_BY,
        CONF_CHARGE,
        CONF_MODE_SET_BY,
        CONF_ENERGY_FROM,
        CONF_SWITCHED_BY,
        CONF_STOPPED_BY,
        CONF_SHOWN_BY,
        CONF_POWER_SET_BY,
        CONF_DISCHARGE_SET_BY,
        "energy_price_entity",
        "feed_in_price_entity",
        *QUANTITIES,
    }
)
"""Fields with an entity or a list of entities, at any depth. They follow a renamed entity."""
STATISTIC_FIELDS = frozenset({CONF_SUN_SOURCES, CONF_HOUSE_DEVICES})
"""Fields with ids of the Energy dashboard."""
# Each renamed entity of the Energy dashboard adds an id. The oldest ids are forgotten first.
_MAX_REGISTRY_IDS = 200
_MAX_FORMER_SOURCES = 8


@callback
def async_follow_entities(hass: HomeAssistant) -> None:
    """Keep the ids in all entries right when an entity is renamed or made again.

    Entries that are not loaded are included. Home Assistant keeps the listener.
    """

    @callback
    def on_change(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        old = event.data.get("old_entity_id")
        renamed = {str(old): event.data["entity_id"]} if old else {}
        for entry in known_meters(hass):
            has_new_data = _replace(hass, entry, renamed or _made_again(hass, entry))
            if has_new_data and entry.state is ConfigEntryState.LOADED:
                hass.config_entries.async_schedule_reload(entry.entry_id)

    hass.bus.async_listen(
        er.EVENT_ENTITY_REGISTRY_UPDATED,
        on_change,
        event_filter=callback(lambda data: data["action"] == "create" or "old_entity_id" in data),
    )


@callback
def async_check_ids(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Bring the ids of an entry up to date before it is set up.

    The options of an earlier version lack the registry's ids of the chosen statistics.
    """
    _replace(hass, entry, _made_again(hass, entry))
    registry, known = er.async_get(hass), registry_ids(entry)
    lacking = [
        name
        for name in _ids(entry.options, STATISTIC_FIELDS)
        if not _entity(registry, known.get(name))
    ]
    note_registry_ids(hass, entry, _found(registry, lacking))


def registry_ids(entry: AnyConfigEntry) -> Mapping[str, str]:
    """Return the known ids of the entity registry by the ids that the Energy dashboard has."""
    known: Mapping[str, str] = entry.options.get(CONF_REGISTRY_IDS, {})
    return known


@callback
def note_registry_ids(hass: HomeAssistant, entry: AnyConfigEntry, found: Mapping[str, str]) -> None:
    """Store ids of the entity registry by the ids that the Energy dashboard has."""
    if found.items() - registry_ids(entry).items():
        options = {**entry.options, CONF_REGISTRY_IDS: _joined(registry_ids(entry), found)}
        hass.config_entries.async_update_entry(entry, options=options)


def with_registry_ids(hass: HomeAssistant, options: JsonMapping, chosen: JsonMapping) -> JsonDict:
    """Return `options` with the registry's ids of the statistics that are `chosen` now."""
    if found := _found(er.async_get(hass), _ids(chosen, STATISTIC_FIELDS)):
        known = _joined(options.get(CONF_REGISTRY_IDS, {}), found)
        return {**options, CONF_REGISTRY_IDS: known}
    return dict(options)


def current_ids(
    hass: HomeAssistant, entry: AnyConfigEntry, listed: Iterable[str]
) -> dict[str, str]:
    """Return the current ids of statistics by the ids that the Energy dashboard lists.

    They differ after a rename, until the user has corrected the dashboard. No id is returned twice:
    while the dashboard lists both, the old id stays as it is.
    """
    registry, known = er.async_get(hass), registry_ids(entry)
    current = {name: name for name in listed}
    taken = {*current}
    for name in current:
        renamed = None if registry.async_get(name) else last_entity_id(hass, known.get(name))
        if renamed and renamed not in taken:
            current[name] = renamed
            taken.add(renamed)
    return current


def chosen_statistics(
    hass: HomeAssistant, entry: AnyConfigEntry, field: str, current: Mapping[str, str]
) -> list[str]:
    """Return the ids in `current` that the user has chosen in a field, as the dashboard lists them.

    `current` is a result of `current_ids`. Either the entity or the listed id is the chosen one.
    """
    known, listed = registry_ids(entry), {now: name for name, now in current.items()}
    chosen = set()
    for name in entry.options.get(field, ()):
        last = last_entity_id(hass, known.get(name)) or name
        chosen.add(listed.get(last, last if last in current else name))
    return [name for name in current if name in chosen]


def last_entity_id(hass: HomeAssistant, registry_id: str | None) -> str | None:
    """Return the id of an entity, or the last id of a deleted one.

    Return None if the registry does not know the entity any more.
    """
    registry = er.async_get(hass)
    if entity := _entity(registry, registry_id):
        return entity.entity_id
    if registry_id is None:
        return None
    deleted = registry.deleted_entities.values()
    return next((entity.entity_id for entity in deleted if entity.id == registry_id), None)


def _entity(registry: er.EntityRegistry, registry_id: str | None) -> er.RegistryEntry | None:
    return registry.entities.get_entry(registry_id) if registry_id else None


def _found(registry: er.EntityRegistry, names: Iterable[str]) -> dict[str, str]:
    return {name: entity.id for name in names if (entity := registry.async_get(name))}


def _joined(known: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    kept = [(name, known[name]) for name in known if name not in found]
    return dict([*kept, *found.items()][-_MAX_REGISTRY_IDS:])


def _ids(stored: object, fields: frozenset[str], field: str = "") -> Iterator[str]:
    """Yield the ids in `fields`, at any depth."""
    match stored:
        case Mapping():
            for name, value in stored.items():
                yield from _ids(value, fields, name)
        case list() | tuple():
            for value in stored:
                yield from _ids(value, fields, field)
        case str() if field in fields:
            yield stored


def _replaced[T](stored: T, new_ids: Mapping[str, str], field: str = "") -> T:
    """Return stored values with new ids in ENTITY_FIELDS, at any depth."""
    result: Any = stored
    match stored:
        case Mapping():
            result = {name: _replaced(value, new_ids, name) for name, value in stored.items()}
        case list() | tuple():
            result = [_replaced(value, new_ids, field) for value in stored]
        case str() if field in ENTITY_FIELDS:
            result = new_ids.get(stored, stored)
    return cast("T", result)


def _made_again(hass: HomeAssistant, entry: AnyConfigEntry) -> dict[str, str]:
    """Return new ids of the registry by old ones, of entities that have their last entity id again.

    The registry gives an entity its old id back, unless the entity has a new unique id.
    """
    registry = er.async_get(hass)
    new_ids = {}
    for name in _ids(entry.data, ENTITY_FIELDS):
        if valid_entity_id(name) or _entity(registry, name):
            continue
        former = last_entity_id(hass, name)
        if former and (entity := registry.async_get(former)):
            new_ids[name] = entity.id
    return new_ids


@callback
def _replace(hass: HomeAssistant, entry: AnyConfigEntry, new_ids: Mapping[str, str]) -> bool:
    """Replace ids in an entry. Return whether its data changed.

    The unique id of a pulse reader contains the id of its entity.
    """
    parts = entry.data, entry.options, *(part.data for part in entry.subentries.values())
    if new_ids.keys().isdisjoint(_ids(parts, ENTITY_FIELDS)):
        return False
    data, unique_id = {**_replaced(entry.data, new_ids)}, entry.unique_id
    if data.get(CONF_ENTITY_ID) != entry.data.get(CONF_ENTITY_ID):
        former = [*data.get(CONF_FORMER_SOURCES, ()), unique_id]
        data[CONF_FORMER_SOURCES] = former[-_MAX_FORMER_SOURCES:]
        unique_id = f"{CONF_ENTITY_ID}:{data[CONF_ENTITY_ID]}"
    has_new_data: bool = data != {**entry.data}
    options = _replaced(entry.options, new_ids)
    hass.config_entries.async_update_entry(entry, data=data, options=options, unique_id=unique_id)
    for part in entry.subentries.values():
        hass.config_entries.async_update_subentry(entry, part, data=_replaced(part.data, new_ids))
    return has_new_data
