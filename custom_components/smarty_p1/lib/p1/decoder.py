"""Decoders of the bytes of a line to telegrams and rejections.

The module does no I/O, has no clock and raises no errors for bad bytes. An attacker on the line can
write overlapping candidates for frames: a candidate of up to 32 KiB every 4 bytes. So the decoder
has a budget of up to 512 KiB of bytes to decipher. Each byte received adds 128 bytes to the budget.
Candidates beyond this budget are dropped without a rejection. No true frame is dropped, because
half of the budget is reserved:

- A candidate cannot be a new frame if its frame counter is equal to the last counter or lower, or
  if its first block does not decipher to the start of a telegram. Such candidates can use only the
  other half of the budget.
- All other candidates can also use the reserved half. The reserved half suffices for eight frames
  of 32 KiB, and receiving 2 KiB refills it. So frames of up to 2 KiB, as for telegrams without long
  messages, are always deciphered.

An attacker can use the reserved half only by luck (one try in 30,000) or with a recorded new frame.
A recorded frame is new if this decoder has accepted neither this frame nor a later frame. This is
possible before the first telegram, or if the decoder missed the frame. Each use of the frame needs
20 of its first bytes: the header without its mark, and the first 4 encrypted bytes. So the attacker
must send at least 20 bytes for each candidate. A candidate of up to 2 KiB then takes at most 2,048
/ 20 = 103 bytes from the budget for each byte received. This is less than the 128 bytes that each
byte received adds to the budget.
"""

import re
from collections.abc import Callable, Mapping

from ..connection_outage import Budget
from .checksum import has_valid_crc
from .frame_decryptor import BEGINNING_SIZE, FrameDecryptor
from .frame_finder import FrameFinder
from .frame_header import HEADER_MARK, MAX_HEADER_SIZE, frame_size, nonce_and_body
from .keys import DEFAULT_AUTHENTICATION_KEY
from .line_report import LineReport
from .rejection_reasons import Reason, Rejection
from .telegram import Telegram
from .telegram_parser import TelegramParser

# Budget for deciphering, in bytes of frames. Each received byte adds 128 bytes to the budget, which
# holds at most 512 KiB. So forged bytes cannot cause unlimited work.
_WORK_BYTES_PER_BYTE = 128
_MAX_WORK_BYTES = 512 * 1024
_RESERVED_WORK_BYTES = _MAX_WORK_BYTES // 2
_MIN_LONG_FRAMES_LEFT = 8
_SHORT_FRAME_BYTES = 2 * 1024
# Start of a telegram: its identification. The received bytes can be full of false identifications,
# so their length (128) and their number (8) are limited to bound the work.
_IDENTIFICATION = re.compile(rb"/(?=[A-Za-z]{3}[ -~]{0,128}+\r?\n)")
_MAX_IDENTIFICATIONS = 8
# A frame of the line's meter is rejected with these reasons if its system title was altered.
_OF_TITLE = frozenset((Reason.TAG, Reason.KEY_MISSING))
_NOT_VERIFIED = frozenset((Reason.TAG, Reason.ALTERED, Reason.AUTHENTICATION_KEY))

type Event = Telegram | Rejection


