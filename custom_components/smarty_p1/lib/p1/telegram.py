"""Telegram of a meter: its objects, and the meters on its M-Bus channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ..json_types import JsonDict
from .local_time import REPEATED_HOUR, hour_before
from .obis import METER_TIME
from .value_converters import Capture, MBusReading, Value

_READING_NAMES = [attribute.name for attribute in fields(MBusReading)]


class Verification(StrEnum):
    """Evidence by which a telegram was accepted."""

    TAG = "verified"
    """The frame's tag is correct: only a holder of the meter's keys can have written the frame."""
    CHECKSUM = "not_verified"
    """Only the CRC of the decrypted frame is correct. The authentication key is not known."""
    PLAIN = "plain"
    """Only the CRC is correct, because the meter does not encrypt."""
    INTEGRATION = "by_integration"
    """Another integration shows the values. Nothing proves that they come from the meter."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """Accepted telegram. `verification` is the evidence by which it was accepted.

    `objects` has the values of the first 512 lines, keyed by OBIS reference (`A-B:C.D.E`). A value
    is a number in the unit of the specification's table, a text, an aware datetime or a `Capture`.
    Several values form a tuple. An empty or unreadable value is None. The value of an object
    outside the table is the text between the brackets.

    `channels` has the M-Bus meters, keyed by channel number. Channels without a meter are left out.
    `frame_counter` and `system_title` (8 bytes) are None in a plain telegram. `text` is the
    telegram as the meter wrote it. `repeated` has the references of objects that the telegram
    contains more than once. In `objects`, the first of them counts.
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
    repeated: tuple[str, ...] = ()

    @property
    def is_hour_open(self) -> bool:
        """Return whether the time may be an hour later: October's repeated hour, without S or W."""
        return self.time is not None and self.time.tzinfo is REPEATED_HOUR

    @property
    def is_capture_hour_open(self) -> bool:
        """Return whether the time of a capture on the M-Bus may be an hour later."""
        return any(
            meter.time is not None and meter.time.tzinfo is REPEATED_HOUR
            for meter in self.channels.values()
        )

    def at(self, time: datetime) -> Telegram:
        """Return the telegram with another time, for example in October's second hour."""
        return replace(self, time=time, objects={**self.objects, METER_TIME: time})

    def with_known_captures(self, now: datetime) -> Telegram:
        """Return the telegram with the times of captures in October's repeated hour made certain.

        Of the two possible times, the last one that is not after `now` is chosen.
        """

        def settled(time: datetime | None) -> datetime | None:
            is_open = time is not None and time.tzinfo is REPEATED_HOUR
            return hour_before(time, now) if time is not None and is_open else time

        return replace(
            self,
            objects={
                name: value._replace(time=settled(value.time))
                if isinstance(value, Capture)
                else value
                for name, value in self.objects.items()
            },
            channels={n: replace(m, time=settled(m.time)) for n, m in self.channels.items()},
        )

    def as_dict(self) -> JsonDict:
        """Return the telegram as JSON values.

        Times become ISO 8601 texts, and channel numbers become texts.
        """
        return {
            "identification": self.identification,
            "serial_number": self.serial_number,
            "time": _as_json(self.time),
            "frame_counter": self.frame_counter,
            "objects": {reference: _as_json(value) for reference, value in self.objects.items()},
            "channels": {
                str(channel): {name: _as_json(getattr(reading, name)) for name in _READING_NAMES}
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
