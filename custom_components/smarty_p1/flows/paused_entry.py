"""Pause of an entry while another task needs its port, because most ports serve one client.

Unloading the entry of a meter would write "unavailable" into the history of every entity. So the
entry stays loaded, and only its port is closed. The last values stay valid for a minute. A test of
the port takes less time, so the entities stay available.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from ..const import LOGGER
from ..coordinator import has_no_cable, has_telegrams
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.telegram_source import TelegramSource

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
    # Home Assistant sets up, reloads and removes an entry only with this lock. So nothing else
    # opens the port during the pause.
    async with entry.setup_lock:
        reader: TelegramSource | None = None
        try:
            if is_over.is_set():
                return
            had_port = entry.state in _STATES_WITH_PORT
            if reader := _reader(entry):
                await reader.line.async_release()
            elif had_port:
                await entry.async_unload(hass)
        finally:
            is_free.set()
        await is_over.wait()
        if hass.is_stopping or entry.disabled_by:
            return
        try:
            if reader:
                reader.read_again()
            elif had_port:
                await entry.async_setup(hass)
        except Exception:  # noqa: BLE001 - a port must not stay closed after any error
            LOGGER.exception("%s: error after a pause; it is set up again", entry.title)
            hass.config_entries.async_schedule_reload(entry.entry_id)


def _reader(entry: AnyConfigEntry) -> TelegramSource | None:
    """Return the source of a loaded meter at a port. Return None for any other entry."""
    is_read = entry.state is ConfigEntryState.LOADED and has_telegrams(entry)
    return entry.runtime_data.source if is_read else None
