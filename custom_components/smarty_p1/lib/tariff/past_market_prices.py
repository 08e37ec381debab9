"""Correction of past market prices by the market costs that the meter has stored.

Past market prices are derived from recorded prices of a kWh: the parts of today's contracts and
aids are subtracted. A price was recorded with the parts known then. If a part is entered later for
past days, all prices derived for these days are wrong by the same amount. The stored costs were
computed from the market's price itself, so they reveal this amount.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from statistics import median

from .calendar import QUARTER_HOUR, day_start
from .contract import MarketPrices
from .months_for_battery import MarketHours
from .spans import Columns

_QUARTERS = 4
# Minimum number of hours with a cost. Energy within an hour may have another mean price than the
# hour itself, so a single hour says little about the others.
_MIN_HOURS = 3


def at_stored_level(market: MarketHours, columns: Columns) -> MarketHours:
    """Return `market` with the prices of each day raised or lowered to the level of stored costs.

    `columns` has the stored costs. A day with few stored costs is corrected like the day before.
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
    """Yield for each of `days` the amount in EUR per kWh by which its prices are too low."""
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
    """Return the mean market price of each hour's energy in EUR per kWh, by stored costs.

    `index` is the place of the costs in `MonthColumns.market`. The place of their energies follows.
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
