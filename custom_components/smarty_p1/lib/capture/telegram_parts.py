"""The text of a telegram -> its parts, each with what has to become of it in an anonymous one.

What stays is listed here, by its reference and its form; whatever else a telegram holds is OTHER.
The parts of a text, one behind the other, are the text.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

MAX_LINES = 512
# Of an object of more values, the last one keeps the rest.
_MAX_VALUES = 64


class Kind(Enum):
    """What has to become of a part."""

    KEPT = auto()
    """It says nothing about who it is."""
    TIME = auto()
    """A time of the meter's clock, YYMMDDhhmmss and the letter of the season."""
    TOTAL = auto()
    """The digits of a register that counts."""
    OTHER = auto()
    """An identifier, a text, or what is not understood."""
    CHECKSUM = auto()
    """Four digits: the CRC of all before them."""


class Part(NamedTuple):
    """A piece of a telegram's text; `name` tells registers apart."""

    kind: Kind
    text: bytes
    name: str = ""


_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_IDENTIFICATION = re.compile(rb"(\s*/[A-Za-z]{3}[0-9]?)([^\r\n]*)([\r\n]*)")
_END = re.compile(rb"!([0-9A-F]{4})([\r\n]*)")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_OBJECT = re.compile(
    rb"(%(b)b-%(b)b:%(b)b\.%(b)b\.%(b)b)\((.*)\)([\r\n]*)" % {b"b": _BYTE.encode()}, re.DOTALL
)
_TIME = re.compile(rb"[0-9]{12}[SW]")
_NO_TIME = re.compile(rb"632525252525[SW]")
_SMALL = re.compile(rb"[0-9]{1,3}")
_VERSION = re.compile(rb"[0-9A-F]{2}")
# No more digits than a power has: an identifier or a total would not fit.
_MEASURED = re.compile(rb"[+-]?(?=[0-9.]{1,6}(?:\*|\Z))[0-9]{1,5}(?:\.[0-9]{1,3})?(\*[A-Za-z]+)?")
_TOTAL = re.compile(rb"([0-9]{1,15}(?:\.[0-9]{1,9})?)(\*[A-Za-z0-9]+)?")
_UNITS = frozenset(
    f"*{unit}".encode()
    for unit in (
        *("kWh", "kvarh", "Wh", "varh", "MWh", "m3", "GJ", "MJ"),
        *("kW", "kvar", "kVA", "W", "var", "VA", "V", "A"),
    )
)

_MEASURED_OBJECTS = re.compile(
    r"1-0:(?:[1-4]|9|10|2[1-4]|4[1-4]|6[1-4]|31|32|51|52|71|72)\.7\.0|0-0:17\.0\.0|1-1:3[14]\.4\.0"
)
_SMALL_OBJECTS = re.compile(r"0-[0-4]:96\.3\.10|0-[1-4]:24\.[14]\.0")
_TOTALS = re.compile(r"[0-9]+-[0-9]+:[0-9]+\.8\.[0-9]+|0-0:96\.7\.21|[01]-0:[357]2\.3[26]\.0")
_INDEXES = re.compile(r"0-[0-9]+:24\.2\.1")


def parts_of(text: bytes) -> list[Part]:
    """Return the parts of a telegram that begins with `/`."""
    found: list[Part] = []
    end = 0
    for number, match in enumerate(_LINE.finditer(text)):
        if number == MAX_LINES:
            break
        found += _parts_of_line(match[0], is_first=number == 0)
        end = match.end()
    found.append(Part(Kind.OTHER, text[end:]))
    return [part for part in found if part.text]


def kinds_of(text: bytes) -> Iterator[tuple[str, set[Kind]]]:
    """Yield the reference of each object of a telegram, and what becomes of what is in it."""
    for number, match in enumerate(_LINE.finditer(text)):
        if number == MAX_LINES:
            break
        if known := _OBJECT.fullmatch(match[0]):
            parts = _parts_of_line(match[0], is_first=False)
            yield known[1].decode("ascii"), {part.kind for part in parts if part.text}


def _parts_of_line(line: bytes, *, is_first: bool) -> Iterator[Part]:
    if is_first and (match := _IDENTIFICATION.fullmatch(line)):
        yield Part(Kind.KEPT, match[1])
        yield Part(Kind.OTHER, match[2])
        yield Part(Kind.KEPT, match[3])
    elif match := _END.fullmatch(line):
        yield Part(Kind.KEPT, b"!")
        yield Part(Kind.CHECKSUM, match[1])
        yield Part(Kind.KEPT, match[2])
    elif match := _OBJECT.fullmatch(line):
        reference = match[1].decode("ascii")
        yield Part(Kind.KEPT, match[1] + b"(")
        values = match[2].split(b")(", _MAX_VALUES - 1)
        for number, value in enumerate(values):
            yield Part(Kind.KEPT, b")(" if number else b"")
            yield from _parts_of_value(reference, number, value)
        yield Part(Kind.KEPT, b")" + match[3])
    else:
        yield Part(Kind.OTHER, line)


def _parts_of_value(reference: str, number: int, value: bytes) -> Iterator[Part]:
    if _TIME.fullmatch(value):
        # What a channel without a meter sends is no time.
        yield Part(Kind.KEPT if _NO_TIME.fullmatch(value) else Kind.TIME, value)
    elif _stays(reference, value):
        yield Part(Kind.KEPT, value)
    elif _is_total(reference, number) and (match := _TOTAL.fullmatch(value)):
        yield Part(Kind.TOTAL, match[1], f"{reference} {number} {_form(match[1])}")
        unit = match[2] or b""
        yield Part(Kind.KEPT if unit in _UNITS else Kind.OTHER, unit)
    else:
        yield Part(Kind.OTHER, value)


def _stays(reference: str, value: bytes) -> bool:
    if _MEASURED_OBJECTS.fullmatch(reference):
        match = _MEASURED.fullmatch(value)
        return match is not None and (match[1] is None or match[1] in _UNITS)
    form = _SMALL if _SMALL_OBJECTS.fullmatch(reference) else None
    if reference == "1-3:0.2.8":
        form = _VERSION
    return form is not None and form.fullmatch(value) is not None


def _is_total(reference: str, number: int) -> bool:
    if _INDEXES.fullmatch(reference):
        return number == 1
    return number == 0 and _TOTALS.fullmatch(reference) is not None


def _form(digits: bytes) -> str:
    """Return how many digits stand before and behind the point."""
    whole, _, decimals = digits.partition(b".")
    return f"{len(whole)}.{len(decimals)}"
