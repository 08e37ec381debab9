"""The best use of a battery with knowledge of the whole future: a linear program.

The program shares with the rule of the integration only the properties of a battery. These are half
of the loss on either way, a power, and energy that does not leave the house. The program is even
freer: nothing keeps it from charging and giving at once.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import bmat, diags, identity

from smartyp1.advice.battery_simulation import Battery, BatteryQuarters, BatteryRun, BatteryTrial
from smartyp1.advice.simulated_battery_plan import DayPrices


class BatteryDay(NamedTuple):
    """Quarter-hours of a day in Wh, their hours, and the day's prices."""

    imported_wh: Sequence[float]
    exported_wh: Sequence[float]
    hours: Sequence[int]
    prices: DayPrices


def trial_of(days: Sequence[BatteryDay], battery: Battery, surcharge: float) -> BatteryTrial:
    """Return the simulation of days."""
    lengths = [len(day.hours) for day in days]
    columns = zip(*(column for day in days for column in zip(*day[:3], strict=True)), strict=True)
    imported, exported, hours = map(np.array, columns)
    number, prices = np.repeat(np.arange(len(days)), lengths), [day.prices for day in days]
    quarters = BatteryQuarters(number, hours, imported * 1.0, exported * 1.0, prices)
    return BatteryTrial(quarters, battery, surcharge)


def days_after(
    run: BatteryRun, days: Sequence[BatteryDay]
) -> list[tuple[list[float], list[float]]]:
    """Return the energies of each of `days` with the battery."""
    found, begin = [], 0
    for day in days:
        end = begin + len(day.hours)
        found.append((run.imported_wh[begin:end], run.exported_wh[begin:end]))
        begin = end
    return found


class Prices(NamedTuple):
    """Prices of a kWh, with VAT."""

    drawn: float | Sequence[float]
    """The same in all quarter-hours, or each one's."""
    above: float
    """What one above the reference power costs more."""
    fed_in: float


def least_cost(
    battery: Battery,
    reference_kw: float,
    drawn_kwh: Sequence[float],
    fed_kwh: Sequence[float],
    prices: Prices,
) -> float:
    """Return the least cost of the energy of quarter-hours in a row, with a battery."""
    count, most, one_way = len(drawn_kwh), battery.kw / 4, sqrt(battery.efficiency)
    drawn, fed = np.array(drawn_kwh), np.array(fed_kwh)
    # The battery's own draw comes from the surplus, where there is any.
    own = np.minimum(fed, battery.standby_w / 4000)
    drawn, fed = drawn + battery.standby_w / 4000 - own, fed - own
    price = np.broadcast_to(prices.drawn, count)
    # Variables of each quarter-hour: stored sun, charge from the grid, given, held at its end,
    # above.
    sold, free, above = (np.full(count, each) for each in (prices.fed_in, 0.0, prices.above))
    costs = np.concatenate([sold, price, -price, free, above])
    one, before = identity(count), diags([np.ones(count - 1)], [-1])
    holds = bmat([[-one_way * one, -one_way * one, one / one_way, one - before, 0 * one]])
    none = 0 * one
    limits = bmat([[one, one, none, none, none], [none, one, -one, none, -one]])
    bounds = [
        *((0, min(each, most)) for each in fed),
        *((0, most) for _ in range(count)),
        *((0, min(each, most)) for each in drawn),
        *((0, battery.kwh * (1 - battery.reserve)) for _ in range(count)),
        *((0, None) for _ in range(count)),
    ]
    found = linprog(
        costs,
        A_ub=limits.tocsr(),
        b_ub=np.concatenate([np.full(count, most), reference_kw / 4 - drawn]),
        A_eq=holds.tocsr(),
        b_eq=np.zeros(count),
        bounds=bounds,
    )
    assert found.status == 0, found.message
    return float(found.fun + price @ drawn - prices.fed_in * fed.sum())