class LineDecoder:
    """Decoder for one line, on which several meters can send.

    `decryptor_of` returns the decryptor for a DLMS system title (8 bytes), or None for a title
    without a key. A frame is accepted if this decryptor verifies it. If several lines share a
    decryptor, a frame is accepted on one of these lines only. If `decryptor_of` itself is None,
    plain telegrams with a correct CRC are accepted.

    `title` is the system title of the line's meter, None if it is unknown. If the frame of an
    unknown meter decrypts with this title, it is a frame of the line's meter whose title was
    altered on the way.
    """

    def __init__(
        self,
        decryptor_of: Callable[[bytes], FrameDecryptor | None] | None,
        title: bytes | None = None,
    ) -> None:
        self.report: LineReport | None = None
        """Report to which all events are added."""
        self._decryptor_of = decryptor_of
        self._title = title
        self._framer = FrameFinder(ends_cut_frames=True)
        self._line = self._framer.buffer
        self._parse = TelegramParser().parse
        self._work = Budget(_WORK_BYTES_PER_BYTE, _MAX_WORK_BYTES)

    def feed(self, data: bytes) -> list[Event]:
        """Return the telegrams and rejections that `data` completes, in the order of reception."""
        # Most calls end here. For single bytes, a call of `completes_nothing` takes a tenth longer
        # than its first statement.
        line, framer = self._line, self._framer
        line += data
        if len(line) < framer.wake or framer.completes_nothing():
            return []
        events: list[Event] = []
        for start, end, is_frame in framer.search_appended(data):
            judged = self._judge_frame(start, end) if is_frame else self._judge_text(start, end)
            if judged and self.report:
                self.report.add_events(judged, start, end)
            events += judged
        return events

    def _judge_frame(self, start: int, end: int) -> list[Event]:
        framer = self._framer
        if end - start == MAX_HEADER_SIZE:
            return [Rejection(Reason.MALFORMED)]
        beginning = framer.frame(start, start + BEGINNING_SIZE)
        decryptor = self._decryptor_of and self._decryptor_of(beginning[2:10])
        if decryptor is None:
            return [
                self._as_altered_title(
                    Rejection.of(Reason.KEY_MISSING, framer.nonce(start)), beginning
                )
            ]
        if not self._spend_work(decryptor, beginning, end):
            return []
        event = decryptor.decrypt(framer.frame(start, end))
        if isinstance(event, Rejection) and event.reason in _NOT_VERIFIED:
            # Keep the bytes, because a valid frame may use some of them.
            return [self._as_altered_title(event, beginning)]
        if isinstance(event, Telegram):
            self._title = event.system_title
        return [*self._take(start, end), event]

    def _spend_work(self, decryptor: FrameDecryptor, beginning: bytes, end: int) -> bool:
        """Subtract the cost of a frame that ends at `end`. Return False beyond the budget."""
        # A frame that was cut short costs as much as a whole frame. Otherwise, an attacker could
        # cut a forged frame short every 18 bytes.
        size = frame_size(beginning, 0)
        left = self._work.left(end)
        if left - size < _RESERVED_WORK_BYTES and (
            (size > _SHORT_FRAME_BYTES and left < _MIN_LONG_FRAMES_LEFT * size)
            or not decryptor.may_decrypt(beginning)
        ):
            return False
        self._work.spend(size)
        return True

    def _as_altered_title(self, rejection: Rejection, beginning: bytes) -> Rejection:
        """Return `rejection`, or a rejection with the system title before an alteration on the way.

        `beginning` is the first bytes of the rejected frame. Its title was altered if the frame
        decrypts with the title of the line's meter.
        """
        title = self._title
        if rejection.reason not in _OF_TITLE or title in {None, rejection.system_title}:
            return rejection
        decryptor = self._decryptor_of and title and self._decryptor_of(title)
        restored = HEADER_MARK + (title or b"") + beginning[10:]
        if not decryptor or not decryptor.reads(restored):
            return rejection
        nonce, _ = nonce_and_body(restored)
        return Rejection.of(Reason.ALTERED, nonce)

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
            return [*cut_short, self._parse(text) or Rejection(Reason.MALFORMED)]
        return [Rejection(Reason.CRC)] if starts else []

    def _take(self, start: int, end: int) -> list[Event]:
        """Remove a verified frame or a plain telegram from the line.

        Return a rejection for each incomplete frame that began before it. The removed frame or
        telegram has cut these frames short.
        """
        return [Rejection.of(Reason.MALFORMED, nonce) for nonce in self._framer.take(start, end)]


class Decoder(LineDecoder):
    """Decoder for one P1 port, with one key or none.

    With a key, frames are accepted if their 96-bit tag is correct and their frame counter rises.
    Without a key, plain telegrams are accepted if their CRC is correct.
    """

    def __init__(
        self,
        key: bytes | None,
        authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY,
        *,
        last_counters: Mapping[bytes, int] | None = None,
        needs_tag: bool = True,
        title: bytes | None = None,
    ) -> None:
        """Create a decoder. It expects plain telegrams if `key` is None.

        `last_counters` has the last frame counter of each system title, from an earlier decoder
        with the same key. Only frames with higher counters are accepted. If `needs_tag` is False, a
        frame with a wrong tag is accepted if the CRC of its telegram is correct. `title` is the
        system title of the port's meter, if it is known.
        """
        decryptor = None
        if key is not None:
            decryptor = FrameDecryptor(
                key, authentication_key, last_counters=last_counters, needs_tag=needs_tag
            )
        super().__init__((lambda _: decryptor) if decryptor else None, title)
