"""Bytes in any chunks -> telegrams and rejections. No I/O, no clock, no exceptions.

Whatever looks like the beginning of a frame is a candidate, also within another candidate. The
candidate that is complete first is judged first, so a false start neither delays nor costs a true
frame, and the result does not depend on how the bytes are chunked.
"""

import heapq
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .cipher import (
    DEFAULT_AUTHENTICATION_KEY,
    HEADER_MARK,
    MAX_FRAME_SIZE,
    MAX_HEADER_SIZE,
    FrameCipher,
    FrameHeader,
)
from .crc import crc16, has_valid_crc
from .telegram import Telegram, TelegramParser

_CHUNK_SIZE = 16 * 1024
_TRIM_SIZE = 4 * 1024
# A plain telegram ends in a line of "!" and four digits; it can end unseen this many bytes later.
_END_MARK = b"\n!"
_END_SIZE = 6
_STRIDE = _END_SIZE - 1
# Both bounds limit the work that a line full of false identifications can cause.
_IDENTIFICATION = re.compile(rb"/(?=[A-Za-z]{3}[^\r\n]{0,128}\r?\n)")
_MAX_IDENTIFICATIONS = 8


class Reason(StrEnum):
    """Why bytes that look like a frame or a telegram are not believed."""

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


type Event = Telegram | Rejection


class _Candidate(NamedTuple):
    """Where something that may be a frame (or, without header, a plain telegram's end) lies."""

    end: int
    start: int
    header: FrameHeader | None


