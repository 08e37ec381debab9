"""Announcement of the virtual meter on the network, by Home Assistant's own mDNS."""

from functools import partial
from ipaddress import ip_address

from homeassistant.components import network, zeroconf
from homeassistant.core import HomeAssistant
from zeroconf import Error
from zeroconf.asyncio import AsyncServiceInfo

from ..const import LOGGER
from ..coordinator.entry_types import AnyConfigEntry
from ..lib.virtual.announcements import Announcement

_IPV4 = 4


async def async_announce(
    hass: HomeAssistant, entry: AnyConfigEntry, announcement: Announcement, address: str, port: int
) -> None:
    """Announce a service at `address` and `port` until the entry is unloaded."""
    if ip_address(address).is_unspecified:
        # Clients with a public IPv6 address are refused, and such clients prefer IPv6. So announce
        # only IPv4 addresses.
        addresses = [
            ip
            for ip in await network.async_get_announce_addresses(hass)
            if ip_address(ip).version == _IPV4
        ]
    else:
        # An IPv6 address can end in "%" and the name of an interface. Other machines do not know
        # this name, so drop it.
        addresses = [address.partition("%")[0]]
    info = AsyncServiceInfo(
        announcement.service_type,
        name=f"{announcement.name}.{announcement.service_type}",
        server=f"{announcement.name}.local.",
        parsed_addresses=addresses,
        port=port,
        properties=announcement.properties,
    )
    instance = await zeroconf.async_get_async_instance(hass)
    try:
        await instance.async_register_service(info)
    except (Error, OSError) as err:
        LOGGER.warning("%s: the virtual meter cannot be announced: %r", entry.title, err)
        return
    entry.async_on_unload(partial(_withdraw, hass, info))


async def _withdraw(hass: HomeAssistant, info: AsyncServiceInfo) -> None:
    """Withdraw the announcement of a service."""
    instance = await zeroconf.async_get_async_instance(hass)
    await instance.async_unregister_service(info)
