"""Prices of the coming quarter-hours, and the reference power minus the usual import."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from ..history.luxembourg_time import QUARTER_HOUR, quarter_start, time_of_day
from ..history.market_prices import MarketPrices
from ..plan.coming_quarters import Market
from ..plan.usual_house import UsualQuarter
from ..prices.contract import Contract, Contracts
from ..prices.kwh_price import KwhPrice, price_of_kwh

_AHEAD = timedelta(hours=48)
_DECIMALS = 3

type Usual = Mapping[tuple[int, int], UsualQuarter]
"""Usual power by hour and minute of Luxembourg's clock."""


class Unknown(StrEnum):
    """Reason why a value of a coming quarter-hour is unknown."""

    NOT_AGREED = "not_agreed"
    """The contract lacks the energy price, the feed-in price or the reference power."""
    MARKET = "market_unknown"
    """The price follows the market, and the market's price is not known yet."""
    PRICE = "price_unknown"
    """A needed price, such as the grid's, is neither published nor entered."""
    TOO_FEW_DAYS = "too_few_days"
    """The import at this time of day was measured on fewer than seven days."""


class ComingQuarterHour(NamedTuple):
    """The current or a later quarter-hour: prices, and power left below the reference power."""

    start: datetime
    """In UTC."""
    price: KwhPrice
    left_kw: float | None
    """Reference power minus the usual import; below 0 where the import is usually higher."""
    unknown: Mapping[str, Unknown]
    """Reason for each unknown value, by "price_import", "price_export" or "left_kw"."""

    @property
    def end(self) -> datetime:
        """Return the end of the quarter-hour, in UTC."""
        return self.start + QUARTER_HOUR


def quarter_hours_ahead(
    now: datetime, contracts: Contracts, market: Market, usual: Usual
) -> Iterator[ComingQuarterHour]:
    """Yield the current quarter-hour and all that follow within 48 hours.

    `now` is in UTC. `market` returns the market's prices. `usual` has the usual imported power.
    """
    start = quarter_start(now)
    for n in range(_AHEAD // QUARTER_HOUR):
        yield _ahead(start + n * QUARTER_HOUR, contracts, market, usual)


def _ahead(
    start: datetime, contracts: Contracts, market: Market, usual: Usual
) -> ComingQuarterHour:
    contract, prices = contracts.at(start), market(start)
    price = price_of_kwh(contracts, start, prices)
    usual_power = usual.get(time_of_day(start))
    left_kw = None
    if contract.reference_kw is not None and usual_power is not None:
        left_kw = round(contract.reference_kw - usual_power.imported_kw, _DECIMALS)
    unknown = {
        name: reason
        for name, value, reason in (
            ("price_import", price.imported, _why_unpriced(contract, prices)),
            (
                "price_export",
                price.exported,
                Unknown.MARKET if contract.has_feed_in_price else Unknown.NOT_AGREED,
            ),
            (
                "left_kw",
                left_kw,
                Unknown.NOT_AGREED if contract.reference_kw is None else Unknown.TOO_FEW_DAYS,
            ),
        )
        if value is None
    }
    return ComingQuarterHour(start, price, left_kw, unknown)


def _why_unpriced(contract: Contract, prices: MarketPrices) -> Unknown:
    """Return why an imported kWh has no price."""
    if not contract.has_energy_price:
        return Unknown.NOT_AGREED
    is_of_market = contract.energy_margin is not None
    return Unknown.MARKET if is_of_market and prices.energy is None else Unknown.PRICE
