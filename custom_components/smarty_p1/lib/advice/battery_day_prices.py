"""Price of a kilowatt-hour in each hour of a day, with given grid prices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import starmap

import numpy as np

from ..bill.ledger import second_hours
from ..history.market_prices import NO_PRICES
from ..past.wall_clock import A_DAY, Floats, Numbers, WallClock
from ..prices.contract import BEGINNING, Contract, Contracts
from ..prices.kwh_price import price_of_kwh
from .battery_plan import DayPrices
from .what_if_year import WhatIfYear

_HOURS = 24
_DAYS = 7


def prices_by_day(year: WhatIfYear, moment: datetime) -> Sequence[DayPrices]:
    """Return the hourly prices of each day from the first to the last day of `year`.

    All days have the grid prices that apply at `moment`. Aids are left out. An hour without a
    market price gets the mean market price of the year.
    """
    contract, prices, mean, clock = year.contract, year.prices, year.mean, year.clock
    without_energy = replace(contract, energy_price=0.0, energy_margin=None, second_price=None)
    contracts = Contracts(((BEGINNING, without_energy),))
    others = price_of_kwh(contracts, moment, NO_PRICES, prices.published).imported or 0.0
    days = np.arange(clock.day[0], clock.day[-1] + 1)
    market, feed_in = (
        _by_hour(clock, column, mean_price or 0.0)
        for column, mean_price in (
            (year.table.market, mean.energy),
            (year.table.feed_in, mean.feed_in),
        )
    )
    if contract.energy_margin is None:
        energy = _fixed_prices(contract, days)
    else:
        energy = market + contract.energy_margin
    if contract.feed_in_margin is None:
        fed = np.full(energy.shape, contract.feed_in_price or 0.0)
    else:
        fed = feed_in + contract.feed_in_margin
    imported = energy * (1 + (prices.vat_rate or 0.0)) + others
    pairs = zip(map(tuple, imported.tolist()), map(tuple, fed.tolist()), strict=True)
    return [*starmap(DayPrices, pairs)]


def _fixed_prices(contract: Contract, days: Numbers) -> Floats:
    """Return the fixed energy price in each hour of `days`.

    If the second price begins or ends within an hour, the price is the mean of that hour.
    """
    quarters = np.full((_DAYS, A_DAY), contract.energy_price or 0.0)
    if contract.has_second_price:
        number = np.arange(_DAYS * A_DAY)
        week = WallClock(number // A_DAY, number % A_DAY)
        is_second = second_hours(contract.second_hours or "", week).reshape(quarters.shape)
        quarters[is_second] = contract.second_price
    hours: Floats = quarters.reshape(_DAYS, _HOURS, -1).mean(axis=2)
    return hours[days % _DAYS]


def _by_hour(clock: WallClock, prices: Floats, mean: float) -> Floats:
    """Return the market's price in each hour of each day. An hour without a price gets `mean`."""
    count = clock.day[-1] - clock.day[0] + 1
    hours = (clock.day - clock.day[0]) * _HOURS + clock.quarter * _HOURS // A_DAY
    is_known = ~np.isnan(prices)
    by_hour = np.full(count * _HOURS, mean)
    by_hour[hours[is_known]] = prices[is_known]
    return by_hour.reshape(-1, _HOURS)
