"""Bytes in any chunks -> telegrams and rejections. No I/O, no clock, no exceptions.

Whoever writes to the line chooses how many candidates overlap: one every 4 bytes, each of up to
32 KiB. So what is deciphered is bounded: 128 bytes for each byte received, and 512 KiB at once.
What is left out for want of that is not reported either. No true frame is left out:

- What is surely no new telegram, because its first block deciphers to something else or its frame
  counter is not higher than the last one, can use up one half only.
- What may be one is judged while the other half lasts, which is enough for eight frames of 32 KiB
  and filled by 2 KiB of the line; and always if it has at most 2 KiB itself, as telegrams without
  long messages do.

To get at the second half, a writer needs luck (one try in 30,000) or a recorded frame that is newer
than the last one accepted here: before the first telegram, or when this decoder missed it. Frames
that repeat its counter cannot follow closer than 22 bytes, which bounds the work for short ones.
"""

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import override

from .candidates import DIGITS_SIZE, HEADER_MASK, CandidateSearch, start_of
from .cipher import (
    BLOCK_SIZE,
    DEFAULT_AUTHENTICATION_KEY,
    MAX_FRAME_SIZE,
    FrameCipher,
    read_nonce,
)
from .crc import has_valid_crc
from .parser import TelegramParser
from .telegram import Telegram, Verification

# The work that the candidates may cause, in bytes of frames.
_WORK_A_BYTE = 128
_MAX_WORK = 512 * 1024
_RESERVED_WORK = _MAX_WORK // 2
_LARGEST_SHARE = 8
_SHORT_FRAME_SIZE = 2 * 1024
# Both bounds limit the work that a line full of false identifications can cause.
_IDENTIFICATION = re.compile(rb"/(?=[A-Za-z]{3}[ -~]{0,128}+\r?\n)")
_MAX_IDENTIFICATIONS = 8
_BEGINNING = re.compile(rb"\s*/[A-Za-z]{3}")


class Reason(StrEnum):
    """Why bytes that look like a frame or a telegram are not accepted."""

    TAG = "tag"
    """The tag does not verify: another encryption key, or damaged on the way."""
    AUTHENTICATION_KEY = "authentication_key"
    """The tag does not verify but the text is whole: the authentication key differs."""
    REPLAY = "replay"
    """Verified, but the frame counter is not higher than the last one."""
    CRC = "crc"
    """A plain telegram whose checksum is wrong or missing."""
    DOWNGRADE = "downgrade"
    """A plain telegram although a key is set."""
    KEY_MISSING = "key_missing"
    """An encrypted frame although no key is set."""
    MALFORMED = "malformed"
    """A frame or telegram cut short by the next one, or a verified text that is no telegram."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something on the line that is no reading, and why. Plain text has no counter or title."""

    reason: Reason
    frame_counter: int | None = None
    system_title: bytes | None = None


def _rejection(reason: Reason, nonce: bytes) -> Rejection:
    return Rejection(reason, int.from_bytes(nonce[8:]), nonce[:8])


type Event = Telegram | Rejection


