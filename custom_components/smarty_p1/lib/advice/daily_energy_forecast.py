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

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from math import acos, cos, erf, exp, pi, radians, sin, sqrt, tan
from typing import NamedTuple

import numpy as np

from ..energy_table.wall_clock import Floats, Numbers

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

    coming_wh: Floats
    """Energy of each coming day."""
    past_errors_wh: Floats
    """True energy minus forecast energy of past periods that were as long as the coming days. The
    periods begin at intervals of a week, and overlap. The newest is the first."""


def forecast_energy(days: Numbers, wh: Floats, first: int, count: int) -> EnergyForecast:
    """Return the forecast of `count` days from the day `first` on.

    `days` are the known days before `first`, at least one, as ordinals as in `date.toordinal`, and
    `wh` are their energies. Unknown days may be missing. `count` is at least 1.
    """
    season = _fitted_season(days, wh)
    weekend_wh = _weekend(days[-_WEEKEND_DAYS:], (wh - season(days))[-_WEEKEND_DAYS:])

    def usual(days: Numbers) -> Floats:
        return season(days) + weekend_wh * _weekend_share(days)

    rests = _Rests(days, np.append(0.0, np.cumsum(wh - usual(days))))
    level, recent = rests.level_and_recent(np.array([len(days)]))
    passed = np.arange(count)
    coming_wh = usual(first + passed) + level + recent * _KEPT_SHARE**passed
    return EnergyForecast(np.maximum(0.0, coming_wh), rests.past_errors(count))


class _Rests(NamedTuple):
    """Energies of the known days minus their usual energies.

    In the methods, `ends` are indices of days. Each result comes from the days before one of them.
    """

    days: Numbers
    """Ordinals."""
    sums: Floats
    """Sum of the rests of all days before each day, so that each mean takes one subtraction."""

    def level_and_recent(self, ends: Numbers) -> tuple[Floats, Floats]:
        """Return the levels, and what the recent days add to them."""
        levels = self._means(ends, _LEVEL_DAYS)
        return levels, self._means(ends, _RECENT_DAYS) - levels

    def _means(self, ends: Numbers, length: int) -> Floats:
        """Return the means of the known days within `length` days that end with a known day."""
        begins = np.searchsorted(self.days, self.days[ends - 1] - length + 1)
        means: Floats = (self.sums[ends] - self.sums[begins]) / (ends - begins)
        return means

    def past_errors(self, count: int) -> Floats:
        """Return the errors of past forecasts of `count` days. The newest is the first."""
        kept = (1 - _KEPT_SHARE**count) / (1 - _KEPT_SHARE)
        last = len(self.days)
        first = max(_MIN_BACKTEST_DAYS + count - 1, last - _BACKTEST_DAYS)
        ends = np.arange(last, first, -BACKTEST_STEP)
        levels, recent = self.level_and_recent(ends - count)
        true_rests = self.sums[ends] - self.sums[ends - count]
        errors: Floats = true_rests - levels * count - recent * kept
        return errors


def _weekend_share(days: Numbers) -> Floats:
    """Return 5/7 for a day of the weekend, otherwise -2/7: the mean of a week is 0."""
    return np.where(np.isin(days % 7, (_SATURDAY, 0)), 5 / 7, -2 / 7)


def _weekend(days: Numbers, rests: Floats) -> float:
    """Return the difference between a day of the weekend and a working day in Wh, shrunk."""
    is_weekend = _weekend_share(days) > 0
    count = int(is_weekend.sum())
    if count in {0, len(days)}:
        return 0.0
    difference = rests[is_weekend].mean() - rests[~is_weekend].mean()
    return float(difference) * count / (count + _WEEKEND_SHRINKAGE_DAYS)


def _fitted_season(days: Numbers, wh: Floats) -> Callable[[Numbers], Floats]:
    """Return a function that returns the seasonal energies of days in Wh, by the days' ordinals.

    The function is a linear regression on cold and sunlight, with a ridge penalty.
    """
    seasons = _seasons_of(days)
    mean, mean_wh = seasons.mean(axis=0), wh.mean()
    offsets = seasons - mean
    squares = offsets.T @ offsets + _SHRINKAGE_DAYS * np.eye(2)
    factors = np.linalg.solve(squares, offsets.T @ (wh - mean_wh))
    return lambda days: mean_wh + (_seasons_of(days) - mean) @ factors


def _seasons_of(days: Numbers) -> Floats:
    """Return cold and sunlight of each day."""
    seasons: Floats = _seasons()[((days - _A_NEW_YEAR) % _DAYS_A_YEAR).astype(int)]
    return seasons


@lru_cache(maxsize=1)
def _seasons() -> Floats:
    """Return cold and sunlight for each day of a year, each with the mean 0 and the deviation 1."""
    seasons = np.array([(_cold(day), _sunlight(day)) for day in range(366)])
    standardized: Floats = (seasons - seasons.mean(axis=0)) / seasons.std(axis=0)
    return standardized


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
