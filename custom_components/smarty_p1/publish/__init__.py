"""Where readings go besides entities: other programs that read a P1 port, and MQTT."""

from homeassistant.core import HomeAssistant

from ..coordinator import SmartyCoordinator
from . import mqtt, p1_server


async def async_start(coordinator: SmartyCoordinator) -> None:
    """Publish what the options ask for until the entry is unloaded."""
    await p1_server.async_start(coordinator)
    await mqtt.async_start(coordinator)


async def async_remove(hass: HomeAssistant, entry_id: str) -> None:
    """Take back what is left of an entry that is removed."""
    await mqtt.async_remove(hass, entry_id)
