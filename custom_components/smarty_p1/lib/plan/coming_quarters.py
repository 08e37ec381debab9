"""Prices and usual energies of the coming quarter-hours: the input of a plan."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import inf
from typing import NamedTuple

from ..history.luxembourg_time import (
    DAY,
    LUXEMBOURG,
    QUARTER_HOUR,
    QUARTER_HOURS_A_DAY,
    time_of_day,
)
from ..history.market_prices import MarketPrices
from ..prices.agreed_prices import AgreedPrices
from ..prices.contract import Contract, Contracts
from ..prices.kwh_price import price_of_kwh
from ..prices.published_prices import OlderPrices
from .house_plan import MAX_QUARTERS
from .next_kwh_price import Quarter
from .usual_house import UsualQuarter

LOOKED_BACK = timedelta(days=42)
"""How far back a plan reads measured quarter-hours.

Four weeks of days count, and some are missing: Leneda's data ends a day or more before now.
"""
# A plan is at most four days long.
_MAX_DAYS_BEFORE = 4
# Without a known price, only its differences to the feed-in price and the surcharge count.
_ANY_PRICE = 0.2
_NOTHING = UsualQuarter(0.0, 0.0)

type Market = Callable[[datetime], MarketPrices]
"""Function that returns the market's prices for the start of a quarter-hour, None where unknown."""


class PlanLack(StrEnum):
    """Data without which nothing can be planned."""

    DAYS = "too_few_days"
    PRICE = "no_price"


class ComingQuarter(NamedTuple):
    """Prices and usual energies of the current or of a later quarter-hour."""

    start: datetime
    """In UTC."""
    quarter: Quarter
    prices_of: OlderPrices | None
    """Older published prices that the price uses, None if it uses none."""
    usual: UsualQuarter


def coming_quarters(  # noqa: PLR0913
    start: datetime,
    end: datetime,
    contracts: Contracts,
    market: Market,
    usual: Mapping[tuple[int, int], UsualQuarter],
    *,
    priced_until: datetime,
) -> tuple[list[ComingQuarter], frozenset[PlanLack]]:
    """Return the quarter-hours of a period that begins now, and the data that they go without.

    They end before the first unknown price. If it is before `priced_until`, all kWh from the grid
    cost the same below the reference power. Without enough days, the house needs nothing.
    """
    lacks = {PlanLack.DAYS} if len(usual) < QUARTER_HOURS_A_DAY else set()
    times = [start + n * QUARTER_HOUR for n in range((end - start) // QUARTER_HOUR)][:MAX_QUARTERS]
    priced: list[tuple[Quarter, OlderPrices | None]] = []
    for at in times:
        if (prices := _priced(at, contracts, market(at))) is None:
            break
        priced.append(prices)
    if len(priced) < len(times) and times[len(priced)] < priced_until:
        lacks.add(PlanLack.PRICE)
        priced = [_unpriced(at, contracts) for at in times]
    quarters = [
        ComingQuarter(at, *prices, usual.get(time_of_day(at), _NOTHING))
        for at, prices in zip(times, priced, strict=False)
    ]
    return quarters, frozenset(lacks)


def input_of_plan(coming: Sequence[ComingQuarter]) -> tuple[list[Quarter], list[float]]:
    """Return the prices and the usual net imports in kWh, as a plan needs them."""
    return [at.quarter for at in coming], [at.usual.net_kwh for at in coming]


def with_day_before(market: Market) -> Market:
    """Return a function whose prices are those of the day before, where the market has none yet.

    They are those of the same time of day, because prices follow the habits of people.
    """

    def prices(start: datetime) -> MarketPrices:
        found, local = market(start), start.astimezone(LUXEMBOURG)
        for days in range(1, _MAX_DAYS_BEFORE + 1):
            before = market((local - days * DAY).astimezone(UTC))
            found = MarketPrices(
                before.energy if found.energy is None else found.energy,
                before.feed_in if found.feed_in is None else found.feed_in,
            )
        return found

    return prices


def _priced(
    start: datetime, contracts: Contracts, market: MarketPrices
) -> tuple[Quarter, OlderPrices | None] | None:
    """Return the prices of a coming quarter-hour. Return None if one of them is unknown."""
    price, contract = price_of_kwh(contracts, start, market), contracts.at(start)
    if price.imported is None or (contract.has_feed_in_price and price.exported is None):
        return None
    quarter = Quarter(
        price.imported,
        price.exported or 0.0,
        _limit(contract),
        AgreedPrices.of_contracts(contracts, start).excess or 0.0,
    )
    return quarter, price.prices_of


def _unpriced(start: datetime, contracts: Contracts) -> tuple[Quarter, OlderPrices | None]:
    """Return the prices of a quarter-hour in which only sun and reference power count."""
    surcharge = AgreedPrices.of_contracts(contracts, start).excess or _ANY_PRICE
    return Quarter(_ANY_PRICE, 0.0, _limit(contracts.at(start)), surcharge), None


def _limit(contract: Contract) -> float:
    return inf if contract.reference_kw is None else contract.reference_kw / 4
