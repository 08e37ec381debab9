"""An entry is paused while something else needs its port: most serve one client at a time.

A meter that is set up only lets go of its port: what was read last is shown for a minute, and the
probing takes less. Unloaded, each of its entities would tell the history that it was away.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ..coordinator import is_meter
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.meter_coordinator import SmartyCoordinator

_STATES_WITH_PORT = {ConfigEntryState.LOADED, ConfigEntryState.SETUP_ERROR}


@asynccontextmanager
async def pause_entry(hass: HomeAssistant, entry: AnyConfigEntry | None) -> AsyncGenerator[None]:
    """Have nothing read the port of an entry, if there is one; read it again at the end.

    That also happens when the task that needs the port is cancelled, at whatever moment.
    """
    if entry is None:
        yield
        return
    is_free, is_over = asyncio.Event(), asyncio.Event()
    # A task of its own: unloading must not be cancelled half-way.
    hass.async_create_task(_keep_paused(hass, entry, is_free, is_over), f"{entry.title} paused")
    try:
        await is_free.wait()
        yield
    finally:
        is_over.set()


async def _keep_paused(
    hass: HomeAssistant, entry: AnyConfigEntry, is_free: asyncio.Event, is_over: asyncio.Event
) -> None:
    data = entry.data
    reader: SmartyCoordinator | None = None
    try:
        # What is being set up cannot be unloaded; that ends by itself.
        while entry.setup_lock.locked():
            async with entry.setup_lock:
                pass
        if is_over.is_set():
            return
        had_port = entry.state in _STATES_WITH_PORT
        if reader := _reader(entry):
            await reader.line.async_release()
        elif had_port:
            await hass.config_entries.async_unload(entry.entry_id)
    finally:
        is_free.set()
    await is_over.wait()
    if hass.is_stopping or entry.disabled_by:
        return
    if hass.config_entries.async_get_entry(entry.entry_id):
        await _async_resume(hass, entry, reader, data, had_port=had_port)


async def _async_resume(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    reader: SmartyCoordinator | None,
    data: Mapping[str, Any],
    *,
    had_port: bool,
) -> None:
    """Have an entry read its port again; `data` is what the entry had when it was paused."""
    if reader and reader is _reader(entry):
        reader.read_again()
    elif entry.state is not ConfigEntryState.NOT_LOADED:
        if entry.data != data:  # somebody else has set it up meanwhile, with the old data
            hass.config_entries.async_schedule_reload(entry.entry_id)
    elif had_port:
        await hass.config_entries.async_setup(entry.entry_id)


def _reader(entry: AnyConfigEntry) -> SmartyCoordinator | None:
    """Return what reads a meter that is set up."""
    is_read = entry.state is ConfigEntryState.LOADED and is_meter(entry)
    return entry.runtime_data if is_read else None
