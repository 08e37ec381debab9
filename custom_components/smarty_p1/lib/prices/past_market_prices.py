"""Correction of past market prices by the market costs that the meter has stored.

The market's price of a past hour is not stored. It is computed from the recorded price of a kWh:
all other components of that price, such as the grid's price, are subtracted. The subtraction uses
the components that are known today, but the recorded price was the sum of the components known at
that time. If the user later enters a component for past days, the subtracted sum is wrong for these
days. The error is the same in all hours of a day. The stored market costs were computed from the
market's price itself, so a comparison with them shows the error.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from statistics import median

from ..history.calendar import QUARTER_HOUR, day_start
from ..history.market_prices import MarketHours, MarketPrices
from ..history.month_columns import Columns

_QUARTERS = 4
# A day is corrected only if at least this number of its hours have a stored cost. The cost of an
# hour divided by its energy is a mean price. If the market's price changed within the hour, this
# mean price depends on the times at which the energy was used. So a single hour can be misleading.
_MIN_HOURS = 3


def at_stored_level(market: MarketHours, columns: Columns) -> MarketHours:
    """Return `market` with the prices of each day corrected by means of the stored costs.

    All prices of a day are corrected by the same amount. `columns` has the stored costs. A day with
    few stored costs is corrected by the amount of the day before.
    """
    days = [[*hours] for _, hours in groupby(sorted(market), day_start)]
    energy = {hour: prices.energy for hour, prices in market.items()}
    feed_in = {hour: prices.feed_in for hour, prices in market.items()}
    corrections = zip(
        _corrections(days, energy, _stored_prices(columns, 0)),
        _corrections(days, feed_in, _stored_prices(columns, 2)),
        strict=True,
    )
    return {
        hour: MarketPrices(_sum(energy[hour], more), _sum(feed_in[hour], more_feed_in))
        for hours, (more, more_feed_in) in zip(days, corrections, strict=True)
        for hour in hours
    }


def _corrections(
    days: Sequence[Sequence[datetime]],
    prices: Mapping[datetime, float | None],
    stored: Mapping[datetime, float],
) -> Iterator[float]:
    """Yield for each day the amount in EUR per kWh that must be added to its prices.

    `stored` has the prices computed from the stored costs.
    """
    correction = 0.0
    for hours in days:
        differences = [
            stored[hour] - price
            for hour in hours
            if hour in stored and (price := prices[hour]) is not None
        ]
        if len(differences) >= _MIN_HOURS:
            correction = median(differences)
        yield correction


def _stored_prices(columns: Columns, index: int) -> dict[datetime, float]:
    """Return the mean market price in EUR per kWh of each hour: stored cost divided by energy.

    The costs are at `index` in `MonthColumns.market`, and the energies at `index` + 1.
    """
    prices: dict[datetime, float] = {}
    for month in columns.values():
        costs, energies_wh = month.market[index : index + 2]
        for place in range(0, month.size if energies_wh else 0, _QUARTERS):
            part = slice(place, place + _QUARTERS)
            if energies_wh and (energy_wh := sum(energies_wh[part])):
                cost = sum(costs[part]) if costs else 0.0
                prices[month.first + place * QUARTER_HOUR] = cost / energy_wh * 1000
    return prices


def _sum(price: float | None, correction: float) -> float | None:
    return None if price is None else price + correction
