"""Price of a kilowatt-hour in each hour of a day, with given grid prices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ..bill.month_sums import mean_market_prices
from ..history.calendar import LUXEMBOURG
from ..history.market_prices import NO_PRICES, MarketPrices
from ..prices.contract import BEGINNING, Contract, Contracts
from ..prices.kwh_price import price_of_kwh
from ..prices.network_prices import AgreedPrices
from ..prices.price_file import NetworkPrices
from .battery_plan import DayPrices
from .months_for_battery import WhatIfDay, second_quarters

_HOURS = range(24)


def prices_by_day(
    days: Sequence[WhatIfDay],
    contract: Contract,
    moment: datetime,
    published: NetworkPrices,
) -> list[DayPrices]:
    """Return the hourly prices of each day.

    All days are priced with `contract`, and with `published`, the grid prices that apply at
    `moment`. Aids are left out. An hour without a market price gets the mean market price of all
    days. Days with equal prices share one object.
    """
    vat = 1 + (AgreedPrices(contract, published).vat_rate or 0.0)
    without_energy = replace(contract, energy_price=0.0, energy_margin=None, second_price=None)
    contracts = Contracts(((BEGINNING, without_energy),))
    other_price = price_of_kwh(contracts, moment, NO_PRICES, published).imported or 0.0
    rate = _Rate(contract, vat, other_price, mean_market_prices(day.day for day in days))
    equal: dict[DayPrices, DayPrices] = {}
    result = []
    for day in days:
        prices = DayPrices(tuple(rate.imported(day)), tuple(rate.exported(day)))
        result.append(equal.setdefault(prices, prices))
    return result


class _Rate(NamedTuple):
    """Prices of a kilowatt-hour under one contract. The prices of imported energy include VAT."""

    contract: Contract
    vat: float
    """1 plus the rate of the VAT, such as 1.08."""
    others: float
    """Price of grid and levies in EUR a kWh, with VAT."""
    mean: MarketPrices

    def imported(self, day: WhatIfDay) -> list[float]:
        """Return a list with the price in EUR of an imported kWh in each hour of `day`."""
        margin = self.contract.energy_margin
        if margin is None:
            weekday = day.day.start.astimezone(LUXEMBOURG).weekday()
            return [
                price * self.vat + self.others for price in _energy_prices(self.contract, weekday)
            ]
        market = _by_hour(day, [prices.energy for prices in day.market], self.mean.energy)
        return [(price + margin) * self.vat + self.others for price in market]

    def exported(self, day: WhatIfDay) -> list[float]:
        """Return a list with the price in EUR of an exported kWh in each hour of `day`."""
        margin = self.contract.feed_in_margin
        if margin is None:
            return [self.contract.feed_in_price or 0.0] * len(_HOURS)
        market = _by_hour(day, [prices.feed_in for prices in day.market], self.mean.feed_in)
        return [price + margin for price in market]


@lru_cache(maxsize=16)
def _energy_prices(contract: Contract, weekday: int) -> Sequence[float]:
    """Return a list with the contract's fixed energy price in each hour of `weekday` (0 is Monday).

    If the second price begins or ends within an hour, the list has the mean price of that hour.
    """
    price = contract.energy_price or 0.0
    second = contract.second_price if contract.has_second_price else None
    if second is None:
        return [price] * len(_HOURS)
    quarters = [second if is_second else price for is_second in second_quarters(contract)[weekday]]
    return [sum(quarters[4 * hour : 4 * hour + 4]) / 4 for hour in _HOURS]


def _by_hour(day: WhatIfDay, prices: Sequence[float | None], mean: float | None) -> list[float]:
    """Return a list with the market's price in each hour of a day.

    `prices` has the price of each quarter-hour of `day.hours`, None where unknown. An hour without
    a price gets `mean`.
    """
    hour_prices = dict(zip(day.hours, prices, strict=True)) if prices else {}
    by_hour = [hour_prices.get(hour) for hour in _HOURS]
    return [(mean or 0.0) if price is None else price for price in by_hour]
