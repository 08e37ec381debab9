"""Past year with a car that follows a plan each night, as if the plan had been made on that day.

The plan of a night knows the prices, and the usual house of the last four weeks. The car then
follows its limit price in the true house (`lib/plan/limit_price.py`).
"""

from datetime import datetime
from math import inf
from typing import NamedTuple

import numpy as np

from ..past.wall_clock import A_DAY, AN_HOUR, Floats, Numbers
from ..plan.bill_steps import Quarter
from ..plan.house_plan import plan_house
from ..plan.limit_price import follow_plan
from ..plan.planned_load import Load
from .what_if_tables import with_load
from .what_if_year import WhatIfYear, prices_by_day

_USUAL_DAYS = 28
_CAR = "car"


class PlannedCar(NamedTuple):
    """Car that is plugged in each evening and needs the same energy each morning."""

    kwh: float
    kw: float
    begin_hour: float
    """Hour of the clock at which it is plugged in."""
    end_hour: float
    """Hour of the next day at which it must be charged."""
    min_kw: float = 0.0
    """Power below which it cannot charge."""


class PlannedCarYear:
    """Year of a household with a planned car. `with_class` plans it for any reference power."""

    def __init__(self, year: WhatIfYear, car: PlannedCar, moment: datetime) -> None:
        """Prepare the nights, with the grid prices that apply at `moment`."""
        self._year, self._car = year, car
        known, table = year.known, year.table
        self._day, self._quarter = year.clock.day[known], year.clock.quarter[known]
        self._net: Floats = (table.imported[known] - np.nan_to_num(table.exported[known])) / 1000
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
            wh = np.zeros(len(self._year.table.quarter))
            for rows in self._nights():
                wh[self._year.known[rows]] += self._night(rows, key / 4)
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

    def _nights(self) -> list[Numbers]:
        """Return the rows of each night, in the order of time."""
        begin, end = self._car.begin_hour * AN_HOUR, self._car.end_hour * AN_HOUR
        is_next_day = end <= begin
        is_evening = (self._quarter >= begin) & (is_next_day | (self._quarter < end))
        is_morning = (self._quarter < end) & is_next_day
        night = np.where(is_evening, self._day, self._day - 1)
        rows = np.flatnonzero(is_evening | is_morning)
        # The first morning has no evening.
        rows = rows[night[rows] >= self._year.clock.day[0]]
        return np.split(rows, np.flatnonzero(np.diff(night[rows])) + 1) if len(rows) else []

    def _night(self, rows: Numbers, limit_kwh: float) -> Floats:
        """Return the energy of the car in the rows of a night, in Wh."""
        days, first = self._day[rows] - self._year.clock.day[0], self._day[rows[0]]
        quarters, car, surcharge = [], self._car, self._year.surcharge_price
        for day, quarter in zip(days.tolist(), self._quarter[rows].tolist(), strict=True):
            prices, hour = self._prices[day], quarter // AN_HOUR
            quarters.append(
                Quarter(prices.imported[hour], prices.exported[hour], limit_kwh, surcharge)
            )
        usual = self._usual[first - self._year.clock.day[0]][self._quarter[rows]].tolist()
        load = Load(_CAR, car.kwh, car.kw, 0, len(rows), min_kw=car.min_kw)
        planned = plan_house(quarters, usual, [load]).loads[_CAR]
        taken = follow_plan(load, planned, quarters, self._net[rows].tolist())
        return np.array(taken) * 1000
