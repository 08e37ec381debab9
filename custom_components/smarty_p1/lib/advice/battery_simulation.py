"""Simulation of a battery on the quarter-hours of a household without one.

The simulated battery follows a rule. The rule knows prices in advance, from the contract and the
market. It knows the energy of a quarter-hour only when that quarter-hour runs:

1. Once a day, `battery_plan.py` computes how much energy must stay in the battery in each hour.
   This energy is worth more in a later hour. The plan uses the prices until the end of the next
   day, and the energies of the household's last days.
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

from collections.abc import Sequence
from itertools import groupby
from math import sqrt
from typing import NamedTuple

from .battery_plan import PLANNED_AT, BatteryPlan, DayPrices, HourLimits

MIN_KWH, MAX_KWH = 0.5, 200.0
MIN_KW, MAX_KW = 0.1, 200.0
MIN_EFFICIENCY = 0.5
MAX_RESERVE_SHARE = 0.9
MAX_STANDBY_W = 200.0

WH_A_KW = 250
"""Energy in Wh that 1 kW makes in a quarter-hour."""
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


class DayEnergies(NamedTuple):
    """Energies in Wh of the known quarter-hours of a day, in the order of time."""

    imported_wh: Sequence[float]
    exported_wh: Sequence[float]


class BatteryDay(NamedTuple):
    """Input of the simulation for one day."""

    energies: DayEnergies
    hours: Sequence[int]
    """Hour of Luxembourg's clock for each quarter-hour in `energies`."""
    prices: DayPrices


class BatteryRun(NamedTuple):
    """Result of a simulation, day by day."""

    days: Sequence[DayEnergies]
    """Energies of each day's quarter-hours with the battery."""
    stored_wh: float
    """Solar energy that the battery stored instead of exporting it."""
    charged_wh: float
    """Energy charged from the grid."""
    given_wh: float
    """Energy given to the house."""


class _Hour(NamedTuple):
    """Quarter-hours of a day in the same hour, and the sums of their energies.

    `hour` is the hour of the day, from 0 to 23. `begin` and `end` are indices into the lists of the
    day's energies; `end` is the first index after the hour. `highest_wh` is the highest import of
    one of the quarter-hours.
    """

    hour: int
    begin: int
    end: int
    imported_wh: float
    exported_wh: float
    highest_wh: float


class _Day(NamedTuple):
    """A day of the simulation. Its energies already include the battery's standby power."""

    energies: DayEnergies
    hours: Sequence[_Hour]
    prices: DayPrices


class _DayAfter(NamedTuple):
    """Energies in Wh of a day's quarter-hours with the battery.

    `_State.pass_hour` appends the quarter-hours of one hour.
    """

    imported_wh: list[float]
    exported_wh: list[float]


class BatteryTrial:
    """Simulation of one battery in one household. `run` simulates any reference power."""

    def __init__(self, days: Sequence[BatteryDay], battery: Battery, surcharge: float) -> None:
        """Prepare the simulation of `days`, which are in the order of time.

        Energy above the reference power costs `surcharge` on top of its other prices, in EUR per
        kWh with VAT.
        """
        self._battery = battery
        self._surcharge = surcharge
        self._days = [_prepared(day, battery.standby_w) for day in days]
        self.highest_wh = max([hour.highest_wh for day in self._days for hour in day.hours])
        """Highest import of a quarter-hour in Wh, including the battery's standby energy."""

    def run(self, reference_kw: float) -> BatteryRun:
        """Simulate all days with the rule of this module, and return the result."""
        state = _State(self._battery, reference_kw)
        one_way, limit_wh = state.one_way, state.limit_wh
        plan = BatteryPlan(
            state.usable_wh, state.most_wh * 4, limit_wh * 4, one_way, self._surcharge
        )
        limits = None
        results = []
        for day, following in zip(self._days, [*self._days[1:], self._days[-1]], strict=True):
            energies = day.energies
            after = _DayAfter([], [])
            for hour in day.hours:
                if hour.hour == PLANNED_AT or limits is None:
                    limits = plan.limits(day.prices, following.prices)
                below_wh, above_wh = hour.imported_wh, 0.0
                if hour.highest_wh > limit_wh:
                    imported_wh = energies.imported_wh[hour.begin : hour.end]
                    excesses = [wh - limit_wh for wh in imported_wh if wh > limit_wh]
                    below_wh -= sum(excesses)
                    above_wh = sum([min(wh, state.most_wh) for wh in excesses])
                plan.note(hour.hour, below_wh, hour.exported_wh, above_wh)
                state.pass_hour(energies, hour, limits[hour.hour], after)
            results.append(DayEnergies(*after))
        return BatteryRun(results, state.stored_wh, state.charged_wh, state.given_wh)


