"""Cost of a load at each coming start, such as that of a washing machine, and the best start.

The cost is that of the past: for each of the last 28 whole days, what the load would have added at
this time of day, at the prices of the coming hours. Energy that the house would have exported costs
its feed-in price, other energy costs the price of its hour, and energy above the reference power
costs the surcharge in addition. No weather is forecast.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from statistics import fmean
from typing import NamedTuple

from ..history.calendar import (
    QUARTER_HOUR,
    day_end,
    day_start,
    quarter_start,
    time_of_day,
)
from ..history.market_prices import MarketPrices
from ..history.quarter_hour import Origin, QuarterHour
from ..prices.contract import Contracts
from ..prices.kwh_price import excess_price, price_of_kwh
from ..prices.price_file import OlderPrices

MIN_LOAD_KW = 0.05
MAX_LOAD_KW = 50.0
MIN_LOAD_HOURS = 0.25
MAX_LOAD_HOURS = 24.0
LOAD_LOOKED_BACK = timedelta(days=42)
"""Time of the quarter-hours that are needed. Leneda's data ends a day or more before now."""
MIN_SAVING = 0.05
"""Smallest saving in EUR that is worth a change."""

_MAX_DAYS = 28
MIN_WHOLE_DAYS = 7
_SAME_EUR = 0.01
_NO_DIFFERENCE_EUR = 0.005
_ROUNDING = 1e-9


class ConstantLoad(NamedTuple):
    """Load with a constant power in kW for a number of hours."""

    kw: float
    hours: float
    by: datetime | None = None
    """Time at which the load must have ended, None if any time will do."""

    @property
    def full_quarters(self) -> int:
        """Return the number of quarter-hours for which the load runs from beginning to end."""
        return int(self.hours * 4 + _ROUNDING)

    @property
    def last_kwh(self) -> float:
        """Return the energy in the last quarter-hour, 0 if the load ends with a full one."""
        return max(0.0, round(self.hours - self.full_quarters / 4, 9)) * self.kw


class StartReason(StrEnum):
    """Reason for the best start: the largest part of its saving, or the end that was asked for."""

    SUN = "sun"
    PRICE = "price"
    REFERENCE_POWER = "reference_power"
    DEADLINE = "deadline"
    """No later start ends in time."""


class StartLack(StrEnum):
    """Data without which no cost of a start is known."""

    DAYS = "too_few_days"
    PRICE = "no_price"


class BestStart(NamedTuple):
    """Earliest start whose cost is within a cent of the lowest cost."""

    start: datetime
    end: datetime
    cost: float | None
    """None without a known price or enough days. Then the start is now: a later one is too late."""
    saving: float
    """Cost of a start now, minus `cost`, in EUR."""
    own_kwh: float | None
    """Part of the load's energy that the house would otherwise have exported."""
    reason: StartReason
    is_late: bool = False
    """Whether the load ends after the time that was asked for, even if it starts now."""


class StartCosts(NamedTuple):
    """Costs in EUR of a load by its start, one for each quarter-hour from now on."""

    start: datetime
    costs: Sequence[float]
    best: BestStart
    prices_of: OlderPrices | None
    """Older published prices that the costs use, None if they use none."""

    @property
    def can_differ(self) -> bool:
        """Return whether the start makes any difference."""
        return max(self.costs) - min(self.costs) >= _NO_DIFFERENCE_EUR


class _Parts(NamedTuple):
    """Mean parts of a load in a quarter-hour: amounts in EUR, and own energy in kWh."""

    drawn: float
    sold: float
    surcharge: float
    own_kwh: float
    own_worth: float
    """Saving in EUR because energy was own and not drawn."""

    @property
    def cost(self) -> float:
        return self.drawn + self.sold + self.surcharge


def start_costs(
    load: ConstantLoad,
    now: datetime,
    contracts: Contracts,
    market: Callable[[datetime], MarketPrices],
    past: Iterable[QuarterHour],
) -> StartCosts | StartLack:
    """Return what `load` costs if it starts now, or in a later quarter-hour until tomorrow's end.

    `past` are the measured quarter-hours of `LOAD_LOOKED_BACK`, without the load itself. The starts
    end early where the price is not known yet, or where the load would not end in time. Return a
    `StartLack` if fewer than seven whole days are known, or if the load has no known price now.
    """
    days = _whole_days(past, now)
    if len(days) < MIN_WHOLE_DAYS:
        return StartLack.DAYS
    first = quarter_start(now)
    parts, ends = _coming(
        load, first, day_end(day_end(now)), lambda at: _price(at, contracts, market(at)), days
    )
    full = load.full_quarters
    count = len(parts) - full + (not load.last_kwh)
    if count < 1:
        return StartLack.PRICE
    if load.by is not None:
        in_time = (load.by - timedelta(hours=load.hours) - first) // QUARTER_HOUR + 1
        count = max(1, min(count, in_time))
    sums = [_sum([*parts[n : n + full], *ends[n + full : n + full + 1]]) for n in range(count)]
    costs = [total.cost for total in sums]
    limit = min(costs) + _SAME_EUR + _ROUNDING
    best = next(n for n, cost in enumerate(costs) if cost <= limit)
    begin = first + best * QUARTER_HOUR
    return StartCosts(
        first,
        costs,
        BestStart(
            begin,
            begin + timedelta(hours=load.hours),
            costs[best],
            costs[0] - costs[best],
            sums[best].own_kwh,
            _reason(sums[0], sums[best]),
        ),
        OlderPrices.joined(
            price_of_kwh(contracts, time, market(time)).prices_of
            for time in (first, first + (len(parts) - 1) * QUARTER_HOUR)
        ),
    )


