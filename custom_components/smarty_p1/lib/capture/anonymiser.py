"""The recorded chunks of a line -> the same line of a meter that does not exist.

Frames whose tag holds and telegrams whose CRC holds are rewritten part by part (telegram_parts) and
sealed anew with a published key. Of whatever else is on the line nothing stays but where frames
begin and how long they are, the lines of cut telegrams, and the bytes of an idle line.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..p1 import (
    DEFAULT_AUTHENTICATION_KEY,
    MAX_FRAME_SIZE,
    FrameDecryptor,
    FrameSplitter,
    Telegram,
    crc16,
)
from .registers import Factor, Registers, digits_of, medium_of, write_digits
from .substitutes import TextSubstitutes, TimeShift, constant_for, filler, noise
from .telegram_parts import Kind, Part, parts_of

PUBLISHED_KEY_NAME = "smarty-p1 public"
PUBLISHED_KEY = PUBLISHED_KEY_NAME.encode("ascii")
"""What anonymous captures are sealed with; it opens no meter's frames."""

_TITLE_SIZE = 8
_TITLE_START = b"CAP"
_TAG_EXCESS = 4
_COUNTERS = 1 << 32
_IDENTIFICATION = re.compile(rb"/(?=[A-Za-z]{3}[ -~]{0,128}+\r?\n)")
_TELEGRAM_END = re.compile(rb"\n!([0-9A-F]{4})")
_MAX_IDENTIFICATIONS = 8
# The beginning of a frame: title, length in one to three bytes, security control.
_HEADER = re.compile(rb"\xdb\x08(.{8})([\0-\x7f]|\x81.|\x82..)\x30(.{4})", re.DOTALL)
# So long a run of printable signs does not come about by chance.
_CUT_TEXT = re.compile(rb"[ -~\r\n]{32,}")
# All other signs of a cut text may belong to a message whose beginning is lost.
_CUT_MARKS = re.compile(rb"((?:\A|(?<=\n))(?:/[A-Za-z]{3}|![0-9A-F]{4})|[\r\n]+)")

type Chunk = tuple[float, bytes]
"""When it came, in seconds of a clock that only goes forward, and the bytes."""


class Replaced(StrEnum):
    """What is replaced in a capture."""

    TIMES = "times"
    TOTALS = "totals"
    MEASURED = "powers_and_currents"
    MESSAGES = "messages"
    TEXTS = "texts"
    """Identifiers, and values that are not known."""
    TITLES = "titles_and_frame_counters"
    UNOPENED = "bytes_of_frames_that_could_not_be_opened"
    NOISE = "bytes_that_are_no_telegram"


_REPLACED = {
    Kind.TIME: Replaced.TIMES,
    Kind.TOTAL: Replaced.TOTALS,
    Kind.COUNTER: Replaced.TOTALS,
    Kind.MEASURED: Replaced.MEASURED,
    Kind.MESSAGE: Replaced.MESSAGES,
    Kind.OTHER: Replaced.TEXTS,
}


class _Piece(NamedTuple):
    """A part of the line: a telegram's parts, or bytes that are none; for a frame, its header."""

    data: bytes
    parts: Sequence[Part] = ()
    telegram: Telegram | None = None


@dataclass
class AnonymousCapture:
    """An anonymous capture: its chunks, and what was done, for whoever is to judge it."""

    chunks: list[Chunk]
    is_encrypted: bool = False
    telegrams: list[bytes] = field(default_factory=list)
    """The texts of its telegrams."""
    replaced: Counter[Replaced] = field(default_factory=Counter)


def anonymise(
    chunks: Sequence[Chunk],
    decryptor: FrameDecryptor | None,
    random: Random,
    *,
    keeps_message_forms: bool = False,
) -> AnonymousCapture:
    """Return an anonymous line with chunks of the same sizes at the same distances.

    Without a decryptor, all frames are replaced by chance. `random` must not be repeatable unless
    the line is made up. Messages become a constant text of the same length; with
    `keeps_message_forms`, they keep word lengths, capitals and digits.
    """
    line = b"".join(data for _, data in chunks)
    pieces = list(_pieces(line, _frames(chunks, line, decryptor) if decryptor else []))
    result = _Writer(pieces, random, keeps_message_forms=keeps_message_forms).write()
    at, start = 0, chunks[0][0] if chunks else 0.0
    new_line = b"".join(result.pieces)
    made = AnonymousCapture([], result.is_encrypted, result.telegrams, result.replaced)
    for time, data in chunks:
        made.chunks.append((round(time - start, 3), new_line[at : at + len(data)]))
        at += len(data)
    return made


def _frames(
    chunks: Sequence[Chunk], line: bytes, decryptor: FrameDecryptor
) -> list[tuple[int, int, Telegram]]:
    """Return the frames that the decryptor verifies: where they are, and what is in them."""
    splitter = FrameSplitter()
    found: list[tuple[int, int, Telegram]] = []
    received = last = 0
    for _, data in chunks:
        received += len(data)
        for frame in splitter.feed(data):
            # A frame that is repeated is a habit of the line, too.
            decryptor.last_counters = {}
            telegram = decryptor.decrypt(frame.data)
            earliest = max(last, received - len(data) - MAX_FRAME_SIZE)
            start = line.find(frame.data, earliest, received)
            if isinstance(telegram, Telegram) and start >= 0:
                last = start + len(frame.data)
                found.append((start, last, telegram))
    return found


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
    at = 0
    for match in _TELEGRAM_END.finditer(data):
        floor = max(at, match.end() - MAX_FRAME_SIZE)
        starts = [one.start() for one in _IDENTIFICATION.finditer(data, floor, match.start() + 1)]
        for start in reversed(starts[-_MAX_IDENTIFICATIONS:]):
            if int(match[1], 16) == crc16(data[start : match.start() + 2]):
                pieces.append(_Piece(data[at:start]))
                text = data[start : match.end()]
                pieces.append(_Piece(text, parts_of(text)))
                at = match.end()
                break
    return [*pieces, _Piece(data[at:])]


