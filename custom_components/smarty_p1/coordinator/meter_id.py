"""Change of a meter's id, when a meter without a cable gets its port and key.

The id of an entry is the meter's serial number, or the point code without a cable. Device and
entities have ids that begin with it. Their registry entries are renamed, so entity ids, history and
statistics stay.
"""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from .entry_types import AnyConfigEntry


async def async_add_cable(
    hass: HomeAssistant, entry: AnyConfigEntry, serial_number: str, data: Mapping[str, Any]
) -> None:
    """Read a meter without a cable at the port in `data` from now on, with its serial number."""
    is_loaded = entry.state is ConfigEntryState.LOADED
    if is_loaded:
        await hass.config_entries.async_unload(entry.entry_id)
    _rename(hass, entry, str(entry.unique_id), serial_number)
    hass.config_entries.async_update_entry(entry, unique_id=serial_number, data=dict(data))
    if is_loaded:
        await hass.config_entries.async_setup(entry.entry_id)


@callback
def _rename(hass: HomeAssistant, entry: AnyConfigEntry, before: str, after: str) -> None:
    """Replace the meter's id in the ids of its device and entities."""
    entities = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
        if entity.unique_id.startswith(f"{before}_"):
            unique_id = f"{after}{entity.unique_id.removeprefix(before)}"
            entities.async_update_entity(entity.entity_id, new_unique_id=unique_id)
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        if (DOMAIN, before) in device.identifiers:
            devices.async_update_device(device.id, new_identifiers={(DOMAIN, after)})
