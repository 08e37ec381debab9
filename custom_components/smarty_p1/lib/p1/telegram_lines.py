"""Lines of a telegram's text, and the meters on its M-Bus channels.

Source: E-Meter P1 Specification 1.1.3, section 3.3; DSMR P1 Companion Standard 5.0.2, chapter 6.
"""

import re
from collections.abc import Callable, Mapping
from sys import intern
from typing import Any

from .obis import (
    CHANNELS,
    MBUS_DEVICE_TYPES,
    MBUS_FIELDS,
    OBJECTS,
    ObisObject,
    default_unit,
    is_reference,
    mbus_reference,
)
from .value_converters import MAX_NAME_SIZE, MBusReading, Value, unknown

# Maximum number of lines of a telegram. The specification has some 90 objects, but a forged
# telegram could have thousands of lines.
MAX_LINES = 512
UNKNOWN = ObisObject("unknown", None, unknown)
_match_identification = re.compile(rb"\s*/([^\r\n]*)").match
_LINE_ENDS = frozenset(("\r\n", "\n", "\r", ""))

CHANNEL_REFERENCES = {
    channel: [mbus_reference(channel, field) for field in MBUS_FIELDS] for channel in CHANNELS
}


def read_identification(text: bytes) -> str | None:
    """Return the text behind `/` in the first line.

    Return None if `text` does not begin with `/`.
    """
    match = _match_identification(text)
    return match and match[1].decode("latin-1")[:MAX_NAME_SIZE]


def read_lines(
    text: bytes,
) -> tuple[dict[str, tuple[ObisObject, str, int]], tuple[str, ...]]:
    """Return the objects in a telegram by reference, and the references of repeated objects.

    An object has its kind, value text and position. The value text is the text between the
    brackets. The position is the value's index in `text`. Lines that are not objects are left out.

    If a reference is repeated, its first line counts: behind the registers of today, some meters
    repeat them with the values at the end of last month.
    """
    lines: dict[str, tuple[ObisObject, str, int]] = {}
    repeated: dict[str, None] = {}
    start = len(text) - len(text.lstrip())
    for line in text[start:].splitlines(keepends=True)[:MAX_LINES]:
        reference, _, rest = line.decode("latin-1").partition("(")
        value, bracket, line_end = rest.rpartition(")")
        kind = OBJECTS.get(reference)
        if bracket and line_end in _LINE_ENDS and (kind or is_reference(reference)):
            if reference in lines:
                repeated[reference] = None
            else:
                # Decryptors of thousands of meters remember the same references.
                lines[intern(reference)] = kind or UNKNOWN, value, start + len(reference) + 1
        start += len(line)
    return lines, tuple(repeated)


def read_channel(objects: Mapping[str, Value], channel: int) -> MBusReading | None:
    """Return the reading of the meter on an M-Bus channel.

    Return None if the channel has no meter.
    """
    get: Callable[[str], Any] = objects.get
    device_type, identifier, capture, valve = map(get, CHANNEL_REFERENCES[channel])
    time, value, unit = capture or (None, None, None)
    if identifier is None and time is None:
        return None  # a telegram also has objects for M-Bus channels that have no meter
    name = MBUS_DEVICE_TYPES.get(device_type, "unknown")
    return MBusReading(
        type=name,
        serial_number=identifier,
        # A meter sends fill bytes instead of a capture time if it never captured the index. Its
        # index is not valid then, so return None.
        value=None if time is None else value,
        unit=unit or default_unit(name),
        time=time,
        valve=valve,
    )
