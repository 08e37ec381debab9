"""Stand-in prices of the quarter-hours without a market price.

- Until its day ends, such a quarter-hour has the mean price of the last ended day.
- After its day has ended, it has the mean price of its own day.
- A day without any priced energy has the mean price of the last ended day with some. Before the
  first such day, it has the mean price of that day. Without such a day, it has the first price.

Means are weighted by energy. Only days of the same contract count, because another contract may
have another market. So the prices of an ended day never change because of later days.
"""

from math import nan
from typing import NamedTuple

import numpy as np

from ..energy_table.wall_clock import Floats, Numbers, groups

_DECIMALS = 12


class MarketColumn(NamedTuple):
    """Market price of each row in EUR per kWh. NaN where neither a price nor a stand-in exists."""

    price: Floats
    today: float
    """Stand-in price of a quarter-hour on a day that has not ended, NaN if unknown."""


def with_stand_ins(price: Floats, wh: Floats, day: Numbers, today: float) -> MarketColumn:
    """Return the known prices of one contract's rows, and stand-in prices for the other rows.

    `wh` are the energies with these prices, `day` the days of the rows. Days before `today` have
    ended.
    """
    is_known = ~np.isnan(price)
    if not is_known.any():
        return MarketColumn(price, nan)
    first = groups(day)
    priced_wh = np.add.reduceat(np.where(is_known, wh, 0.0), first)
    cost = np.add.reduceat(np.where(is_known, wh * price, 0.0), first)
    has_mean = (priced_wh > 0) & (day[first] < today)
    means = np.round(cost[has_mean] / priced_wh[has_mean], _DECIMALS)
    if not len(means):
        means = price[is_known][:1]
    # Each day has the last mean until then. Days before the first mean have the first mean.
    of_day = means[np.maximum(np.cumsum(has_mean) - 1, 0)]
    stand_ins = np.repeat(of_day, np.diff(first, append=len(day)))
    return MarketColumn(np.where(is_known, price, stand_ins), float(means[-1]))
