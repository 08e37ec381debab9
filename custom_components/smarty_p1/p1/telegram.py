"""The text of a telegram -> `Telegram`: its objects, and the meters on its M-Bus channels.

Source: E-Meter P1 Specification 1.1.3, section 3.3; DSMR P1 Companion Standard 5.0.2, chapter 6.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast, override

from .obis import CHANNELS, DEVICE_NAME, MBUS_DEVICE_TYPES, METER_TIME, OBJECTS, default_unit
from .values import Capture, MBusReading, Value, unknown

_OBJECT = re.compile(
    r"\s*([0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})\((.*)\)\s*", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """One verified telegram.

    `objects` holds every line by its exact OBIS reference (`A-B:C.D.E`). A value is a float or int
    in the unit of the specification's table, a text, an aware datetime, a `Capture`, a tuple for
    an object of several values, or None when the meter sent it empty or unreadable. An object
    outside the table keeps the text between its brackets.

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


class _Lines(dict[bytes, tuple[str, Value]]):
    """The objects of the lines seen in the last telegram: most lines repeat, unchanged."""

    @override
    def __missing__(self, line: bytes) -> tuple[str, Value]:
        match = _OBJECT.fullmatch(line.decode("latin-1"))
        if match is None:
            return _NO_OBJECT
        reference, inner = match.groups()
        texts = inner.split(")(")
        known = OBJECTS.get(reference)
        return reference, known.convert(texts) if known else unknown(texts)


_NO_OBJECT: tuple[str, Value] = ("", None)
_CHANNEL_REFERENCES = tuple(
    (n, f"0-{n}:24.1.0", f"0-{n}:96.1.0", f"0-{n}:24.2.1", f"0-{n}:24.4.0") for n in CHANNELS
)


class TelegramParser:
    """Parses the telegrams of one meter, each line only when it changed since the last one."""

    def __init__(self) -> None:
        self._lines = _Lines()
        self._channels: dict[int, tuple[tuple[Value, ...], MBusReading | None]] = {}

    def parse(
        self,
        text: bytes,
        frame_counter: int | None = None,
        system_title: bytes | None = None,
    ) -> Telegram | None:
        """Return the telegram in `text`, or None when it is none (it must begin with `/`)."""
        header, *lines = text.strip().splitlines() or [b""]
        if not header.startswith(b"/"):
            return None
        parsed = list(map(self._lines.__getitem__, lines))
        objects = dict(parsed)
        objects.pop("", None)
        self._lines = _Lines(zip(lines, parsed, strict=True))
        return Telegram(
            identification=header[1:].decode("latin-1"),
            serial_number=cast("str | None", objects.get(DEVICE_NAME)),
            time=cast("datetime | None", objects.get(METER_TIME)),
            objects=objects,
            channels=self._read_channels(objects),
            frame_counter=frame_counter,
            system_title=system_title,
            text=text,
        )

    def _read_channels(self, objects: Mapping[str, Value]) -> dict[int, MBusReading]:
        get = objects.get
        channels: dict[int, MBusReading] = {}
        for channel, *references in _CHANNEL_REFERENCES:
            values = tuple(map(get, references))
            known = self._channels.get(channel)
            if known is None or known[0] != values:
                known = self._channels[channel] = values, _mbus_reading(*values)
            if known[1] is not None:
                channels[channel] = known[1]
        return channels


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
