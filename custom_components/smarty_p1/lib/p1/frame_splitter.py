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
from typing import override

from .candidates import DIGITS_SIZE, CandidateSearch
from .cipher import read_nonce

_GIVEN_A_BYTE = 2
_MOST_AT_ONCE = 256 * 1024
_RESERVED = _MOST_AT_ONCE // 2
_LEAST_COST = 256
_MOST_TITLES = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """What may be a frame: its bytes, and what its header says, which nothing vouches for.

    `is_expected`: its system title (8 bytes) came before, with a lower frame counter.
    """

    data: bytes
    system_title: bytes
    frame_counter: int
    is_expected: bool


@dataclass(slots=True)
class _Title:
    last_counter: int
    frames: int = 1


class FrameSplitter(CandidateSearch[Frame]):
    """Finds the encrypted frames in the bytes of one P1 port.

    `left_out` counts the candidates for which nothing was left.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left_out = 0
        self._titles: dict[bytes, _Title] = {}
        # As much as the bytes received allow and no less, so that what is left is bounded.
        self._given = -_MOST_AT_ONCE

    @override
    def _judge_frame(self, start: int, end: int, header_size: int, events: list[Frame]) -> None:
        nonce = read_nonce(bytes(self._buffer[start : start + header_size]), header_size)
        system_title, frame_counter = nonce[:8], int.from_bytes(nonce[8:])
        known = self._titles.get(system_title)
        is_expected = known is not None and frame_counter > known.last_counter
        allowed = _GIVEN_A_BYTE * (self._forgotten + end)
        given = max(self._given, allowed - _MOST_AT_ONCE)
        cost = max(end - start, _LEAST_COST)
        if allowed - given - cost < (0 if is_expected else _RESERVED):
            self.left_out += 1
            return
        self._given = given + cost
        self._remember(system_title, frame_counter)
        data = bytes(self._buffer[start:end])
        events.append(Frame(data, system_title, frame_counter, is_expected))

    def _remember(self, system_title: bytes, frame_counter: int) -> None:
        titles = self._titles
        if known := titles.get(system_title):
            known.frames += frame_counter > known.last_counter
            known.last_counter = max(known.last_counter, frame_counter)
            return
        if len(titles) == _MOST_TITLES:
            # The one that came least often: noise never makes the same twice.
            del titles[min(titles, key=lambda title: titles[title].frames)]
        titles[system_title] = _Title(frame_counter)

    @override
    def _judge_plain(self, end: int, events: list[Frame]) -> None:
        """Pass over plain telegrams: nothing seals them."""
        self._plain_floor = end - DIGITS_SIZE
