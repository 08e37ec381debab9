"""The text of a telegram -> `Telegram`: its objects, and the meters on its M-Bus channels.

The telegrams of a meter hardly ever differ but in the digits of numbers and times. So all else is
compared at once, and of these only those are read that are not the same as in the last telegram.

Source: E-Meter P1 Specification 1.1.3, section 3.3; DSMR P1 Companion Standard 5.0.2, chapter 6.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import compress
from operator import ne
from struct import Struct
from typing import Any

from .converters import MAX_NAME_SIZE, Capture, MBusReading, Value, unknown
from .obis import (
    CHANNELS,
    DEVICE_NAME,
    MBUS_DEVICE_TYPES,
    MBUS_FIELDS,
    METER_TIME,
    OBJECTS,
    default_unit,
    mbus_reference,
)
from .telegram import Telegram, Verification

# The specification knows some 90 objects; whoever makes up a telegram could write thousands.
MAX_LINES = 512
_is_reference = re.compile(r"[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}").fullmatch
_LINE_ENDS = frozenset(("\r\n", "\n", "\r", ""))
# The checksum and what stands behind it: too short for an object.
_is_end = re.compile(rb".{0,4}\s{0,2}").fullmatch

# In the order of what `_mbus_reading` takes.
_CHANNEL_REFERENCES = {
    channel: [mbus_reference(channel, field) for field in MBUS_FIELDS] for channel in CHANNELS
}
_CHANNELS = {
    reference: channel
    for channel, references in _CHANNEL_REFERENCES.items()
    for reference in references
}

# A number or time: what it is of, how it is read, and the channel of its meter on the M-Bus.
type _Field = tuple[str, Callable[[str], Value], int | None]
# Where it begins and ends in the text of a telegram.
type _Span = tuple[int, int]


class _Layout:
    """What telegrams have in common that differ in the digits of some values only."""

    # The upper half of a byte tells a digit from all others but :;<=>?, which are no numbers.
    _MASK = bytes(0xF0 if byte in b"0123456789" else 0xFF for byte in range(256))

    def __init__(self, text: bytes, spans: Sequence[_Span]) -> None:
        masks = text.translate(self._MASK)
        mask = bytearray(b"\xff" * len(text))  # of what must be the same
        formats, at = [], 0
        for start, end in spans:
            mask[start:end] = masks[start:end]
            formats.append(f"{start - at}x{end - start}s")
            at = end
        _, mark, checksum = text.rpartition(b"\n!")
        if mark and _is_end(checksum):
            mask[len(text) - len(checksum) :] = bytes(len(checksum))
        self._size = len(text)
        self._mask = int.from_bytes(mask, "little")
        self._common = int.from_bytes(text, "little") & self._mask
        self.values_of = Struct("".join(formats)).unpack_from

    def fits(self, text: bytes) -> bool:
        """Return whether a text differs only in digits of these values, and in its checksum."""
        return (
            len(text) == self._size and int.from_bytes(text, "little") & self._mask == self._common
        )


class TelegramParser:
    """Parses the telegrams of one meter."""

    def __init__(self) -> None:
        self._layout: _Layout | None = None
        self._fields: list[_Field] = []
        self._values: tuple[bytes, ...] = ()
        self._identification = ""
        self._objects: dict[str, Value] = {}
        self._readings: dict[int, MBusReading | None] = {}
        self._channels: dict[int, MBusReading] = {}

    def parse(
        self,
        text: bytes,
        frame_counter: int | None = None,
        system_title: bytes | None = None,
        verification: Verification = Verification.PLAIN,
    ) -> Telegram | None:
        """Return the telegram in `text`, or None when it is none (it must begin with `/`)."""
        if not self._read_changes(text) and not self._read_all(text):
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
        )

    def _read_changes(self, text: bytes) -> bool:
        """Read the numbers and times that changed, if nothing else did."""
        layout = self._layout
        if layout is None or not layout.fits(text):
            return False
        values = layout.values_of(text)
        objects, fields = self._objects, self._fields
        new_readings: set[int] = set()
        changes = map(ne, values, self._values)  # noqa: B912 - their numbers are equal
        for index in compress(range(len(values)), changes):
            reference, convert, channel = fields[index]
            value = values[index]
            try:
                objects[reference] = (
                    float(value) if convert is float else convert(value.decode("latin-1"))
                )
            except ValueError:
                return False
            if channel:
                new_readings.add(channel)
        if new_readings:
            self._read_channels(new_readings)
        self._values = values
        return True

    def _read_all(self, text: bytes) -> bool:
        """Read every line, and remember the layout."""
        start = len(text) - len(text.lstrip())
        lines = text[start:].splitlines(keepends=True)[:MAX_LINES]
        if not text.startswith(b"/", start):
            return False
        self._identification = lines[0][1:].rstrip(b"\r\n").decode("latin-1")[:MAX_NAME_SIZE]
        objects: dict[str, Value] = {}
        fields: list[_Field] = []
        spans: list[_Span] = []
        number_of_objects = 0
        for line in lines:
            begin, start = start, start + len(line)
            reference, _, rest = line.decode("latin-1").partition("(")
            value, bracket, line_end = rest.rpartition(")")
            known = OBJECTS.get(reference)
            if not bracket or line_end not in _LINE_ENDS or not (known or _is_reference(reference)):
                continue
            convert = known.convert if known else unknown
            objects[reference] = found = convert(value)
            begin += len(reference) + 1
            number_of_objects += 1
            if known and not isinstance(found, (float, datetime, Capture)):
                continue  # a text, state or count hardly ever changes
            if known and type(found) is float:
                digits, _, unit = value.partition("*")
                if not unit or unit == known.unit:
                    value, convert = digits, float
            fields.append((reference, convert, _CHANNELS.get(reference)))
            spans.append((begin, begin + len(value)))
        self._objects, self._fields = objects, fields
        self._read_channels(CHANNELS)
        # Of a reference that comes twice the last line counts, so such lines belong together.
        self._layout = None
        if len(objects) == number_of_objects:
            self._layout = _Layout(text, spans)
            self._values = self._layout.values_of(text)
        return True

    def _read_channels(self, channels: Iterable[int]) -> None:
        get: Callable[[str], Any] = self._objects.get
        for channel in channels:
            self._readings[channel] = _mbus_reading(*map(get, _CHANNEL_REFERENCES[channel]))
        self._channels = {number: reading for number, reading in self._readings.items() if reading}


def _mbus_reading(
    device_type: int | None, identifier: str | None, capture: Capture | None, valve: int | None
) -> MBusReading | None:
    time, value, unit = capture or (None, None, None)
    if identifier is None and time is None:
        return None  # a channel is sent although no meter is behind it
    name = "unknown" if device_type is None else MBUS_DEVICE_TYPES.get(device_type, "unknown")
    return MBusReading(
        type=name,
        serial_number=identifier,
        # An index whose time is fill bytes was never captured.
        value=None if time is None else value,
        unit=unit or default_unit(name),
        time=time,
        valve=valve,
    )
