"""Converters from the text of a telegram's line to a value.

A converter gets the text between the first and the last bracket of a line. No converter raises an
error: empty or unreadable text becomes None. Source: E-Meter P1 Specification 1.1.3, section 3.3
(formats F, I, S, TST).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from .local_time import local_time


class Capture(NamedTuple):
    """Captured index of an M-Bus meter.

    The capture time is None if the meter sent fill bytes, or a time before 2000.
    """

    time: datetime | None
    value: float | None
    unit: str | None


type Scalar = float | int | str | datetime | None
type Value = Scalar | Capture | tuple[Scalar, ...]
type Converter = Callable[[str], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class MBusReading:
    """Meter on an M-Bus channel, with its last captured index.

    `type` is a name of `obis.MBUS_DEVICE_TYPES` or "unknown". `value` is in `unit` as the meter
    sends it ("m3", "GJ"). `valve` is a key of `obis.CONTROL_STATES`.
    """

    type: str
    serial_number: str | None
    value: float | None = None
    unit: str | None
    time: datetime | None = None
    valve: int | None = None


type MBusChannels = Mapping[str, int]
"""M-Bus channels, keyed by the identities of their meters."""


# A meter's time ends in a letter for the UTC offset: S (summer) or W (winter). So even the hour
# that repeats in October is unambiguous. Some meters send no letter; their time is local time.
_OFFSETS = {"S": "+02:00", "W": "+01:00"}
_LOCAL_TIME_SIZE = 12
# A number has at most 15 digits. Without a limit, a number of several hundred digits would become
# infinity as a float, and Python refuses to read an integer of more than 4,300 digits.
_is_number = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?").fullmatch
_is_count = re.compile(r"[+-]?[0-9]{1,15}").fullmatch
_is_timestamp = re.compile(r"[0-9]{12}[SW]?").fullmatch
_is_octets = re.compile(r"(?:[0-9A-Fa-f]{2})++").fullmatch
# Maximum lengths in characters. A longer text is cut off. Both limits are above the limits of the
# specification, which allows identifiers of 48 octets and messages of 1,024 octets.
MAX_NAME_SIZE = 64
MAX_MESSAGE_SIZE = 2048
INDEX_UNITS = ("m3", "Wh", "kWh", "MWh", "MJ", "GJ")
_INDEX_UNITS = {unit.casefold(): unit for unit in INDEX_UNITS}
# Maximum number of values of an object. No known object has more. If an object has more, the last
# value holds all of the remaining text.
_MAX_VALUES = 16
# Characters that pad a text. The name of the electricity meter keeps bytes FF, because an installed
# meter is known by its name.
_PADDING_OF_NAME = " \t\r\n\0"
_PADDING = _PADDING_OF_NAME + "\xff"
# Text without a meaning, which some meters send instead of nothing: blanks, NUL, FF, `0`, `-`, `?`
# and `.`. A byte FF may also be written as two letters F.
_FILLER = re.compile(r"(?:[ \t\r\n\0\xff0?.-]|[Ff]{2,}+)*+")
# Control characters are removed, because some databases refuse them. Tabs and line ends stay.
_CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _text_of(text: str, padding: str = _PADDING) -> str:
    if not _is_octets(text):
        return text
    octets = bytes.fromhex(text).strip(padding.encode("latin-1"))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def is_filler(text: str) -> bool:
    """Return whether a decoded message or identifier is filler or empty, so it means nothing."""
    return _FILLER.fullmatch(text) is not None


def _split(text: str) -> list[str]:
    return text.split(")(", _MAX_VALUES - 1)


def number(unit: str) -> Converter:
    """Return a converter from text to one number in `unit`. A text without a unit is accepted.

    The case of a unit is ignored, because reactive energy is written kvarh and kVArh.
    """
    known = unit.casefold()

    def convert(text: str) -> float | None:
        digits, _, sent_unit = text.partition("*")
        if not _is_number(digits):
            return None
        sent = sent_unit.casefold()
        if sent in {known, ""}:
            return float(digits)
        # Sagemcom meters of other countries send the same registers in Wh, W, varh and var instead
        # of kWh, kW, kvarh and kvar. So divide by 1000.
        return float(digits) / 1000 if known == f"k{sent}" else None

    return convert


def numbers(unit: str) -> Converter:
    """Return a converter from text to a tuple of numbers in `unit`."""
    convert_one = number(unit)

    def convert(text: str) -> Value:
        return tuple(cast("float | None", convert_one(part)) for part in _split(text))

    return convert


def count(text: str) -> int | None:
    """Return the whole number in a text without a unit, such as a count, a state or a type."""
    return int(text) if _is_count(text) else None


def timestamp(text: str) -> datetime | None:
    """Return the aware time in a text of format TST.

    Without a letter for the UTC offset, the text is read as Luxembourg's local time
    (`local_time.py`). Return None for fill bytes or an impossible date.
    """
    if not _is_timestamp(text):
        return None
    try:
        if len(text) == _LOCAL_TIME_SIZE:
            return local_time(datetime.fromisoformat(f"20{text[:6]}T{text[6:]}"))
        return datetime.fromisoformat(f"20{text[:6]}T{text[6:12]}{_OFFSETS[text[12]]}")
    except ValueError:
        return None


def plain_text(text: str) -> str | None:
    """Return the text as it was sent, without control characters. Return None if it is empty."""
    return _CONTROLS.sub("", text) or None


def message(text: str) -> str | None:
    """Return the message in a text of hexadecimal octets. Return None if it is filler or empty.

    The octets are decoded as UTF-8, or as Latin-1 if that fails. A text that is not hexadecimal is
    the message itself.
    """
    decoded = _CONTROLS.sub("", _text_of(text)).strip(_PADDING)[:MAX_MESSAGE_SIZE]
    return None if is_filler(decoded) else decoded


def device_name(text: str) -> str | None:
    """Return the name of the electricity meter. Return None if it is empty.

    Hexadecimal octets that stand for ASCII characters are decoded. Any other text stays as it was
    sent. A name of filler is a name, because an installed meter is known by it.
    """
    return _readable(text, _text_of(text, _PADDING_OF_NAME))


def identifier(text: str) -> str | None:
    """Return the identifier of an M-Bus meter. Return None if it is filler or empty.

    Hexadecimal octets that stand for ASCII characters are decoded. Any other text stays as it was
    sent. Blanks, NUL and FF at both ends are left out.
    """
    text = text.strip(_PADDING)
    decoded = _text_of(text)
    return None if is_filler(decoded) else _readable(text, decoded)


def _readable(text: str, decoded: str) -> str | None:
    is_readable = decoded.isascii() and decoded.isprintable()
    return (decoded if is_readable else text)[:MAX_NAME_SIZE] or None


def capture(text: str) -> Capture | None:
    """Return the capture time and the index with its unit (0-n:24.2.1).

    Return None if there is no index.
    """
    time, brackets, index = text.partition(")(")
    if not brackets:
        return None
    # A clock that was never set starts at 1 January 1970. The meter sends only two digits of the
    # year, and 70 would be read as 2070. So a capture time in the years 70 to 99 counts as missing.
    captured_at = None if time[:1] in {"7", "8", "9"} else timestamp(time)
    digits, _, unit = index.partition("*")
    value = float(digits) if _is_number(digits) else None
    known = _INDEX_UNITS.get(unit.casefold(), unit[:MAX_NAME_SIZE])
    return Capture(captured_at, value, known or None)


def unknown(text: str) -> str | tuple[str, ...] | None:
    """Return the value of an object that OBJECTS does not list. Several values become a tuple."""
    return tuple(_split(text)) if ")(" in text else text or None
