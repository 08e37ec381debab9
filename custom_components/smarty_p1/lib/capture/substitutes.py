"""What takes the place of what must not be known: as long, of the same signs, the same each time.

A message becomes a constant text: word lengths and capitals would let a reader guess names.

All of it needs a source of chance that nobody can repeat, as `random.SystemRandom`: whoever knew
it could undo it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

_LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
_FILL_TIME = b"632525252525"
_OCTETS = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_FILLER = b"This message has been replaced. "
_TRIES = 64
_MAX_WEEKS = 52 * 8
# Two hours of a meter that sends each second, and what its channels captured.
_MAX_TIMES = 20_000
# What says how a line does, and holds nothing: silence, breaks, ends of lines.
_IDLE = b"\0\xff\r\n"
# Neither the beginning of a frame nor the beginning or end of a telegram.
_NOISE = bytes(set(range(0x100)) - set(b"\xdb/!" + _IDLE))
_ALPHABETS = (b"0123456789", b"ABCDEF", b"abcdef", b"GHIJKLMNOPQRSTUVWXYZ", b"ghijklmnopqrstuvwxyz")
_ALPHABET_OF = {sign: alphabet for alphabet in _ALPHABETS for sign in alphabet}
_HIGH = bytes(range(0xA1, 0xDB))


def is_octets(text: bytes) -> bool:
    """Return whether a text is one in hexadecimal."""
    return _OCTETS.fullmatch(text) is not None


def filler(text: bytes) -> bytes:
    """Return a constant text of the same length, in hexadecimal if the given text is."""
    size = len(text)
    if not is_octets(text):
        return (_FILLER * (size // len(_FILLER) + 1))[:size]
    octets = filler(b" " * (size // 2)).hex().encode("ascii")
    return octets.upper() if text == text.upper() else octets


class TextSubstitutes:
    """Replaces texts and identifiers, also those in hexadecimal: equal ones by equal ones."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._known: dict[bytes, bytes] = {}

    def replace(self, text: bytes) -> bytes:
        """Return as many signs of the same kinds; blanks and punctuation stay."""
        # Two digits are rather a number.
        if len(text) <= 2 or not is_octets(text):  # noqa: PLR2004
            return self._of(text)
        octets = bytes.fromhex(text.decode("ascii"))
        if not (octets.isascii() and octets.decode("ascii").isprintable()):
            return self._of(text.upper()) if text.isupper() else self._of(text)
        replaced = self._of(octets).hex().encode("ascii")
        return replaced if text != text.upper() else replaced.upper()

    def _of(self, text: bytes) -> bytes:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = bytes(map(self._sign, text))
        return known

    def _sign(self, sign: int) -> int:
        alphabet = _ALPHABET_OF.get(sign, _HIGH if sign >= 0x7F or sign < 0x20 else None)  # noqa: PLR2004
        if sign in b"\r\n\t" or alphabet is None:
            return sign
        # Never the same: of a short one nothing else may be known.
        return self._random.choice([one for one in alphabet if one != sign])


def noise(data: bytes, random: Random, *, all_of_it: bool = False) -> bytes:
    """Return as many bytes by chance; those of an idle line stay, unless it is `all_of_it`."""
    kept = b"" if all_of_it else _IDLE
    return bytes(byte if byte in kept else random.choice(_NOISE) for byte in data)


def constant_for(values: Iterable[int], size: int, random: Random) -> int:
    """Return what to add to numbers of one register, from 0 to below `size`.

    None of the sums is one of the numbers, where there is room for that. Where a register begins
    anew, there is no room for sums without doing so, too: they count modulo `size`.
    """
    known = set(values)
    lowest, highest = min(known), max(known)
    first, last = -lowest, size - 1 - highest
    for _ in range(_TRIES if first <= last else 0):
        constant = random.randint(first, last)
        if abs(constant) > highest - lowest:
            return constant
    return random.randrange(1, size)


class TimeShift:
    """Shifts all times by the same number of weeks."""

    def __init__(self, times: Iterable[bytes], random: Random) -> None:
        """Choose the weeks by all times, as they stand in telegrams, that are to be shifted."""
        several = islice(times, _MAX_TIMES)
        known = {text: time for text in several if (time := _read(text))}
        candidates = [weeks for weeks in range(-_MAX_WEEKS, _MAX_WEEKS + 1) if abs(weeks) > 1]
        random.shuffle(candidates)
        self._shifted: Mapping[bytes, bytes] = {}
        for weeks in candidates:
            shifted = _shift(known, timedelta(weeks=weeks))
            if len(shifted) > len(self._shifted):
                self._shifted = shifted
            if len(shifted) == len(known):
                break

    def replace(self, text: bytes) -> bytes:
        """Return the shifted time; fill bytes for what is none, or has no place in its season."""
        return self._shifted.get(text, _FILL_TIME + text[12:])


def _shift(known: Mapping[bytes, datetime], by: timedelta) -> dict[bytes, bytes]:
    shifted = {}
    hours: dict[datetime, bool] = {}
    for text, time in known.items():
        hour = time.replace(minute=0, second=0)
        if hour not in hours:
            hours[hour] = _season(hour) == _season(hour + by)
        if not hours[hour]:
            continue
        new = f"{time + by:%y%m%d%H%M%S}".encode("ascii") + text[12:]
        if new not in known:
            shifted[text] = new
    return shifted


def _season(hour: datetime) -> tuple[timedelta | None, timedelta | None]:
    """Return the offsets that an hour may have: two where clocks change."""
    local = hour.replace(tzinfo=_LUXEMBOURG)
    return local.utcoffset(), local.replace(fold=1).utcoffset()


def _read(text: bytes) -> datetime | None:
    try:
        time = datetime.strptime(f"20{text[:12].decode('ascii')}", "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    # So that no shift leaves the century that two digits can tell.
    return time if 2010 <= time.year <= 2089 else None  # noqa: PLR2004