class Decoder:
    """Decodes the bytes of one P1 port.

    With a key, only frames are believed whose 96-bit tag verifies and whose frame counter rises.
    Without one, only plain telegrams are believed whose CRC holds.
    """

    def __init__(
        self, key: bytes | None, authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY
    ) -> None:
        """Take keys of 16 bytes. Raises KeyFormatError for any other length."""
        self._cipher = None if key is None else FrameCipher(key, authentication_key)
        self._parser = TelegramParser()
        self._last_counters: dict[bytes, int] = {}
        # All positions are relative to the buffer's start.
        self._buffer = bytearray()
        self._candidates: list[_Candidate] = []
        self._header_scan = 0
        self._end_scan = 0
        self._plain_floor = 0
        self._floor = 0
        self._wake = 0

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes of the line, any number; return what they completed, in order."""
        if len(data) > _CHUNK_SIZE:
            chunks = (data[at : at + _CHUNK_SIZE] for at in range(0, len(data), _CHUNK_SIZE))
            return [event for chunk in chunks for event in self.feed(chunk)]
        buffer = self._buffer
        buffer += data
        size = len(buffer)
        if size < self._wake:
            return []
        if (
            size < _TRIM_SIZE
            and not (self._candidates and self._candidates[0].end <= size)
            and buffer.find(HEADER_MARK, self._header_scan) < 0
            and buffer.find(_END_MARK, self._end_scan) < 0
        ):
            self._header_scan = self._end_scan = max(size - 1, 0)
            self._wake = size + _STRIDE
            if self._candidates:
                self._wake = min(self._wake, self._candidates[0].end)
            return []
        return self._advance()

    def _advance(self) -> list[Event]:
        events: list[Event] = []
        self._find_headers()
        self._find_ends()
        candidates = self._candidates
        size = len(self._buffer)
        while candidates and candidates[0].end <= size:
            candidate = heapq.heappop(candidates)
            if candidate.start >= self._floor:
                events += self._judge(candidate)
        self._trim()
        self._wake = len(self._buffer) + _STRIDE
        if self._candidates:
            self._wake = min(self._wake, self._candidates[0].end)
        return events

    def _find_headers(self) -> None:
        buffer = self._buffer
        at = max(self._header_scan, self._floor)
        while (start := buffer.find(HEADER_MARK, at)) >= 0:
            header = FrameHeader.read(buffer, start)
            if header is None and start + MAX_HEADER_SIZE > len(buffer):
                self._header_scan = start
                return
            if header is not None:
                heapq.heappush(
                    self._candidates, _Candidate(start + header.frame_size, start, header)
                )
            at = start + 1
        self._header_scan = len(buffer) - buffer.endswith(HEADER_MARK[:1])

    def _find_ends(self) -> None:
        buffer = self._buffer
        at = max(self._end_scan, self._floor)
        while (start := buffer.find(_END_MARK, at)) >= 0:
            if start + _END_SIZE > len(buffer):
                self._end_scan = start
                return
            heapq.heappush(self._candidates, _Candidate(start + _END_SIZE, start, None))
            at = start + 1
        self._end_scan = len(buffer) - buffer.endswith(_END_MARK[:1])

    def _judge(self, candidate: _Candidate) -> list[Event]:
        if candidate.header is None:
            return self._judge_plain(candidate)
        return self._judge_frame(candidate, candidate.header)

    def _judge_frame(self, candidate: _Candidate, header: FrameHeader) -> list[Event]:
        counter = int.from_bytes(header.frame_counter)
        title = header.system_title
        if self._cipher is None:
            return [Rejection(Reason.KEY_MISSING, counter, title)]
        frame = bytes(self._buffer[candidate.start : candidate.end])
        text, verified = self._cipher.open(header, frame)
        if not verified:
            whole = text.startswith(b"/") and has_valid_crc(text)
            reason = Reason.AUTHENTICATION_KEY if whole else Reason.TAG
            return [Rejection(reason, counter, title)]
        events = self._consume(candidate.start, candidate.end)
        if counter <= self._last_counters.get(title, -1):
            return [*events, Rejection(Reason.REPLAY, counter, title)]
        self._last_counters[title] = counter
        telegram = self._parser.parse(text, counter, title)
        return [*events, telegram or Rejection(Reason.MALFORMED, counter, title)]

    def _judge_plain(self, candidate: _Candidate) -> list[Event]:
        floor = max(self._plain_floor, self._floor, candidate.end - MAX_FRAME_SIZE)
        self._plain_floor = candidate.end
        segment = bytes(self._buffer[floor : candidate.end])
        starts = [match.start() for match in _IDENTIFICATION.finditer(segment)]
        for start in reversed(starts[-_MAX_IDENTIFICATIONS:]):
            text = segment[start:]
            if not has_valid_crc(text):
                continue
            if self._cipher is not None:
                return [Rejection(Reason.DOWNGRADE)]
            events = self._consume(floor + start, candidate.end)
            if start > starts[0]:
                events.append(Rejection(Reason.MALFORMED))
            telegram = self._parser.parse(text)
            return [*events, telegram or Rejection(Reason.MALFORMED)]
        return [Rejection(Reason.CRC)] if starts else []

    def _consume(self, start: int, end: int) -> list[Event]:
        """Drop all up to `end`; what began before `start` and is still waiting was cut short."""
        cut_short: list[Event] = [
            Rejection(
                Reason.MALFORMED,
                int.from_bytes(candidate.header.frame_counter),
                candidate.header.system_title,
            )
            for candidate in sorted(self._candidates, key=lambda waiting: waiting.start)
            if candidate.header is not None and self._floor <= candidate.start < start
        ]
        self._candidates[:] = [waiting for waiting in self._candidates if waiting.start >= end]
        heapq.heapify(self._candidates)
        self._floor = end
        return cut_short

    def _trim(self) -> None:
        """Forget the bytes that no candidate and no plain telegram can need any more."""
        size = len(self._buffer)
        keep = min(
            self._header_scan,
            self._end_scan,
            max(self._plain_floor, size - MAX_FRAME_SIZE),
            *(candidate.start for candidate in self._candidates),
        )
        keep = max(keep, self._floor)
        if keep < size and keep < _TRIM_SIZE:
            return
        del self._buffer[:keep]
        self._candidates[:] = [
            waiting._replace(end=waiting.end - keep, start=waiting.start - keep)
            for waiting in self._candidates
        ]
        self._floor = max(self._floor - keep, 0)
        self._plain_floor = max(self._plain_floor - keep, 0)
        self._header_scan = max(self._header_scan - keep, 0)
        self._end_scan = max(self._end_scan - keep, 0)
