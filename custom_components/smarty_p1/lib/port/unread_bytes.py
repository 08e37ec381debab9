"""Cause of bytes in which no telegram is found: altered frames, frames as text, or unknown.

The module does no I/O and has no clock: times are seconds of a monotonic clock.
"""

import re
import string
from collections import deque
from itertools import pairwise
from operator import eq
from typing import NamedTuple

from ..failure_detection import ReadingProblem

# A meter sends a burst every ten seconds: one frame, whose length seldom changes. The lengths of
# noise and of inverted frames mostly differ each time. Most bytes of an encrypted frame differ from
# those of the last one, unlike those of other devices.
_PERIOD_S = 10.0
_TOLERANCE_S = 1.5
_BURSTS = 3
# Gateways cut a frame into parts, a fraction of a second apart.
_PAUSE_S = 2.0
_MAX_BYTES = 8192
_MIN_BYTES = 64
# Encrypted bytes have many values. Fillers have few.
_MIN_VALUES = 32
_PRINTABLE = string.printable.encode()
_MAX_OTHER_SHARE = 0.03
_MIN_CODED_SHARE = 0.5
_CODED = re.compile(
    rb"(?:(?:0x|\\x|%)?[0-9A-Fa-f]{2}[\s,:;-]{0,2}){20,}"  # hexadecimal
    rb"|(?:[0-9]{1,3}[\s,;]{1,2}){32,}"  # decimal
    rb"|(?:[A-Za-z0-9+/_-]{32,}(?:\\[nr]|\s){0,4}){2,}={0,2}|[A-Za-z0-9+/_-]{64,}={0,2}"  # base64
)
_JSON_NAME = re.compile(rb'^\s*[{\[].{0,200}?"[^"]{1,80}"\s*:', re.DOTALL)
_ESCAPED = re.compile(rb"\\(?:x[0-9A-Fa-f]{2}|[0-3][0-7]{2})")
_BEGIN = re.compile(rb"\xdb\x08[A-Z]{3}|/[A-Za-z]{3}\d")
_INVERTED = bytes(range(255, -1, -1))
_OBJECT = re.compile(rb"\d-\d:\d+\.\d+\.\d+\(")


class _Burst(NamedTuple):
    begin: float
    size: int


class UnreadBytes:
    """Bytes since the last frame or telegram."""

    def __init__(self) -> None:
        self._last = bytearray()
        self._last_at = 0.0
        self._bursts = deque[_Burst](maxlen=_BURSTS)

    def clear(self) -> None:
        """Forget all bytes. Call this when a frame or telegram was found."""
        self._last.clear()
        self._bursts.clear()

    def add_bytes(self, data: bytes, now: float) -> bool:
        """Add bytes that came at `now`. Return whether it is time to ask for the problem again.

        This is so when a burst follows another one, and in long bursts each _MAX_BYTES bytes.
        """
        begins = not self._bursts or now - self._last_at >= _PAUSE_S
        is_due = begins and bool(self._bursts)
        begin, before = (now, 0) if begins else self._bursts.pop()
        size = before + len(data)
        self._bursts.append(_Burst(begin, size))
        self._last_at = now
        self._last += data
        del self._last[:-_MAX_BYTES]
        return is_due or before // _MAX_BYTES < size // _MAX_BYTES

    @property
    def problem(self) -> ReadingProblem | None:
        """Return the problem that the bytes show. Return None if their cause is unknown."""
        data = bytes(self._last)
        if len(data) < _MIN_BYTES:
            return None
        if _is_text(data):
            return ReadingProblem.BYTES_AS_TEXT if _is_coded(data) else None
        return ReadingProblem.DAMAGED if self._has_rhythm or _is_doubled(data) else None

    @property
    def _has_rhythm(self) -> bool:
        """Return whether the last bursts came as from a meter, and had one length."""
        begins = [burst.begin for burst in self._bursts]
        sizes = {burst.size for burst in self._bursts}
        size = max(sizes)
        last, before = self._last[-size:], self._last[-2 * size : -size]
        equal = sum(map(eq, last, before, strict=False))
        return (
            len(begins) == _BURSTS
            and len(sizes) == 1
            and size >= _MIN_BYTES
            and equal * 2 < size
            and not _BEGIN.search(self._last.translate(_INVERTED))
            and all(
                abs(later - earlier - _PERIOD_S) <= _TOLERANCE_S
                for earlier, later in pairwise(begins)
            )
        )


def _is_text(data: bytes) -> bool:
    others = data.translate(None, _PRINTABLE)
    return len(others) <= _MAX_OTHER_SHARE * len(data)


def _is_coded(text: bytes) -> bool:
    """Return whether a text has bytes in it, and is no telegram, whose messages are hexadecimal."""
    if _OBJECT.search(text):
        return False
    coded = sum(len(found.group()) for found in _CODED.finditer(text))
    return (
        coded >= _MIN_CODED_SHARE * len(text)
        or len(_ESCAPED.findall(text)) * 4 >= _MIN_BYTES * 2
        or bool(_JSON_NAME.search(text))
    )


def _is_doubled(data: bytes) -> bool:
    """Return whether each byte came twice: as if two programs had read the port, or written."""
    pairs = [zip(data[at::2], data[at + 1 :: 2], strict=False) for at in (0, 1)]
    equal = max(sum(one == other for one, other in pair) for pair in pairs)
    return equal >= 0.9 * (len(data) // 2) and len({*data}) >= _MIN_VALUES
