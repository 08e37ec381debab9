"""Addresses of ports without secrets: user info and the values of a query are masked."""

import re

MASK = "REDACTED"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Percent-encoded characters match, too, even encoded repeatedly. Such an address leads nowhere, but
# it is still shown to users and in logs.
_AT = re.compile(r"@|%(?:25)*40", re.IGNORECASE)
_SEPARATOR = re.compile(r"([?#&;]|%(?:25)*(?:3F|23|26|3B))", re.IGNORECASE)
_IS = re.compile(r"=|%(?:25)*3D", re.IGNORECASE)
_HOST = re.compile(r"/*(?:\[[^]@]*\]|[^:@]*)(?::[0-9]{1,5})?(?:/.*)?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.%-]{0,31}")
# The path of a device contains no user info; udev allows these characters in it.
_DEVICE = re.compile(r"/dev/[A-Za-z0-9#+.:=@_/-]+")
_PORT_NAME = re.compile(r"port(?:_[a-z_]+)?")


def redact_port(url: str) -> str:
    """Return the device or URL with user info and query values masked, for people and logs.

    In a malformed address, every part that could be a secret is masked.
    """
    return _redact(url, keeps_port_name=False)


def identify_port(url: str) -> str:
    """Return an address for comparisons: two addresses of the same port give the same text.

    Secrets are masked. Query values whose names begin with "port" stay, because an ESPHome device
    has several ports that differ in these values.
    """
    return _redact(url, keeps_port_name=True)


def _redact(url: str, *, keeps_port_name: bool) -> str:
    if _DEVICE.fullmatch(url):
        return url
    start = match.end() if (match := _SCHEME.match(url)) else 0
    scheme, rest = url[:start], url[start:]
    cut = match.start() if (match := _SEPARATOR.search(rest)) else len(rest)
    address, query = rest[:cut], rest[cut:]
    if _AT.search(query) and not _is_before_query(address, query):
        return scheme + MASK
    *users, host = _AT.split(address)
    host, *values = _IS.split(host)
    host += f"={MASK}" if values else ""
    shown = f"{MASK}@{host}" if users else host
    return scheme + shown + _redact_query(query, keeps_port_name=keeps_port_name)


def _is_before_query(address: str, query: str) -> bool:
    """Return whether a query with an @ is a real query, and not part of a password."""
    host = _AT.split(address)[-1]
    return query.startswith("?") and "=" in query and bool(_HOST.fullmatch(host))


def _redact_query(query: str, *, keeps_port_name: bool) -> str:
    parts = _SEPARATOR.split(query)
    return "".join(
        part if number % 2 or not part else _redact_pair(part, keeps_port_name=keeps_port_name)
        for number, part in enumerate(parts)
    )


def _redact_pair(pair: str, *, keeps_port_name: bool) -> str:
    name, _, value = pair.partition("=")
    # A text that ends in "=" may be a key in Base64 without a name.
    if not _NAME.fullmatch(name) or not value.strip("="):
        return MASK
    if keeps_port_name and _PORT_NAME.fullmatch(name):
        return pair
    return f"{name}={MASK}"
