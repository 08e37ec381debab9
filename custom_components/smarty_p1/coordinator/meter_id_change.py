"""Change of a meter's id, when a meter without a cable gets a port and a key.

The id of a meter is its serial number, or the code of its metering point if it has no cable. The
identifier of the device and the unique ids of the entities begin with the meter's id. Both are
changed in the registries, so the entity ids, the history and the statistics stay.
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
    """Let a meter without a cable read its telegrams at the port in `data` from now on.

    `serial_number` becomes the id of the meter.
    """
    is_loaded = entry.state is ConfigEntryState.LOADED
    if is_loaded:
        await hass.config_entries.async_unload(entry.entry_id)
    _rename(hass, entry, str(entry.unique_id), serial_number)
    hass.config_entries.async_update_entry(entry, unique_id=serial_number, data=dict(data))
    if is_loaded:
        await hass.config_entries.async_setup(entry.entry_id)


@callback
def _rename(hass: HomeAssistant, entry: AnyConfigEntry, before: str, after: str) -> None:
    """Replace the meter's id `before` by `after` in the ids of its device and its entities."""
    entities = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
        if entity.unique_id.startswith(f"{before}_"):
            unique_id = f"{after}{entity.unique_id.removeprefix(before)}"
            entities.async_update_entity(entity.entity_id, new_unique_id=unique_id)
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        if (DOMAIN, before) in device.identifiers:
            devices.async_update_device(device.id, new_identifiers={(DOMAIN, after)})
