"""Conversion of a meter's recorded bytes to the bytes of a meter that does not exist.

Frames with a correct tag and telegrams with a correct CRC are rewritten part by part
(telegram_parts.py). Rewritten frames are encrypted with a published key. All other bytes are
replaced, with three exceptions:

- the start and the length of a frame;
- `/`, `!` and the line ends in a telegram that was cut short;
- the bytes of an idle line (00, FF and line ends).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..p1.checksum import crc16
from ..p1.decoder import IDENTIFICATION, MAX_IDENTIFICATIONS
from ..p1.frame_decryptor import BEGINNING_SIZE, FrameDecryptor
from ..p1.frame_finder import FrameSplitter
from ..p1.frame_header import MAX_FRAME_SIZE, TITLE_SIZE
from ..p1.keys import DEFAULT_AUTHENTICATION_KEY
from ..p1.telegram import Telegram
from .scaled_numbers import Factor, ScaledRegisters, digits_of, medium_of, write_digits
from .substitutes import TextSubstitutes, TimeShift, constant_for, filler, noise
from .telegram_parts import Part, PartKind, parts_of

PUBLISHED_KEY_NAME = "smarty-p1 public"
PUBLISHED_KEY = PUBLISHED_KEY_NAME.encode("ascii")
"""Encryption key of the frames in anonymous captures. No real meter uses this key."""

_TITLE_START = b"CAP"
_IDENTIFICATION_START = rb"/Lux5\253694471"
# AESGCM makes tags of 16 bytes, but a frame carries only 12, so drop the last 4 bytes.
_TAG_EXCESS = 4
_COUNTERS = 1 << 32
_TELEGRAM_END = re.compile(rb"\n!([0-9A-F]{4})")
# Header of a frame: system title, length in one to three bytes, security control, frame counter.
_HEADER = re.compile(rb"\xdb\x08(.{8})([\0-\x7f]|\x81.|\x82..)\x30(.{4})", re.DOTALL)
# Text of a telegram that was cut short. A run of 32 printable characters must be such text, because
# random bytes hardly ever form such a run.
_CUT_TEXT = re.compile(rb"[ -~\r\n]{32,}")
# Marks in a telegram that was cut short: `/` with three letters, `!` with the CRC, and line ends.
# Their letters and digits are replaced one by one, so that the marks keep their form. The text
# between two marks may be part of a message to the customer, so a constant text replaces it.
_CUT_MARKS = re.compile(rb"((?:\A|(?<=\n))(?:/[A-Za-z]{3}|![0-9A-F]{4})|[\r\n]+)")

type Chunk = tuple[float, bytes]
"""Time in seconds of a monotonic clock, and the bytes received at this time."""


class Replaced(StrEnum):
    """Kind of data that is replaced in a capture."""

    TIMES = "times"
    TOTALS = "totals"
    MEASURED = "powers_and_currents"
    MESSAGES = "messages"
    TEXTS = "texts"
    """Identifiers, and values of unknown meaning."""
    TITLES = "titles_and_frame_counters"
    UNOPENED = "bytes_of_frames_that_could_not_be_opened"
    NOISE = "bytes_that_are_no_telegram"


# Only these: the other parts are kept, or computed from the rest.
_REPLACED = {
    PartKind.TIME: Replaced.TIMES,
    PartKind.TOTAL: Replaced.TOTALS,
    PartKind.COUNTER: Replaced.TOTALS,
    PartKind.MEASURED: Replaced.MEASURED,
    PartKind.CURRENT: Replaced.MEASURED,
    PartKind.MESSAGE: Replaced.MESSAGES,
    PartKind.OTHER: Replaced.TEXTS,
}


class _Piece(NamedTuple):
    """Piece of the recorded bytes: a verified frame, a plain telegram, or other bytes.

    `parts` has the parts of the telegram. It is empty for other bytes. `telegram` is set only for a
    verified frame.
    """

    data: bytes
    parts: Sequence[Part] = ()
    telegram: Telegram | None = None


@dataclass
class AnonymousCapture:
    """Anonymous capture: chunks of bytes, and telegrams and counts for the user's review."""

    chunks: list[Chunk] = field(default_factory=list)
    is_encrypted: bool = False
    telegrams: list[bytes] = field(default_factory=list)
    """Texts of the telegrams in the capture."""
    replaced: Counter[Replaced] = field(default_factory=Counter)


