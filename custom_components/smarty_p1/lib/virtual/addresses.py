"""Which addresses may ask: those of one's own network."""

from ipaddress import IPv6Address, ip_address, ip_network

# Not `is_private`, which also holds addresses for examples and tests.
_PRIVATE = [
    ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
]
_LONGEST = 64


def plain_address(text: str) -> str | None:
    """Return an address as it is compared and shown, None for what is none.

    Without the network interface behind a %, and IPv4 as such where IPv6 carries it.
    """
    try:
        address = ip_address(text[:_LONGEST].strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def is_private(address: str) -> bool:
    """Return whether a plain address is of one's own network."""
    found = ip_address(address)
    return any(found in network for network in _PRIVATE)
