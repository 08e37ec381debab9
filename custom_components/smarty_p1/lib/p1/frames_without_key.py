"""Bytes in any chunks -> the encrypted frames in them, as they came. No key, no I/O, no clock.

Without the key nobody can tell a true frame from whatever else has a header. So every candidate
that is complete is handed over, also those that overlap: the Decoder behind, which has the key,
accepts the true one. What is handed over is bounded: two bytes for each byte received, and 256 KiB
at once, a frame counting as 256 bytes at least.

One half of that is kept for frames that are expected: their system title came before, with a lower
frame counter. Ciphertext, noise and damage make no such frames. Whoever writes them to the line on
purpose can use up all of it, and thereby lose true frames, as by cutting the line.
"""

from dataclasses import dataclass

from ..backoff import Budget
from .frame_finder import Framer
from .frame_layout import Frame

_GIVEN_A_BYTE = 2
_MAX_BYTES = 256 * 1024
_RESERVED = _MAX_BYTES // 2
_MIN_FRAME_COST_BYTES = 256
_MAX_TITLES = 16


@dataclass(slots=True)
class _Title:
    last_counter: int
    frames: int = 1


class FrameSplitter:
    """Finds the encrypted frames in the bytes of one P1 port.

    A frame `is_expected` when its system title came before, with a lower frame counter. `left_out`
    counts the candidates for which nothing was left.
    """

    def __init__(self) -> None:
        self.left_out = 0
        self._framer = Framer()
        self._given = Budget(_GIVEN_A_BYTE, _MAX_BYTES)
        self._titles: dict[bytes, _Title] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that the next bytes of the line, any number of them, complete."""
        found = self._framer.feed(data)
        frames = [self._judge(start, end) for start, end, is_frame in found if is_frame]
        return [frame for frame in frames if frame]

    def _judge(self, start: int, end: int) -> Frame | None:
        nonce = self._framer.nonce(start)
        title, counter = nonce[:8], int.from_bytes(nonce[8:])
        known = self._titles.get(title)
        is_expected = known is not None and counter > known.last_counter
        cost = max(end - start, _MIN_FRAME_COST_BYTES)
        if self._given.left(end) - cost < (0 if is_expected else _RESERVED):
            self.left_out += 1
            return None
        self._given.spend(cost)
        self._remember(title, counter)
        return Frame(self._framer.read(start, end), title, counter, is_expected)

    def _remember(self, system_title: bytes, frame_counter: int) -> None:
        titles = self._titles
        if known := titles.get(system_title):
            known.frames += frame_counter > known.last_counter
            known.last_counter = max(known.last_counter, frame_counter)
            return
        if len(titles) == _MAX_TITLES:
            # The one that came least often: noise never makes the same twice.
            del titles[min(titles, key=lambda title: titles[title].frames)]
        titles[system_title] = _Title(frame_counter)
