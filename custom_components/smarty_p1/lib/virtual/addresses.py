"""Which addresses may ask, and by which names: those of one's own network."""

import re
from ipaddress import IPv6Address, ip_address, ip_network

# Not `is_private`, which also holds addresses for examples and tests.
_PRIVATE = [
    ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
]
_MAX_ADDRESS_CHARS = 64
# Names that nobody on the Internet can have; the last one belongs to the maker of a router.
_LOCAL = (
    *(".local", ".localdomain", ".lan", ".home", ".home.arpa", ".internal", ".intranet"),
    ".fritz.box",
)
_MAX_HOST_CHARS = 260
_HOST = re.compile(r"(?P<v6>\[[^\]]*\])?(?P<name>[^:\[\]]*)(?::\d*)?")


def plain_address(text: str) -> str | None:
    """Return an address as it is compared and shown, None for what is none.

    Without the network interface behind a %, and IPv4 as such where IPv6 carries it.
    """
    try:
        address = ip_address(text[:_MAX_ADDRESS_CHARS].strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def is_private(address: str) -> bool:
    """Return whether a plain address is of one's own network."""
    found = ip_address(address)
    return any(found in network for network in _PRIVATE)


def is_local_host(text: str) -> bool:
    """Return whether the host that a client believes to ask, as it says, is of one's own network.

    That is each address, each name without a dot, and what ends as names at home do; also nothing.
    """
    found = _HOST.fullmatch(text.strip()) if len(text) <= _MAX_HOST_CHARS else None
    if found is None:
        return False
    if found["v6"]:
        return not found["name"] and plain_address(found["v6"][1:-1]) is not None
    name = found["name"].lower().removesuffix(".")
    return "." not in name or plain_address(name) is not None or name.endswith(_LOCAL)
