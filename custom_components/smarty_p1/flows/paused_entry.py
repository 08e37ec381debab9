"""Pause of an entry while another task needs its port, because most ports serve one client.

Unloading the entry of a meter would write "unavailable" into the history of every entity. So the
entry stays loaded, and only its port is closed. The last values stay valid for a minute. A test of
the port takes less time, so the entities stay available.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ..const import LOGGER
from ..coordinator import has_no_cable, has_telegrams
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.meter_coordinator import MeterCoordinator

_STATES_WITH_PORT = {ConfigEntryState.LOADED, ConfigEntryState.SETUP_ERROR}


@asynccontextmanager
async def pause_entry(hass: HomeAssistant, entry: AnyConfigEntry | None) -> AsyncGenerator[None]:
    """Pause the reading of an entry's port while the context is active.

    Reading resumes even if the task that needs the port is cancelled.
    """
    if entry is None or has_no_cable(entry):
        yield
        return
    is_free, is_over = asyncio.Event(), asyncio.Event()
    # Pause the entry in a separate task, so that the unloading of the entry is not interrupted if
    # this context is cancelled.
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
    reader: MeterCoordinator | None = None
    try:
        # An entry cannot be unloaded during its set-up. So wait until the set-up has ended.
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
        try:
            await _async_resume(hass, entry, reader, data, had_port=had_port)
        except Exception:  # noqa: BLE001 - a port must not stay closed after any error
            LOGGER.exception("%s: error after a pause; it is set up again", entry.title)
            hass.config_entries.async_schedule_reload(entry.entry_id)


async def _async_resume(
    hass: HomeAssistant,
    entry: AnyConfigEntry,
    reader: MeterCoordinator | None,
    data: Mapping[str, Any],
    *,
    had_port: bool,
) -> None:
    """Resume the reading of a paused entry. `data` is the entry's data when the pause began."""
    if reader and reader is _reader(entry):
        reader.read_again()
    elif entry.state is not ConfigEntryState.NOT_LOADED:
        # Another task has set up the entry during the pause, and may have used old data. So reload
        # the entry if its data have changed.
        if entry.data != data:
            hass.config_entries.async_schedule_reload(entry.entry_id)
    elif had_port:
        await hass.config_entries.async_setup(entry.entry_id)


def _reader(entry: AnyConfigEntry) -> MeterCoordinator | None:
    """Return the coordinator of a loaded meter. Return None for any other entry."""
    is_read = entry.state is ConfigEntryState.LOADED and has_telegrams(entry)
    return entry.runtime_data if is_read else None