class Decoder(CandidateSearch[Event]):
    """Decodes the bytes of one P1 port.

    With a key, it accepts only frames whose 96-bit tag verifies and whose frame counter rises.
    Without one, it accepts only plain telegrams whose CRC holds.

    `last_counters` holds the last frame counter of each system title (8 bytes) under this key.
    """

    def __init__(
        self,
        key: bytes | None,
        authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY,
        *,
        last_counters: Mapping[bytes, int] | None = None,
        needs_tag: bool = True,
    ) -> None:
        """Go on from the `last_counters` of an earlier decoder with the same key.

        Without `needs_tag`, a frame is also accepted when only the CRC of its telegram holds, which
        whoever can write to the line can forge. Raises KeyFormatError when a key has not 16 bytes.
        """
        super().__init__()
        self._cipher = None if key is None else FrameCipher(key, authentication_key)
        self._parser = TelegramParser()
        self._needs_tag = needs_tag
        self.last_counters = dict(last_counters or {})
        # How much work was done: as much as the bytes received allow and no less, so that what is
        # left is bounded.
        self._work = -_MAX_WORK

    @override
    def _judge_frame(self, start: int, end: int, header_size: int, events: list[Event]) -> None:
        if self._cipher is None:
            header = bytes(self._buffer[start : start + header_size])
            events.append(_rejection(Reason.KEY_MISSING, read_nonce(header, header_size)))
            return
        allowed = _WORK_A_BYTE * (self._forgotten + end)
        work = self._work
        left = allowed - work
        if left > _MAX_WORK:
            left, work = _MAX_WORK, allowed - _MAX_WORK
        size = end - start
        if left - size < _RESERVED_WORK and (
            (size > _SHORT_FRAME_SIZE and left < _LARGEST_SHARE * size)
            or not self._may_be_new(start, header_size)
        ):
            return
        self._work = work + size
        frame = bytes(self._buffer[start:end])
        nonce = read_nonce(frame, header_size)
        title, counter = nonce[:8], int.from_bytes(nonce[8:])
        text, verified = self._cipher.open(frame, header_size, nonce)
        verification = Verification.TAG
        if not verified:
            verification = Verification.CHECKSUM
            whole = text.startswith(b"/") and has_valid_crc(text)
            if not whole or self._needs_tag:
                reason = Reason.AUTHENTICATION_KEY if whole else Reason.TAG
                events.append(_rejection(reason, nonce))
                return
        self._consume(start, end, events)
        if counter <= self.last_counters.get(title, -1):
            events.append(_rejection(Reason.REPLAY, nonce))
            return
        self.last_counters[title] = counter
        telegram = self._parser.parse(text, counter, title, verification)
        events.append(telegram or _rejection(Reason.MALFORMED, nonce))

    def _may_be_new(self, start: int, header_size: int) -> bool:
        """Return whether a candidate may be a telegram that is due, judging by its beginning."""
        beginning = bytes(self._buffer[start : start + header_size + BLOCK_SIZE])
        nonce = read_nonce(beginning, header_size)
        return (
            self._cipher is not None
            and int.from_bytes(nonce[8:]) > self.last_counters.get(nonce[:8], -1)
            and bool(_BEGINNING.match(self._cipher.decipher(beginning[header_size:], nonce)))
        )

    @override
    def _judge_plain(self, end: int, events: list[Event]) -> None:
        end_of_text = end - DIGITS_SIZE  # no digits follow when the checksum is missing
        if end_of_text <= self._plain_floor:
            return  # found again in a search for the rest of a header before it
        floor = max(self._plain_floor, self._floor, end - MAX_FRAME_SIZE)
        self._plain_floor = end_of_text
        segment = bytes(self._buffer[floor:end])
        starts = [match.start() for match in _IDENTIFICATION.finditer(segment)]
        for start in reversed(starts[-_MAX_IDENTIFICATIONS:]):
            text = segment[start:]
            if not has_valid_crc(text):
                continue
            if self._cipher is not None:
                events.append(Rejection(Reason.DOWNGRADE))
                return
            self._consume(floor + start, end, events)
            if start > starts[0]:
                events.append(Rejection(Reason.MALFORMED))
            events.append(self._parser.parse(text) or Rejection(Reason.MALFORMED))
            return
        if starts:
            events.append(Rejection(Reason.CRC))

    def _consume(self, start: int, end: int, events: list[Event]) -> None:
        """Drop all up to `end`; what began before `start` and is still waiting was cut short."""
        floor = self._floor
        self._floor = end
        if not self._candidates:
            return
        cut_short = [
            candidate
            for candidate in self._candidates
            if floor <= start_of(candidate) < start and candidate & HEADER_MASK
        ]
        for candidate in sorted(cut_short, key=start_of):
            began, header_size = start_of(candidate), candidate & HEADER_MASK
            header = bytes(self._buffer[began : began + header_size])
            events.append(_rejection(Reason.MALFORMED, read_nonce(header, header_size)))
        later = (waiting for waiting in self._candidates if start_of(waiting) >= end)
        self._candidates = array("Q", later)
