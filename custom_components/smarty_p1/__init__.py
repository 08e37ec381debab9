"""The Luxembourg "Smarty" electricity meter, read at its P1 port."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from . import publish
from .const import DOMAIN, PLATFORMS
from .coordinator import SmartyConfigEntry, SmartyCoordinator
from .demand_store import DemandStore
from .entity import is_in_telegram, meter_device
from .failures import forget_streak
from .issues import Issues, async_follow_disabling
from .meter_store import MeterStore
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register the actions, which are there before any meter is; know when one is disabled."""
    async_setup_services(hass)
    async_follow_disabling(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> bool:
    """Set up a meter: wait for its first telegram, then create its entities."""
    coordinator = SmartyCoordinator(hass, entry)
    await coordinator.async_start()
    entry.runtime_data = coordinator
    # The meters on its M-Bus channels refer to this device, whichever platform comes first.
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, **meter_device(coordinator)
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await publish.async_start(coordinator)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> bool:
    """Unload a meter. Home Assistant ends the link's task and thereby closes the port."""
    coordinator = entry.runtime_data
    coordinator.set_closed(is_closed=True)
    is_unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if is_unloaded:
        await coordinator.async_close()
    else:
        coordinator.set_closed(is_closed=False)
    return is_unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> None:
    """Forget everything about a meter that is removed."""
    forget_streak(hass, entry.entry_id)
    Issues(hass, entry).close_all()
    await DemandStore(hass, entry).async_remove()
    await MeterStore(hass, entry.entry_id).async_remove()
    await publish.async_remove(hass, entry.entry_id)


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: SmartyConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let users delete a meter that was taken off the M-Bus: it is no longer in the telegram."""
    return entry.state is ConfigEntryState.LOADED and not is_in_telegram(entry.runtime_data, device)
