"""Division of a telegram's text into parts. The kind of a part says how it is made anonymous.

A value stays unchanged only if this module lists its OBIS reference and its form. The parts joined
together are the whole text.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from itertools import islice
from typing import NamedTuple

from ..p1.value_converters import identifier
from .substitutes import is_octets

MAX_LINES = 512
# Maximum number of separate values of an object. If an object has more values, the last one holds
# all of the remaining text.
_MAX_VALUES = 64


class PartKind(Enum):
    """Kind of a part. It decides how an anonymous capture replaces the part."""

    KEPT = auto()
    """Unchanged, because the part identifies nobody."""
    TIME = auto()
    """Time of the meter's clock: YYMMDDhhmmss and the letter of the season."""
    TOTAL = auto()
    """Digits of an energy register or a volume index."""
    COUNTER = auto()
    """Digits of an event counter."""
    MEASURED = auto()
    """Digits of a power."""
    CURRENT = auto()
    """Digits of a current."""
    MESSAGE = auto()
    """Text for people, or a line of unknown form."""
    OTHER = auto()
    """Identifier, or a value of unknown form."""
    CHECKSUM = auto()
    """Four digits: the CRC of all preceding bytes from `/` on."""


class Part(NamedTuple):
    """Part of a telegram's text.

    A part of the kind TOTAL, COUNTER, MEASURED or CURRENT has the digits of a number. For such a
    part, `name` identifies the register that holds the number. For all other parts, `name` is "".
    """

    kind: PartKind
    text: bytes
    name: str = ""


_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_IDENTIFICATION = re.compile(rb"(/[A-Za-z]{3}[0-9]?)([^\r\n]*)([\r\n]*)")
_END = re.compile(rb"!([0-9A-F]{4})([\r\n]*)")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_OBJECT = re.compile(
    rb"(%(b)b-%(b)b:%(b)b\.%(b)b\.%(b)b)\((.*)\)([\r\n]*)" % {b"b": _BYTE.encode()}, re.DOTALL
)
_TIME = re.compile(rb"[0-9]{12}[SW]")
_LOCAL_TIME = re.compile(rb"[0-9]{12}")
_TIMES = re.compile(r"0-0:1\.0\.0|0-[1-4]:24\.2\.1")
_FILL_BYTES = re.compile(rb"632525252525[SW]")
_SMALL = re.compile(rb"[0-9]{1,3}")
_VERSION = re.compile(rb"[0-9A-F]{2}")
# A measured number has at most six characters. A longer number may be an identifier or a total, so
# it is replaced like an unknown text.
_MEASURED = re.compile(
    rb"([+-]?)(?=[0-9.]{1,6}(?:\*|\Z))([0-9]{1,5}(?:\.[0-9]{1,3})?)(\*[A-Za-z]+)?"
)
_TOTAL = re.compile(rb"([0-9]{1,15}(?:\.[0-9]{1,9})?)(\*[A-Za-z0-9]+)?")
_UNITS = frozenset(
    f"*{unit}".encode().lower()
    for unit in (
        *("kWh", "kvarh", "Wh", "varh", "MWh", "m3", "GJ", "MJ"),
        *("kW", "kvar", "kVA", "W", "var", "VA", "V", "A"),
    )
)

_POWERS = re.compile(r"1-0:(?:[1-4]|9|10|2[1-4]|4[1-4]|6[1-4])\.7\.0")
_CURRENTS = re.compile(r"1-0:[357]1\.7\.0")
_VOLTAGES_AND_LIMITS = re.compile(r"1-0:[357]2\.7\.0|0-0:17\.0\.0|1-1:3[14]\.4\.0")
_SMALL_OBJECTS = re.compile(r"0-[0-4]:96\.3\.10|0-[1-4]:24\.[14]\.0")
_TOTALS = re.compile(r"[0-9]+-[0-9]+:[0-9]+\.8\.[0-9]+")
_COUNTERS = re.compile(r"0-0:96\.7\.21|[01]-0:[357]2\.3[26]\.0")
_MESSAGES = re.compile(r"[0-9]+-[0-9]+:96\.13\.[0-9]+")
_IDENTIFIERS = re.compile(r"[0-9]+-[0-9]+:(?:42\.0\.0|96\.1\.[0-9]+)")
_INDEXES = re.compile(r"0-[0-9]+:24\.2\.1")


def parts_of(text: bytes) -> list[Part]:
    """Return the parts of the telegram `text`, which begins with `/` or with blank lines."""
    end = start = len(text) - len(text.lstrip())
    parts = [Part(PartKind.KEPT, text[:start])]
    for match in islice(_LINE.finditer(text, start), MAX_LINES):
        parts += _parts_of_line(match[0], is_first=match.start() == start)
        end = match.end()
    parts.append(Part(PartKind.MESSAGE, text[end:]))
    return [part for part in parts if part.text]


