"""Meters on the M-Bus, and the channels on which they are.

The identity of a meter is its equipment identifier, or "channel_<number>" if it has none. Meters of
two types are never one meter, even with the same identifier or on the same channel.

An identifier can come late, be missing in some telegrams, or disappear. The meter then keeps its
identity if type and unit are the same and the index goes on: it has not fallen, and has not risen
by more than a household can use. Otherwise, the meter was exchanged. An index of 0, or one that is
far too high, can be an error. So a later index must confirm such an exchange, and until then
neither meter is known to be on the channel.

Meters without identifier can also change their channels. If the index of such a meter goes on, but
on another channel, the meter keeps its identity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from typing import Annotated, NamedTuple, Self

from ..bounds import keep_newest
from ..json_types import JsonDict, without
from ..p1.obis import CHANNELS
from ..p1.telegram import Telegram
from ..p1.value_converters import MBusChannels, MBusReading
from ..stored_json import Range, Size, dump, load
from ..stored_values import Stored
from .accepted_index import max_rise

CHANNEL_PREFIX = "channel_"
UNKNOWN_TYPE = "unknown"
"""Device type of a meter that sends none, or one outside of the specification."""
_NEVER = datetime.min.replace(tzinfo=UTC)
# Maximum number of meters to remember. Replaced or forged meters could otherwise fill the memory.
_MAX_METERS = 64
_MAX_EXCHANGED = 16
# Another meter must not pass as the same one because its index is higher. So a rise over more than
# a day may be at most the rise of a day.
_MAX_INTERVAL = timedelta(days=1)


def identity_of(channel: int, reading: MBusReading) -> str:
    """Return the identity of the meter on an M-Bus channel, as this reading alone tells it."""
    return reading.serial_number or f"{CHANNEL_PREFIX}{channel}"


def _goes_on(before: _Meter | MBusReading, after: MBusReading) -> bool:
    """Return whether the index `after` can be of the same meter as the index `before`.

    A telegram can come late, so `after` may be the earlier one. If an index is missing, it can be
    of the same meter.
    """
    if before.time is None or after.time is None or before.value is None or after.value is None:
        return True
    rise, interval = after.value - before.value, after.time - before.time
    if interval < timedelta():
        rise, interval = -rise, -interval
    return 0 <= rise <= max_rise(after.unit, min(interval, _MAX_INTERVAL))


class _Meter(NamedTuple):
    """Meter on the M-Bus, with its last channel and its last accepted reading, as it is stored.

    It has the meter's own identifier, type and unit, even if the last telegram lacked them.
    """

    identity: str
    channel: Annotated[int, Range(min(CHANNELS), max(CHANNELS))] | None
    serial_number: str | None
    type: str
    unit: str | None
    value: float | None
    time: datetime | None

    @classmethod
    def of(cls, identity: str, channel: int, reading: MBusReading) -> Self:
        last = reading.serial_number, reading.type, reading.unit, reading.value, reading.time
        return cls(identity, channel, *last)

    def has_type_of(self, reading: MBusReading) -> bool:
        return UNKNOWN_TYPE in (self.type, reading.type) or self.type == reading.type

    def has_unit_of(self, reading: MBusReading) -> bool:
        return self.unit == reading.unit or reading.time is None or self.time is None

    def is_another(self, reading: MBusReading) -> bool:
        """Return whether both have an identifier. The caller knows that the identifiers differ."""
        return reading.serial_number is not None and self.serial_number is not None

    def goes_on_in(self, reading: MBusReading) -> bool:
        return (
            self.has_type_of(reading)
            and self.has_unit_of(reading)
            and not self.is_another(reading)
            and _goes_on(self, reading)
        )

    def may_move_to(self, reading: MBusReading) -> bool:
        """Return whether the meter can be the one in a reading on another channel."""
        return self.serial_number is None and bool(self.value) and self.goes_on_in(reading)

    def is_surely_before(self, reading: MBusReading) -> bool:
        """Return whether a reading is of another meter, as its unit or its lower index shows.

        An index of 0 shows nothing, because it can be an error.
        """
        if not self.has_unit_of(reading):
            return True
        if self.time is None or reading.time is None or not self.value or not reading.value:
            return False
        return reading.value < self.value and reading.time >= self.time

    def after(self, channel: int, reading: MBusReading) -> _Meter:
        """Return the meter after a reading. What the reading lacks stays as it was."""
        kind = self.type if reading.type == UNKNOWN_TYPE else reading.type
        if reading.time is None or reading.value is None:
            # Without an index, nothing proves that an identifier belongs to this meter.
            return self._replace(channel=channel, type=kind)
        after = _Meter.of(self.identity, channel, reading)
        return after._replace(type=kind, serial_number=self.serial_number or after.serial_number)


@dataclass(frozen=True)
class _Stored:
    """Meters in a stored file."""

    meters: Annotated[list[_Meter], Size(_MAX_METERS)]
    exchanged: Annotated[Mapping[str, str], Size(_MAX_EXCHANGED)]


class MBusMeters:
    """Meters that are or were on the M-Bus of one electricity meter.

    `exchanged` has the identities of meters that were exchanged, each with the identity of the
    meter that took its place. It is replaced when it changes.
    """

    def __init__(self) -> None:
        self.exchanged: Mapping[str, str] = {}
        # The meters that were read last are at the end.
        self._meters: dict[str, _Meter] = {}
        # Readings that may be of another meter than before, keyed by channel.
        self._doubtful: dict[int, MBusReading] = {}
        # Last result of `identify` and its input, and the last input of `note_readings`.
        self._identified_in: Mapping[int, MBusReading] = {}
        self._identified: MBusChannels = {}
        self._noted: tuple[Mapping[int, MBusReading], MBusChannels] | None = None

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the meters from the result of `as_dict`. Raises ValueError for malformed data."""
        meters, data = cls(), load(_Stored, stored)
        meters._meters = {meter.identity: meter for meter in data.meters}
        meters.exchanged = data.exchanged
        return meters

    def as_dict(self) -> JsonDict:
        """Return the meters as JSON values. `from_dict` reads them."""
        stored: JsonDict = dump(_Stored([*self._meters.values()], self.exchanged))
        return stored

    def type_of(self, identity: str) -> str:
        """Return the device type of a meter, "unknown" if the meter or its type is unknown."""
        meter = self._meters.get(identity)
        return meter.type if meter else UNKNOWN_TYPE

    def identify(self, telegram: Telegram) -> MBusChannels:
        """Return the M-Bus channels of a telegram, keyed by the identities of their meters.

        When a meter is moved to another channel, its last index can stay on the old channel. So of
        two channels with the same meter, the channel with the newer index is returned. A channel is
        left out while it is not known which meter is on it.
        """
        readings = telegram.channels
        if readings == self._identified_in:
            return self._identified
        found: dict[str, int] = {}
        others = []
        for channel, reading in sorted(readings.items(), key=lambda item: item[1].time or _NEVER):
            if meter := self._known_by_identifier(channel, reading):
                found[meter.identity] = channel
            else:
                others.append(channel)
        for find in (self._stayed, self._moved):
            for channel in others.copy():
                if meter := find(channel, readings[channel], found):
                    found[meter.identity] = channel
                    others.remove(channel)
        self._decide(others, readings, found)
        self._identified_in, self._identified = readings, found
        return found

    def complete(self, telegram: Telegram, channels: MBusChannels) -> Telegram:
        """Return the telegram with known types and identifiers of meters where it lacks them."""
        completed: dict[int, MBusReading] = {}
        for identity, channel in channels.items():
            reading, meter = telegram.channels[channel], self._meters.get(identity)
            if meter is None:
                continue
            kind = meter.type if reading.type == UNKNOWN_TYPE else reading.type
            name = reading.serial_number or meter.serial_number
            if (kind, name) != (reading.type, reading.serial_number):
                completed[channel] = replace(reading, type=kind, serial_number=name)
        if not completed:
            return telegram
        return replace(telegram, channels={**telegram.channels, **completed})

    def note_readings(self, readings: Mapping[int, MBusReading], channels: MBusChannels) -> None:
        """Remember the meters of a telegram. `channels` has the channel of each identity."""
        if self._noted == (readings, channels):
            return
        self._noted = readings, channels
        exchanged = without(self.exchanged, channels)
        for identity, channel in channels.items():
            reading = readings[channel]
            before = None if identity in self._meters else self._last_on(channel, reading)
            if before and before.identity not in channels:
                exchanged[before.identity] = identity
            meter = self._meters.pop(identity, None) or _Meter.of(identity, channel, reading)
            self._meters[identity] = meter.after(channel, reading)
        keep_newest(self._meters, _MAX_METERS)
        keep_newest(exchanged, _MAX_EXCHANGED)
        if exchanged != self.exchanged:
            self.exchanged = exchanged

    def forget_exchanged(self, identity: str | None = None) -> None:
        """Forget that a meter was exchanged, because the user knows. By default, forget all."""
        self.exchanged = {
            old: new for old, new in self.exchanged.items() if identity not in (old, None)
        }

    def _known_by_identifier(self, channel: int, reading: MBusReading) -> _Meter | None:
        name = reading.serial_number
        if name is None:
            return None
        meters = [
            meter
            for meter in self._meters.values()
            if name in (meter.serial_number, meter.identity) and meter.has_type_of(reading)
        ]
        return min(
            meters,
            key=lambda meter: (meter.type != reading.type, meter.channel != channel),
            default=None,
        )

    def _last_on(self, channel: int, reading: MBusReading) -> _Meter | None:
        """Return the last meter on a channel that had the type of the reading."""
        meters = (
            meter
            for meter in reversed(self._meters.values())
            if meter.channel == channel and meter.has_type_of(reading)
        )
        return next(meters, None)

    def _stayed(self, channel: int, reading: MBusReading, found: MBusChannels) -> _Meter | None:
        """Return the meter that was on this channel before, if its index goes on."""
        meter = self._last_on(channel, reading)
        is_same = meter and meter.identity not in found and meter.goes_on_in(reading)
        return meter if is_same else None

    def _moved(self, channel: int, reading: MBusReading, found: MBusChannels) -> _Meter | None:
        """Return the only meter without identifier that was on another channel and goes on."""
        if not reading.value or reading.time is None:
            return None
        last_on = {meter.channel: meter for meter in self._meters.values() if meter.channel}
        meters = [
            meter
            for at, meter in last_on.items()
            if at != channel and meter.identity not in found and meter.may_move_to(reading)
        ]
        return meters[0] if len(meters) == 1 else None

    def _decide(
        self,
        channels: Iterable[int],
        readings: Mapping[int, MBusReading],
        found: dict[str, int],
    ) -> None:
        """Add meters whose index goes on nowhere to `found`, but none that is in doubt."""
        doubtful = {}
        for channel in channels:
            reading, doubted = readings[channel], self._doubtful.get(channel)
            before = self._last_on(channel, reading)
            if before is None or before.identity in found or before.is_another(reading):
                found[self._new_identity(channel, readings, found)] = channel
            elif before.serial_number is reading.serial_number is None:
                # The index fell, or the unit is another one. As there is no identifier, nothing
                # says that it is another meter.
                found[before.identity] = channel
            elif before.is_surely_before(reading) or _confirms(reading, doubted):
                found[self._new_identity(channel, readings, found)] = channel
            else:
                doubtful[channel] = _first_of(doubted, reading)
        self._doubtful = doubtful

    def _new_identity(
        self, channel: int, readings: Mapping[int, MBusReading], found: MBusChannels
    ) -> str:
        reading = readings[channel]
        identity, name = identity_of(channel, reading), reading.serial_number
        # If the identity is taken by a meter of another type, the type becomes a part of it.
        typed = f"{reading.type}_{identity}" if name else f"{identity}_{reading.type}"
        for candidate in chain((identity, typed), (f"{typed}_{number}" for number in count(2))):
            if candidate in self._meters:
                continue
            other = readings[found[candidate]] if candidate in found else None
            # Two channels with the same identifier and type have the same meter.
            if other is None or (
                name and (name, reading.type) == (other.serial_number, other.type)
            ):
                return candidate
        raise AssertionError


def _first_of(before: MBusReading | None, reading: MBusReading) -> MBusReading:
    """Return the first reading of the same index and identifier: the one before, or this one."""
    if before is None or reading.serial_number != before.serial_number:
        return reading
    is_later = reading.time and before.time and reading.time > before.time
    return reading if is_later else before


def _confirms(reading: MBusReading, before: MBusReading | None) -> bool:
    """Return whether a later index of the same identifier goes on from the one before."""
    if before is None or reading.serial_number != before.serial_number:
        return False
    return _first_of(before, reading) is reading and _goes_on(before, reading)
