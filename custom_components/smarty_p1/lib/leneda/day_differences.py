"""Comparison of the meter's quarter-hours with quarter-hours of the platform Leneda, day by day.

Both series come from the same register, but the ends of their quarter-hours differ. A measured
quarter-hour ends at a telegram, a quarter-hour of Leneda exactly on time. So a difference of up to
50 Wh a day, or of a thousandth of the day's energy, is tolerated. A day is not compared if one of
its quarter-hours is missing or estimated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal, NamedTuple

from ..bill.leneda_days import LenedaDays, changed_days
from ..energy_table.table import Table
from ..history.gap_clock_and_power_limits import MEASURED_OFF, MEASURED_OFF_WH
from ..history.luxembourg_time import HOUR, QUARTER_HOUR, day_end, day_start
from ..history.quarter_hour import QuarterHour
from ..problem import Problem
from .measured_and_estimated_rows import LenedaRow

_TOLERANCE_WH = 50
_TOLERANCE = 0.001
# Minimum energy of a day in Wh. Two causes of a difference are recognised by energies that match.
# In the first case, Leneda's energy equals the exported energy. In the second case, Leneda's energy
# is a quarter of the meter's energy, or four times as much. Smaller energies may match by chance,
# so they do not count.
_MIN_WH = 500


type Cause = Literal[
    Problem.LENEDA_OTHER_POINT,
    Problem.LENEDA_PRODUCTION,
    Problem.LENEDA_FACTOR_FOUR,
    Problem.LENEDA_SHIFTED_HOUR,
]
"""Likeliest cause if the energies of the meter and of Leneda differ on most days."""


class DayDifference(NamedTuple):
    """Energies of one day, from the meter and from Leneda.

    Both sources have all quarter-hours of the day.
    """

    start: datetime
    """Midnight in Luxembourg, in UTC."""
    own_wh: float
    leneda_wh: float

    @property
    def is_within(self) -> bool:
        """Return whether the two energies differ by no more than the tolerance."""
        return _is_near(self.own_wh, self.leneda_wh)


class Differences(NamedTuple):
    """Result of a comparison.

    `days` has all compared days. `cause` is the likeliest cause if most of these days differ, and
    otherwise None.
    """

    days: tuple[DayDifference, ...]
    cause: Cause | None
    cause_days: int
    """Number of days that show `cause`, 0 without a cause."""


class _Day(NamedTuple):
    """A compared day with its quarter-hours, which help to find the cause of a difference."""

    difference: DayDifference
    own: Sequence[QuarterHour]
    rows: Mapping[datetime, LenedaRow]

    def is_production(self) -> bool:
        exported = [quarter.exported_kwh for quarter in self.own]
        known_kwh = [kwh for kwh in exported if kwh is not None]
        is_known = len(known_kwh) == len(exported)
        return is_known and _is_told(sum(known_kwh) * 1000, self.difference.leneda_wh)

    def is_factor_four(self) -> bool:
        _, own_wh, leneda_wh = self.difference
        return _is_told(own_wh, leneda_wh * 4) or _is_told(own_wh * 4, leneda_wh)

    def is_shifted(self) -> bool:
        return not self._fits(timedelta()) and (self._fits(HOUR) or self._fits(-HOUR))

    def _fits(self, shift: timedelta) -> bool:
        pairs = [
            (quarter.mean_kw * 250, row.kw * 250)
            for quarter in self.own
            if (row := self.rows.get(quarter.start + shift))
        ]
        off_wh = sum(abs(own_wh - leneda_wh) for own_wh, leneda_wh in pairs)
        most_wh = sum(MEASURED_OFF_WH + own_wh * MEASURED_OFF for own_wh, _ in pairs)
        return len(pairs) > len(self.own) / 2 and off_wh <= most_wh


def contradicted_days(
    table: Table, leneda: LenedaDays, start: datetime, end: datetime
) -> list[DayDifference]:
    """Return the days of a period on which Leneda contradicts the meter's registers."""
    days = (DayDifference(*day) for day in changed_days(table, leneda.arrays))
    return [day for day in days if start <= day.start < end and not day.is_within]


def compare_days(own: Iterable[QuarterHour], leneda: Iterable[LenedaRow]) -> Differences:
    """Return the daily differences of imported energy. Both series must be in the order of time."""
    rows = {row.start: row for row in leneda}
    days = [
        day
        for start, group in groupby(own, lambda quarter: day_start(quarter.start))
        if (day := _day(start, list(group), rows))
    ]
    return Differences(tuple(day.difference for day in days), *_cause(days))


def _day(
    start: datetime, own: Sequence[QuarterHour], rows: Mapping[datetime, LenedaRow]
) -> _Day | None:
    measured_rows = [row for quarter in own if (row := rows.get(quarter.start)) and row.is_measured]
    if len(measured_rows) < len(own) or len(own) < (day_end(start) - start) // QUARTER_HOUR:
        return None
    own_wh = round(sum(quarter.mean_kw for quarter in own) * 250, 3)
    leneda_wh = round(sum(row.kw for row in measured_rows) * 250, 3)
    return _Day(DayDifference(start, own_wh, leneda_wh), own, rows)


def _cause(days: Sequence[_Day]) -> tuple[Cause | None, int]:
    """Return the likeliest cause and the number of days that show it."""
    # If a day's series is shifted by an hour, the day's sum may still be right. So check for a
    # shift, too.
    outside = [day for day in days if not day.difference.is_within or day.is_shifted()]
    if 2 * len(outside) <= len(days):
        return None, 0
    checks: dict[Cause, Callable[[_Day], bool]] = {
        Problem.LENEDA_PRODUCTION: _Day.is_production,
        Problem.LENEDA_FACTOR_FOUR: _Day.is_factor_four,
        Problem.LENEDA_SHIFTED_HOUR: _Day.is_shifted,
    }
    for cause, is_told in checks.items():
        count = sum(map(is_told, outside))
        if 2 * count > len(outside):
            return cause, count
    return Problem.LENEDA_OTHER_POINT, len(outside)


def _is_told(own_wh: float, leneda_wh: float) -> bool:
    return min(own_wh, leneda_wh) >= _MIN_WH and _is_near(own_wh, leneda_wh)


def _is_near(own_wh: float, leneda_wh: float) -> bool:
    return abs(own_wh - leneda_wh) <= max(_TOLERANCE_WH, _TOLERANCE * max(own_wh, leneda_wh))
