"""Parser for successive telegrams of one meter.

Successive telegrams differ almost only in the digits of numbers and times. So one comparison checks
all other bytes, and only the values that changed since the last telegram are converted.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import compress
from operator import ne
from struct import Struct
from typing import Any

from .obis import CHANNELS, DEVICE_NAME, METER_TIME
from .telegram import Telegram, Verification
from .telegram_lines import (
    CHANNEL_REFERENCES,
    UNKNOWN,
    read_channel,
    read_identification,
    read_lines,
)
from .value_converters import Capture, Converter, MBusReading, Value

# Text after the `!` of a telegram: a checksum and a line end. The comparison of two telegrams
# ignores this text. A longer text is compared, because it could contain an object.
_is_end = re.compile(rb".{0,4}\s{0,2}").fullmatch
_CHANNELS = {
    reference: channel
    for channel, references in CHANNEL_REFERENCES.items()
    for reference in references
}

# One number or time of a telegram: its OBIS reference, its converter, and its M-Bus channel (None
# if the value belongs to no channel).
type _Field = tuple[str, Callable[[bytes], Value], int | None]
# Start and end of a value in the text of a telegram.
type _Span = tuple[int, int]


class _Layout:
    """Text that is common to telegrams which differ only in the digits of some values."""

    # The mask ignores the lower four bits of a digit, so that all digits count as equal. The
    # characters `:;<=>?` pass the mask, too, but no converter accepts them.
    _MASK = bytes(0xF0 if byte in b"0123456789" else 0xFF for byte in range(256))

    def __init__(self, text: bytes, spans: Sequence[_Span]) -> None:
        masks = text.translate(self._MASK)
        mask = bytearray(b"\xff" * len(text))  # bits that must be equal
        formats, at = [], 0
        for start, end in spans:
            mask[start:end] = masks[start:end]
            formats.append(f"{start - at}x{end - start}s")
            at = end
        _, mark, checksum = text.rpartition(b"\n!")
        if mark and _is_end(checksum):
            mask[len(text) - len(checksum) :] = bytes(len(checksum))
        self._size = len(text)
        self._mask = _interned_mask(int.from_bytes(mask, "little"))
        self._common = int.from_bytes(text, "little") & self._mask
        self.values_of = _struct_of("".join(formats)).unpack_from

    def fits(self, text: bytes) -> bool:
        """Return whether `text` has this layout. Digits of values and the checksum may differ."""
        return (
            len(text) == self._size and int.from_bytes(text, "little") & self._mask == self._common
        )


class TelegramParser:
    """Parser for the telegrams of one meter. It remembers the last telegram.

    It returns the same as a new parser, which converts every line.
    """

    def __init__(self) -> None:
        self._layout: _Layout | None = None
        self._fields: list[_Field] = []
        self._values: tuple[bytes, ...] = ()
        self._identification: str | None = None
        self._objects: dict[str, Value] = {}
        self._readings: dict[int, MBusReading | None] = {}
        self._channels: dict[int, MBusReading] = {}
        self._repeated: tuple[str, ...] = ()

    def parse(
        self,
        text: bytes,
        frame_counter: int | None = None,
        system_title: bytes | None = None,
        verification: Verification = Verification.PLAIN,
    ) -> Telegram | None:
        """Return the telegram in `text`. Return None if `text` is not a telegram."""
        if not self._read_changes(text):
            self._read_all(text)
        if self._identification is None:
            return None
        objects = self._objects.copy()
        get: Callable[[str], Any] = objects.get
        return Telegram(
            self._identification,
            get(DEVICE_NAME),
            get(METER_TIME),
            objects,
            self._channels.copy(),
            frame_counter,
            system_title,
            text,
            verification,
            self._repeated,
        )

    def _read_changes(self, text: bytes) -> bool:
        """Convert the numbers and times that have changed.

        Return False if any other byte changed.
        """
        layout = self._layout
        if layout is None or not layout.fits(text):
            return False
        values = layout.values_of(text)
        objects, fields = self._objects, self._fields
        changed_channels: set[int] = set()
        changes = map(ne, values, self._values)  # noqa: B912 - the layout fixes their length
        for index in compress(range(len(values)), changes):
            reference, convert, channel = fields[index]
            try:
                objects[reference] = convert(values[index])
            except ValueError:
                # The value is not a number. It contains one of the characters `:;<=>?`, which the
                # mask does not distinguish from digits.
                return False
            if channel:
                changed_channels.add(channel)
        if changed_channels:
            self._read_channels(changed_channels)
        self._values = values
        return True

    def _read_all(self, text: bytes) -> None:
        """Convert every line, and remember the layout for the next telegram."""
        self._identification = read_identification(text)
        self._layout = None
        if self._identification is None:
            return
        objects: dict[str, Value] = {}
        fields: list[_Field] = []
        spans: list[_Span] = []
        # The layout masks no value of a repeated line, so such a line must stay the same.
        lines, self._repeated = read_lines(text)
        for reference, (kind, value, start) in lines.items():
            objects[reference] = converted = kind.convert(value)
            convert: Converter | None = None
            if isinstance(converted, float):
                # `float` converts the digits of a number with the usual unit, or without a unit.
                # With any other unit, convert the whole text.
                digits, _, unit = value.partition("*")
                if unit and unit != kind.unit:
                    digits, convert = value, kind.convert
            elif kind is UNKNOWN or isinstance(converted, (datetime, Capture)):
                digits, convert = value, kind.convert
            else:
                continue  # texts, states and counts hardly ever change, so compare their bytes
            fields.append(_field_of(reference, convert))
            spans.append((start, start + len(digits)))
        self._objects, self._fields = objects, fields
        self._read_channels(CHANNELS)
        self._layout = _Layout(text, spans)
        self._values = self._layout.values_of(text)

    def _read_channels(self, channels: Iterable[int]) -> None:
        for channel in channels:
            self._readings[channel] = read_channel(self._objects, channel)
        self._channels = {number: reading for number, reading in self._readings.items() if reading}


# Meters of one model have equal fields, masks and positions. Parsers of thousands of meters share
# them, which saves a third of their memory.
@lru_cache(maxsize=4096)
def _field_of(reference: str, convert: Converter | None) -> _Field:
    """Return the field of an object. `convert` is the converter of its text, None for a number."""
    from_digits = (lambda digits: convert(digits.decode("latin-1"))) if convert else float
    return reference, from_digits, _CHANNELS.get(reference)


@lru_cache(maxsize=1024)
def _interned_mask(mask: int) -> int:
    """Return one object for all equal masks, so that parsers of one model share it."""
    return mask


@lru_cache(maxsize=1024)
def _struct_of(positions: str) -> Struct:
    return Struct(positions)
