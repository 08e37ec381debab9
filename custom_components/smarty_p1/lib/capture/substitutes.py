"""Substitutes for identifying data in anonymous captures.

A substitute has the length and the character classes of its original. Equal originals get equal
substitutes. Messages are an exception: they become a constant text, because readers could guess
names from the lengths and capitals of words.

The random numbers must be unpredictable, like the numbers of `random.SystemRandom`. Otherwise the
originals could be recovered.
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
# Only times in these years are shifted. A telegram has only two digits for the year, and the digits
# 70 to 99 can mean the last century. For example, an M-Bus clock that was never set stands at 1970.
_MIN_YEAR = 2010
_MAX_YEAR = 2069
# Maximum number of different times in a capture. If a meter sends a telegram every second, a
# capture of two hours contains 7,200 different times. The times of M-Bus values add a few more.
_MAX_TIMES = 20_000
# Bytes of an idle line: NUL, 0xFF and line ends. They hold no data.
_IDLE = b"\0\xff\r\n"
# Bytes for random noise. They do not begin a frame (0xDB) or a telegram (/), do not end a telegram
# (!), and do not occur on an idle line.
_NOISE = bytes(set(range(0x100)) - set(b"\xdb/!" + _IDLE))
_ALPHABETS = (b"0123456789", b"ABCDEF", b"abcdef", b"GHIJKLMNOPQRSTUVWXYZ", b"ghijklmnopqrstuvwxyz")
_ALPHABET_OF = {code: alphabet for alphabet in _ALPHABETS for code in alphabet}
_HIGH = bytes(range(0xA1, 0xDB))


def is_octets(text: bytes) -> bool:
    """Return whether `text` is an octet string: it consists of pairs of hexadecimal digits."""
    return _OCTETS.fullmatch(text) is not None


def filler(text: bytes) -> bytes:
    """Return a constant text with the length of `text`.

    If `text` is hexadecimal, the constant text is written in hexadecimal digits, too.
    """
    size = len(text)
    if not is_octets(text):
        return (_FILLER * (size // len(_FILLER) + 1))[:size]
    octets = filler(b" " * (size // 2)).hex().encode("ascii")
    return octets.upper() if text == text.upper() else octets


class TextSubstitutes:
    """Substitutes for texts and identifiers, which may be hexadecimal.

    Equal texts get equal substitutes.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._substitutes: dict[bytes, bytes] = {}

    def replace(self, text: bytes) -> bytes:
        """Return a substitute with the same character classes.

        Blanks and punctuation stay as they are.
        """
        # Two hexadecimal digits are more likely a number than an encoded character. So replace the
        # digits without decoding them.
        if len(text) <= 2 or not is_octets(text):  # noqa: PLR2004
            return self._of(text)
        octets = bytes.fromhex(text.decode("ascii"))
        if not (octets.isascii() and octets.decode("ascii").isprintable()):
            return self._of(text.upper()) if text.isupper() else self._of(text)
        replaced = self._of(octets).hex().encode("ascii")
        return replaced if text != text.upper() else replaced.upper()

    def _of(self, text: bytes) -> bytes:
        substitute = self._substitutes.get(text)
        if substitute is None:
            substitute = self._substitutes[text] = bytes(map(self._substitute_of, text))
        return substitute

    def _substitute_of(self, code: int) -> int:
        alphabet = _ALPHABET_OF.get(code, _HIGH if code >= 0x7F or code < 0x20 else None)  # noqa: PLR2004
        if code in b"\r\n\t" or alphabet is None:
            return code
        # The original character may be chosen, too. Otherwise, each capture would exclude one
        # character, and several captures of a meter would reveal its serial number.
        return self._random.choice(alphabet)


def noise(data: bytes, random: Random, *, all_of_it: bool = False) -> bytes:
    """Return random bytes, as many as `data` has.

    Line ends, and the bytes 00 and FF of an idle line, stay unless `all_of_it` is True.
    """
    kept = b"" if all_of_it else _IDLE
    return bytes(byte if byte in kept else random.choice(_NOISE) for byte in data)


def constant_for(values: Iterable[int], size: int, random: Random) -> int:
    """Return a random constant to add to `values`, which are all numbers of one register.

    The register can hold the numbers from 0 to `size` - 1. If possible, all sums are in this range,
    and no sum is equal to any of the numbers. Otherwise, the caller must take the sums modulo
    `size`.
    """
    numbers = set(values)
    lowest, highest = min(numbers), max(numbers)
    first, last = -lowest, size - 1 - highest
    for _ in range(_TRIES if first <= last else 0):
        constant = random.randint(first, last)
        if abs(constant) > highest - lowest:
            return constant
    return random.randrange(1, size)


class TimeShift:
    """Shift of all times in a capture by the same number of weeks."""

    def __init__(self, times: Iterable[bytes], random: Random) -> None:
        """Choose by how many weeks all `times` of a capture are shifted.

        A time is a text as in a telegram: YYMMDDhhmmss, and S for summer or W for winter.
        """
        limited = islice(times, _MAX_TIMES)
        parsed = {text: time for text in limited if (time := _read(text))}
        candidates = [weeks for weeks in range(-_MAX_WEEKS, _MAX_WEEKS + 1) if abs(weeks) > 1]
        random.shuffle(candidates)
        self._shifted: Mapping[bytes, bytes] = {}
        for weeks in candidates:
            shifted = _shift(parsed, timedelta(weeks=weeks))
            if len(shifted) > len(self._shifted):
                self._shifted = shifted
            if len(shifted) == len(parsed):
                break

    def replace(self, text: bytes) -> bytes:
        """Return the shifted time. Return fill bytes if the time is not shifted.

        A time is not shifted if `text` is not a time, if the shift would change its UTC offset or
        pass _MAX_YEAR, or if the shifted time already occurs in the capture. At most _MAX_TIMES
        different times are shifted.
        """
        return self._shifted.get(text, _FILL_TIME + text[12:])


def _shift(times: Mapping[bytes, datetime], by: timedelta) -> dict[bytes, bytes]:
    shifted = {}
    hours: dict[datetime, bool] = {}
    for text, time in times.items():
        hour = time.replace(minute=0, second=0)
        if hour not in hours:
            new_hour = hour + by
            hours[hour] = new_hour.year <= _MAX_YEAR and _season(hour) == _season(new_hour)
        if not hours[hour]:
            continue
        new = f"{time + by:%y%m%d%H%M%S}".encode("ascii") + text[12:]
        if new not in times:
            shifted[text] = new
    return shifted


def _season(hour: datetime) -> tuple[timedelta | None, timedelta | None]:
    """Return two UTC offsets of a local hour: for `fold` 0 and for `fold` 1.

    Both are equal unless the clocks change in this hour.
    """
    local = hour.replace(tzinfo=_LUXEMBOURG)
    return local.utcoffset(), local.replace(fold=1).utcoffset()


def _read(text: bytes) -> datetime | None:
    try:
        time = datetime.strptime(f"20{text[:12].decode('ascii')}", "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    return time if _MIN_YEAR <= time.year <= _MAX_YEAR else None
