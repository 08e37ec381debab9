"""Past year with a car that follows a plan each night, as if the plan had been made on that day.

The plan of a night knows the prices, and the usual house of the last four weeks. The car then
follows its limit price in the true house (`lib/plan/limit_price.py`).
"""

from collections.abc import Iterator
from datetime import datetime
from math import inf
from typing import NamedTuple

import numpy as np

from ..energy_table.wall_clock import A_DAY, AN_HOUR, Floats, Numbers, WallClock
from ..history.quarter_hour import WH_A_KW
from ..plan.house_plan import plan_house
from ..plan.limit_price import follow_plan
from ..plan.next_kwh_price import Quarter
from ..plan.planned_load import Load
from .what_if_tables import with_load
from .what_if_year import WhatIfYear, prices_by_day

_USUAL_DAYS = 28
# Less energy of a night, such as that of a charger in standby, is not planned.
_MIN_KWH = 0.1
_CAR = "car"


class PlannedCar(NamedTuple):
    """Car that is plugged in each evening and needs the same energy each morning."""

    kwh: float
    """Energy of a night. It does not count for a car whose energy was measured."""
    kw: float
    begin_hour: float
    """Hour of the clock at which it is plugged in."""
    end_hour: float
    """Hour of the next day at which it must be charged."""
    min_kw: float = 0.0
    """Power below which it cannot charge."""
    end_hours: tuple[float | None, ...] = ()
    """Replaces `end_hour` from Monday to Sunday. Without an hour, the night before is no night."""

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

    def at_once(self, year: WhatIfYear, own_wh: Floats) -> WhatIfYear:
        """Return `year` with this car at full power as soon as it is plugged in.

        `own_wh` is its measured energy in `year`, in Wh: it is taken out.
        """
        wh, most = -own_wh, self.kw * WH_A_KW
        for rows in self.nights(year):
            left = self.kwh * 1000 - np.arange(len(rows)) * most
            wh[year.known[rows]] += np.clip(left, 0.0, most)
        return year.changed(with_load(year.table, lambda _numbers: wh))


class PlannedCarYear:
    """Year of a household with a planned car. `with_class` plans it for any reference power."""

    def __init__(
        self,
        year: WhatIfYear,
        car: PlannedCar,
        moment: datetime,
        own_wh: Floats,
        *,
        is_as_measured: bool,
    ) -> None:
        """Prepare the nights, with the grid prices that apply at `moment`.

        `own_wh` is the measured energy of the car in the rows of `year`, in Wh: it is planned anew.
        With `is_as_measured`, each night needs its own energy, and energy outside the nights stays.
        """
        if is_as_measured:
            # A car that took more than the typed power has a higher power.
            car = car._replace(kw=max(car.kw, float(own_wh.max()) / WH_A_KW))
        self._year, self._car = year, car
        self._own_wh, self._is_as_measured = own_wh, is_as_measured
        known, table = year.known, year.table
        self._day, self._quarter = year.clock.day[known], year.clock.quarter[known]
        net_wh = table.imported - np.nan_to_num(table.exported) - own_wh
        self._net: Floats = net_wh[known] / 1000
        self._prices = prices_by_day(year, moment)
        self._usual = self._usual_days()
        self._years: dict[float, WhatIfYear] = {}

    def with_class(self, reference_kw: float) -> WhatIfYear:
        """Return the year with the car at `reference_kw`."""
        # A reference power that even the car at full power never exceeds changes no plan. So all
        # such reference powers share one year.
        highest = float(np.max(self._net, initial=0.0)) * 4 + self._car.kw
        key = reference_kw if highest > reference_kw else inf
        if key not in self._years:
            wh = np.zeros(len(self._own_wh)) if self._is_as_measured else -self._own_wh
            for rows in self._car.nights(self._year):
                night = self._year.known[rows]
                own = self._own_wh[night]
                kwh = float(own.sum()) / 1000 if self._is_as_measured else self._car.kwh
                if kwh >= _MIN_KWH:
                    wh[night] = self._night(rows, key / 4, kwh) - own
            # Only the difference is added. So energy that stays keeps its share of a community.
            table = with_load(self._year.table, lambda _numbers: wh)
            self._years[key] = self._year.changed(table)
        return self._years[key]

    def _usual_days(self) -> Floats:
        """Return the usual net import of each day by quarter-hour, in kWh."""
        days = self._day - self._year.clock.day[0]
        true = np.full((int(days[-1]) + 1, A_DAY), np.nan)
        true[days, self._quarter] = self._net
        is_known = ~np.isnan(true)
        sums = np.vstack([np.zeros(A_DAY), np.nan_to_num(true).cumsum(axis=0)])
        counts = np.vstack([np.zeros(A_DAY), is_known.cumsum(axis=0)])
        # The first weeks have no weeks before them. So their usual house is that of these weeks.
        ends = np.maximum(np.arange(len(true)), min(_USUAL_DAYS, len(true)))
        begins = np.maximum(0, ends - _USUAL_DAYS)
        usual: Floats = (sums[ends] - sums[begins]) / np.maximum(1, counts[ends] - counts[begins])
        return usual

    def _night(self, rows: Numbers, limit_kwh: float, kwh: float) -> Floats:
        """Return the energy of the car in the rows of a night, in Wh. Together it is `kwh`."""
        days, first = self._day[rows] - self._year.clock.day[0], self._day[rows[0]]
        quarters, car, surcharge = [], self._car, self._year.prices.excess or 0.0
        for day, quarter in zip(days.tolist(), self._quarter[rows].tolist(), strict=True):
            prices, hour = self._prices[day], quarter // AN_HOUR
            quarters.append(
                Quarter(prices.imported[hour], prices.exported[hour], limit_kwh, surcharge)
            )
        usual = self._usual[first - self._year.clock.day[0]][self._quarter[rows]].tolist()
        load = Load(_CAR, kwh, car.kw, 0, len(rows), min_kw=car.min_kw)
        planned = plan_house(quarters, usual, [load]).loads[_CAR]
        taken = follow_plan(load, planned, quarters, self._net[rows].tolist())
        return np.array(taken) * 1000