def _coming(
    load: ConstantLoad,
    start: datetime,
    end: datetime,
    price_at: Callable[[datetime], _Price | None],
    days: Sequence[_Day],
) -> tuple[list[_Parts], list[_Parts]]:
    """Return the parts of a full and of the last quarter-hour of `load`, at each time until `end`.

    They end early at the first quarter-hour with an unknown price.
    """
    full: list[_Parts] = []
    last: list[_Parts] = []
    while start < end and (price := price_at(start)):
        full.append(_parts(load.kw / 4, start, price, days))
        last.append(_parts(load.last_kwh, start, price, days))
        start += QUARTER_HOUR
    return full, last


def best_start(
    load: ConstantLoad, now: datetime, costs: StartCosts | StartLack
) -> BestStart | StartLack:
    """Return the best start of a load that must end in time.

    If no later start ends in time, it is now: also without a known price, and also too late.
    """
    first, duration = quarter_start(now), timedelta(hours=load.hours)
    if load.by is None or first + QUARTER_HOUR + duration <= load.by:
        return costs if isinstance(costs, StartLack) else costs.best
    cost, own_kwh = (
        (None, None) if isinstance(costs, StartLack) else (costs.best.cost, costs.best.own_kwh)
    )
    is_late = now + duration > load.by
    return BestStart(first, first + duration, cost, 0.0, own_kwh, StartReason.DEADLINE, is_late)


type _Day = dict[tuple[int, int], tuple[float, float]]
"""Imported and exported kWh by hour and minute of Luxembourg's clock."""


def _whole_days(past: Iterable[QuarterHour], now: datetime) -> list[_Day]:
    """Return the last whole days before today."""
    today = day_start(now)
    days = []
    measured = (
        quarter
        for quarter in past
        if quarter.start < today and quarter.origin is not Origin.LENEDA_ESTIMATED
    )
    for start, quarters in groupby(measured, lambda quarter: day_start(quarter.start)):
        energies = list(quarters)
        if len(energies) == (day_end(start) - start) // QUARTER_HOUR:
            days.append(
                {
                    time_of_day(quarter.start): (quarter.imported_kwh, quarter.exported_kwh or 0.0)
                    for quarter in energies
                }
            )
    return days[-_MAX_DAYS:]


class _Price(NamedTuple):
    """Prices of a coming quarter-hour in EUR per kWh."""

    imported: float
    feed_in: float
    limit_kwh: float | None
    """Energy above which a kWh costs the surcharge, too."""
    excess: float


def _price(start: datetime, contracts: Contracts, market: MarketPrices) -> _Price | None:
    """Return the prices of a coming quarter-hour. Return None if one of them is unknown."""
    price, contract = price_of_kwh(contracts, start, market), contracts.at(start)
    if price.imported is None or (contract.has_feed_in_price and price.exported is None):
        return None
    limit = None if contract.reference_kw is None else contract.reference_kw / 4
    return _Price(
        price.imported, price.exported or 0.0, limit, excess_price(contract, start) or 0.0
    )


def _parts(kwh: float, start: datetime, price: _Price, days: Sequence[_Day]) -> _Parts:
    """Return the mean parts of `kwh` in a coming quarter-hour."""
    limit, own_kwh, above_kwh = price.limit_kwh, [], []
    for day in days:
        # When the clocks change, a time of day may be missing on a past day.
        imported, exported = day.get(time_of_day(start), (0.0, 0.0))
        own = min(kwh, exported)
        own_kwh.append(own)
        more = imported + kwh - own
        above_kwh.append(
            0.0 if limit is None else max(0.0, more - limit) - max(0.0, imported - limit)
        )
    own = fmean(own_kwh)
    return _Parts(
        (kwh - own) * price.imported,
        own * price.feed_in,
        fmean(above_kwh) * price.excess,
        own,
        own * (price.imported - price.feed_in),
    )


def _sum(parts: Sequence[_Parts]) -> _Parts:
    return _Parts(*(sum(values) for values in zip(*parts, strict=True)))


def _reason(now: _Parts, best: _Parts) -> StartReason:
    """Return the largest part of the difference between a start now and the best start."""
    surcharge = now.surcharge - best.surcharge
    sun = best.own_worth - now.own_worth
    amounts = {
        StartReason.SUN: sun,
        StartReason.REFERENCE_POWER: surcharge,
        StartReason.PRICE: now.cost - best.cost - sun - surcharge,
    }
    return max(amounts, key=lambda reason: amounts[reason])
