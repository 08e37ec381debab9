"""Prices of a kilowatt-hour by the hours of a day, at the prices of the grid that hold now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from .battery_plan import DayPrices
from .calendar import LUXEMBOURG
from .contract import BEGINNING, NO_PRICES, Contract, Contracts, MarketPrices
from .kwh_price import kwh_price
from .network_prices import AgreedPrices
from .what_if_year import KnownDay, second_quarters

_HOURS = range(24)
_WEEKDAYS = range(7)


def day_prices(days: Sequence[KnownDay], contract: Contract, moment: datetime) -> list[DayPrices]:
    """Return the prices of each day by the hour; equal days have the same object.

    An hour without a price of the market has the mean of all days.
    """
    vat = 1 + (AgreedPrices.at(contract, moment).vat_rate or 0.0)
    without_energy = replace(contract, energy_price=0.0, energy_margin=None, second_price=None)
    others = kwh_price(Contracts(((BEGINNING, without_energy),)), moment, NO_PRICES).imported or 0.0
    fixed = [
        [energy * vat + others for energy in _energy_prices(contract, day)] for day in _WEEKDAYS
    ]
    sold = [contract.feed_in_price or 0.0 for _ in _HOURS]
    mean = MarketPrices(
        _ratio([known.day.market_cost for known in days], [known.day.market_wh for known in days]),
        _ratio(
            [known.day.market_revenue for known in days],
            [known.day.market_exported_wh for known in days],
        ),
    )
    equal: dict[DayPrices, DayPrices] = {}
    found = []
    for known in days:
        imported = fixed[known.day.start.astimezone(LUXEMBOURG).weekday()]
        exported = sold
        market = dict(zip(known.hours, known.market, strict=True)) if known.market else {}
        if (margin := contract.energy_margin) is not None:
            energy = _of_hours({hour: each.energy for hour, each in market.items()}, mean.energy)
            imported = [(price + margin) * vat + others for price in energy]
        if (margin := contract.feed_in_margin) is not None:
            energy = _of_hours({hour: each.feed_in for hour, each in market.items()}, mean.feed_in)
            exported = [price + margin for price in energy]
        prices = DayPrices(tuple(imported), tuple(exported))
        found.append(equal.setdefault(prices, prices))
    return found


def _energy_prices(contract: Contract, weekday: int) -> list[float]:
    """Return the mean price of the energy in each hour of a day, where it is fixed."""
    price = contract.energy_price or 0.0
    second = contract.second_price if contract.has_second_price else None
    if second is None:
        return [price] * len(_HOURS)
    quarters = [second if each else price for each in second_quarters(contract)[weekday]]
    return [sum(quarters[4 * hour : 4 * hour + 4]) / 4 for hour in _HOURS]


def _of_hours(prices: Mapping[int, float | None], mean: float | None) -> list[float]:
    by_hour = [prices.get(hour) for hour in _HOURS]
    return [(mean or 0.0) if price is None else price for price in by_hour]


def _ratio(costs: Sequence[float], energies_wh: Sequence[float]) -> float:
    energy_wh = sum(energies_wh)
    return sum(costs) / energy_wh * 1000 if energy_wh else 0.0
