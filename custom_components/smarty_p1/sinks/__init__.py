"""Outputs for other programs: a P1 server, a virtual meter, and MQTT."""

from types import ModuleType

from homeassistant.core import HomeAssistant
from homeassistant.helpers.importlib import async_import_module

from ..const import CONF_ENABLED, CONF_TOPIC, DOMAIN, SECTION_MQTT
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.meter_coordinator import SmartyCoordinator
from . import p1_server, virtual_meter_server
from .mqtt import RetainedTopics


async def async_start(coordinator: SmartyCoordinator) -> None:
    """Start the outputs that the options enable. They stop when the entry is unloaded."""
    await p1_server.async_start(coordinator)
    await virtual_meter_server.async_start(coordinator)
    entry = coordinator.config_entry
    retained = RetainedTopics(coordinator.hass, entry.entry_id)
    await retained.async_load()
    if entry.options.get(SECTION_MQTT, {}).get(CONF_ENABLED) or retained.topics:
        publisher = await _async_import_mqtt(coordinator.hass)
        await publisher.async_start(coordinator, retained)


async def async_remove(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Clear a removed entry's retained MQTT messages. Let its virtual meter be discovered again."""
    await virtual_meter_server.async_remove(hass, entry)
    retained = RetainedTopics(hass, entry.entry_id)
    await retained.async_load()
    # While the entry was disabled, another meter may have taken over its root topic.
    others = hass.config_entries.async_entries(DOMAIN, include_disabled=False)
    sections = [other.options.get(SECTION_MQTT, {}) for other in others if other is not entry]
    roots = tuple(f"{options[CONF_TOPIC]}/" for options in sections if options.get(CONF_ENABLED))
    retained.topics -= {topic for topic in retained.topics if f"{topic}/".startswith(roots)}
    if retained.topics:
        publisher = await _async_import_mqtt(hass)
        await publisher.async_clear(hass, retained)
    await retained.async_remove()


async def _async_import_mqtt(hass: HomeAssistant) -> ModuleType:
    # Home Assistant loads its MQTT integration slowly. So import it only if a meter publishes on
    # MQTT.
    return await async_import_module(hass, f"{__package__}.mqtt")
