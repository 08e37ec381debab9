"""Checks whether a client, the host that it requests, or a port belongs to the local network.

A client of the local network has a private address, or a global IPv6 address of the same /64
network as the address of this machine that it has reached.
"""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from .client_admission import network_of, plain_address

# Do not use `ipaddress.is_private`, because it also accepts addresses that are reserved for
# examples and tests.
_PRIVATE = [
    ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
]
# Addresses of VPNs, and of customers of one provider. So only this machine's own network counts.
_SHARED = ip_network("100.64.0.0/10")
# Endings of host names that do not exist on the Internet. Routers of the maker AVM use .fritz.box.
_LOCAL = (
    *(".local", ".localdomain", ".lan", ".home", ".home.arpa", ".internal", ".intranet"),
    ".fritz.box",
)
_MAX_HOST_CHARS = 260
_HOST = re.compile(r"(?P<v6>\[[^\]]*\])?(?P<name>[^:\[\]]*)(?::\d*)?")


def is_private(address: str) -> bool:
    """Return whether `address`, a result of `plain_address`, belongs to the local network."""
    parsed = ip_address(address)
    return any(parsed in network for network in _PRIVATE)


def client_address(text: str, own_text: str = "") -> str | None:
    """Return the `plain_address` of a client. Return None if it is not of the local network.

    `own_text` is the address of this machine that the client has reached, "" if it is unknown.
    """
    address, own = plain_address(text), plain_address(own_text)
    if address is None or is_private(address):
        return address
    if own is None:
        return None
    is_shared = all(ip_address(of) in _SHARED for of in (address, own))
    return address if is_shared or network_of(address) == network_of(own) else None


def is_local_host(text: str) -> bool:
    """Return whether `text`, a Host header, names a host of the local network.

    Local hosts are IP addresses, names without a dot, names with local endings, and an empty text.
    """
    host = _HOST.fullmatch(text.strip()) if len(text) <= _MAX_HOST_CHARS else None
    if host is None:
        return False
    if host["v6"]:
        return not host["name"] and plain_address(host["v6"][1:-1]) is not None
    name = host["name"].lower().removesuffix(".")
    return "." not in name or plain_address(name) is not None or name.endswith(_LOCAL)


def is_port_of_house(url: str) -> bool:
    """Return whether a port is a device, an MQTT topic, or a URL with a host of the local network.

    `url` is the port's device path, topic or URL.
    """
    if "://" not in url:
        return True
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    address = plain_address(host)
    return is_local_host(host) if address is None else is_private(address)
