"""Source of each meter's frames: gateway and P1 port, as named in the headers of NATS messages.

The headers are not authenticated, so a gateway can name a different gateway.
"""

from collections.abc import Mapping
from typing import NamedTuple

from smarty_p1_gateway.nats_frames_publisher import GATEWAY_HEADER, PORT_HEADER

from .frame_order import MAX_TITLES

_MAX_NAME_CHARS = 64
# Maximum number of sources of a meter. Each source is a series in VictoriaMetrics. Without a limit,
# forged sources could make any number of series.
_MAX_SOURCES = 8


class Source(NamedTuple):
    """Source of a frame: the names of its gateway and P1 port. A name is "" if unknown."""

    gateway: str = ""
    port: str = ""


def source_of(headers: Mapping[str, str] | None) -> Source:
    """Return the gateway and the port that are named in the headers of a message."""
    names = (
        str((headers or {}).get(name, ""))[:_MAX_NAME_CHARS]
        for name in (GATEWAY_HEADER, PORT_HEADER)
    )
    return Source(*names)


class MeterSources:
    """Sources of all meters. Each source is a series, so the number of sources is limited."""

    def __init__(self) -> None:
        self._known: dict[bytes, set[Source]] = {}

    def bound(self, title: bytes, source: Source) -> Source:
        """Return `source`, or an unknown source if the meter already has _MAX_SOURCES others."""
        sources = self._known.get(title)
        if sources is None:
            while len(self._known) >= MAX_TITLES:
                del self._known[next(iter(self._known))]
            sources = self._known[title] = set()
        if source not in sources:
            if len(sources) >= _MAX_SOURCES:
                return Source()
            sources.add(source)
        return source
