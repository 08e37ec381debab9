"""Daily consumption of a gas, water or heat meter, and hourly consumption of gas and water.

The electricity meter captures the index of such a meter about once an hour. If two captures are at
most three hours apart, the rise of the index is spread evenly over the time between them. A rise
over a longer time is added to the day if both captures are of the same day. Otherwise, the rise is
left out of days. In the hours of gas, no rise is left out, because statistics are made from them.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from ...lib.bounds import keep_newest
from ...lib.history.luxembourg_time import HOUR, day_end, day_start, hour_start
from ...lib.p1.obis import is_water
from ...lib.p1.value_converters import MBusReading
from ...lib.stored_json import dump, load
from ...lib.stored_values import Stored, checked_list, checked_number

KEPT_DAYS = 400
KEPT_HOURS = 35 * 24
_SPREAD = timedelta(hours=3)
_MOMENT = timedelta(microseconds=1)


class Sum(NamedTuple):
    """Consumption in a day or an hour, and for how many `seconds` of this time it was measured.

    After a clock was set back, the same hours are measured again. So `seconds` is limited to the
    length of the day or hour.
    """

    amount: float
    seconds: float


_NOTHING = Sum(0.0, 0.0)


@dataclass(frozen=True)
class _Stored:
    """History in a stored file. The sums are texts, so that each takes one line of the file."""

    kind: str
    unit: str | None
    time: datetime | None
    index: float
    days: str
    hours: str
    kwh_per_m3: float | None = None
    point: str = ""


class MediumHistory:
    """Daily and hourly consumption of one meter, in the meter's unit.

    `days` and `hours` are keyed by the start of the day or hour in UTC.
    """

    def __init__(self, kind: str, unit: str | None) -> None:
        self.kind = kind
        self.unit = unit
        self.time: datetime | None = None
        self.index = 0.0
        self.kwh_per_m3: float | None = None
        """Energy of a cubic metre of gas in kWh, computed from Leneda's data; None without them."""
        self.point = ""
        """Digest of Leneda's metering point of gas; empty for a meter on the M-Bus."""
        self.days: dict[datetime, Sum] = {}
        self.hours: dict[datetime, Sum] = {}
        self.first: tuple[datetime, float] | None = None
        """Time and index of the first capture, if the history began with it."""
        self._other: tuple[tuple[str, str | None], datetime | None] | None = None

    def copy(self) -> Self:
        """Return a copy that another thread can read."""
        result = copy(self)
        result.days, result.hours = dict(self.days), dict(self.hours)
        return result

    @property
    def has_hours(self) -> bool:
        """Return whether hourly sums are kept: of water to reveal leaks, of gas for statistics."""
        return self.unit == "m3" and (self.kind == "gas" or self.is_water)

    @property
    def is_water(self) -> bool:
        """Return whether the meter counts water in m³."""
        return is_water(self.kind, self.unit)

    def note_kind(self, meter: MBusReading) -> bool:
        """Note kind and unit of a capture. Return whether they are new, so that a history begins.

        One capture can lack the kind, or have a wrong kind or unit. So return True only if two
        successive captures agree on the new kind and unit. Return False for an unknown kind.
        """
        before, self._other = self._other, None
        if meter.type == "unknown" or self._is_of(meter):
            return False
        kind_and_unit = meter.type, meter.unit
        self._other = kind_and_unit, meter.time
        return before is not None and before[0] == kind_and_unit and before != self._other

    def _is_of(self, meter: MBusReading) -> bool:
        return (meter.type, meter.unit) == (self.kind, self.unit)

    def note_capture(self, meter: MBusReading) -> None:
        """Add the rise of the index since the last capture.

        Ignore a repeated capture, and a capture of another kind or unit.
        """
        if meter.time is None or meter.value is None or meter.time == self.time:
            return
        if not self._is_of(meter):
            return
        self._note_index(meter.time.astimezone(UTC), meter.value)

    def _note_index(self, end: datetime, index: float) -> None:
        start, amount = self.time, index - self.index
        self.time, self.index = end, index
        if start is None:
            self.first = end, index
        if start is None or end <= start:
            return
        if amount >= 0:
            self._add_rise(start, end, amount)
            self._forget()

    def join_newer(self, newer: Self | None) -> Self:
        """Add the consumption of a history that began without this one, and return the result."""
        if newer is None:
            return self
        if (newer.kind, newer.unit) != (self.kind, self.unit):
            # A kind that only one capture has may be wrong, but two captures made `days`.
            return newer if newer.days else self
        if newer.first:
            self._note_index(*newer.first)
            self.time, self.index = newer.time, newer.index
        for start, total in newer.days.items():
            add_to_day(self.days, start, total)
        for start, total in newer.hours.items():
            _add(self.hours, start, total, HOUR)
        self._forget()
        return self

    def _add_rise(self, start: datetime, end: datetime, amount: float) -> None:
        is_short = end - start <= _SPREAD
        if is_short:
            for at, part in parts_by_hour(start, end, amount):
                add_to_day(self.days, at, part)
        elif day_start(start) == day_start(end - _MOMENT):
            add_to_day(self.days, start, Sum(amount, (end - start).total_seconds()))
        if self.has_hours and (is_short or self.kind == "gas"):
            # Only the newest hours are kept, so a rise over a longer time is spread over these.
            for at, part in parts_by_hour(max(start, end - KEPT_HOURS * HOUR), end, amount):
                _add(self.hours, hour_start(at), part, HOUR)

    def replace_days(self, days: Mapping[datetime, Sum]) -> None:
        """Replace the sums of some days."""
        self.days = dict(sorted({**self.days, **days}.items()))
        self._forget()

    def _forget(self) -> None:
        # Dicts keep the order of insertion, so the first keys are the oldest days and hours.
        keep_newest(self.days, KEPT_DAYS)
        keep_newest(self.hours, KEPT_HOURS)

    def as_dict(self) -> dict[str, Stored]:
        """Return the history as JSON values."""
        sums = _as_text(self.days), _as_text(self.hours)
        of_meter = self.kind, self.unit, self.time, self.index
        content: dict[str, Stored] = dump(_Stored(*of_meter, *sums, self.kwh_per_m3, self.point))
        return content

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return the history from the result of `as_dict`. Raises ValueError for malformed data."""
        data = load(_Stored, stored)
        history = cls(data.kind, data.unit)
        history.time = data.time and data.time.astimezone(UTC)
        history.index = data.index
        history.kwh_per_m3, history.point = data.kwh_per_m3, data.point
        history.days = _sums(data.days, KEPT_DAYS, _day_length)
        history.hours = _sums(data.hours, KEPT_HOURS, lambda _start: HOUR)
        return history


def parts_by_hour(start: datetime, end: datetime, amount: float) -> Iterator[tuple[datetime, Sum]]:
    """Yield the parts of a period that full hours divide: the start of each, and its amount.

    The amount is spread evenly over the period.
    """
    total = end - start
    while start < end:
        until = min(hour_start(start) + HOUR, end)
        time = until - start
        yield start, Sum(amount * (time / total), time.total_seconds())
        start = until


def add_to_day(days: dict[datetime, Sum], at: datetime, part: Sum) -> None:
    """Add the consumption from the time `at` on to the sum of its day."""
    start = day_start(at)
    _add(days, start, part, _day_length(start))


def _day_length(start: datetime) -> timedelta:
    return day_end(start) - day_start(start)


def _add(sums: dict[datetime, Sum], start: datetime, part: Sum, length: timedelta) -> None:
    before = sums.get(start, _NOTHING)
    seconds = min(before.seconds + part.seconds, length.total_seconds())
    sums[start] = Sum(round(before.amount + part.amount, 6), round(seconds, 3))


def _as_text(sums: dict[datetime, Sum]) -> str:
    """Return the sums as one string, so that they take one line of the file."""
    return " ".join(
        f"{start:%Y%m%dT%H}:{amount}:{seconds}" for start, (amount, seconds) in sums.items()
    )


def _sums(
    texts: str, limit: int, length_of: Callable[[datetime], timedelta]
) -> dict[datetime, Sum]:
    sums = {}
    for text in checked_list(texts.split(), limit):
        start, amount, seconds = text.split(":")
        time = datetime.strptime(start, "%Y%m%dT%H").replace(tzinfo=UTC)
        # In the file, the seconds can exceed the length of the day or hour, because a clock was set
        # back. So limit them.
        known = min(checked_number(float(seconds), 0), length_of(time).total_seconds())
        sums[time] = Sum(checked_number(float(amount)), known)
    return sums
