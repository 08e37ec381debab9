"""How much of what a meter says may reach MQTT.

Each object that the specification does not know, and each M-Bus meter, has topics of its own, which
brokers and subscribers remember. Whoever can write to the line of a meter that does not encrypt
could make any number of them.
"""

from collections.abc import Hashable
from dataclasses import replace

from ..const import LOGGER
from ..lib.p1 import CHANNELS, OBJECTS, Capture, Telegram, Value
from .mqtt_values import MBUS_FIELDS, number_and_unit

MAX_UNKNOWN_OBJECTS = 64
MAX_MBUS_METERS = 16


class Bounds:
    """Lets the first objects and meters pass; `ignored` counts the objects that came too late."""

    def __init__(self, name: str) -> None:
        """Take the name of the entry."""
        self.ignored = 0
        self._name = name
        self._unknown: set[Hashable] = set()
        self._meters: set[Hashable] = set()

    def admit(self, telegram: Telegram) -> Telegram:
        """Return the telegram without what is beyond the bounds."""
        references = telegram.objects.keys()
        beyond = {each for each in references - OBJECTS.keys() if not self._knows(telegram, each)}
        channels = {each for each in CHANNELS if not self._knows_meter(telegram, each)}
        beyond |= {f"0-{channel}:{field}" for channel in channels for field in MBUS_FIELDS}
        beyond &= references
        if not beyond:
            return telegram
        if not self.ignored:
            LOGGER.warning(
                "%s: more than %s objects that the specification does not know, or more than %s "
                "meters on its M-Bus; those beyond are not published on MQTT",
                self._name,
                MAX_UNKNOWN_OBJECTS,
                MAX_MBUS_METERS,
            )
        self.ignored += len(beyond)
        return replace(
            telegram,
            objects={each: value for each, value in telegram.objects.items() if each not in beyond},
            channels={
                channel: reading
                for channel, reading in telegram.channels.items()
                if channel not in channels
            },
        )

    def _knows(self, telegram: Telegram, reference: str) -> bool:
        # With its units: they are part of the board's names.
        key = reference, _units(telegram.objects[reference])
        return _has_place(self._unknown, key, MAX_UNKNOWN_OBJECTS)

    def _knows_meter(self, telegram: Telegram, channel: int) -> bool:
        # With everything that becomes part of a name.
        reading = telegram.channels.get(channel)
        index = telegram.objects.get(f"0-{channel}:24.2.1")
        unit = index.unit if isinstance(index, Capture) else None
        if reading is None and unit is None:
            return True
        identity = (reading.serial_number, reading.type) if reading else None
        return _has_place(self._meters, (channel, identity, unit), MAX_MBUS_METERS)


def _has_place(known: set[Hashable], key: Hashable, size: int) -> bool:
    if key not in known and len(known) < size:
        known.add(key)
    return key in known


def _units(value: Value) -> tuple[str | None, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(number_and_unit(str(part))[1] for part in parts)