@dataclass
class _Written:
    pieces: list[bytes] = field(default_factory=list)
    is_encrypted: bool = False
    telegrams: list[bytes] = field(default_factory=list)
    replaced: Counter[Replaced] = field(default_factory=Counter)


class _Writer:
    """Writes the pieces anew; all constants are chosen by all pieces before."""

    def __init__(
        self, pieces: Sequence[_Piece], random: Random, *, keeps_message_forms: bool
    ) -> None:
        self._pieces = pieces
        self._random = random
        self._texts = TextSubstitutes(random)
        self._message = self._texts.replace if keeps_message_forms else filler
        self._factors = defaultdict[str, Factor](lambda: Factor(random))
        self._telegrams: dict[bytes, bytes] = {}
        self._titles: dict[bytes, bytes] = {}
        self._cipher = AESGCM(PUBLISHED_KEY)
        self._written = _Written()
        parts = [part for piece in pieces for part in piece.parts]
        self._clock = TimeShift(
            dict.fromkeys(one.text for one in parts if one.kind is Kind.TIME), random
        )
        self._registers = Registers(parts, self._factors, random)
        counters = [one.telegram.frame_counter or 0 for one in pieces if one.telegram]
        self._counter_constant = constant_for(counters, _COUNTERS, random) if counters else 0

    def write(self) -> _Written:
        for piece in self._pieces:
            self._written.pieces.append(self._write_piece(piece))
        return self._written

    def _write_piece(self, piece: _Piece) -> bytes:
        if not piece.parts:
            return self._write_rest(piece.data)
        text = self._write_telegram(piece.parts)
        kinds = (part.kind for part in piece.parts)
        self._written.replaced.update(_REPLACED[kind] for kind in kinds if kind in _REPLACED)
        self._written.telegrams.append(text)
        if piece.telegram is None:
            return text
        self._written.is_encrypted = True
        return self._seal(piece.data, text, piece.telegram)

    def _write_telegram(self, parts: Sequence[Part]) -> bytes:
        # One that is repeated stays the same.
        true = b"".join(part.text for part in parts)
        if true not in self._telegrams:
            text = b""
            for part in parts:
                is_sum = part.kind is Kind.CHECKSUM
                text += b"%04X" % crc16(text) if is_sum else self._write_part(part)
            self._telegrams[true] = text
        return self._telegrams[true]

    def _write_part(self, part: Part) -> bytes:
        match part.kind:
            case Kind.KEPT:
                return part.text
            case Kind.TIME:
                return self._clock.replace(part.text)
            case Kind.TOTAL | Kind.COUNTER:
                return self._registers.replace(part)
            case Kind.MEASURED:
                scale = self._factors[medium_of(part.name)].scale
                return write_digits(scale(digits_of(part.text)), part.text)
            case Kind.MESSAGE:
                return self._message(part.text)
            case _:
                return self._texts.replace(part.text)

    def _seal(self, frame: bytes, text: bytes, telegram: Telegram) -> bytes:
        header_size = len(frame) - len(text) - 16 + _TAG_EXCESS
        counter = ((telegram.frame_counter or 0) + self._counter_constant) % _COUNTERS
        title = self._title(frame[2 : 2 + _TITLE_SIZE])
        count = counter.to_bytes(4)
        length_and_security = frame[2 + _TITLE_SIZE : header_size - len(count)]
        sealed = self._cipher.encrypt(title + count, text, b"\x30" + DEFAULT_AUTHENTICATION_KEY)
        self._written.replaced[Replaced.TITLES] += 1
        return frame[:2] + title + length_and_security + count + sealed[:-_TAG_EXCESS]

    def _title(self, title: bytes) -> bytes:
        if title not in self._titles:
            rest = noise(title[len(_TITLE_START) :], self._random, all_of_it=True)
            self._titles[title] = _TITLE_START + rest
        return self._titles[title]

    def _write_rest(self, data: bytes) -> bytes:
        """Write what is neither a frame nor a telegram."""
        new = bytearray()
        at = 0
        for match in _HEADER.finditer(data):
            if match.start() < at:
                continue
            new += self._write_noise(data[at : match.start()])
            length = match[2]
            counter = noise(match[3], self._random, all_of_it=True)
            new += data[match.start() : match.start() + 2] + self._title(match[1])
            new += length + b"\x30" + counter
            size = int.from_bytes(length if len(length) == 1 else length[1:])
            at = match.end()
            # What may be noise behind a short frame is not told apart from what it was cut from.
            body = data[at : at + max(size - 5, 0)]
            new += noise(body, self._random, all_of_it=True)
            self._written.replaced[Replaced.UNOPENED] += len(body)
            at += len(body)
        new += self._write_noise(data[at:])
        return bytes(new)

    def _write_noise(self, data: bytes) -> bytes:
        new = bytearray()
        at = 0
        for match in _CUT_TEXT.finditer(data):
            new += noise(data[at : match.start()], self._random)
            for number, text in enumerate(_CUT_MARKS.split(match[0])):
                new += self._texts.replace(text) if number % 2 else self._message(text)
            at = match.end()
        new += noise(data[at:], self._random)
        self._written.replaced[Replaced.NOISE] += len(data)
        return bytes(new)
