"""Integration of a simulated wallbox, for tests in a real Home Assistant."""

from datetime import timedelta
from logging import getLogger
from typing import Any

from aiohttp import ClientError
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed


class Wallbox(DataUpdateCoordinator[dict[str, Any]]):
    """Wallbox that is asked each second, over HTTP."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        every = timedelta(seconds=1)
        super().__init__(hass, getLogger(__name__), name="wallbox", update_interval=every)
        self.url = f"http://127.0.0.1:{entry.data['port']}"
        self.session = async_get_clientsession(hass)

    async def _async_update_data(self) -> dict[str, Any]:
        try:
            async with self.session.get(self.url) as answer:
                shown: dict[str, Any] = await answer.json()
        except ClientError as err:
            raise UpdateFailed from err
        return shown


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up the wallbox."""
    entry.runtime_data = wallbox = Wallbox(hass, entry)
    await wallbox.async_config_entry_first_refresh()
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.SWITCH])
    return True
