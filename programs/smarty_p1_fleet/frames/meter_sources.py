"""Source of each meter's frames: gateway and P1 port, as named in the headers of NATS messages.

The headers are not authenticated, so a gateway can name a different gateway.
"""

from functools import lru_cache
from typing import NamedTuple

from smarty_p1_gateway.nats.nats_frames_publisher import GATEWAY_HEADER, PORT_HEADER

from .frame_order import of_title

_MAX_NAME_CHARS = 64
# Beginnings of the lines with the names of gateway and port.
_HEADERS = tuple(f"\r\n{name}:".encode() for name in (GATEWAY_HEADER, PORT_HEADER))
# Maximum number of sources of a meter. Each source is a series in VictoriaMetrics. Without a limit,
# forged sources could make any number of series.
_MAX_SOURCES = 8
# Number of consecutive newest frames of a meter after which their source is the meter's source.
_FRAMES_OF_NEW_SOURCE = 3


class Source(NamedTuple):
    """Source of a frame: the names of its gateway and P1 port. A name is "" if unknown."""

    gateway: str = ""
    port: str = ""


def read_source(headers: bytes) -> Source:
    """Return the gateway and the port that are named in the headers of a message in NATS."""
    return _source(*(_value(headers, name) for name in _HEADERS))


def _value(headers: bytes, name: bytes) -> bytes:
    at = headers.find(name)
    return headers[at + len(name) :].partition(b"\r\n")[0] if at >= 0 else b""


@lru_cache(maxsize=50_000)
def _source(*names: bytes) -> Source:
    return Source(*(name.strip().decode(errors="replace")[:_MAX_NAME_CHARS] for name in names))


class _Meter:
    """Sources of one meter. `candidate` was the source of its last `count` frames."""

    __slots__ = ("candidate", "count", "current", "known")

    def __init__(self, source: Source) -> None:
        self.current = self.candidate = source
        self.known = {source}
        self.count = 0


class MeterSources:
    """Sources of all meters. Each source is a series, so the number of sources is limited.

    A meter has one source at a time. Its source changes after several frames from another source.
    So a replay through another gateway, or a second gateway at the same meter, changes nothing.
    """

    def __init__(self) -> None:
        self._meters: dict[bytes, _Meter] = {}

    def note_source(self, title: bytes, source: Source) -> Source | None:
        """Record the source of the newest frame of a meter. Return it if it is the meter's source.

        If the meter had _MAX_SOURCES other sources already, the source counts as unknown.
        """
        meter = of_title(self._meters, title, lambda: _Meter(source))
        if source not in meter.known and len(meter.known) >= _MAX_SOURCES:
            source = Source()
        if source == meter.current:
            meter.count = 0
            return source
        meter.count = meter.count + 1 if source == meter.candidate else 1
        meter.candidate = source
        if meter.count < _FRAMES_OF_NEW_SOURCE:
            return None
        meter.current, meter.count = source, 0
        meter.known.add(source)
        return source
