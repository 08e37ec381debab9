"""Decision whether the next value of an index or register can follow the last one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import HOUR
from ..stored_json import Size, load
from ..stored_values import Stored, checked_list

REGISTER = "kWh of a register"
"""Unit of the electricity meter's own registers, which each telegram has."""
EVENTS = "events"
CONFIRMATIONS = 3
"""Number of captures that must follow a value that is held back."""
MIN_HELD = timedelta(days=1)
# Highest rise in an hour, far above that of a household's meter: 25 m³ or 250 kWh.
_MAX_RATES: Mapping[str | None, float] = {
    "m3": 25,
    "Wh": 250_000,
    "kWh": 250,
    "MWh": 0.25,
    "MJ": 900,
    "GJ": 0.9,
    REGISTER: 250,
    EVENTS: 1000,
}
# A shorter time between two values counts as this time, because a meter may show its use late.
_MIN_INTERVAL = timedelta(hours=1)
_MIN_REGISTER_INTERVAL = timedelta(minutes=4)
# A meter may use this multiple of the highest rise, if what follows shows the same pace.
_MAX_PACE = 10
# Multiple of a meter's own pace that its index may have at another time.
_MAX_PACES = 2
# Captures that are held back are kept at this distance, so that a day of them stays small.
_KEPT_EVERY = timedelta(minutes=5)
_MAX_HELD = 1000
_DECIMALS = 9
# Sizes of counters. A full counter begins again at 0.
_MIN_DIGITS, _MAX_DIGITS = 4, 9


def max_rise(unit: str | None, interval: timedelta, pace: float = 0.0) -> float:
    """Return the most by which an index can rise in `interval`, infinite for an unknown unit.

    `pace` is the highest known rise of this meter in an hour.
    """
    least = _MIN_REGISTER_INTERVAL if unit == REGISTER else _MIN_INTERVAL
    return max(_MAX_RATES.get(unit, inf), _MAX_PACES * pace) * (max(interval, least) / HOUR)


class Point(NamedTuple):
    """Value of an index, and its time."""

    time: datetime
    value: float


