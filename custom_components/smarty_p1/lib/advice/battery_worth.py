"""Worth of a battery: the bills of a year without and with the battery, at today's prices.

    simulate_battery(state, Battery(kwh=10, kw=5)).saving_low

- `battery_simulation.py` simulates the battery. `what_if_year.py` bills the year without and with
  the battery, once for each reference power.
- The saving is the cost of the year without the battery minus the cost with the battery. The two
  costs may be at different reference powers: each cost is taken at its cheapest reference power. So
  if another reference power is cheaper even without a battery, this advantage does not count as a
  saving of the battery.
- The saving is a range, because some quarter-hours are unknown. The lower end assumes that the
  battery saves nothing in an unknown quarter-hour. The upper end assumes that the battery saves as
  much in an unknown quarter-hour as in a known quarter-hour, on average.
- The simulation changes only the energy in known quarter-hours. All other energy stays unchanged,
  because its time is unknown.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import numpy as np

from ..bill.household_state import HouseholdState
from ..history.market_prices import NO_MARKET_HOURS, MarketHours
from ..past.table import Table
from ..past.wall_clock import A_DAY, groups
from ..prices.contract import REFERENCE_POWERS
from ..prices.price_file import OlderPrices
from .battery_day_prices import prices_by_day
from .battery_simulation import WH_A_KW, Battery, BatteryDay, BatteryRun, BatteryTrial, DayEnergies
from .what_if_tables import with_energies
from .what_if_year import MonthEnergies, WhatIfError, WhatIfRefusal, WhatIfYear, YearCosts, year_of


class ClassWithBattery(NamedTuple):
    """Yearly costs at one reference power, without and with the battery."""

    without: YearCosts
    with_battery: YearCosts
    cycles: float
    """Full discharges a year."""
    stored_share: float | None
    """Share of the exported energy that the battery stores, None without exports."""


class WhatIf(NamedTuple):
    """Result of the simulation: the worth of a battery."""

    start: datetime
    """Start of the first month, in Luxembourg's time."""
    end: datetime
    measured_days: int
    battery: Battery
    reference_kw: float
    """Present reference power in kW."""
    classes: Mapping[float, ClassWithBattery]
    """Costs by reference power in kW, for reference powers with a known price."""
    cheapest_without: float
    cheapest_with: float
    saving_low: float
    """Lower end of the yearly saving in EUR; below 0 if the battery causes additional cost."""
    saving_high: float
    """Upper end of the yearly saving, if unknown quarter-hours were like known quarter-hours."""
    has_vat: bool
    """Whether the amounts include VAT."""
    hourly_share: float | None
    """Share (0 to 1) of the known quarter-hours that have a market price for import. None if the
    price in the contract does not follow the market."""
    prices_of: OlderPrices | None
    """Older published prices that the costs use for a part of the year, otherwise None."""


def simulate_battery(
    state: HouseholdState,
    battery: Battery,
    market: MarketHours = NO_MARKET_HOURS,
    feed_in_price: float | None = None,
) -> WhatIf:
    """Return the worth of a battery. `year_of` describes the other arguments.

    Run this function in an executor, because the simulation takes a fifth of a second. Raises
    WhatIfError if the data does not suffice, and ValueError for an impossible battery.
    """
    if not battery.is_possible:
        message = "there is no such battery"
        raise ValueError(message)
    year = year_of(state, market, feed_in_price)
    trial = _Trial(year, battery, state.until)
    powers = sorted({*REFERENCE_POWERS, year.reference_kw})
    classes = {kw: result for kw in powers if (result := trial.with_class(kw))}
    if year.reference_kw not in classes:
        raise WhatIfError(WhatIfRefusal.NO_NETWORK_PRICE)
    without = min(classes, key=lambda kw: classes[kw].without.total)
    with_battery = min(classes, key=lambda kw: classes[kw].with_battery.total)
    saving = classes[without].without.total - classes[with_battery].with_battery.total
    return WhatIf(
        start=year.begins[0],
        end=year.end,
        measured_days=year.measured_days,
        battery=battery,
        reference_kw=year.reference_kw,
        classes=classes,
        cheapest_without=without,
        cheapest_with=with_battery,
        saving_low=saving,
        saving_high=max(saving, saving + trial.spared_elsewhere(classes[with_battery])),
        has_vat=year.contract.has_vat,
        hourly_share=year.hourly_share,
        prices_of=year.prices.prices_of_classes(classes),
    )