def anonymise(
    chunks: Sequence[Chunk],
    decryptor: FrameDecryptor | None,
    random: Random,
    *,
    keeps_message_forms: bool = False,
) -> AnonymousCapture:
    """Return an anonymous capture of `chunks`. The chunks keep their sizes and intervals.

    Without a decryptor, all frames become random bytes. For a real recording, `random` must be
    unpredictable. Otherwise, others could compute the original data. For invented test data, a
    fixed seed is fine.

    A message becomes a constant text of the same length. With `keeps_message_forms`, a message
    becomes random characters with the same word lengths, capitals and digits.
    """
    line = b"".join(data for _, data in chunks)
    pieces = list(_pieces(line, _frames(chunks, line, decryptor) if decryptor else []))
    capture = AnonymousCapture()
    writer = _Writer(capture, pieces, random, decryptor, keeps_message_forms=keeps_message_forms)
    at, start = 0, chunks[0][0] if chunks else 0.0
    new_line = b"".join(map(writer.write, pieces))
    for time, data in chunks:
        capture.chunks.append((round(time - start, 3), new_line[at : at + len(data)]))
        at += len(data)
    return capture


def _frames(
    chunks: Sequence[Chunk], line: bytes, decryptor: FrameDecryptor
) -> list[tuple[int, int, Telegram]]:
    """Return the start, end and telegram of every frame that `decryptor` verifies.

    Start and end are positions in `line`, the joined bytes of all chunks.
    """
    splitter = FrameSplitter()
    frames: list[tuple[int, int, Telegram]] = []
    received = last = 0
    for _, data in chunks:
        received += len(data)
        for frame in splitter.feed(data):
            # A capture may hold the same frame twice, and both frames must be decrypted. The
            # decryptor would reject the second frame as a replay. So make it forget the last frame
            # counters.
            decryptor.last_counters = {}
            telegram = decryptor.decrypt(frame.data)
            earliest = max(last, received - len(data) - MAX_FRAME_SIZE)
            start = line.find(frame.data, earliest, received)
            if isinstance(telegram, Telegram) and start >= 0:
                last = start + len(frame.data)
                frames.append((start, last, telegram))
    return frames


def _pieces(line: bytes, frames: Sequence[tuple[int, int, Telegram]]) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    for start, end, telegram in frames:
        pieces += _plain_pieces(line[at:start])
        pieces.append(_Piece(line[start:end], parts_of(telegram.text), telegram))
        at = end
    return [*pieces, *_plain_pieces(line[at:])]


def _plain_pieces(data: bytes) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = last_end = 0
    for match in _TELEGRAM_END.finditer(data):
        # Search only from the previous end mark, as the decoder does. So each byte is searched at
        # most once, however many end marks the line has.
        floor = max(last_end, match.end() - MAX_FRAME_SIZE)
        last_end = match.end()
        starts = [
            candidate.start()
            for candidate in IDENTIFICATION.finditer(data, floor, match.start() + 1)
        ]
        for start in reversed(starts[-MAX_IDENTIFICATIONS:]):
            if int(match[1], 16) == crc16(data[start : match.start() + 2]):
                pieces.append(_Piece(data[at:start]))
                text = data[start : match.end()]
                pieces.append(_Piece(text, parts_of(text)))
                at = match.end()
                break
    return [*pieces, _Piece(data[at:])]


