"""Hooks of Home Assistant's backup: what waits to be written is written before a backup begins.

The backup copies the files. A meter's files are written seldom, so they may be five minutes old.
"""

from homeassistant.core import HomeAssistant

from .const import LOGGER
from .coordinator.stored.throttled_store import async_write_waiting

# Home Assistant's backup waits for the hook of each integration.
_TIMEOUT_S = 8.0


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Write what waits to be written. It ends within ten seconds, and raises no error.

    An error would end the user's backup.
    """
    try:
        await async_write_waiting(hass, _TIMEOUT_S)
    except Exception:  # noqa: BLE001 - any error would end the backup
        LOGGER.exception("The files are as they were last written")


async def async_post_backup(hass: HomeAssistant) -> None:
    """Do nothing. Home Assistant registers the hooks only if both exist."""