class AcceptedIndex(NamedTuple):
    """Last accepted value of an index or register, and the captures that are held back.

    1. A value that rises by at most `max_rise` from the last accepted one counts at once. One step
       of its last digit is always possible.
    2. Another value is held back, whether it falls or leaps. Meanwhile the last accepted one holds.
    3. A later value that goes on from the last accepted one counts, and the held ones are dropped.
       But if they have leapt, a value that follows them is held back, too.
    4. Values that follow the held ones are captures of the same base. If three have followed, and
       a day has passed since the first, they become the new base. The fall or leap is no use.
    5. Three such captures are enough if they show use: the counter was full and began again at 0,
       they go on from the base before the last one, or the leap was as fast as what followed it.
       Then the meter may be as fast again.
    6. With the new base, the held captures count at their times.
    7. `shown` goes on over all bases, so it never falls, and rises by use only.
    8. An older value that is lower says nothing, because telegrams can arrive late.
    9. If the time of the last accepted value is unknown, any rise counts.
    """

    value: float
    time: datetime | None
    offset: float = 0.0
    """Difference between `shown` and the meter's own value."""
    pace: float = 0.0
    """Highest rise in an hour, if the meter is faster than a household."""
    confirmations: int = 0
    held: Annotated[tuple[Point, ...], Size(_MAX_HELD)] = ()
    former: float | None = None
    """Earlier `offset`, if the last new base was a fall or leap."""

    @property
    def shown(self) -> float:
        """Return the total, which no new base lowers or raises."""
        return round(self.value + self.offset, _DECIMALS)

    @property
    def held_for(self) -> timedelta:
        """Return the time between the first and the last value that are held back."""
        return self.held[-1].time - self.held[0].time if self.held else timedelta()

    def follow(self, value: float, time: datetime, unit: str | None) -> IndexStep:
        """Return the index after its next value."""
        held, point = self.held, Point(time, value)
        has_leapt = bool(held) and held[0].value > self.value
        follows = bool(held) and _goes_on(held[-1], point, self._most(unit, held[-1], time))
        if not (follows and has_leapt):
            last = Point(self.time or datetime.min.replace(tzinfo=UTC), self.value)
            if _goes_on(last, point, max_rise(unit, time - last.time, self.pace)):
                return IndexStep(self._replace(value=value, time=time, confirmations=0, held=()))
        is_late = self.time is not None and time < self.time and value < self.value
        if is_late or (follows and time <= held[-1].time):
            return IndexStep(self)
        if not follows:
            return IndexStep(self._replace(confirmations=0, held=(point,)))
        if len(held) > 1 and time - held[-2].time < _KEPT_EVERY:
            held = held[:-1]
        index = self._replace(confirmations=self.confirmations + 1, held=(*held, point))
        use = _held_use(index, unit)
        is_explained = use is not None or time - held[0].time >= MIN_HELD
        if index.confirmations < CONFIRMATIONS or not is_explained:
            return IndexStep(index)
        return index.go_on(use or 0.0)

    def go_on(self, use: float = 0.0) -> IndexStep:
        """Return the index with the held captures as its base. `use` came before the first."""
        if not self.held:
            return IndexStep(self)
        first, last = self.held[0], self.held[-1]
        offset = round(self.shown + use - first.value, _DECIMALS)
        pace = self.pace
        if use and self.time:
            pace = max(pace, use / (max(first.time - self.time, _MIN_INTERVAL) / HOUR))
        late = tuple(Point(at, round(value + offset, _DECIMALS)) for at, value in self.held[:-1])
        former = None if use else self.offset
        return IndexStep(AcceptedIndex(last.value, last.time, offset, pace, former=former), late)

    def _most(self, unit: str | None, held: Point, time: datetime) -> float:
        """Return the highest rise from a held value. Fast use may have begun with a leap."""
        most = max_rise(unit, time - held.time, self.pace)
        return most * _MAX_PACE if held.value > self.value else most


class IndexStep(NamedTuple):
    """Index after a value, and the totals of earlier captures that count only now."""

    after: AcceptedIndex
    late: tuple[Point, ...] = ()


def _held_use(index: AcceptedIndex, unit: str | None) -> float | None:
    """Return the use that made the first held value. Return None if it was a fall or leap."""
    first, last, former = index.held[0], index.held[-1], index.former
    if former is not None:
        use = first.value + former - index.shown
        if 0 <= use <= max_rise(unit, HOUR, index.pace):
            return use
    if index.time is None or first.time <= index.time:
        return None
    interval, rise = first.time - index.time, first.value - index.value
    most = max_rise(unit, interval, index.pace)
    if rise < 0:
        sizes = (10.0**digits for digits in range(_MIN_DIGITS, _MAX_DIGITS + 1))
        rise += next((size for size in sizes if size > index.value), inf)
        return rise if rise <= most and last.value > first.value else None
    followed = (last.value - first.value) * (interval / (last.time - first.time))
    return rise if rise <= min(_MAX_PACES * followed, _MAX_PACE * most) else None


def _goes_on(before: Point, after: Point, most: float) -> bool:
    rise = after.value - before.value
    return 0 <= rise <= most or 0 <= rise <= 1.5 * 10.0 ** -max(map(_decimals, (before, after)))


def _decimals(point: Point) -> int:
    return len(f"{point.value:.{_DECIMALS}f}".rstrip("0").partition(".")[2])


def load_index(stored: Stored) -> AcceptedIndex:
    """Return the index of a stored file. Raises ValueError if it is malformed.

    Earlier files have other fields: a held value is judged anew with the next capture.
    """
    fields = checked_list(stored)
    if len(fields) == len(("value", "sightings", "held")):
        fields = [fields[0], None, 0, 0, 0, [], None]
    elif len(fields) == len(("value", "moment", "sightings", "held", "held_moment")):
        fields = [*fields[:2], 0, 0, 0, [], None]
    return load(AcceptedIndex, fields)
