"""Integration for Luxembourg's "Smarty" electricity meters, LED pulse readers and tanks."""

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from . import sinks
from .const import CONF_FILL_ENERGY, DOMAIN
from .coordinator import (
    RecordsConfigEntry,
    SmartyConfigEntry,
    async_forget,
    has_records,
    has_telegrams,
    is_live,
    make_coordinator,
    platforms_of,
)
from .coordinator.chosen_entity_ids import async_check_ids, async_follow_entities
from .coordinator.loads.entered_loads import on_changed_loads
from .coordinator.loads.lost_entities import async_watch_load_entities
from .coordinator.repair_issues import async_follow_disabling, withdraw_issues
from .coordinator.statistics.statistic_ids import store_statistics_key
from .dashboards import (
    async_fill_when_known,
    async_hand_over,
    async_serve_cards,
    async_show_in_sidebar,
    async_watch_sources,
)
from .energy_dashboard.house_source_choice import async_follow_meters
from .energy_dashboard.house_sources import async_follow_sources
from .entity import is_in_telegram, mbus_device_id, meter_device
from .house_planner import HousePlanner
from .messages import async_forget_messages, async_watch_messages
from .services import async_setup_services
from .websocket import async_setup_websocket

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, _config: ConfigType) -> bool:
    """Register actions, websocket commands and dashboard cards."""
    async_setup_services(hass)
    async_setup_websocket(hass)
    async_follow_disabling(hass)
    async_follow_entities(hass)
    async_follow_sources(hass)
    async_follow_meters(hass)
    await async_serve_cards(hass)
    return True


async def async_migrate_entry(_hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Refuse an entry from before the first release: this version cannot read its files.

    Nothing of the entry is changed, and the page of the integration shows the reason. An entry with
    another minor version is taken: users go back to an earlier release.
    """
    if entry.version == 1:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key="before_first_release")
    return True


async def async_setup_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> bool:
    """Set up a meter, pulse reader or tank: start reading, and create the entities.

    The entities are unavailable until the first reading. The set-up of a new meter waits for the
    first reading or failure.
    """
    await async_show_in_sidebar(hass, entry)
    async_check_ids(hass, entry)
    if has_records(entry):
        store_statistics_key(hass, entry)
    entry.runtime_data = coordinator = make_coordinator(hass, entry)
    if has_records(entry) and is_live(entry):
        # A limit of the grid operator waits for nothing else.
        await coordinator.faults.attempt(entry.runtime_data.limits.async_start)
    await entry.runtime_data.async_start()
    if has_records(entry):
        # Create the device of the electricity meter first, because the devices of M-Bus meters
        # refer to it.
        dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id, **meter_device(entry.runtime_data)
        )
    coordinator.platforms = platforms_of(entry)
    await hass.config_entries.async_forward_entry_setups(entry, coordinator.platforms)
    faults = entry.runtime_data.faults
    if has_telegrams(entry):
        await sinks.async_start(entry.runtime_data)
    if has_records(entry) and entry.options.get(CONF_FILL_ENERGY):
        faults.call(async_fill_when_known, hass, entry)
    if has_records(entry):
        faults.call(async_watch_sources, hass, entry)
        await faults.attempt(async_watch_messages, hass, entry)
    if has_records(entry) and is_live(entry):
        faults.call(HousePlanner(hass, entry).start)
        faults.call(async_watch_load_entities, hass, entry)
        _reload_for_calendar(hass, entry)
    return True


@callback
def _reload_for_calendar(hass: HomeAssistant, entry: RecordsConfigEntry) -> None:
    """Reload the entry with its first load, which adds the platform of the calendar.

    A platform is forwarded only during a set-up. Later, it could wait for the lock of a dialog that
    tests the port, and outlive the coordinator.
    """
    coordinator, is_asked = entry.runtime_data, False

    @callback
    def look() -> None:
        nonlocal is_asked
        if not is_asked and {*platforms_of(entry)} - {*coordinator.platforms}:
            is_asked = True
            hass.config_entries.async_schedule_reload(entry.entry_id)

    look()
    entry.async_on_unload(on_changed_loads(hass, entry, look))


async def async_unload_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> bool:
    """Unload an entry, and save its data. Home Assistant cancels the task that reads the port."""
    coordinator = entry.runtime_data
    coordinator.set_closed(is_closed=True)
    is_unloaded = await hass.config_entries.async_unload_platforms(entry, coordinator.platforms)
    if is_unloaded:
        await coordinator.async_close()
    else:
        coordinator.set_closed(is_closed=False)
    return is_unloaded


async def async_remove_entry(hass: HomeAssistant, entry: SmartyConfigEntry) -> None:
    """Remove the files, dashboard, repair issues and published MQTT topics of a removed entry.

    Also end the open dialogs of the entry, because every step would fail.
    """
    flows, options = hass.config_entries.flow, hass.config_entries.options
    context = {"entry_id": entry.entry_id}
    for flow in flows.async_progress_by_handler(DOMAIN, match_context=context):
        flows.async_abort(flow["flow_id"])
    for flow in options.async_progress_by_handler(entry.entry_id):
        options.async_abort(flow["flow_id"])
    withdraw_issues(hass, entry)
    await async_forget(hass, entry)
    await async_forget_messages(hass, entry)
    await sinks.async_remove(hass, entry)
    async_hand_over(hass, entry)


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: SmartyConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Return whether Home Assistant allows a user to delete a device.

    Return True only if the entry is loaded and the last telegram does not contain the meter of this
    device. If the meter still sends, Home Assistant would soon create the deleted device again. The
    device of a load is deleted with its subentry.
    """
    if entry.state is not ConfigEntryState.LOADED or not has_records(entry):
        return False
    coordinator = entry.runtime_data
    is_of_load = any(name in entry.subentries for _, name in device.identifiers)
    if is_of_load or is_in_telegram(coordinator, device):
        return False
    start = mbus_device_id(coordinator, "")
    for _, name in device.identifiers:
        coordinator.records.forget_exchanged(name.removeprefix(start))
    return True