class _Run(NamedTuple):
    """Year with the battery at one reference power."""

    battery: BatteryRun
    energies: MonthEnergies


class _Trial:
    """Simulation of one battery in one year. `with_class` runs it for any reference power."""

    def __init__(self, year: WhatIfYear, battery: Battery, moment: datetime) -> None:
        self._year = year
        self._battery = battery
        surcharge, vat_rate = year.prices.surcharge_on_top, year.prices.vat_rate
        self._trial = BatteryTrial(
            [*_days(year, moment)], battery, (surcharge or 0.0) * (1 + (vat_rate or 0.0))
        )
        self._exported_wh = float(np.nansum(year.table.exported[year.known]))
        self._runs: dict[float | None, _Run] = {}

    def with_class(self, reference_kw: float) -> ClassWithBattery | None:
        """Return the costs of the year at `reference_kw`. Return None if a price is unknown."""
        run, year = self._run(reference_kw), self._year
        without = year.costs(year.measured, reference_kw)
        after = year.costs(run.energies, reference_kw)
        if without is None or after is None:
            return None
        out_kwh = run.battery.given_wh / sqrt(self._battery.efficiency) / 1000
        return ClassWithBattery(
            without=without,
            with_battery=after,
            cycles=out_kwh / self._battery.kwh * year.times_a_year,
            stored_share=run.battery.stored_wh / self._exported_wh if self._exported_wh else None,
        )

    def spared_elsewhere(self, result: ClassWithBattery) -> float:
        """Return the additional yearly saving in EUR in the unknown quarter-hours.

        The battery is assumed to save as much in an unknown quarter-hour as in a known
        quarter-hour, on average. Return 0 if all quarter-hours are known.
        """
        saved = result.without.total - result.with_battery.total
        return saved / self._year.known_share - saved

    def _run(self, reference_kw: float) -> _Run:
        # A reference power that is never exceeded does not change the simulation. So all such
        # reference powers share one run.
        key = reference_kw if self._trial.highest_wh > reference_kw * WH_A_KW else None
        if key not in self._runs:
            run, year = self._trial.run(reference_kw), self._year
            self._runs[key] = _Run(run, year.energies(_with_battery(year, run)))
        return self._runs[key]


def _days(year: WhatIfYear, moment: datetime) -> Iterator[BatteryDay]:
    """Yield the days with known quarter-hours."""
    known = year.known
    day, hour = year.clock.day[known], year.clock.quarter[known] * 24 // A_DAY
    imported, exported = year.table.imported[known], np.nan_to_num(year.table.exported[known])
    prices = prices_by_day(year, moment)
    starts = groups(day)
    for begin, end in pairwise([*starts.tolist(), len(day)]):
        energies = DayEnergies(imported[begin:end].tolist(), exported[begin:end].tolist())
        of_day = prices[day[begin] - year.clock.day[0]]
        yield BatteryDay(energies, hour[begin:end].tolist(), of_day)


def _with_battery(year: WhatIfYear, run: BatteryRun) -> Table:
    """Return the year's table with the battery. All other rows stay as they were measured."""
    imported, exported = year.table.imported.copy(), year.table.exported.copy()
    imported[year.known] = np.concatenate([day.imported_wh for day in run.days])
    exported[year.known] = np.concatenate([day.exported_wh for day in run.days])
    return with_energies(year.table, imported, exported)
