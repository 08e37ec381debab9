"""Where the frames of each meter come from: the gateway and its port, as the gateway says.

Nothing vouches for it: a gateway that may publish a meter's frames can name another one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from smarty_p1_gateway.nats_publisher import GATEWAY_HEADER, PORT_HEADER

from .newest_values import MAX_TITLES

_MAX_NAME_CHARS = 64
# Of each meter, as each makes a series.
_MAX_SOURCES = 8


class Source(NamedTuple):
    """A gateway and its port, "" where that is not known."""

    gateway: str = ""
    port: str = ""


def source_of(headers: Mapping[str, str] | None) -> Source:
    """Return what the headers of a message say."""
    found = (
        str((headers or {}).get(name, ""))[:_MAX_NAME_CHARS]
        for name in (GATEWAY_HEADER, PORT_HEADER)
    )
    return Source(*found)


class MeterSources:
    """The sources of each meter, so that none makes series without an end."""

    def __init__(self) -> None:
        self._known: dict[bytes, set[Source]] = {}

    def bound(self, title: bytes, source: Source) -> Source:
        """Return the source of a verified telegram, an unknown one when its meter had too many."""
        known = self._known.get(title)
        if known is None:
            while len(self._known) >= MAX_TITLES:
                del self._known[next(iter(self._known))]
            known = self._known[title] = set()
        if source not in known:
            if len(known) >= _MAX_SOURCES:
                return Source()
            known.add(source)
        return source
