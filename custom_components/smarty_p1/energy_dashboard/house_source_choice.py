"""Choice of inverters, batteries and devices when the number of electricity meters changes.

All sources and devices of the Energy dashboard belong to the house of the only meter. Once there is
a second meter, each meter has only the chosen ones. So the only meter's are stored as its choice.
"""

from functools import partial

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.start import async_at_started

from ..const import CONF_HOUSE_DEVICES, CONF_SUN_SOURCES, DOMAIN
from ..coordinator import has_records
from ..coordinator.chosen_entity_ids import with_registry_ids
from ..coordinator.entry_types import AnyConfigEntry, active_meters
from ..coordinator.repair_issues import raise_issue, withdraw_issues
from ..lib.json_types import without
from ..lib.problem import Problem
from .house_sources import async_all_devices, async_all_sources


@callback
def async_follow_meters(hass: HomeAssistant) -> None:
    """Keep the choice of the only meter right when a meter is added, enabled, disabled or removed.

    Home Assistant keeps the listener.
    """
    before = _active_ids(hass)

    @callback
    def on_change(_change: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        nonlocal before
        earlier, now = before, _active_ids(hass)
        if entry.domain != DOMAIN or now == earlier:
            return
        before = now
        if len(earlier) == 1 and earlier < now:
            async_at_started(hass, partial(_async_store_choice, entry_id=min(earlier)))
        elif len(now) == 1:
            async_at_started(hass, partial(_async_forget_choice, entry_id=min(now)))

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)


def _active_ids(hass: HomeAssistant) -> frozenset[str]:
    return frozenset(entry.entry_id for entry in active_meters(hass) if has_records(entry))


async def _async_store_choice(hass: HomeAssistant, entry_id: str) -> None:
    """Store the sources and devices of a meter that is no longer the only one.

    A choice of the user stays. A repair issue tells the user what was stored, and where to change
    it.
    """
    if (entry := hass.config_entries.async_get_entry(entry_id)) is None:
        return
    ids = {
        CONF_SUN_SOURCES: [source.listed for source in await async_all_sources(hass, entry)],
        CONF_HOUSE_DEVICES: [*await async_all_devices(hass, entry)],
    }
    chosen = {name: ids for name, ids in ids.items() if ids and name not in entry.options}
    if chosen:
        options = with_registry_ids(hass, {**entry.options, **chosen}, chosen)
        hass.config_entries.async_update_entry(entry, options=options)
        raise_issue(hass, entry, Problem.SECOND_METER)


async def _async_forget_choice(hass: HomeAssistant, entry_id: str) -> None:
    """Forget the choice of all sources when a meter becomes the only one.

    All sources then count for it, also those that the user adds to the Energy dashboard later.
    """
    if (entry := hass.config_entries.async_get_entry(entry_id)) is None:
        return
    withdraw_issues(hass, entry, [Problem.SECOND_METER])
    sources = await async_all_sources(hass, entry)
    if {source.listed for source in sources} <= {*entry.options.get(CONF_SUN_SOURCES, ())}:
        options = without(entry.options, {CONF_SUN_SOURCES})
        hass.config_entries.async_update_entry(entry, options=options)
