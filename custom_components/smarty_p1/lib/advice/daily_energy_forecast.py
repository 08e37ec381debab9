"""Forecast of a household's daily energy from its own earlier days. No money, no clock.

The energy of a day is the sum of four parts. Each part is estimated from the days before it:

- Season: a share of the energy follows the cold, and another share follows the sun. Both are known
  for each day of a year in Luxembourg. The two shares are fitted to the household's own days, of up
  to two years. Few days, or days of one season, say little: the fit is shrunk towards 0, as if
  `_SHRINKAGE_DAYS` more days showed no season at all.
- Weekend: the mean difference between weekend and working days, also shrunk.
- Level: the mean rest of the last `_LEVEL_DAYS` days. So a trend against last year counts fully.
- Persistence: a cold, dull or absent day is seldom alone. The mean rest of the last `_RECENT_DAYS`
  days beyond the level continues, and each day keeps `_KEPT_SHARE` of it.

These constants are about the time scales of weather and habits, and the result depends little on
each of them. `scripts/bench forecast` measures the error.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate
from math import acos, cos, erf, exp, pi, radians, sin, sqrt, tan
from typing import NamedTuple

_SHRINKAGE_DAYS = 20
_WEEKEND_DAYS = 56
_WEEKEND_SHRINKAGE_DAYS = 8
_LEVEL_DAYS = 60
_RECENT_DAYS = 5
_KEPT_SHARE = 0.75

BACKTEST_STEP = 7
"""Days between the begins of two past periods."""
_BACKTEST_DAYS = 400
_MIN_BACKTEST_DAYS = 14
"""Days that must be known before the first day of a past forecast."""

_DAYS_A_YEAR = 365.25
_A_NEW_YEAR = date(2024, 1, 1).toordinal()
_SATURDAY = 6
_LATITUDE, _ROOF_TILT = radians(49.6), radians(30)
_MEAN_DEGREES, _SWING_DEGREES, _COLDEST_DAY = 9.8, 8.8, 20
"""Temperature of a usual year in Luxembourg: its mean, half the difference between summer and
winter, and the day of the year on which it is coldest."""
_WARM_DEGREES, _DEVIATION_DEGREES = 15.5, 3.5
"""Houses are heated below the first temperature. Days deviate from the season by the second."""


class EnergyForecast(NamedTuple):
    """Forecast energies of the coming days, and the errors of the same forecast in the past."""

    coming_wh: tuple[float, ...]
    """Energy of each coming day."""
    past_errors_wh: tuple[float, ...]
    """True energy minus forecast energy of past periods that were as long as the coming days. The
    periods begin at intervals of a week, and overlap. The newest is the first."""


def forecast_energy(days: Sequence[tuple[int, float]], first: int, count: int) -> EnergyForecast:
    """Return the forecast of `count` days from the day `first` on.

    `days` has the known days before `first`, at least one: ordinals as in `date.toordinal`, and
    energies in Wh. Unknown days may be missing. `count` is at least 1.
    """
    season = _fitted_season(days)
    weekend_wh = _weekend([(day, wh - season(day)) for day, wh in days[-_WEEKEND_DAYS:]])

    def usual(day: int) -> float:
        return season(day) + weekend_wh * _weekend_share(day)

    rests = _Rests(
        [day for day, _ in days], [0.0, *accumulate(wh - usual(day) for day, wh in days)]
    )
    level, recent = rests.level_and_recent(len(days))
    coming = [max(0.0, usual(first + n) + level + recent * _KEPT_SHARE**n) for n in range(count)]
    return EnergyForecast(tuple(coming), tuple(rests.past_errors(count)))


class _Rests(NamedTuple):
    """Energies of the known days minus their usual energies.

    In the methods, `end` is the index of a day. The result comes from the days before it.
    """

    days: Sequence[int]
    """Ordinals."""
    sums: Sequence[float]
    """Sum of the rests of all days before each day, so that each mean takes one subtraction."""

    def level_and_recent(self, end: int) -> tuple[float, float]:
        """Return the level, and what the recent days add to it."""
        level = self._mean(end, _LEVEL_DAYS)
        return level, self._mean(end, _RECENT_DAYS) - level

    def _mean(self, end: int, length: int) -> float:
        """Return the mean of the known days within `length` days that end with a known day."""
        begin = bisect_left(self.days, self.days[end - 1] - length + 1, 0, end)
        return (self.sums[end] - self.sums[begin]) / (end - begin)

    def past_errors(self, count: int) -> Iterator[float]:
        """Yield the errors of past forecasts of `count` days. The newest is the first."""
        kept = (1 - _KEPT_SHARE**count) / (1 - _KEPT_SHARE)
        last = len(self.days)
        first = max(_MIN_BACKTEST_DAYS + count - 1, last - _BACKTEST_DAYS)
        for end in range(last, first, -BACKTEST_STEP):
            level, recent = self.level_and_recent(end - count)
            true_rest = self.sums[end] - self.sums[end - count]
            yield true_rest - level * count - recent * kept


def _weekend_share(day: int) -> float:
    """Return 5/7 for a day of the weekend, otherwise -2/7: the mean of a week is 0."""
    return (1 if day % 7 in (_SATURDAY, 0) else 0) - 2 / 7


def _weekend(rests: Sequence[tuple[int, float]]) -> float:
    """Return the difference between a day of the weekend and a working day in Wh, shrunk."""
    weekend = [wh for day, wh in rests if _weekend_share(day) > 0]
    working = [wh for day, wh in rests if _weekend_share(day) < 0]
    if not weekend or not working:
        return 0.0
    difference = sum(weekend) / len(weekend) - sum(working) / len(working)
    return difference * len(weekend) / (len(weekend) + _WEEKEND_SHRINKAGE_DAYS)


def _fitted_season(days: Sequence[tuple[int, float]]) -> Callable[[int], float]:
    """Return a function that returns the seasonal energy of a day in Wh, by the day's ordinal.

    The function is a linear regression on cold and sunlight, with a ridge penalty.
    """
    rows = [(*_season_of(day), wh) for day, wh in days]
    cold = sum(row[0] for row in rows) / len(rows)
    sun = sum(row[1] for row in rows) / len(rows)
    mean_wh = sum(row[2] for row in rows) / len(rows)
    cold_2 = sun_2 = float(_SHRINKAGE_DAYS)
    both = cold_wh = sun_wh = 0.0
    for day_cold, day_sun, wh in rows:
        x, y, z = day_cold - cold, day_sun - sun, wh - mean_wh
        cold_2, both, sun_2 = cold_2 + x * x, both + x * y, sun_2 + y * y
        cold_wh, sun_wh = cold_wh + x * z, sun_wh + y * z
    determinant = cold_2 * sun_2 - both * both
    by_cold = (cold_wh * sun_2 - sun_wh * both) / determinant
    by_sun = (sun_wh * cold_2 - cold_wh * both) / determinant

    def season(day: int) -> float:
        day_cold, day_sun = _season_of(day)
        return mean_wh + by_cold * (day_cold - cold) + by_sun * (day_sun - sun)

    return season


def _season_of(day: int) -> tuple[float, float]:
    return _seasons()[int((day - _A_NEW_YEAR) % _DAYS_A_YEAR)]


@lru_cache(maxsize=1)
def _seasons() -> tuple[tuple[float, float], ...]:
    """Return cold and sunlight for each day of a year, each with the mean 0 and the deviation 1."""
    columns = [[of(day) for day in range(366)] for of in (_cold, _sunlight)]
    cold, sun = map(_standardized, columns)
    return tuple(zip(cold, sun, strict=True))


def _standardized(values: Sequence[float]) -> list[float]:
    mean = sum(values) / len(values)
    deviation = sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    return [(value - mean) / deviation for value in values]


def _cold(day: int) -> float:
    """Return the expected kelvins below `_WARM_DEGREES` on a day of the year."""
    season = cos(2 * pi * (day - _COLDEST_DAY) / _DAYS_A_YEAR)
    missing = _WARM_DEGREES - (_MEAN_DEGREES - _SWING_DEGREES * season)
    ratio = missing / _DEVIATION_DEGREES
    density = exp(-ratio * ratio / 2) / sqrt(2 * pi)
    return missing * (1 + erf(ratio / sqrt(2))) / 2 + _DEVIATION_DEGREES * density


def _sunlight(day: int) -> float:
    """Return the sunlight of a clear day on a roof that is tilted towards the south."""
    declination = -radians(23.44) * cos(2 * pi * (day + 10) / _DAYS_A_YEAR)
    # A tilted roof gets as much light as flat ground further south.
    flat = _LATITUDE - _ROOF_TILT
    half_day = min(acos(-tan(place) * tan(declination)) for place in (_LATITUDE, flat))
    return half_day * sin(flat) * sin(declination) + cos(flat) * cos(declination) * sin(half_day)
