"""From the text between the brackets of a line to values.

Every converter takes the texts of all brackets of one line and never raises: what is empty or
unreadable is None. Source: E-Meter P1 Specification 1.1.3, section 3.3 (formats F, I, S, TST).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import NamedTuple


class Capture(NamedTuple):
    """A meter's index and when it was captured. A time of fill bytes is None."""

    time: datetime | None
    value: float | None
    unit: str | None


type Scalar = float | int | str | datetime | None
type Value = Scalar | Capture | tuple[Scalar, ...]
type Converter = Callable[[Sequence[str]], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class MBusReading:
    """A meter on an M-Bus channel: what it is and its last captured index.

    `type` is a name of `obis.MBUS_DEVICE_TYPES` or "unknown"; `value` is in `unit` as the meter
    sends it ("m3", "GJ"); `valve` is a control state of `obis`.
    """

    type: str
    serial_number: str | None
    value: float | None
    unit: str | None
    time: datetime | None
    valve: int | None


# The letter decides the offset, not the calendar: the hour that October repeats is unambiguous.
_OFFSETS = {
    "S": timezone(timedelta(hours=2), "CEST"),
    "W": timezone(timedelta(hours=1), "CET"),
}
# Bounded: neither infinity nor an integer that Python refuses to convert.
_NUMBER = re.compile(r"([+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?)(?:\*(.+))?")
_COUNT = re.compile(r"[+-]?[0-9]{1,15}")
_TIMESTAMP = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([SW])")
_OCTETS = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_NO_TEXT = " \t\r\n\0"


def _parse_number(text: str, unit: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits, sent_unit = match.groups()
    if sent_unit is None or sent_unit == unit:
        return float(digits)
    # Sagemcom meters of other countries send the same registers in Wh, W, varh and var.
    if unit.startswith("k") and sent_unit == unit[1:]:
        return float(digits) / 1000
    return None


def _parse_count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _parse_timestamp(text: str) -> datetime | None:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    *numbers, letter = match.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    try:
        return datetime(
            2000 + year, month, day, hour, minute, second, tzinfo=_OFFSETS[letter]
        )
    except ValueError:
        return None


def _decode(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def number(unit: str) -> Converter:
    """Make a converter for one number in `unit`; the meter may leave the unit out."""

    def convert(texts: Sequence[str]) -> float | None:
        return _parse_number(texts[0], unit) if len(texts) == 1 else None

    return convert


def numbers(unit: str) -> Converter:
    """Make a converter for an object of several numbers in `unit`: a tuple."""

    def convert(texts: Sequence[str]) -> tuple[float | None, ...]:
        return tuple(_parse_number(text, unit) for text in texts)

    return convert


def count(texts: Sequence[str]) -> int | None:
    """Convert a plain whole number: a counter, a state, a type."""
    return _parse_count(texts[0]) if len(texts) == 1 else None


def timestamp(texts: Sequence[str]) -> datetime | None:
    """Convert a TST to an aware time; fill bytes and impossible dates are None."""
    return _parse_timestamp(texts[0]) if len(texts) == 1 else None


def plain_text(texts: Sequence[str]) -> str | None:
    """Convert a text that is shown as it is sent."""
    return texts[0] or None if len(texts) == 1 else None


def message(texts: Sequence[str]) -> str | None:
    """Convert an octet string in hexadecimal to its text: UTF-8, else Latin-1."""
    if len(texts) != 1:
        return None
    if _OCTETS.fullmatch(texts[0]) is None:
        return texts[0] or None
    return _decode(bytes.fromhex(texts[0])).strip(_NO_TEXT) or None


def identifier(texts: Sequence[str]) -> str | None:
    """Convert an identifier: ASCII in hexadecimal; one that is no printable ASCII stays as sent."""
    text = message(texts)
    if text is None or (text.isascii() and text.isprintable()):
        return text
    return texts[0]


def capture(texts: Sequence[str]) -> Capture | None:
    """Convert a capture time and an index with its unit (0-n:24.2.1)."""
    if len(texts) != 2:  # noqa: PLR2004 - a time and an index
        return None
    match = _NUMBER.fullmatch(texts[1])
    value, unit = (float(match[1]), match[2]) if match else (None, None)
    return Capture(_parse_timestamp(texts[0]), value, unit)


def unknown(texts: Sequence[str]) -> str | tuple[str | None, ...] | None:
    """Keep the texts of an object that the table does not know."""
    if len(texts) == 1:
        return texts[0] or None
    return tuple(text or None for text in texts)
