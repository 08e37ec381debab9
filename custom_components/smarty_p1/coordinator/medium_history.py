"""What a gas, water or heat meter has counted: by days, and where it is water by hours.

An index is captured every hour or so. What came between two captures is spread evenly over the time
between them when that is short, and belongs to the day of both otherwise. What came over a midnight
within a longer time is of no day: how much of a day is known is kept beside its sum.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from ..lib.p1 import MBusReading
from ..lib.stored_values import (
    Stored,
    checked_list,
    checked_mapping,
    checked_number,
    checked_text,
    checked_time,
)
from ..lib.tariff import day_start

KEPT_DAYS = 400
KEPT_HOURS = 35 * 24
_SPREAD = timedelta(hours=3)
_HOUR = timedelta(hours=1)
_MOMENT = timedelta(microseconds=1)
# Of the meter's unit: an index that leaps says nothing of a day.
_MAX_AN_HOUR = 10_000
_MAX_DAY_S = 90_000


class Sum(NamedTuple):
    """What came in a day or an hour, and of how many seconds of it that is known."""

    amount: float
    seconds: float


_NOTHING = Sum(0.0, 0.0)


class MediumHistory:
    """The sums of one meter by the start of the day or the hour, in UTC."""

    def __init__(self, kind: str, unit: str | None) -> None:
        self.kind = kind
        self.unit = unit
        self.time: datetime | None = None
        self.index = 0.0
        self.days: dict[datetime, Sum] = {}
        self.hours: dict[datetime, Sum] = {}

    @property
    def has_hours(self) -> bool:
        """Return whether hours are kept: they tell a leak."""
        return "water" in self.kind and self.unit == "m3"

    def note(self, meter: MBusReading) -> None:
        """Take a capture, be it the last one again."""
        if meter.time is None or meter.value is None or meter.time == self.time:
            return
        start, before = self.time, self.index
        end = self.time = meter.time.astimezone(UTC)
        self.index = meter.value
        amount = meter.value - before
        if start is None or end <= start:
            return
        if not 0 <= amount <= _MAX_AN_HOUR * ((end - start) / _HOUR):
            return
        if end - start <= _SPREAD:
            self._spread(start, end, amount)
        elif day_start(start) == day_start(end - _MOMENT):
            _add(self.days, day_start(start), amount, end - start)
        self._forget()

    def _spread(self, start: datetime, end: datetime, amount: float) -> None:
        at = start
        while at < end:
            hour = at.replace(minute=0, second=0, microsecond=0)
            until = min(hour + _HOUR, end)
            part = amount * ((until - at) / (end - start))
            _add(self.days, day_start(at), part, until - at)
            if self.has_hours:
                _add(self.hours, hour, part, until - at)
            at = until

    def _forget(self) -> None:
        # Captures that are newer come later, so what is added is at the end.
        while len(self.days) > KEPT_DAYS:
            del self.days[next(iter(self.days))]
        while len(self.hours) > KEPT_HOURS:
            del self.hours[next(iter(self.hours))]

    def as_dict(self) -> dict[str, Stored]:
        """Return what is known as JSON knows it."""
        return {
            "kind": self.kind,
            "unit": self.unit,
            "time": self.time and self.time.isoformat(),
            "index": self.index,
            "days": _as_text(self.days),
            "hours": _as_text(self.hours),
        }

    @classmethod
    def from_dict(cls, stored: Stored) -> Self:
        """Return what `as_dict` was the content of. Raises ValueError for what is malformed."""
        data = checked_mapping(stored)
        unit = data["unit"]
        history = cls(checked_text(data["kind"]), None if unit is None else checked_text(unit))
        history.time = None if data["time"] is None else checked_time(data["time"]).astimezone(UTC)
        history.index = checked_number(data["index"])
        history.days = _sums(data["days"], KEPT_DAYS)
        history.hours = _sums(data["hours"], KEPT_HOURS)
        return history


def _add(sums: dict[datetime, Sum], start: datetime, amount: float, time: timedelta) -> None:
    before = sums.get(start, _NOTHING)
    sums[start] = Sum(
        round(before.amount + amount, 6), round(before.seconds + time.total_seconds(), 3)
    )


def _as_text(sums: dict[datetime, Sum]) -> str:
    """Return sums as one text: a file would have a line for each number."""
    return " ".join(
        f"{start:%Y%m%dT%H}:{amount}:{seconds}" for start, (amount, seconds) in sums.items()
    )


def _sums(stored: Stored, most: int) -> dict[datetime, Sum]:
    found = {}
    for each in checked_list(checked_text(stored).split(), most):
        start, amount, seconds = each.split(":")
        time = datetime.strptime(start, "%Y%m%dT%H").replace(tzinfo=UTC)
        found[time] = Sum(
            checked_number(float(amount)), checked_number(float(seconds), 0, _MAX_DAY_S)
        )
    return found
