"""Last frame counters of an entry's meter, in memory or in the meter's file."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..coordinator.meter_memory_file import MeterStore
from ..lib.meter import MeterMemory


def _memory(entry: AnyConfigEntry) -> MeterMemory | None:
    if entry.state is ConfigEntryState.LOADED and isinstance(entry.runtime_data, SmartyCoordinator):
        return entry.runtime_data.books.memory
    return None


async def async_last_counters(
    hass: HomeAssistant, entry: AnyConfigEntry, key: bytes
) -> dict[bytes, int]:
    """Return the last frame counters of the entry's meter, keyed by system title.

    A probe of a port needs these counters to reject replayed frames.
    """
    if memory := _memory(entry):
        return memory.last_counters(key)
    return await MeterStore(hass, entry.entry_id).async_last_counters(key)


async def async_forget_counters(hass: HomeAssistant, entry: AnyConfigEntry, key: bytes) -> None:
    """Forget the last frame counters of the entry's meter under `key`."""
    if memory := _memory(entry):
        memory.forget_counters(key)
    else:
        await MeterStore(hass, entry.entry_id).async_forget_counters(key)
