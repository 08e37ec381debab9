"""Totals that fall or leap: such a value is held back until the meter confirms it.

Some meters have once sent 0 for a register or an index. Such a 0 would look like a new meter, and
the return to the true total would look like the consumption of years. One value that is far too
high would do the same in the opposite order.

So a value is held back if it is below the last accepted value, or so far above it that no household
can have used the difference. The telegram gets the last accepted value instead. Later values
confirm the held-back value if they follow it, which means that they neither fall nor leap:

- for the index of an M-Bus meter, one value with another, later capture time is enough;
- for a register of the electricity meter, the values of the next `CONFIRMATIONS` telegrams are
  needed. With a telegram every 10 seconds, the confirmation takes a minute.

A value that does not follow restarts the confirmation. A missing or empty value is passed on, and
confirms nothing. An M-Bus meter has a separate total for each device type and unit. The totals can
be stored, so that a fall must be confirmed after a restart, too. After a restart or a gap, a
register may rise by any amount, because nobody knows how long the meter was not read.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple, Self

from ..bounds import keep_newest
from ..clock_verdict import MAX_SUMMER_TIME, NO_DOUBT, ClockVerdict
from ..json_types import JsonDict, JsonMapping
from ..p1.obis import mbus_reference
from ..p1.telegram import Telegram
from ..p1.value_converters import Capture, MBusChannels, MBusReading, Value
from ..stored_json import dump, load
from ..stored_values import checked_list, checked_text
from .flow_rate import max_rise
from .mbus_meters import UNKNOWN_TYPE

CONFIRMATIONS = 6
# Maximum number of indexes to remember. Replaced or forged M-Bus meters could otherwise fill the
# memory.
_MAX_INDEXES = 64
# A register leaps if it rises by more than _MAX_RISE between two telegrams that are at most
# _MAX_PAUSE apart. The unit is kWh, or events if the register is a count. A real rise of the energy
# is lower, because the connections of households carry less than 100 kW.
_MAX_RISE = 1_000
_MAX_PAUSE = timedelta(hours=1)
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


class _Register(NamedTuple):
    """Total of a register, as it is stored: its value, and a held-back value to be confirmed."""

    value: float
    sightings: int
    """Number of values in a row that follow the held-back value, 0 if no value is held back."""
    held: float


class _Index(NamedTuple):
    """Total of an index, as it is stored: its value, and a held-back value to be confirmed."""

    value: float
    moment: datetime
    """Capture time, corrected by `ClockVerdict.captured_at`."""
    sightings: int
    held: float
    held_moment: datetime
    """Capture time of the held-back value, as the meter sent it."""


_CONFIRMATIONS: Mapping[type, int] = {_Register: CONFIRMATIONS, _Index: 1}
"""Number of further values that confirm a held-back value."""


def _index_reference(channel: int) -> str:
    return mbus_reference(channel, "index")


class Totals:
    """Totals of one electricity meter and of the meters on its M-Bus channels.

    `falls` counts how often each total has fallen or leapt, keyed by OBIS reference. A fall or leap
    is counted even if later telegrams did not confirm it.
    """

    def __init__(self) -> None:
        self.falls: Counter[str] = Counter()
        self._last_time: datetime | None = None
        self._registers: dict[str, _Register] = {}
        # Totals of the indexes, keyed by identity, device type and unit of the M-Bus meter.
        self._indexes: dict[tuple[str, str, str | None], _Index] = {}
        # M-Bus channels of the last telegram, empty if the telegram had a held-back index.
        # Telegrams repeat the same captures for minutes. If the channels of the next telegram are
        # equal to these channels, its indexes need no check.
        self._accepted: Mapping[int, MBusReading] = {}

    @classmethod
    def from_dict(cls, stored: JsonMapping) -> Self:
        """Return the totals from the result of `as_dict`.

        Raises ValueError or KeyError if `stored` is malformed.
        """
        totals = cls()
        totals.falls = Counter(load(dict[str, int], stored["falls"]))
        totals._registers = load(dict[str, _Register], stored["registers"])
        for identity, unit, *fields, kind in map(checked_list, checked_list(stored["indexes"])):
            known_unit = None if unit is None else checked_text(unit)
            key = checked_text(identity), checked_text(kind), known_unit
            totals._indexes[key] = load(_Index, fields)
        return totals

    def as_dict(self) -> JsonDict:
        """Return the totals as JSON values. `from_dict` reads them."""
        return {
            "falls": dict(self.falls),
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
    ) -> Telegram:
        """Return the telegram with the last accepted values in place of held-back values.

        `received_at` is the time of reception, and `clock` the verdict on the telegram's time.
        `identities` has the M-Bus channels, keyed by the identities of their meters.
        """
        time, last_time = telegram.time or received_at, self._last_time
        has_gap = last_time is None or time - last_time > _MAX_PAUSE
        self._last_time = time
        objects = self._held_back_registers(telegram, inf if has_gap else _MAX_RISE)
        channels = self._held_back_indexes(telegram, received_at, identities, clock)
        if not objects and not channels:
            return telegram
        for channel, reading in channels.items():
            capture = Capture(reading.time, reading.value, reading.unit)
            objects[_index_reference(channel)] = capture
        return replace(
            telegram,
            objects={**telegram.objects, **objects},
            channels={**telegram.channels, **channels},
        )

    def _held_back_registers(self, telegram: Telegram, most: float) -> dict[str, Value]:
        """Return the last accepted value of each register whose new value is held back.

        A value that falls, or rises by more than `most`, is held back until it is confirmed. The
        keys are OBIS references.
        """
        objects: dict[str, Value] = {}
        get = telegram.objects.get
        for reference in REGISTERS:
            value = get(reference)
            if not isinstance(value, (float, int)):
                continue
            register = self._registers.get(reference)
            if register and value == register.value and not register.sightings:
                continue  # the usual case, because most registers hardly ever change
            register = register or _Register(value, 0, value)
            register = self._registers[reference] = self._next(register, reference, value, most)
            if register.sightings:
                # Keep the type of the telegram's value, because some values are counts (int).
                objects[reference] = type(value)(register.value)
        return objects

    def _held_back_indexes(
        self,
        telegram: Telegram,
        received_at: datetime,
        identities: MBusChannels,
        clock: ClockVerdict,
    ) -> dict[int, MBusReading]:
        """Return the last accepted reading of each M-Bus meter whose new index is held back.

        The keys are M-Bus channels.
        """
        channels: dict[int, MBusReading] = {}
        if telegram.channels == self._accepted:
            return channels
        for identity, channel in identities.items():
            reading = telegram.channels[channel]
            if reading.value is None or reading.time is None:
                continue
            moment = clock.captured_at(reading.time, received_at)
            key = identity, reading.type, reading.unit
            index = self._take_index(*key) or _Index(
                reading.value, moment, 0, reading.value, reading.time
            )
            before = min(index.moment, received_at + MAX_SUMMER_TIME)
            # A repeated capture confirms nothing. But its `moment` rises with every telegram if the
            # capture is in the future, and changes by a doubtful clock. So also compare the moments
            # that the meter sent.
            is_another = moment > before and reading.time != index.held_moment
            most, reference = max_rise(reading.unit, moment - before), _index_reference(channel)
            after = self._next(index, reference, reading.value, most, is_another=is_another)
            if not after.sightings:
                before = moment
            elif after is not index:
                after = after._replace(held_moment=reading.time)
            # If there are too many indexes, `keep_newest` removes the first ones in the dict. So
            # move this index to the end.
            self._indexes[key] = after._replace(moment=before)
            if after.sightings:
                channels[channel] = replace(reading, value=after.value, time=before)
        keep_newest(self._indexes, _MAX_INDEXES)
        self._accepted = {} if channels else telegram.channels
        return channels

    def _take_index(self, identity: str, kind: str, unit: str | None) -> _Index | None:
        """Return the total of an index, and remove it. Its device type may be unknown until now."""
        index = self._indexes.pop((identity, kind, unit), None)
        return index or self._indexes.pop((identity, UNKNOWN_TYPE, unit), None)

    def _next[T: (_Register, _Index)](
        self, total: T, reference: str, value: float, most: float, *, is_another: bool = True
    ) -> T:
        """Return the total after its next value. It has sightings if the value is held back.

        A value that falls, or rises by more than `most`, is held back until it is confirmed by
        other values (`is_another`) that follow it.
        """
        if not 0 <= value - total.value <= most:
            sightings = 1
            if not total.sightings:
                self.falls[reference] += 1
            elif 0 <= value - total.held <= most:
                if not is_another:
                    return total
                sightings += total.sightings
            if sightings <= _CONFIRMATIONS[type(total)]:
                return total._replace(sightings=sightings, held=value)
        return total._replace(value=value, sightings=0)