class _State:
    """Stored energy of a battery during a simulation, and the totals of the simulation."""

    def __init__(self, battery: Battery, reference_kw: float) -> None:
        self.one_way = sqrt(battery.efficiency)
        self.usable_wh = battery.kwh * 1000 * (1 - battery.reserve)
        self.most_wh = battery.kw * WH_A_KW
        self.limit_wh = reference_kw * WH_A_KW
        self.stored_wh = self.charged_wh = self.given_wh = 0.0
        self._held_wh = 0.0

    def pass_hour(
        self, energies: DayEnergies, hour: _Hour, limits: HourLimits, after: _DayAfter
    ) -> None:
        """Simulate `hour`, and append its quarter-hours with the battery to `after`."""
        begin, end = hour.begin, hour.end
        imported_wh, exported_wh = energies.imported_wh[begin:end], energies.exported_wh[begin:end]
        give_to, charge_to, store_to, spare_to = limits
        one_way, limit_wh, most_wh, held_wh = (
            self.one_way,
            self.limit_wh,
            self.most_wh,
            self._held_wh,
        )
        if self._is_idle(hour, limits):
            after.imported_wh.extend(imported_wh)
            after.exported_wh.extend(exported_wh)
            return
        for wanted_wh, sun_wh in zip(imported_wh, exported_wh, strict=True):
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
            after.imported_wh.append(drawn_wh)
            after.exported_wh.append(fed_wh)
        self._held_wh = held_wh

    def _is_idle(self, hour: _Hour, limits: HourLimits) -> bool:
        """Return whether the battery neither charges nor discharges in `hour`."""
        give_to, charge_to, *_ = limits
        stays = charge_to - _NOTHING_WH <= self._held_wh <= give_to + _NOTHING_WH
        return stays and not hour.exported_wh and hour.highest_wh <= self.limit_wh


def _prepared(day: BatteryDay, standby_w: float) -> _Day:
    """Return `day` with the battery's standby energy added to its energies.

    The standby energy of a quarter-hour is added to its import. If the quarter-hour has no import,
    exported solar energy supplies the standby energy first, and only the rest is imported.
    """
    imported_wh, exported_wh = day.energies
    if standby_w:
        wh = standby_w / 4
        sun_wh = [
            0.0 if drawn_wh else min(fed_wh, wh)
            for drawn_wh, fed_wh in zip(imported_wh, exported_wh, strict=True)
        ]
        imported_wh = [
            drawn_wh + wh - own_wh for drawn_wh, own_wh in zip(imported_wh, sun_wh, strict=True)
        ]
        exported_wh = [fed_wh - own_wh for fed_wh, own_wh in zip(exported_wh, sun_wh, strict=True)]
    hours = []
    begin = 0
    for hour, quarters in groupby(day.hours):
        end = begin + len(list(quarters))
        drawn, fed = imported_wh[begin:end], exported_wh[begin:end]
        hours.append(_Hour(hour, begin, end, sum(drawn), sum(fed), max(drawn)))
        begin = end
    return _Day(DayEnergies(imported_wh, exported_wh), hours, day.prices)
