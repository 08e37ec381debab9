"""Bytes in any chunks -> telegrams and rejections. No I/O, no clock, no exceptions.

Whatever looks like the beginning of a frame is a candidate, also within another candidate. The
candidate that is complete first is judged first, so a false start neither delays nor costs a true
frame, and the result does not depend on how the bytes are chunked.

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
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .cipher import (
    BLOCK_SIZE,
    DEFAULT_AUTHENTICATION_KEY,
    HEADER_MARK,
    MAX_FRAME_SIZE,
    MAX_HEADER_SIZE,
    FrameCipher,
    read_header,
    read_nonce,
)
from .crc import has_valid_crc
from .parser import TelegramParser
from .telegram import Telegram, Verification

# What many events at once cost grows with the square of this.
_CHUNK_SIZE = 2 * 1024
_TRIM_SIZE = 4 * 1024
# The work that the candidates may cause, in bytes of frames.
_WORK_A_BYTE = 128
_MAX_WORK = 512 * 1024
_RESERVED_WORK = _MAX_WORK // 2
_LARGEST_SHARE = 8
_SHORT_FRAME_SIZE = 2 * 1024
# A plain telegram ends in a line of "!" and four digits: nothing shorter can be complete unseen.
_END_MARK = b"\n!"
_DIGITS_SIZE = 4
_END_SIZE = len(_END_MARK) + _DIGITS_SIZE
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


# Where something lies that may be a frame: its end, its start, the size of its header. Without a
# header it is the end mark of a plain telegram, which may have begun anywhere before. Packed into
# one integer of 8 bytes, ordered by the end: noise can be full of them.
_END_SHIFT = 32
_START_SHIFT = 8
_START_MASK = 0xFFFFFF
_HEADER_MASK = 0xFF


def _start_of(candidate: int) -> int:
    return candidate >> _START_SHIFT & _START_MASK


class Decoder:
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
        self._cipher = None if key is None else FrameCipher(key, authentication_key)
        self._parser = TelegramParser()
        self._needs_tag = needs_tag
        self.last_counters = dict(last_counters or {})
        self._buffer = bytearray()
        self._candidates = array("Q")
        # Positions in the buffer: what has been searched for candidates; where a frame, and where
        # a plain telegram, can begin; the sizes at which to search and to judge again.
        self._scanned = 0
        self._floor = 0
        self._plain_floor = 0
        self._wake = 0
        self._horizon = 0
        self._trim_size = _TRIM_SIZE
        # How many bytes were forgotten from the buffer, and how much work was done: as much as they
        # allow and no less, so that what is left is bounded.
        self._forgotten = 0
        self._work = -_MAX_WORK

    def feed(self, data: bytes) -> list[Event]:
        """Return what the next bytes of the line, any number of them, complete, in order."""
        buffer = self._buffer
        buffer += data
        size = len(buffer)
        if size < self._wake:
            return []
        horizon, scanned = self._horizon, self._scanned
        if (
            size < horizon
            and buffer.find(HEADER_MARK, scanned) < 0
            and buffer.find(_END_MARK, scanned) < 0
        ):
            self._scanned = size - 1  # the last byte may begin a mark
            wake = size - 1 + _END_SIZE
            self._wake = wake if wake < horizon else horizon  # noqa: FURB136 - hot
            return []
        if len(data) > _CHUNK_SIZE:
            del buffer[-len(data) :]
            events: list[Event] = []
            for at in range(0, len(data), _CHUNK_SIZE):  # no closure, which would cost every call
                events += self.feed(data[at : at + _CHUNK_SIZE])
            return events
        return self._advance()

    def _advance(self) -> list[Event]:
        """Judge what is complete by now, and decide when to look again."""
        missing = self._find_candidates()
        events: list[Event] = []
        size = len(self._buffer)
        while self._candidates:
            end = self._candidates[0] >> _END_SHIFT
            if end > size:
                break
            candidate = self._candidates.pop(0)
            start = _start_of(candidate)
            if start < self._floor:
                continue
            if header_size := candidate & _HEADER_MASK:
                self._judge_frame(start, end, header_size, events)
            else:
                self._judge_plain(end, events)
        self._trim()
        size = len(self._buffer)
        # Even when nothing ends before, the buffer must be trimmed now and then.
        self._horizon = size + _TRIM_SIZE
        if self._candidates:
            self._horizon = min(self._horizon, self._candidates[0] >> _END_SHIFT)
        self._wake = size + missing if missing < self._horizon - size else self._horizon
        return events

    def _find_candidates(self) -> int:
        """Note all headers and ends that the bytes since the last search reveal.

        Return how many more bytes any other needs at least to be complete.
        """
        buffer = self._buffer
        size = len(buffer)
        unsure = max(size - 1, 0)
        missing = _END_SIZE - 1
        at = max(self._scanned, self._floor)
        while (start := buffer.find(HEADER_MARK, at)) >= 0:
            if start + MAX_HEADER_SIZE > size:
                unsure = min(unsure, start)
                break
            if sizes := read_header(buffer, start):
                header_size, frame_size = sizes
                end = start + frame_size
                insort(self._candidates, end << _END_SHIFT | start << _START_SHIFT | header_size)
            at = start + 1
        at = max(self._scanned, self._floor)
        while (start := buffer.find(_END_MARK, at)) >= 0:
            end = start + _END_SIZE
            if end > size:
                unsure = min(unsure, start)
                missing = end - size
                break
            insort(self._candidates, end << _END_SHIFT | start << _START_SHIFT)
            at = start + 1
        self._scanned = unsure
        return missing

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

    def _judge_plain(self, end: int, events: list[Event]) -> None:
        end_of_text = end - _DIGITS_SIZE  # no digits follow when the checksum is missing
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
            if floor <= _start_of(candidate) < start and candidate & _HEADER_MASK
        ]
        for candidate in sorted(cut_short, key=_start_of):
            began, header_size = _start_of(candidate), candidate & _HEADER_MASK
            header = bytes(self._buffer[began : began + header_size])
            events.append(_rejection(Reason.MALFORMED, read_nonce(header, header_size)))
        later = (waiting for waiting in self._candidates if _start_of(waiting) >= end)
        self._candidates = array("Q", later)

    def _trim(self) -> None:
        """Forget the bytes that no candidate and no plain telegram can need any more."""
        size = len(self._buffer)
        if self._floor == size:
            self._buffer.clear()
            self._forgotten += size
            self._scanned = self._floor = self._plain_floor = 0
            self._trim_size = _TRIM_SIZE
            return
        if size < self._trim_size:
            return
        self._trim_size = size + _TRIM_SIZE  # finding out what may go costs too much for each byte
        plain_start = max(self._plain_floor, size - MAX_FRAME_SIZE)
        first_start = min(map(_start_of, self._candidates), default=size)
        keep = max(self._floor, min(self._scanned, plain_start, first_start))
        if keep == 0:
            return
        del self._buffer[:keep]
        self._forgotten += keep
        self._trim_size -= keep
        shift = keep << _END_SHIFT | keep << _START_SHIFT
        self._candidates = array("Q", (candidate - shift for candidate in self._candidates))
        self._scanned = max(self._scanned - keep, 0)  # it may lie within the frame just consumed
        self._floor = 0
        self._plain_floor = max(self._plain_floor - keep, 0)
