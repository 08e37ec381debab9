"""The text of a telegram -> `Telegram`: its objects, and the meters on its M-Bus channels.

`read` is the plain way, which remembers nothing, and the reference for the fast one: FastParser
must find the same in each of the telegrams that follow one another.

Source: E-Meter P1 Specification 1.1.3, section 3.3; DSMR P1 Companion Standard 5.0.2, chapter 6.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .obis import (
    CHANNELS,
    DEVICE_NAME,
    MBUS_DEVICE_TYPES,
    MBUS_FIELDS,
    METER_TIME,
    OBJECTS,
    ObisObject,
    default_unit,
    mbus_reference,
)
from .telegram import Telegram, Verification
from .value_converters import MAX_NAME_SIZE, MBusReading, Value, unknown

# The specification knows some 90 objects; whoever makes up a telegram could write thousands.
MAX_LINES = 512
UNKNOWN = ObisObject("unknown", None, unknown)
_match_identification = re.compile(rb"\s*/([^\r\n]*)").match
_is_reference = re.compile(r"[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}").fullmatch
_LINE_ENDS = frozenset(("\r\n", "\n", "\r", ""))

CHANNEL_REFERENCES = {
    channel: [mbus_reference(channel, field) for field in MBUS_FIELDS] for channel in CHANNELS
}

type Contents = tuple[str, dict[str, Value], dict[int, MBusReading]]
"""The identification, the objects by reference, and the meters on the M-Bus by channel."""


def parse(
    text: bytes,
    read: Callable[[bytes], Contents | None],
    frame_counter: int | None = None,
    system_title: bytes | None = None,
    verification: Verification = Verification.PLAIN,
) -> Telegram | None:
    """Return the telegram in `text`, or None when it is none."""
    if (contents := read(text)) is None:
        return None
    identification, objects, channels = contents
    get: Callable[[str], Any] = objects.get
    return Telegram(
        identification,
        get(DEVICE_NAME),
        get(METER_TIME),
        objects,
        channels,
        frame_counter,
        system_title,
        text,
        verification,
    )


def read(text: bytes) -> Contents | None:
    """Return what a telegram holds, or None when it is none (it must begin with `/`)."""
    identification = read_identification(text)
    if identification is None:
        return None
    objects = {name: kind.convert(value) for name, kind, value, _ in read_lines(text)}
    channels = {n: reading for n in CHANNELS if (reading := read_channel(objects, n))}
    return identification, objects, channels


def read_identification(text: bytes) -> str | None:
    """Return what stands behind the `/` in the first line, None when there is no such line."""
    match = _match_identification(text)
    return match and match[1].decode("latin-1")[:MAX_NAME_SIZE]


def read_lines(text: bytes) -> list[tuple[str, ObisObject, str, int]]:
    """Return the objects: reference, kind, what stands between the brackets, and where in `text`.

    Of a reference that comes twice the last one counts. Lines that are no objects are left out.
    """
    found = []
    start = len(text) - len(text.lstrip())
    for line in text[start:].splitlines(keepends=True)[:MAX_LINES]:
        reference, _, rest = line.decode("latin-1").partition("(")
        value, bracket, line_end = rest.rpartition(")")
        kind = OBJECTS.get(reference)
        if bracket and line_end in _LINE_ENDS and (kind or _is_reference(reference)):
            found.append((reference, kind or UNKNOWN, value, start + len(reference) + 1))
        start += len(line)
    return found


def read_channel(objects: Mapping[str, Value], channel: int) -> MBusReading | None:
    """Return what a channel's meter says, None when there is no meter behind it."""
    get: Callable[[str], Any] = objects.get
    device_type, identifier, capture, valve = map(get, CHANNEL_REFERENCES[channel])
    time, value, unit = capture or (None, None, None)
    if identifier is None and time is None:
        return None  # a channel is sent although no meter is behind it
    name = MBUS_DEVICE_TYPES.get(device_type, "unknown")
    return MBusReading(
        type=name,
        serial_number=identifier,
        # An index whose time is fill bytes was never captured.
        value=None if time is None else value,
        unit=unit or default_unit(name),
        time=time,
        valve=valve,
    )
