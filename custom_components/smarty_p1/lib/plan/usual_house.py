"""Quarter-hours of a house without the loads that a plan moves, and its usual day.

    usual_house(without_loads(quarters, [LoadEnergy(hours=..., quarters=...)]))

A car that charged at 2:00 every night is no reason to avoid 2:00 with this same car. So the energy
of the car is taken out of the past before the past tells what the house usually needs.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from statistics import fmean
from typing import NamedTuple

from ..history.luxembourg_time import time_of_day
from ..history.quarter_hour import Origin, QuarterHour

MIN_DAYS = 7
"""Minimum number of days on which a time of day must be measured for its mean."""
_MAX_DAYS = 28
# The sun changes faster than habits. So the exported energy is the mean of fewer days.
_SUN_DAYS = 7


class LoadEnergy(NamedTuple):
    """Measured energy of a load in kWh. Times without a known energy are left out."""

    hours: Mapping[datetime, float]
    """By start of the hour, in UTC."""
    quarters: Mapping[datetime, float]
    """By start of the quarter-hour, in UTC. The recorder has the last days only."""
    sign: int | None = None
    """Sign of the energy that a battery takes. It also gives energy. None for a load."""

    def of_period(self, start: datetime, shared_kwh: float) -> float:
        """Return the energy of a quarter-hour, `shared_kwh` if only that of its hour is known."""
        kwh = self.quarters.get(start, shared_kwh)
        return max(0.0, kwh) if self.sign is None else self.sign * kwh


class UsualQuarter(NamedTuple):
    """Usual power of a house at a time of day, in kW."""

    imported_kw: float
    exported_kw: float

    @property
    def net_kwh(self) -> float:
        """Return the net import of the quarter-hour in kWh."""
        return (self.imported_kw - self.exported_kw) / 4


def usual_house(past: Iterable[QuarterHour]) -> dict[tuple[int, int], UsualQuarter]:
    """Return the usual power of a house by hour and minute of Luxembourg's clock.

    `past` is in the order of time. Its last four weeks count. Times of day are left out if they
    were measured on fewer than `MIN_DAYS` days. Weekdays and weekends share one mean, because the
    eight weekend days of four weeks are too few for a reliable mean. Estimates of the national
    platform Leneda do not count.
    """
    by_time = defaultdict[tuple[int, int], list[QuarterHour]](list)
    for quarter in past:
        if quarter.origin is not Origin.LENEDA_ESTIMATED:
            by_time[time_of_day(quarter.start)].append(quarter)
    return {
        time: UsualQuarter(
            fmean(quarter.mean_kw for quarter in quarters[-_MAX_DAYS:]),
            fmean(4 * (quarter.exported_kwh or 0.0) for quarter in quarters[-_SUN_DAYS:]),
        )
        for time, quarters in by_time.items()
        if len(quarters) >= MIN_DAYS
    }


def without_loads(past: Iterable[QuarterHour], loads: Sequence[LoadEnergy]) -> list[QuarterHour]:
    """Return the quarter-hours of a house as they would have been without its `loads`.

    `past` is in the order of time. The quarter-hours of an hour share the energy that is known only
    of the hour: in proportion to the net import of each above the hour's lowest, and a rest
    equally. Imported energy never falls below 0. In a house with solar panels, the rest of a load
    was solar energy, so it becomes exported energy: at most as much as was ever exported at this
    time of day.
    """
    quarters = [*past]
    most = _most_exported(quarters)
    for load in loads:
        quarters = [
            _without(quarter, kwh, most[time_of_day(quarter.start)])
            for quarter, kwh in by_quarter(quarters, load)
        ]
    return quarters


def by_quarter(
    quarters: Sequence[QuarterHour], load: LoadEnergy
) -> Iterator[tuple[QuarterHour, float]]:
    """Yield each quarter-hour with the energy of `load` in it, in kWh."""
    for hour, group in groupby(quarters, lambda quarter: quarter.start.replace(minute=0)):
        of_hour = [*group]
        divided = _divided(load.hours.get(hour, 0.0) * len(of_hour) / 4, of_hour)
        for quarter, kwh in zip(of_hour, divided, strict=True):
            yield quarter, load.of_period(quarter.start, kwh)


def _divided(kwh: float, quarters: Sequence[QuarterHour]) -> list[float]:
    """Return the energy of a load in each of an hour's quarter-hours, together `kwh`."""
    nets = [quarter.imported_kwh - (quarter.exported_kwh or 0.0) for quarter in quarters]
    above = [net - min(nets) for net in nets]
    total = sum(above)
    share = max(0.0, min(1.0, kwh / total)) if total > 0 else 0.0
    rest = (kwh - total * share) / len(quarters)
    return [own * share + rest for own in above]


def _without(quarter: QuarterHour, kwh: float, most_kwh: float) -> QuarterHour:
    left = quarter.imported_kwh - kwh
    if left >= 0 or quarter.exported_kwh is None:
        return quarter._replace(mean_kw=max(0.0, left) * 4)
    # The highest value includes this quarter-hour's own, so the export never falls.
    exported = min(quarter.exported_kwh - left, most_kwh)
    return quarter._replace(mean_kw=0.0, exported_kwh=exported)


def _most_exported(quarters: Sequence[QuarterHour]) -> Mapping[tuple[int, int], float]:
    """Return the highest exported energy of each time of day, in kWh."""
    most = defaultdict[tuple[int, int], float](float)
    for quarter in quarters:
        time = time_of_day(quarter.start)
        most[time] = max(most[time], quarter.exported_kwh or 0.0)
    return most
