"""The text of a telegram -> `Telegram`: its objects, and the meters on its M-Bus channels.

Source: E-Meter P1 Specification 1.1.3, section 3.3; DSMR P1 Companion Standard 5.0.2, chapter 6.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import batched, compress, starmap
from operator import ne
from typing import Any, NamedTuple, cast

from .converters import MAX_NAME_SIZE, Capture, MBusReading, Value, unknown
from .obis import CHANNELS, DEVICE_NAME, MBUS_DEVICE_TYPES, METER_TIME, OBJECTS, default_unit

_NUMBER_LINE = re.compile(rb"[^(]+\((?P<digits>[0-9.]+)(?:\*(?P<unit>[^()]+))?\)")
_is_number = re.compile(rb"[0-9]{1,15}(?:\.[0-9]{1,9})?").fullmatch
_NEVER = b"\n"  # no line begins so
# The specification knows some 90 objects; whoever makes up a telegram could write thousands.
MAX_LINES = 512
_REFERENCE = re.compile(r"[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")


class Verification(StrEnum):
    """What vouches for a telegram."""

    TAG = "verified"
    """The tag of its frame: nobody without the meter's keys can have written or altered it."""
    CHECKSUM = "not_verified"
    """Only its own CRC, although its frame has a tag: the authentication key is not known."""
    PLAIN = "plain"
    """Only its own CRC, for the meter does not encrypt."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """One telegram that is believed; `verification` tells why.

    `objects` holds every line (the first 512) by its exact OBIS reference (`A-B:C.D.E`). A value is
    a float or int in the unit of the specification's table, a text, an aware datetime, a `Capture`,
    a tuple for an object of several values, or None when the meter sent it empty or unreadable. An
    object outside the table keeps the text between its brackets.

    `channels` holds the meters by M-Bus channel number; a channel without a meter is left out.
    `frame_counter` and `system_title` (8 bytes) are None in a plain telegram. `text` is the
    telegram as the meter wrote it.
    """

    identification: str
    serial_number: str | None
    time: datetime | None
    objects: Mapping[str, Value]
    channels: Mapping[int, MBusReading]
    frame_counter: int | None = None
    system_title: bytes | None = None
    text: bytes = field(default=b"", repr=False)
    verification: Verification = Verification.PLAIN

    def as_dict(self) -> dict[str, Any]:
        """Return the telegram as JSON knows it: times in ISO 8601, channels by number as text."""
        return {
            "identification": self.identification,
            "serial_number": self.serial_number,
            "time": _as_json(self.time),
            "frame_counter": self.frame_counter,
            "objects": {reference: _as_json(value) for reference, value in self.objects.items()},
            "channels": {
                str(channel): {name: _as_json(value) for name, value in asdict(reading).items()}
                for channel, reading in self.channels.items()
            },
        }


def _as_json(value: Value) -> Any:  # noqa: ANN401 - JSON has no type of its own
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return [_as_json(part) for part in value]
        case _:
            return value


def _parse_line(line: bytes) -> tuple[str, Value]:
    """Return the reference and value of a line, or an empty reference when it is no object."""
    reference, _, values = line.decode("latin-1").partition("(")
    if values[-1:] == ")":
        if known := OBJECTS.get(reference):
            return reference, known.convert(values[:-1])
        if _REFERENCE.fullmatch(reference):
            return reference, unknown(values[:-1])
    return "", None


class _Place(NamedTuple):
    """What stood in one line of the last telegram: its object, and what surrounds its number."""

    reference: str
    before: bytes
    between: slice
    after: bytes


def _place(line: bytes, reference: str, value: Value) -> _Place:
    match = _NUMBER_LINE.fullmatch(line)
    if match and type(value) is float and _is_in_unit_of_table(reference, match["unit"]):
        start, end = match.span("digits")
        return _Place(reference, line[:start], slice(start, end - len(line)), line[end:])
    return _Place(reference, _NEVER, slice(0), b"")


def _is_in_unit_of_table(reference: str, unit: bytes | None) -> bool:
    known = OBJECTS.get(reference)
    return known is not None and known.unit is not None and unit in (None, known.unit.encode())


# In the order of the channels, and of what `_mbus_reading` takes.
_CHANNEL_REFERENCES = dict.fromkeys(
    f"0-{channel}:{field}"
    for channel in CHANNELS
    for field in ("24.1.0", "96.1.0", "24.2.1", "24.4.0")
)


class TelegramParser:
    """Parses the telegrams of one meter, each line only when it changed since the last one."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._identification = ""
        self._places: list[_Place] = []
        self._objects: dict[str, Value] = {}
        self._channels: dict[int, MBusReading] = {}

    def parse(
        self,
        text: bytes,
        frame_counter: int | None = None,
        system_title: bytes | None = None,
        verification: Verification = Verification.PLAIN,
    ) -> Telegram | None:
        """Return the telegram in `text`, or None when it is none (it must begin with `/`)."""
        lines = text.splitlines()
        if lines and not lines[0]:
            lines = text.strip().splitlines()
        if not lines or lines[0][:1] != b"/":
            return None
        if lines[-1][:1] == b"!":
            lines.pop()  # the checksum, another one in every telegram
        del lines[MAX_LINES:]
        if not self._update_objects(lines):
            self._read_objects(lines)
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

    def _update_objects(self, lines: list[bytes]) -> bool:
        """Parse the lines that changed, if every line is still about the same object."""
        if len(lines) != len(self._lines):
            return False
        objects, places = self._objects, self._places
        has_new_reading = False
        changes = map(ne, lines, self._lines)  # noqa: B912 - their lengths are equal
        for index in compress(range(len(lines)), changes):
            line = lines[index]
            known, before, between, after = places[index]
            digits = line[between]
            if line.startswith(before) and line.endswith(after) and _is_number(digits):
                objects[known] = float(digits)
                continue
            reference, value = _parse_line(line)
            if reference != known or index == 0:
                return False
            if reference:
                objects[reference] = value
                has_new_reading |= reference in _CHANNEL_REFERENCES
        if has_new_reading:
            self._channels = _read_channels(objects)
        self._lines = lines
        return True

    def _read_objects(self, lines: list[bytes]) -> None:
        pairs = [_parse_line(line) for line in lines]
        self._identification = lines[0][1:].decode("latin-1")[:MAX_NAME_SIZE]
        self._places = [_place(line, *pair) for line, pair in zip(lines, pairs, strict=True)]
        self._objects = {reference: value for reference, value in pairs if reference}
        self._channels = _read_channels(self._objects)
        # Of a reference that comes twice the last line counts, so such lines belong together.
        is_repeating = len(self._objects) < sum(1 for reference, _ in pairs if reference)
        self._lines = [] if is_repeating else lines


def _read_channels(objects: Mapping[str, Value]) -> dict[int, MBusReading]:
    values = batched(map(objects.get, _CHANNEL_REFERENCES), 4, strict=True)
    readings = zip(CHANNELS, starmap(_mbus_reading, values), strict=True)
    return {channel: reading for channel, reading in readings if reading}


def _mbus_reading(
    device_type: Value, identifier: Value, capture: Value, valve: Value
) -> MBusReading | None:
    time, value, unit = capture if isinstance(capture, Capture) else (None, None, None)
    if identifier is None and time is None:
        return None  # a channel is sent although no meter is behind it
    name = MBUS_DEVICE_TYPES.get(cast("int", device_type), "unknown")
    return MBusReading(
        type=name,
        serial_number=cast("str | None", identifier),
        # An index whose time is fill bytes was never captured.
        value=None if time is None else value,
        unit=unit or default_unit(name),
        time=time,
        valve=cast("int | None", valve),
    )
