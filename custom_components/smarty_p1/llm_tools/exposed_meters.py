"""Meters that the user has exposed to an assistant, and their names."""

from collections import Counter
from collections.abc import Mapping

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..coordinator import RecordsConfigEntry, has_records, loaded_meter
from ..coordinator.entry_types import AnyConfigEntry, active_meters, short_title
from ..lib.entities.devices import SHORT_SERIAL_SIZE

_MAX_NAME_CHARS = 40


@callback
def exposed_meters(hass: HomeAssistant, assistant: str) -> Mapping[str, RecordsConfigEntry]:
    """Return the loaded meters of which an entity is exposed to `assistant`, by name.

    A name has no serial number, because the serial number comes from the meter's line. Equal names
    are numbered.
    """
    meters: dict[str, RecordsConfigEntry] = {}
    counts = Counter[str]()
    for entry in active_meters(hass):
        if has_records(entry) and loaded_meter(entry) and _is_exposed(hass, assistant, entry):
            name = _name(entry)
            counts[name] += 1
            meters[name if counts[name] == 1 else f"{name} ({counts[name]})"] = entry
    return meters


@callback
def _is_exposed(hass: HomeAssistant, assistant: str, entry: AnyConfigEntry) -> bool:
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return any(
        async_should_expose(hass, assistant, entity.entity_id)
        for entity in entities
        if not entity.disabled_by
    )


def _name(entry: AnyConfigEntry) -> str:
    title = short_title(entry)
    if entry.unique_id:
        title = title.replace(entry.unique_id[-SHORT_SERIAL_SIZE:], "")
    return " ".join(title.split())[:_MAX_NAME_CHARS] or "Meter"
