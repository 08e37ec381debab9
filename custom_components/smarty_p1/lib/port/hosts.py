"""Hosts and numbers of TCP ports, as people enter them."""

import re
from ipaddress import IPv6Address

MAX_PORT = 65535
_NAME = re.compile(r"[\w.-]{1,253}")


def is_host(text: str) -> bool:
    """Return whether `text` is the name or the address of a host alone, without a port.

    Python cannot look up a name such as `a..b`.
    """
    try:
        return bool((_NAME.fullmatch(text) and text.encode("idna")) or IPv6Address(text))
    except ValueError:  # also a UnicodeError of the name
        return False
