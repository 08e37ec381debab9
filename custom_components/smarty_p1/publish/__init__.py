"""Where readings go besides entities: other programs that read a P1 port, and MQTT."""

from ..coordinator import SmartyCoordinator
from . import p1_server


async def async_start(coordinator: SmartyCoordinator) -> None:
    """Publish what the options ask for until the entry is unloaded."""
    await p1_server.async_start(coordinator)
