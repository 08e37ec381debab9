"""The Luxembourg "Smarty" electricity meter, and the boards beside it: LED pulses, a tank."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType
from homeassistant.loader import async_get_integration

from . import sinks
from .const import CONF_FILL_ENERGY, DOMAIN
from .coordinator import SmartyConfigEntry, async_forget, is_meter, make_coordinator, platforms_of
from .coordinator.entry_types import AnyConfigEntry
from .coordinator.failure_run import forget_failure_run
from .coordinator.meter_coordinator import MeterConfigEntry
from .coordinator.repair_issues import async_follow_disabling, withdraw_issues
from .dashboards import (
    async_fill_energy,
    async_hand_over,
    async_serve_cards,
    async_show_in_sidebar,
)
from .entity import is_in_telegram, meter_device
from .services import async_setup_services
from .websocket import async_setup_websocket

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register what exists before any meter does, and follow disabled entries."""
    async_setup_services(hass)
    async_setup_websocket(hass)
    async_follow_disabling(hass)
    await async_serve_cards(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> bool:
    """Set up a meter or a board: wait for its first reading, then create its entities.

    A meter that has been read before is not waited for: its entities come with its first telegram.
    """
    await async_show_in_sidebar(hass, entry)
    coordinator = make_coordinator(hass, entry)
    try:
        await coordinator.async_start()
    except ConfigEntryNotReady:
        await sinks.async_publish_offline(hass, entry)
        raise
    entry.runtime_data = coordinator
    if not is_meter(entry):
        await _async_add_entities(hass, entry)
    elif entry.runtime_data.first_push.is_set():
        await _async_add_entities(hass, entry)
        await sinks.async_start(entry.runtime_data)
    else:
        await sinks.async_start(entry.runtime_data)
        entry.async_create_background_task(
            hass, _async_add_entities_later(hass, entry), f"{entry.title} entities"
        )
    return True


async def _async_add_entities_later(hass: HomeAssistant, entry: MeterConfigEntry) -> None:
    """Create the entities of a meter with its first telegram.

    When the entry is unloaded before that, Home Assistant cancels this.
    """
    integration = await async_get_integration(hass, DOMAIN)
    await integration.async_get_platforms(platforms_of(entry))
    await entry.runtime_data.first_push.wait()
    # Home Assistant takes it itself, but not of an entry that is just set up, and until 2026.10 of
    # none whose lock is taken. Nothing waits between here and there: the platforms are imported.
    async with entry.setup_lock:
        pass
    await _async_add_entities(hass, entry)


async def _async_add_entities(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    if is_meter(entry):
        # The meters on its M-Bus channels refer to this device, whichever platform comes first.
        dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id, **meter_device(entry.runtime_data)
        )
    await hass.config_entries.async_forward_entry_setups(entry, platforms_of(entry))
    entry.runtime_data.has_entities = True
    if is_meter(entry) and entry.options.get(CONF_FILL_ENERGY):
        entry.async_create_task(
            hass, async_fill_energy(hass, entry), f"{entry.title} Energy dashboard"
        )


async def async_unload_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> bool:
    """Unload an entry. Home Assistant ends the link's task and thereby closes the port."""
    coordinator = entry.runtime_data
    coordinator.set_closed(is_closed=True)
    is_unloaded = not coordinator.has_entities or (
        await hass.config_entries.async_unload_platforms(entry, platforms_of(entry))
    )
    if is_unloaded:
        await coordinator.async_close()
    else:
        coordinator.set_closed(is_closed=False)
    return is_unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> None:
    """Remove all that is stored, shown or published of an entry that is removed."""
    forget_failure_run(hass, entry.entry_id)
    withdraw_issues(hass, entry)
    await async_forget(hass, entry)
    await sinks.async_remove(hass, entry)
    async_hand_over(hass, entry)


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: SmartyConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return whether a device may be deleted: a meter that is no longer in the telegram."""
    return (
        entry.state is ConfigEntryState.LOADED
        and is_meter(entry)
        and entry.runtime_data.has_entities
        and not is_in_telegram(entry.runtime_data, device)
    )