def part_kinds(text: bytes) -> Iterator[tuple[str, set[PartKind]]]:
    """Yield the OBIS reference of each object in `text`, and the kinds of the object's parts."""
    for match in islice(_LINE.finditer(text.lstrip()), MAX_LINES):
        if object_match := _OBJECT.fullmatch(match[0]):
            parts = _parts_of_line(match[0], is_first=False)
            yield object_match[1].decode("ascii"), {part.kind for part in parts if part.text}


def _parts_of_line(line: bytes, *, is_first: bool) -> Iterator[Part]:
    if is_first and (match := _IDENTIFICATION.fullmatch(line)):
        yield Part(PartKind.KEPT, match[1])
        yield Part(PartKind.OTHER, match[2])
        yield Part(PartKind.KEPT, match[3])
    elif match := _END.fullmatch(line):
        yield Part(PartKind.KEPT, b"!")
        yield Part(PartKind.CHECKSUM, match[1])
        yield Part(PartKind.KEPT, match[2])
    elif match := _OBJECT.fullmatch(line):
        reference = match[1].decode("ascii")
        yield Part(PartKind.KEPT, match[1] + b"(")
        is_text = _MESSAGES.fullmatch(reference)
        values = [match[2]] if is_text else match[2].split(b")(", _MAX_VALUES - 1)
        for number, value in enumerate(values):
            yield Part(PartKind.KEPT, b")(" if number else b"")
            yield from _parts_of_value(reference, number, value)
        yield Part(PartKind.KEPT, b")" + match[3])
    else:
        text = line.rstrip(b"\r\n")
        yield Part(PartKind.MESSAGE, text)
        yield Part(PartKind.KEPT, line[len(text) :])


def _parts_of_value(reference: str, number: int, value: bytes) -> Iterator[Part]:
    is_current = _CURRENTS.fullmatch(reference)
    if (is_current or _POWERS.fullmatch(reference)) and (match := _measured(value)):
        yield Part(PartKind.KEPT, match[1])
        yield Part(PartKind.CURRENT if is_current else PartKind.MEASURED, match[2], reference)
        yield Part(PartKind.KEPT, match[3] or b"")
    elif (kind := _kind_of_register(reference, number)) and (match := _TOTAL.fullmatch(value)):
        yield Part(kind, match[1], f"{reference} {number} {_form(match[1])}")
        unit = match[2] or b""
        yield Part(PartKind.KEPT if unit.lower() in _UNITS else PartKind.OTHER, unit)
    else:
        yield Part(_kind_of_value(reference, value), value)


def _kind_of_value(reference: str, value: bytes) -> PartKind:
    if _IDENTIFIERS.fullmatch(reference) and identifier(value.decode("latin-1")) is None:
        return PartKind.KEPT  # filler identifies nobody
    if _MESSAGES.fullmatch(reference):
        return PartKind.MESSAGE
    if _TIME.fullmatch(value) or (_TIMES.fullmatch(reference) and _LOCAL_TIME.fullmatch(value)):
        # A channel without a meter sends fill bytes instead of a time. Fill bytes tell nothing
        # about a household, so keep them.
        return PartKind.KEPT if _FILL_BYTES.fullmatch(value) else PartKind.TIME
    if _stays(reference, value):
        return PartKind.KEPT
    return PartKind.MESSAGE if _has_words(reference, value) else PartKind.OTHER


def _stays(reference: str, value: bytes) -> bool:
    if _VOLTAGES_AND_LIMITS.fullmatch(reference):
        return _measured(value) is not None
    form = _SMALL if _SMALL_OBJECTS.fullmatch(reference) else None
    if reference == "1-3:0.2.8":
        form = _VERSION
    return form is not None and form.fullmatch(value) is not None


def _measured(value: bytes) -> re.Match[bytes] | None:
    match = _MEASURED.fullmatch(value)
    return match if match and (match[3] is None or match[3].lower() in _UNITS) else None


def _kind_of_register(reference: str, number: int) -> PartKind | None:
    if _INDEXES.fullmatch(reference):
        return PartKind.TOTAL if number == 1 else None
    if number == 0 and _TOTALS.fullmatch(reference):
        return PartKind.TOTAL
    return PartKind.COUNTER if number == 0 and _COUNTERS.fullmatch(reference) else None


def _has_words(reference: str, value: bytes) -> bool:
    if _IDENTIFIERS.fullmatch(reference):
        return False
    return b" " in (bytes.fromhex(value.decode("ascii")) if is_octets(value) else value)


def _form(digits: bytes) -> str:
    """Return the numbers of digits before and after the decimal point, as "6.3" for 123456.789."""
    whole, _, decimals = digits.partition(b".")
    return f"{len(whole)}.{len(decimals)}"
