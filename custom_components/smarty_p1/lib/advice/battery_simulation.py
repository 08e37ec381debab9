"""Simulation of a battery on the quarter-hours of a household without one.

The simulated battery follows a rule. The rule knows prices in advance, from the contract and the
market. It knows the energy of a quarter-hour only when that quarter-hour runs:

1. Once a day, `simulated_battery_plan.py` computes how much energy must stay in the battery in
   each hour. This energy is worth more in a later hour. The plan uses the prices until the end of
   the next day, and the energies of the household's last days.
2. The battery gives all other stored energy to the house. It charges from the grid if the stored
   energy will be worth more than the charging costs, including the loss. Charging never raises the
   import above the reference power. The battery stores solar energy if the stored energy is worth
   more than the feed-in price.

The battery never feeds in, and is empty at the beginning. Half of the loss is charging loss, half
is discharging loss. The battery always draws its standby power. The rule knows the energy of the
running quarter-hour from its start, as if it had a perfect projection. So changes of the power
within a quarter-hour are not simulated. If a quarter-hour has both import and export, the house
gets no solar energy that the battery stores in the same quarter-hour. This is the worse case: the
import comes before the export.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import numpy as np

from ..energy_table.wall_clock import Floats, Numbers, groups
from ..history.quarter_hour import WH_A_KW
from .simulated_battery_plan import PLANNED_AT, BatteryPlan, DayPrices, HourLimits

MIN_KWH, MAX_KWH = 0.5, 200.0
MIN_KW, MAX_KW = 0.1, 200.0
MIN_EFFICIENCY = 0.5
MAX_RESERVE_SHARE = 0.9
MAX_STANDBY_W = 200.0

# Tolerance in Wh for float errors. Two stored energies that differ by less count as equal.
_NOTHING_WH = 1e-6


class Battery(NamedTuple):
    """Properties of a battery."""

    kwh: float
    """Capacity in kWh."""
    kw: float
    """Maximum charge and discharge power in kW."""
    efficiency: float = 0.9
    """Discharged energy divided by charged energy."""
    reserve: float = 0.0
    """Share of the capacity that is never discharged."""
    standby_w: float = 0.0
    """Power in W that the battery itself always draws."""

    @property
    def is_possible(self) -> bool:
        """Return whether all properties are within their limits. NaN is outside of all limits."""
        return (
            MIN_KWH <= self.kwh <= MAX_KWH
            and MIN_KW <= self.kw <= MAX_KW
            and MIN_EFFICIENCY <= self.efficiency <= 1
            and 0 <= self.reserve <= MAX_RESERVE_SHARE
            and 0 <= self.standby_w <= MAX_STANDBY_W
        )


class BatteryQuarters(NamedTuple):
    """Known quarter-hours of a household without a battery, in the order of time."""

    day: Numbers
    """Index of the day's prices in `prices`."""
    hour: Numbers
    """Hour of Luxembourg's clock."""
    imported_wh: Floats
    exported_wh: Floats
    prices: Sequence[DayPrices]


class _Hour(NamedTuple):
    """Quarter-hours of the same hour of a day. They include the battery's standby energy."""

    hour: int
    """Hour of the day, from 0 to 23."""
    imported_wh: Sequence[float]
    exported_wh: Sequence[float]
    prices: tuple[DayPrices, DayPrices]
    """Prices of the day, and of the next day with a known quarter-hour."""

    def above_wh(self, limit_wh: float) -> list[float]:
        """Return the energies that are imported above `limit_wh` in a quarter-hour."""
        return [wh - limit_wh for wh in self.imported_wh if wh > limit_wh]


class BatteryTrial:
    """Simulation of one battery in one household. `run` simulates any reference power."""

    def __init__(self, quarters: BatteryQuarters, battery: Battery, surcharge: float) -> None:
        """Prepare the simulation.

        Energy above the reference power costs `surcharge` on top of its other prices, in EUR per
        kWh with VAT.
        """
        self._battery = battery
        self._surcharge = surcharge
        # Exported solar energy supplies the standby energy first. If the quarter-hour has import,
        # all standby energy is imported.
        fed_wh, standby_wh = quarters.exported_wh, battery.standby_w / 4
        own_wh = np.where(quarters.imported_wh != 0, 0.0, np.minimum(fed_wh, standby_wh))
        drawn_wh = quarters.imported_wh + standby_wh - own_wh
        self._hours = [*_hours(quarters, drawn_wh.tolist(), (fed_wh - own_wh).tolist())]
        self.highest_wh = float(drawn_wh.max())
        """Highest import of a quarter-hour in Wh, including the battery's standby energy."""

    def run(self, reference_kw: float) -> BatteryRun:
        """Simulate all quarter-hours with the rule of this module, and return the result."""
        run = BatteryRun(self._battery, reference_kw)
        plan = BatteryPlan(
            run.usable_wh, run.most_wh * 4, run.limit_wh * 4, run.one_way, self._surcharge
        )
        limits = None
        for hour in self._hours:
            if hour.hour == PLANNED_AT or limits is None:
                limits = plan.limits(*hour.prices)
            excesses = hour.above_wh(run.limit_wh)
            above_wh = sum([min(wh, run.most_wh) for wh in excesses])
            below_wh = sum(hour.imported_wh) - sum(excesses)
            plan.note(hour.hour, below_wh, sum(hour.exported_wh), above_wh)
            run.pass_hour(hour, limits[hour.hour])
        return run


