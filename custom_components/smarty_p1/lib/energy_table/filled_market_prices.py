"""Market prices of a table's rows, and stand-in prices of the rows without one.

- Until its day ends, a quarter-hour without a price has the mean price of the last ended day.
- After its day has ended, it has the mean price of its own day.
- A day without any priced energy has the mean price of the last ended day with some. Before the
  first such day, it has the mean price of that day. Without such a day, it has the first price.

Means are weighted by the energy that was bought or sold. Only days of the same contract count,
because another contract may have another market. So the prices of an ended day never change because
of later days. The whole past is filled at once, and then cut: a part of it has other means. Only
the day that has not ended may be filled apart, with the stand-in prices of the days before.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import inf

import numpy as np

from ..history.luxembourg_time import day_start
from ..history.market_prices import NO_PRICES, MarketPrices
from ..prices.market_price_series import PriceSeries, PriceSources
from .table import Table
from .wall_clock import Flags, Floats, Numbers, groups, number_from, quarter_number, wall_clock

_DECIMALS = 12

type StandIns = Mapping[datetime, MarketPrices]
"""Stand-in prices of the day that has not ended, by the start of their contract."""
NO_STAND_INS: StandIns = {}


def with_prices(
    table: Table,
    sources: Sequence[PriceSources],
    until: datetime | None = None,
    stand_ins: StandIns = NO_STAND_INS,
) -> Table:
    """Return `table`, a whole past, with the prices of the contracts' sources, and stand-ins.

    `sources` are in the order of time. A row has the price of its quarter-hour from those of the
    contract that holds then. The first contract also holds before. The day that contains `until`
    has not ended. Without `until`, all days have ended. A `table` of only this day needs the
    `stand_ins` of the days before.
    """
    market, feed_in = (np.full(len(table.quarter), np.nan) for _ in range(2))
    starts = [source.since for source in sources]
    for of, part in zip(sources, _parts(table.quarter, starts), strict=False):
        market[part] = _prices_at(table.quarter[part], of.energy)
        feed_in[part] = _prices_at(table.quarter[part], of.feed_in)
    is_filled = np.zeros(len(market), bool)
    table = table._replace(
        market=market, feed_in=feed_in, is_market_filled=is_filled, is_feed_in_filled=is_filled
    )
    return filled(table, starts, until, stand_ins)


def filled(
    table: Table,
    starts: Sequence[datetime],
    until: datetime | None = None,
    stand_ins: StandIns = NO_STAND_INS,
) -> Table:
    """Return `table`, a whole past with the prices of its markets, with their stand-in prices.

    `starts` are the times from which its contracts hold. `stand_ins` are those of `with_prices`.
    """
    day, today, true = wall_clock(table.quarter).day, _day_of(until), table.true_prices
    columns = []
    for place, (price, wh) in enumerate(zip(true, _energies(table), strict=True)):
        found = [
            _with_stand_ins(price[of], wh[of], day[of], today)
            if (stand_in := stand_ins.get(start, NO_PRICES)[place]) is None
            else np.where(np.isnan(price[of]), stand_in, price[of])
            for start, of in zip(starts, _parts(table.quarter, starts), strict=False)
        ]
        columns.append(np.concatenate(found) if found else price)
    return table._replace(
        market=columns[0],
        feed_in=columns[1],
        is_market_filled=np.isnan(true[0]) & ~np.isnan(columns[0]),
        is_feed_in_filled=np.isnan(true[1]) & ~np.isnan(columns[1]),
    )


def stand_ins_of_today(table: Table, since: datetime, until: datetime) -> MarketPrices:
    """Return the stand-in prices of a quarter-hour of the day that contains `until`.

    `table` is the whole past. `since` is the start of the contract that holds then.
    """
    first = int(table.quarter.searchsorted(number_from(since)))
    day, today = wall_clock(table.quarter[first:]).day, _day_of(until)
    true = zip(table.true_prices, _energies(table), strict=True)
    means = (_means(price[first:], wh[first:], day, today)[1] for price, wh in true)
    return MarketPrices(*(float(of[-1]) if len(of) else None for of in means))


def _day_of(until: datetime | None) -> float:
    return inf if until is None else wall_clock(np.array([number_from(day_start(until))])).day[0]


def _energies(table: Table) -> tuple[Floats, Floats]:
    """Return the energy of each row that is bought from the supplier, and that is sold."""
    return table.imported - table.shared.sum(axis=0), np.nan_to_num(table.exported)


def _parts(quarter: Numbers, starts: Sequence[datetime]) -> Iterator[slice[int, int]]:
    """Yield the indices of the quarter-hours of each contract."""
    cuts = np.searchsorted(quarter, [number_from(since) for since in starts[1:]])
    return (slice(*bounds) for bounds in pairwise([0, *cuts.tolist(), len(quarter)]))


def _prices_at(quarter: Numbers, series: PriceSeries | None) -> Floats:
    """Return the price of each quarter-hour in `quarter`, NaN where it is unknown."""
    prices = np.full(len(quarter), np.nan)
    for month in series.months.values() if series else ():
        first = quarter_number(month.first)
        part = slice(*np.searchsorted(quarter, (first, first + month.size)))
        prices[part] = np.array(month.prices)[quarter[part] - first]
    if series and (running := series.running):
        # The final price may come some seconds after the quarter-hour has ended.
        prices[np.isnan(prices) & (quarter == quarter_number(running.start))] = running.price
    return prices


def _with_stand_ins(price: Floats, wh: Floats, day: Numbers, today: float) -> Floats:
    """Return the known prices of one contract's rows, and stand-in prices for the other rows."""
    has_mean, means = _means(price, wh, day, today)
    if not len(means):
        return price
    # Each day has the last mean until then. Days before the first mean have the first mean.
    of_day = means[np.maximum(np.cumsum(has_mean) - 1, 0)]
    stand_ins = np.repeat(of_day, np.diff(groups(day), append=len(day)))
    return np.where(np.isnan(price), stand_ins, price)


def _means(price: Floats, wh: Floats, day: Numbers, today: float) -> tuple[Flags, Floats]:
    """Return which days have a mean price, and these means.

    `wh` are the energies with these prices, `day` the days of the rows. Days before `today` have
    ended. If no day has a mean, the second value is the first price. Without prices, it is empty.
    """
    is_known, first = ~np.isnan(price), groups(day)
    if not is_known.any():
        return np.zeros(len(first), bool), price[:0]
    priced_wh = np.add.reduceat(np.where(is_known, wh, 0.0), first)
    cost = np.add.reduceat(np.where(is_known, wh * price, 0.0), first)
    has_mean = (priced_wh > 0) & (day[first] < today)
    means = np.round(cost[has_mean] / priced_wh[has_mean], _DECIMALS)
    return has_mean, means if len(means) else price[is_known][:1]