class _Writer:
    """Writer of the substitutes for all pieces of a capture.

    All pieces share the same secret factors and the same substitutes for texts. `capture` gets the
    counts of the replaced data, and the new telegrams.
    """

    def __init__(
        self,
        capture: AnonymousCapture,
        pieces: Sequence[_Piece],
        random: Random,
        decryptor: FrameDecryptor | None,
        *,
        keeps_message_forms: bool,
    ) -> None:
        self._capture = capture
        self._decryptor = decryptor
        self._random = random
        self._texts = TextSubstitutes(random)
        self._message = self._texts.replace if keeps_message_forms else filler
        self._factors = defaultdict[str, Factor](lambda: Factor(random))
        self._telegrams: dict[bytes, bytes] = {}
        self._titles: dict[bytes, bytes] = {}
        self._cipher = AESGCM(PUBLISHED_KEY)
        parts = [part for piece in pieces for part in piece.parts]
        self._clock = TimeShift(
            dict.fromkeys(part.text for part in parts if part.kind is PartKind.TIME), random
        )
        self._registers = ScaledRegisters(parts, self._factors, random)
        counters = [part.telegram.frame_counter or 0 for part in pieces if part.telegram]
        self._counter_constant = constant_for(counters, _COUNTERS, random) if counters else 0

    def write(self, piece: _Piece) -> bytes:
        """Return the substitute for a piece."""
        if not piece.parts:
            return self._write_rest(piece.data)
        text = self._write_telegram(piece.parts)
        kinds = (part.kind for part in piece.parts)
        self._capture.replaced.update(_REPLACED[kind] for kind in kinds if kind in _REPLACED)
        self._capture.telegrams.append(text)
        if piece.telegram is None:
            return text
        self._capture.is_encrypted = True
        return self._encrypt(piece.data, text, piece.telegram)

    def _write_telegram(self, parts: Sequence[Part]) -> bytes:
        # If the capture holds a telegram twice, the anonymous capture must hold its substitute
        # twice, too. So remember the substitute of each telegram.
        original = b"".join(part.text for part in parts)
        if original not in self._telegrams:
            text = b""
            for part in parts:
                is_checksum = part.kind is PartKind.CHECKSUM
                text += b"%04X" % crc16(text.lstrip()) if is_checksum else self._write_part(part)
            self._telegrams[original] = text
        return self._telegrams[original]

    def _write_part(self, part: Part) -> bytes:
        match part.kind:
            case PartKind.KEPT:
                return part.text
            case PartKind.TIME:
                return self._clock.replace(part.text)
            case PartKind.TOTAL | PartKind.COUNTER:
                return self._registers.replace(part)
            case PartKind.MEASURED | PartKind.CURRENT:
                # Currents have steps of 1 A. The scaled powers at which a current rises by a step
                # would reveal the factor. So write 0 for a current.
                number = 0 if part.kind is PartKind.CURRENT else digits_of(part.text)
                return write_digits(self._factors[medium_of(part.name)].scale(number), part.text)
            case PartKind.MESSAGE:
                return self._message(part.text)
            case PartKind.OTHER | PartKind.CHECKSUM:
                return self._texts.replace(part.text)

    def _encrypt(self, frame: bytes, text: bytes, telegram: Telegram) -> bytes:
        header_size = len(frame) - len(text) - 16 + _TAG_EXCESS
        counter = ((telegram.frame_counter or 0) + self._counter_constant) % _COUNTERS
        title = self._title(frame[2 : 2 + TITLE_SIZE])
        count = counter.to_bytes(4)
        length_and_security = frame[2 + TITLE_SIZE : header_size - len(count)]
        ciphertext = self._cipher.encrypt(title + count, text, b"\x30" + DEFAULT_AUTHENTICATION_KEY)
        self._capture.replaced[Replaced.TITLES] += 1
        return frame[:2] + title + length_and_security + count + ciphertext[:-_TAG_EXCESS]

    def _title(self, title: bytes) -> bytes:
        if title not in self._titles:
            rest = noise(title[len(_TITLE_START) :], self._random, all_of_it=True)
            self._titles[title] = _TITLE_START + rest
        return self._titles[title]

    def _write_rest(self, data: bytes) -> bytes:
        """Return a substitute for bytes that are neither a verified frame nor a plain telegram."""
        new = bytearray()
        at = 0
        for match in _HEADER.finditer(data):
            if match.start() < at:
                continue
            new += self._write_noise(data[at : match.start()])
            length = match[2]
            counter = noise(match[3], self._random, all_of_it=True)
            title = self._title(match[1])
            new += data[match.start() : match.start() + 2] + title
            new += length + b"\x30" + counter
            size = int.from_bytes(length if len(length) == 1 else length[1:])
            at = match.end()
            # If the frame was cut short, `body` can also hold bytes that came after the frame, up
            # to the meter's next frame. Replace all bytes of `body`, because the bytes in a frame
            # are encrypted data. The bytes 00, FF and line ends are kept only between frames, where
            # they come from an idle line.
            body = data[at : at + max(size - 5, 0)]
            body = body.partition(data[match.start() :][: 2 + TITLE_SIZE])[0]
            beginning = self._beginning(data[match.start() :][:BEGINNING_SIZE], title + counter)
            rest = noise(body[len(beginning) :], self._random, all_of_it=True)
            new += beginning[: len(body)] + rest
            self._capture.replaced[Replaced.UNOPENED] += len(body)
            at += len(body)
        new += self._write_noise(data[at:])
        return bytes(new)

    def _beginning(self, frame: bytes, nonce: bytes) -> bytes:
        """Return the new first block of a frame without a valid tag.

        If the key fits the frame, the new block decrypts to the start of a telegram. So the
        anonymous capture shows, too, that the frame was altered. Otherwise, return b"".
        """
        if self._decryptor is None:
            return b""
        self._decryptor.last_counters = {}
        if not self._decryptor.may_decrypt(frame):
            return b""
        block = self._cipher.encrypt(nonce, _IDENTIFICATION_START, None)
        return block[: len(_IDENTIFICATION_START)]

    def _write_noise(self, data: bytes) -> bytes:
        new = bytearray()
        at = 0
        for match in _CUT_TEXT.finditer(data):
            new += noise(data[at : match.start()], self._random)
            for number, text in enumerate(_CUT_MARKS.split(match[0])):
                new += self._texts.replace(text) if number % 2 else self._message(text)
            at = match.end()
        new += noise(data[at:], self._random)
        self._capture.replaced[Replaced.NOISE] += len(data)
        return bytes(new)
