"""Past year with a car that follows a plan each night, as if the plan had been made on that day.

The plan of a night knows the prices, and the usual house of the last four weeks. The car then
follows its limit price in the true house (`lib/plan/limit_price.py`). The energy that the car takes
in a night is planned. Its energy at other hours stays, so a plan never changes a car's energy.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from math import inf
from typing import NamedTuple

import numpy as np

from ..energy_table.wall_clock import A_DAY, AN_HOUR, Floats, Numbers, WallClock
from ..history.quarter_hour import WH_A_KW
from ..plan.house_plan import plan_house
from ..plan.limit_price import follow_plan
from ..plan.next_kwh_price import Quarter
from ..plan.planned_load import Load
from .what_if_tables import LoadProfile, car, with_load
from .what_if_year import WhatIfYear, prices_by_day

_USUAL_DAYS = 28
# Less energy of a night, such as that of a charger in standby, is not planned.
_MIN_KWH = 0.1
_CAR = "car"


class PlannedCar(NamedTuple):
    """Car that is plugged in each evening and needs the same energy each morning."""

    kwh: float | None
    """Energy of a night. None for a car whose measured energy is planned."""
    kw: float
    begin_hour: float
    """Hour of the clock at which it is plugged in."""
    end_hour: float
    """Hour of the next day at which it must be charged."""
    min_kw: float = 0.0
    """Power below which it cannot charge."""
    end_hours: tuple[float | None, ...] = ()
    """Replaces `end_hour` from Monday to Sunday. Without an hour, the night before is no night."""

    @property
    def load(self) -> LoadProfile:
        """Return the load of this car at full power as soon as it is plugged in."""
        begin, ends = self.begin_hour, self.end_hours or (self.end_hour,) * 7
        pairs = zip(ends, (*ends[1:], ends[0]), strict=True)
        rests = [
            (today is None or today <= begin) and (tomorrow is None or tomorrow > begin)
            for today, tomorrow in pairs
        ]
        return car(self.kwh or 0.0, self.kw, begin, rests)

    def nights(self, year: WhatIfYear) -> Iterator[Numbers]:
        """Yield the known rows of each night, in the order of time."""
        clock = WallClock(year.clock.day[year.known], year.clock.quarter[year.known])
        row = (clock.day - year.clock.day[0]) * A_DAY + clock.quarter
        begin, last = self.begin_hour * AN_HOUR, 0.0
        ends = self.end_hours or (self.end_hour,) * 7
        # The last evening has no morning in the year.
        days = np.arange(year.clock.day[0], year.clock.day[-1] + 2)
        for day, weekday in enumerate(WallClock(days, days).weekday.tolist()):
            if (hour := ends[weekday]) is None:
                continue
            end = int(hour * AN_HOUR)
            evening = (day if begin < end else day - 1) * A_DAY + begin
            first, stop = np.searchsorted(row, (max(evening, last), day * A_DAY + end))
            last = day * A_DAY + end
            # The first morning has no evening.
            if evening >= 0 and first < stop:
                yield np.arange(first, stop)

    def at_once(self, year: WhatIfYear, wh: Floats) -> Floats:
        """Return the car's energy `wh` with that of each night at full power from its begin on.

        `wh` is in Wh, for each row of `year`.
        """
        moved, most = wh.copy(), self.kw * WH_A_KW
        for rows in self.nights(year):
            night = year.known[rows]
            moved[night] = np.clip(wh[night].sum() - np.arange(len(rows)) * most, 0.0, most)
        return moved


def planned_by_class(
    year: WhatIfYear, car: PlannedCar, moment: datetime, car_wh: Floats, own_wh: Floats
) -> Callable[[float], WhatIfYear]:
    """Return a function from a reference power to the year with the planned car.

    The plan has the grid prices that apply at `moment`. `car_wh` is the energy of the car without a
    plan, and `own_wh` the part of it that `year` contains, in Wh for each row.
    """
    known, table = year.known, year.table
    day, quarter = year.clock.day[known] - year.clock.day[0], year.clock.quarter[known]
    net_wh = table.imported - np.nan_to_num(table.exported) - own_wh
    net: Floats = net_wh[known] / 1000
    prices, surcharge = prices_by_day(year, moment), year.prices.excess or 0.0
    usual = _usual_days(day, quarter, net)
    highest_kw = float(np.max(net, initial=0.0)) * 4 + car.kw

    def night_wh(rows: Numbers, limit_kwh: float, kwh: float) -> Floats:
        """Return the energy of the car in the rows of a night, in Wh. Together it is `kwh`."""
        quarters = []
        for of_day, at in zip(day[rows].tolist(), quarter[rows].tolist(), strict=True):
            imported, exported = (of_hours[at // AN_HOUR] for of_hours in prices[of_day])
            quarters.append(Quarter(imported, exported, limit_kwh, surcharge))
        load = Load(_CAR, kwh, car.kw, 0, len(rows), min_kw=car.min_kw)
        usual_kwh = usual[day[rows[0]]][quarter[rows]].tolist()
        planned = plan_house(quarters, usual_kwh, [load]).loads[_CAR]
        return np.array(follow_plan(load, planned, quarters, net[rows].tolist())) * 1000

    @cache
    def with_limit(reference_kw: float) -> WhatIfYear:
        wh = car_wh - own_wh
        for rows in car.nights(year):
            night = known[rows]
            if (kwh := float(car_wh[night].sum()) / 1000) >= _MIN_KWH:
                wh[night] = night_wh(rows, reference_kw / 4, kwh) - own_wh[night]
        # Only the difference is added. So energy that stays keeps its share of a community.
        return year.changed(with_load(table, lambda _numbers: wh))

    # A reference power that even the car at full power never exceeds changes no plan. So all such
    # reference powers share one year.
    return lambda reference_kw: with_limit(reference_kw if highest_kw > reference_kw else inf)


def _usual_days(day: Numbers, quarter: Numbers, net: Floats) -> Floats:
    """Return the usual net import of each day by quarter-hour, in kWh.

    `net` is the true one of each known quarter-hour of a day.
    """
    true = np.full((int(day[-1]) + 1, A_DAY), np.nan)
    true[day, quarter] = net
    is_known = ~np.isnan(true)
    sums = np.vstack([np.zeros(A_DAY), np.nan_to_num(true).cumsum(axis=0)])
    counts = np.vstack([np.zeros(A_DAY), is_known.cumsum(axis=0)])
    # The first weeks have no weeks before them. So their usual house is that of these weeks.
    ends = np.maximum(np.arange(len(true)), min(_USUAL_DAYS, len(true)))
    begins = np.maximum(0, ends - _USUAL_DAYS)
    usual: Floats = (sums[ends] - sums[begins]) / np.maximum(1, counts[ends] - counts[begins])
    return usual
