"""Totals of one electricity meter and of the meters on its M-Bus.

Each register and index has an `AcceptedIndex`, which decides about its next value: a value that
falls or leaps is held back. The telegram gets the last accepted total instead. A missing or empty
value is passed on, and confirms nothing. An M-Bus meter has a separate total for each device type
and unit. The registers of another electricity meter begin anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from ..bounds import keep_newest
from ..clock_verdict import NO_DOUBT, ClockVerdict
from ..json_types import JsonDict, JsonMapping
from ..p1.obis import mbus_reference
from ..p1.telegram import Telegram
from ..p1.value_converters import Capture, MBusChannels, MBusReading, Value
from ..stored_json import dump, load
from ..stored_values import checked_list, checked_mapping, checked_text, checked_time
from .accepted_index import EVENTS, REGISTER, AcceptedIndex, Point, load_index
from .mbus_meters import UNKNOWN_TYPE

# Maximum number of indexes to remember. Replaced or forged M-Bus meters could otherwise fill the
# memory.
_MAX_INDEXES = 64
# A register may show its use at once, such as each hour, though telegrams come every 10 seconds. So
# its next rise may be as high as in this time.
_MAX_STILL = timedelta(hours=4)
REGISTERS = (
    "1-0:1.8.0",
    "1-0:2.8.0",
    "1-0:3.8.0",
    "1-0:4.8.0",
    "0-0:96.7.21",
    *(
        f"{medium}:{group}.{event}.0"
        for medium in ("1-0", "0-0")
        for event in (32, 36)
        for group in (32, 52, 72)
    ),
)


type _Key = tuple[str, str, str | None]
"""Identity, device type and unit of an M-Bus meter."""


class Settled(NamedTuple):
    """Telegram with accepted totals.

    `held` has the OBIS references of registers whose values are held back. `readings` has the last
    accepted readings of the M-Bus meters, as the meters sent them. `late` and `late_captures` have
    the totals of earlier telegrams that were held back until now, by OBIS reference of the register
    and by identity of the M-Bus meter.
    """

    telegram: Telegram
    held: frozenset[str]
    readings: Mapping[int, MBusReading]
    late: Mapping[str, Sequence[Point]]
    late_captures: Mapping[str, Sequence[MBusReading]]


class Totals:
    """Totals of one electricity meter and of the meters on its M-Bus channels.

    `falls` counts how often each total has fallen or leapt, keyed by OBIS reference. A fall or leap
    is counted even if later telegrams did not confirm it.
    """

    def __init__(self) -> None:
        self.falls: Counter[str] = Counter()
        self._serial_number: str | None = None
        self._last_time: datetime | None = None
        self._registers: dict[str, AcceptedIndex] = {}
        self._indexes: dict[_Key, AcceptedIndex] = {}
        # Last reading of each index. Telegrams repeat the same capture for minutes.
        self._seen: dict[_Key, MBusReading] = {}
        # M-Bus channels of the last telegram, empty if one of their indexes was replaced. If the
        # channels of the next telegram are equal, its indexes need no check.
        self._accepted: Mapping[int, MBusReading] = {}
        self._is_confirmed = False

    @property
    def held(self) -> Mapping[str, AcceptedIndex]:
        """Return the totals whose values are held back.

        The keys are OBIS references of registers and identities of M-Bus meters.
        """
        indexes = {identity: index for (identity, *_), index in self._indexes.items()}
        totals = {**self._registers, **indexes}
        return {name: index for name, index in totals.items() if index.held}

    def confirm(self) -> None:
        """Go on from the held values with the next telegram: a meter was repaired or changed."""
        self._is_confirmed = True

    @classmethod
    def from_dict(cls, stored: JsonMapping) -> Self:
        """Return the totals from the result of `as_dict`.

        Raises ValueError or KeyError if `stored` is malformed.
        """
        totals = cls()
        totals.falls = Counter(load(dict[str, int], stored["falls"]))
        if (name := stored.get("serial_number")) is not None:
            totals._serial_number = checked_text(name)
        if (time := stored.get("last_time")) is not None:
            totals._last_time = checked_time(time)
        registers = checked_mapping(stored["registers"])
        totals._registers = {name: load_index(fields) for name, fields in registers.items()}
        for identity, unit, *fields, kind in map(checked_list, checked_list(stored["indexes"])):
            known_unit = None if unit is None else checked_text(unit)
            totals._indexes[checked_text(identity), checked_text(kind), known_unit] = load_index(
                fields
            )
        return totals

    def as_dict(self) -> JsonDict:
        """Return the totals as JSON values. `from_dict` reads them."""
        return {
            "falls": dict(self.falls),
            "serial_number": self._serial_number,
            "last_time": dump(self._last_time),
            "registers": dump(self._registers),
            "indexes": [
                [identity, unit, *dump(index), kind]
                for (identity, kind, unit), index in self._indexes.items()
            ],
        }

    def settle(
        self,
        telegram: Telegram,
        received_at: datetime,
        identities: MBusChannels,
        clock: ClockVerdict = NO_DOUBT,
    ) -> Settled:
        """Return the telegram with the last accepted totals in place of held-back values.

        `received_at` is the time of reception, and `clock` the verdict on the telegram's time.
        `identities` has the M-Bus channels, keyed by the identities of their meters.
        """
        if telegram.serial_number not in {None, self._serial_number}:
            if self._serial_number is not None:
                self._registers = {}
            self._serial_number = telegram.serial_number
        time = clock.captured_at(telegram.time or received_at, received_at)
        objects: dict[str, Value] = {}
        held: list[str] = []
        late = self._settle_registers(telegram, time, objects, held)
        self._last_time = time
        readings = dict(telegram.channels)
        shown = dict(telegram.channels)
        late_captures: dict[str, Sequence[MBusReading]] = {}
        is_same = telegram.channels == self._accepted
        for identity, channel in () if is_same else identities.items():
            reading = readings[channel]
            if reading.value is None or reading.time is None:
                continue
            capture = Point(clock.captured_at(reading.time, received_at), reading.value)
            index, late_points = self._settle_index(identity, channel, reading, capture)
            if late_points:
                late_captures[identity] = [
                    replace(reading, value=point.value, time=point.time) for point in late_points
                ]
            if index.value != capture.value:
                readings[channel] = reading = replace(reading, value=index.value, time=index.time)
            if index.shown != capture.value:
                shown[channel] = reading = replace(reading, value=index.shown)
                objects[mbus_reference(channel, "index")] = Capture(
                    reading.time, reading.value, reading.unit
                )
        self._is_confirmed = False
        keep_newest(self._indexes, _MAX_INDEXES)
        keep_newest(self._seen, _MAX_INDEXES)
        self._accepted = {} if shown != telegram.channels else telegram.channels
        if objects:
            telegram = replace(telegram, objects={**telegram.objects, **objects}, channels=shown)
        return Settled(telegram, frozenset(held), readings, late, late_captures)

    def _settle_registers(
        self, telegram: Telegram, time: datetime, objects: dict[str, Value], held: list[str]
    ) -> Mapping[str, Sequence[Point]]:
        """Add the total of each register that differs from its value to `objects`.

        Add the references of values that are held back to `held`. Return the totals of earlier
        telegrams that count only now.
        """
        late: dict[str, Sequence[Point]] = {}
        get = telegram.objects.get
        for reference in REGISTERS:
            value = get(reference)
            if not isinstance(value, (float, int)):
                continue
            register = self._registers.get(reference)
            if register and value == register.value and not (register.held or register.offset):
                continue  # the usual case, because most registers hardly ever change
            register = register or AcceptedIndex(value, time)
            was_held = bool(register.held)
            if not was_held and register.time and self._last_time:
                since = max(register.time, self._last_time - _MAX_STILL)
                register = register._replace(time=since)
            unit = EVENTS if isinstance(value, int) else REGISTER
            register, earlier = register.follow(value, time, unit)
            if self._is_confirmed and register.held:
                register, earlier = register.go_on()
            self._registers[reference] = register
            if earlier:
                late[reference] = earlier
            if register.held and not was_held:
                self.falls[reference] += 1
            if is_held := register.value != value:
                held.append(reference)
            if is_held or register.offset:
                # Keep the type of the telegram's value, because some values are counts (int).
                objects[reference] = type(value)(register.shown)
        return late

    def _settle_index(
        self, identity: str, channel: int, reading: MBusReading, capture: Point
    ) -> tuple[AcceptedIndex, Sequence[Point]]:
        """Return the index after a capture, and totals of earlier captures that count only now."""
        key = identity, reading.type, reading.unit
        late: Sequence[Point] = ()
        index = self._take_index(*key) or AcceptedIndex(capture.value, capture.time)
        seen = self._seen.pop(key, None)
        if seen is None or (seen.value, seen.time) != (reading.value, reading.time):
            was_held = bool(index.held)
            index, late = index.follow(capture.value, capture.time, reading.unit)
            if index.held and not was_held:
                self.falls[mbus_reference(channel, "index")] += 1
        if self._is_confirmed and index.held:
            index, late = index.go_on()
        # If there are too many indexes, `keep_newest` removes the first ones in the dicts. So move
        # this index to the end.
        self._indexes[key], self._seen[key] = index, reading
        return index, late

    def _take_index(self, identity: str, kind: str, unit: str | None) -> AcceptedIndex | None:
        """Return the total of an index, and remove it. Its device type may be unknown until now."""
        index = self._indexes.pop((identity, kind, unit), None)
        return index or self._indexes.pop((identity, UNKNOWN_TYPE, unit), None)
