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
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from typing import Any, Self

from ..bounded_dict import keep_newest
from ..clock_verdict import MAX_SUMMER_TIME, NO_DOUBT, ClockVerdict
from ..p1.obis import mbus_reference
from ..p1.telegram import Telegram
from ..p1.value_converters import Capture, MBusReading, Value
from ..stored_json import dump
from ..stored_values import (
    Stored,
    checked_count,
    checked_list,
    checked_mapping,
    checked_number,
    checked_text,
    checked_time,
)
from .flow_rate import max_rise
from .mbus_meters import UNKNOWN_TYPE

CONFIRMATIONS = 6
_MBUS_CONFIRMATIONS = 1
_TOTAL_FIELDS = 5
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


class _Total[M: (int, datetime)]:
    """Total of one register or index: its accepted value, and a held-back value to be confirmed.

    A moment says in which order the values came. For an index, it is the capture time; for a
    register, it is the number of the telegram. A capture time in the future is limited by
    `MAX_UNDOUBTED`. Only the moment of the held-back value is stored without this limit, as the
    meter sent it.
    """

    def __init__(self, value: float, moment: M, confirmations: int) -> None:
        self.value = value
        self.moment: M = moment
        self.sightings = 0
        self._confirmations = confirmations
        self._held = value
        self._held_moment: M = moment

    @classmethod
    def restored(cls, stored: list[Any], to_moment: Callable[[Any], M], confirmations: int) -> Self:
        """Return the total from the result of `as_list`. Raises ValueError for malformed data.

        `to_moment` converts a stored moment.
        """
        value, moment, sightings, held, held_moment = stored
        total = cls(checked_number(value), to_moment(moment), confirmations)
        total.sightings = checked_count(sightings)
        total._held, total._held_moment = checked_number(held), to_moment(held_moment)
        return total

    def as_list(self) -> list[Stored]:
        """Return the state as JSON values, from which `restored` makes the total again."""
        fields = self.value, self.moment, self.sightings, self._held, self._held_moment
        return [dump(field) for field in fields]

    def limit_moments(self, latest: M) -> None:
        """Limit the total's moment: if it is later than `latest`, replace it by `latest`."""
        self.moment = min(self.moment, latest)

    def accepts(self, value: float, moment: M, sent_moment: M, most: float) -> bool:
        """Return whether `value`, the next value of the total, is accepted.

        An accepted value becomes the total. A value that falls, or rises by more than `most`, is
        held back until it is confirmed. `sent_moment` is the moment that the meter sent with
        `value`. `moment` is the same moment, limited by `MAX_UNDOUBTED`.
        """
        follows = 0 <= value - self.value <= most
        if not follows and not self._is_confirmed(value, moment, sent_moment, most):
            return False
        self.value, self.moment, self.sightings = value, moment, 0
        return True

    def _is_confirmed(self, value: float, moment: M, sent_moment: M, most: float) -> bool:
        if not self.sightings or not 0 <= value - self._held <= most:
            self.sightings = 1
        elif moment > self.moment and sent_moment != self._held_moment:
            # A repeated capture confirms nothing. But `moment` is limited to one day after its
            # telegram. If a capture time is far in the future, `moment` rises with every telegram
            # that repeats the capture. By a doubtful clock, it changes, too. So also compare the
            # moments that the meter sent.
            self.sightings += 1
        else:
            return False
        self._held, self._held_moment = value, sent_moment
        return self.sightings > self._confirmations


def _index_reference(channel: int) -> str:
    return mbus_reference(channel, "index")