class BatteryRun:
    """Stored energy of a battery during a simulation, and the result of the simulation."""

    def __init__(self, battery: Battery, reference_kw: float) -> None:
        self.one_way = sqrt(battery.efficiency)
        self.usable_wh = battery.kwh * 1000 * (1 - battery.reserve)
        self.most_wh = battery.kw * WH_A_KW
        self.limit_wh = reference_kw * WH_A_KW
        self.imported_wh: list[float] = []
        """Energies of the quarter-hours with the battery."""
        self.exported_wh: list[float] = []
        self.stored_wh = self.charged_wh = self.given_wh = 0.0
        """Solar energy that the battery stored instead of exporting it, energy charged from the
        grid, and energy given to the house."""
        self._held_wh = 0.0

    def pass_hour(self, hour: _Hour, limits: HourLimits) -> None:
        """Simulate the quarter-hours of an hour."""
        give_to, charge_to, store_to, spare_to = limits
        one_way, limit_wh, most_wh, held_wh = (
            self.one_way,
            self.limit_wh,
            self.most_wh,
            self._held_wh,
        )
        if self._is_idle(hour, limits):
            self.imported_wh.extend(hour.imported_wh)
            self.exported_wh.extend(hour.exported_wh)
            return
        for wanted_wh, sun_wh in zip(hour.imported_wh, hour.exported_wh, strict=True):
            drawn_wh, fed_wh = wanted_wh, sun_wh
            over_wh, left_wh, ready_wh = drawn_wh - limit_wh, most_wh, held_wh
            if fed_wh and held_wh < store_to:
                into_wh = min(fed_wh, (store_to - held_wh) / one_way, left_wh)
                held_wh += into_wh * one_way
                left_wh -= into_wh
                fed_wh -= into_wh
                self.stored_wh += into_wh
            out_wh = (ready_wh - give_to) * one_way
            if out_wh < over_wh:
                # Energy below the level `give_to` is kept for later hours. Use this energy, down to
                # the level `spare_to`, only to lower an excess over the reference power.
                out_wh = min((ready_wh - spare_to) * one_way, over_wh)
            if out_wh > 0 and (out_wh := min(out_wh, drawn_wh, left_wh)):
                held_wh -= out_wh / one_way
                drawn_wh -= out_wh
                self.given_wh += out_wh
            elif over_wh < 0 and held_wh < charge_to:
                into_wh = min((charge_to - held_wh) / one_way, -over_wh, left_wh)
                held_wh += into_wh * one_way
                drawn_wh += into_wh
                self.charged_wh += into_wh
            self.imported_wh.append(drawn_wh)
            self.exported_wh.append(fed_wh)
        self._held_wh = held_wh

    def _is_idle(self, hour: _Hour, limits: HourLimits) -> bool:
        """Return whether the battery neither charges nor discharges in `hour`."""
        give_to, charge_to, *_ = limits
        stays = charge_to - _NOTHING_WH <= self._held_wh <= give_to + _NOTHING_WH
        return stays and not any(hour.exported_wh) and max(hour.imported_wh) <= self.limit_wh


def _hours(
    quarters: BatteryQuarters, drawn_wh: Sequence[float], fed_wh: Sequence[float]
) -> Iterator[_Hour]:
    """Yield the hours with known quarter-hours, whose energies are `drawn_wh` and `fed_wh`."""
    begins = groups(quarters.day * 24 + quarters.hour)
    days = quarters.day[begins].tolist()
    following = dict(pairwise(dict.fromkeys(days)))
    bounds = pairwise([*begins.tolist(), len(drawn_wh)])
    for day, hour, (begin, end) in zip(days, quarters.hour[begins].tolist(), bounds, strict=True):
        prices = quarters.prices[day], quarters.prices[following.get(day, day)]
        yield _Hour(hour, drawn_wh[begin:end], fed_wh[begin:end], prices)
