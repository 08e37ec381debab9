"""Masking of the secrets in a port's address, which are its user info and its query values."""

import re

MASK = "REDACTED"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# An @, or an @ that was percent-encoded once or several times. The @ before the host must not be
# encoded, but a user may enter it encoded. Dialogs and logs show such an address, so the secrets
# before the encoded @ must be masked, too.
_AT = re.compile(r"@|%(?:25)*40", re.IGNORECASE)
_SEPARATOR = re.compile(r"([?#&;]|%(?:25)*(?:3F|23|26|3B))", re.IGNORECASE)
_IS = re.compile(r"=|%(?:25)*3D", re.IGNORECASE)
_HOST = re.compile(r"/*(?:\[[^]@]*\]|[^:@]*)(?::[0-9]{1,5})?(?:/.*)?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.%-]{0,31}")
# A path of a device contains no user name or password, so nothing in it is masked. udev allows only
# these characters in a path.
_DEVICE = re.compile(r"/dev/[A-Za-z0-9#+.:=@_/-]+")
_PORT_NAME = re.compile(r"port(?:_[a-z_]+)?")


def redact_port(url: str) -> str:
    """Return the device or URL to show or log, with user info and query values masked.

    In a malformed address, every part that could be a secret is masked.
    """
    return _redact(url, keeps_port_name=False)


def identify_port(url: str) -> str:
    """Return an address for comparisons: addresses that differ only in secrets become equal.

    Secrets are masked. The query values `port` and `port_…` stay, because they distinguish the
    ports of an ESPHome device.
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
    return f"{scheme}{shown}" + "".join(
        part if number % 2 or not part else _redact_pair(part, keeps_port_name=keeps_port_name)
        for number, part in enumerate(_SEPARATOR.split(query))
    )


def _is_before_query(address: str, query: str) -> bool:
    """Return whether `query` is the query of an address, and not a part of its password.

    The text of an address was cut before its first separator, such as ?, into `address` and
    `query`. `query` contains an @, so there are two cases. Either `query` is a query with an @ in
    it, or a password contains the separator, and the @ ends the password. The first case is assumed
    if `query` begins with ?, contains =, and comes after a valid host.
    """
    host = _AT.split(address)[-1]
    return query.startswith("?") and "=" in query and bool(_HOST.fullmatch(host))


def _redact_pair(pair: str, *, keeps_port_name: bool) -> str:
    name, _, value = pair.partition("=")
    # A secret in Base64 can end in "=", and then looks like a name with an empty value. So mask the
    # whole part if its value is empty.
    if not _NAME.fullmatch(name) or not value.strip("="):
        return MASK
    if keeps_port_name and _PORT_NAME.fullmatch(name):
        return pair
    return f"{name}={MASK}"