class Totals:
    """Totals of one electricity meter and of the meters on its M-Bus channels.

    `falls` counts how often each total has fallen or leapt, keyed by OBIS reference. A fall or leap
    is counted even if later telegrams did not confirm it.
    """

    def __init__(self) -> None:
        self.falls: Counter[str] = Counter()
        self._telegrams = 0
        self._last_time: datetime | None = None
        self._registers: dict[str, _Total[int]] = {}
        # Totals of the indexes, keyed by identity, device type and unit of the M-Bus meter.
        self._indexes: dict[tuple[str, str, str | None], _Total[datetime]] = {}
        # M-Bus channels of the last telegram, empty if the telegram had a held-back index.
        # Telegrams repeat the same captures for minutes. If the channels of the next telegram are
        # equal to these channels, its indexes need no check.
        self._accepted: Mapping[int, MBusReading] = {}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the totals from the result of `as_dict`.

        Raises ValueError or KeyError if `stored` is malformed.
        """
        totals = cls()
        falls = checked_mapping(stored["falls"])
        totals.falls = Counter({reference: checked_count(falls[reference]) for reference in falls})
        totals._telegrams = checked_count(stored["telegrams"])
        for reference, fields in checked_mapping(stored["registers"]).items():
            register = _Total[int].restored(checked_list(fields), checked_count, CONFIRMATIONS)
            totals._registers[reference] = register
        for identity, unit, *fields in map(checked_list, checked_list(stored["indexes"])):
            # Earlier versions stored no device type.
            kind = checked_text(fields.pop()) if len(fields) > _TOTAL_FIELDS else UNKNOWN_TYPE
            index = _Total[datetime].restored(fields, checked_time, _MBUS_CONFIRMATIONS)
            known_unit = None if unit is None else checked_text(unit)
            totals._indexes[checked_text(identity), kind, known_unit] = index
        return totals

    def as_dict(self) -> dict[str, Any]:
        """Return the totals as JSON values. `from_dict` reads them."""
        return {
            "falls": dict(self.falls),
            "telegrams": self._telegrams,
            "registers": {name: total.as_list() for name, total in self._registers.items()},
            "indexes": [
                [identity, unit, *total.as_list(), kind]
                for (identity, kind, unit), total in self._indexes.items()
            ],
        }

    def settle(
        self,
        telegram: Telegram,
        received_at: datetime,
        identities: Mapping[str, int],
        clock: ClockVerdict = NO_DOUBT,
    ) -> Telegram:
        """Return the telegram with the last accepted values in place of held-back values.

        `received_at` is the time of reception, and `clock` the verdict on the telegram's time. This
        time counts as the time of sending, or `received_at` if this is earlier. A capture time of
        more than one day after the time of sending is lowered to one day after it. `identities` has
        the M-Bus channels, keyed by the identities of their meters.
        """
        self._telegrams += 1
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
            if register is None:
                register = _Total(value, self._telegrams, CONFIRMATIONS)
                self._registers[reference] = register
            moments = self._telegrams, self._telegrams
            if self._holds_back(register, reference, value, moments, most):
                # Keep the type of the telegram's value, because some values are counts (int).
                objects[reference] = type(value)(register.value)
        return objects

    def _held_back_indexes(
        self,
        telegram: Telegram,
        received_at: datetime,
        identities: Mapping[str, int],
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
            index = self._take_index(*key) or _Total(reading.value, moment, _MBUS_CONFIRMATIONS)
            index.limit_moments(received_at + MAX_SUMMER_TIME)
            # If there are too many indexes, the loop below removes the first ones in the dict. So
            # move this index to the end.
            self._indexes[key] = index
            moments, most = (moment, reading.time), max_rise(reading.unit, moment - index.moment)
            if self._holds_back(index, _index_reference(channel), reading.value, moments, most):
                channels[channel] = replace(reading, value=index.value, time=index.moment)
        keep_newest(self._indexes, _MAX_INDEXES)
        self._accepted = {} if channels else telegram.channels
        return channels

    def _take_index(self, identity: str, kind: str, unit: str | None) -> _Total[datetime] | None:
        """Return the total of an index, and remove it. Its device type may be unknown until now."""
        index = self._indexes.pop((identity, kind, unit), None)
        return index or self._indexes.pop((identity, UNKNOWN_TYPE, unit), None)

    def _holds_back[M: (int, datetime)](
        self, total: _Total[M], reference: str, value: float, moments: tuple[M, M], most: float
    ) -> bool:
        is_new = not total.sightings
        if total.accepts(value, *moments, most):
            return False
        if is_new:
            self.falls[reference] += 1
        return True
