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
from collections.abc import Callable, Mapping

from ..backoff import Budget
from .checksum import has_valid_crc
from .fast_telegram_parser import FastParser
from .frame_decryptor import BEGINNING_SIZE, FrameDecryptor
from .frame_finder import Framer
from .keys import DEFAULT_AUTHENTICATION_KEY
from .rejection_reasons import Reason, Rejection
from .telegram import Telegram
from .telegram_parser import parse

# The work that the candidates may cause, in bytes of frames.
_WORK_A_BYTE = 128
_MAX_WORK = 512 * 1024
_RESERVED_WORK = _MAX_WORK // 2
_LARGEST_SHARE = 8
_SHORT_FRAME_SIZE = 2 * 1024
# Both bounds limit the work that a line full of false identifications can cause.
_IDENTIFICATION = re.compile(rb"/(?=[A-Za-z]{3}[ -~]{0,128}+\r?\n)")
_MAX_IDENTIFICATIONS = 8
_NOT_VERIFIED = frozenset((Reason.TAG, Reason.AUTHENTICATION_KEY))

type Event = Telegram | Rejection


class LineDecoder:
    """Decodes the bytes of one line, whichever meters send on it.

    A frame is accepted when the decryptor of its system title (8 bytes) verifies it; `decryptor_of`
    returns None for a title without a key. Lines may share decryptors, which then accept each frame
    on one line only. Without `decryptor_of`, plain telegrams whose CRC is right are accepted.
    """

    def __init__(self, decryptor_of: Callable[[bytes], FrameDecryptor | None] | None) -> None:
        self._decryptor_of = decryptor_of
        self._framer = Framer()
        self._line = self._framer.buffer
        self._read = FastParser().read
        self._work = Budget(_WORK_A_BYTE, _MAX_WORK)

    def feed(self, data: bytes) -> list[Event]:
        """Return what the next bytes of the line, any number of them, complete, in order."""
        # As in Framer.feed, but here most calls end when bytes come one by one: one more call
        # would make them a tenth slower.
        line = self._line
        line += data
        size = len(line)
        if size < self._framer.wake:
            return []
        events: list[Event] = []
        for start, end, is_frame in self._framer.look(data, size):
            events += self._judge_frame(start, end) if is_frame else self._judge_text(start, end)
        return events

    def _judge_frame(self, start: int, end: int) -> list[Event]:
        framer = self._framer
        decryptor = self._decryptor_of and self._decryptor_of(framer.read(start + 2, start + 10))
        if decryptor is None:
            return [Rejection.of(Reason.KEY_MISSING, framer.nonce(start))]
        size = end - start
        left = self._work.left(end)
        if left - size < _RESERVED_WORK and (
            (size > _SHORT_FRAME_SIZE and left < _LARGEST_SHARE * size)
            or not decryptor.may_decrypt(framer.read(start, start + BEGINNING_SIZE))
        ):
            return []
        self._work.spend(size)
        event = decryptor.decrypt(framer.read(start, end))
        if isinstance(event, Rejection) and event.reason in _NOT_VERIFIED:
            return [event]  # it stays on the line: a true frame may begin or end within it
        return [*self._take(start, end), event]

    def _judge_text(self, floor: int, end: int) -> list[Event]:
        segment = self._framer.read(floor, end)
        starts = [match.start() for match in _IDENTIFICATION.finditer(segment)]
        for start in reversed(starts[-_MAX_IDENTIFICATIONS:]):
            text = segment[start:]
            if not has_valid_crc(text):
                continue
            if self._decryptor_of:
                return [Rejection(Reason.DOWNGRADE)]
            cut_short = self._take(floor + start, end)
            if start > starts[0]:
                cut_short.append(Rejection(Reason.MALFORMED))
            return [*cut_short, parse(text, self._read) or Rejection(Reason.MALFORMED)]
        return [Rejection(Reason.CRC)] if starts else []

    def _take(self, start: int, end: int) -> list[Event]:
        """Take something true off the line; what it cut short is rejected."""
        return [Rejection.of(Reason.MALFORMED, nonce) for nonce in self._framer.take(start, end)]


class Decoder(LineDecoder):
    """Decodes the bytes of one P1 port.

    With a key, it accepts only frames whose 96-bit tag verifies and whose frame counter rises.
    Without one, it accepts only plain telegrams whose CRC holds.
    """

    def __init__(
        self,
        key: bytes | None,
        authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY,
        *,
        last_counters: Mapping[bytes, int] | None = None,
        needs_tag: bool = True,
    ) -> None:
        """Continue after the `last_counters` of an earlier decoder with the same key."""
        self._decryptor = None
        if key is not None:
            self._decryptor = FrameDecryptor(
                key, authentication_key, last_counters=last_counters, needs_tag=needs_tag
            )
        decryptor = self._decryptor
        super().__init__((lambda _: decryptor) if decryptor else None)

    @property
    def last_counters(self) -> dict[bytes, int]:
        """The last frame counter of each system title (8 bytes) under this key."""
        return self._decryptor.last_counters if self._decryptor else {}

    @last_counters.setter
    def last_counters(self, counters: dict[bytes, int]) -> None:
        if self._decryptor:
            self._decryptor.last_counters = counters
