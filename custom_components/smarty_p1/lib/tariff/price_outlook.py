"""Price and usually free power of the coming quarter-hours."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean
from typing import NamedTuple

from .calendar import LUXEMBOURG, QUARTER_HOUR, quarter_start
from .contract import Contract, Contracts, MarketPrices
from .kwh_price import KwhPrice, price_of_kwh
from .month import Origin, QuarterHour

LOOKED_BACK = timedelta(weeks=4)
MIN_DAYS = 7
"""Days on which a quarter-hour of the day must be known: a week, say."""

_AHEAD = timedelta(hours=48)
_DECIMALS = 3

type Usual = Mapping[tuple[int, int], float]
"""The mean imported power in kW by hour and minute of Luxembourg's clock."""
type Market = Callable[[datetime], MarketPrices]
"""Returns the known market's prices of the quarter-hour that begins at a time."""


class Unknown(StrEnum):
    """Reason of an unknown value of a quarter-hour."""

    NOT_AGREED = "not_agreed"
    """The contract has no price of energy, or no reference power."""
    MARKET = "market_unknown"
    """The price follows the market, whose price of that time is not known yet."""
    PRICE = "price_unknown"
    """Another price that is needed is neither published nor entered."""
    TOO_FEW_DAYS = "too_few_days"
    """That quarter-hour of the day was measured on too few days."""


class ComingQuarterHour(NamedTuple):
    """A quarter-hour to come."""

    start: datetime
    """In UTC."""
    price: KwhPrice
    left_kw: float | None
    """Reference power less the usual import: below 0, it is usually exceeded."""
    unknown: Mapping[str, Unknown]
    """Reasons by the names of the values that are None."""

    @property
    def end(self) -> datetime:
        """Return the end of the quarter-hour, in UTC."""
        return self.start + QUARTER_HOUR


def usual_import(quarters: Iterable[QuarterHour]) -> Usual:
    """Return the mean of each quarter-hour of the day that was measured on enough days.

    Weekdays and weekends are not distinguished: the eight weekend days of four weeks are too few to
    tell a habit from chance. Estimates of the platform do not count.
    """
    kws_by_time: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for quarter in quarters:
        if quarter.origin is not Origin.PLATFORM_ESTIMATED:
            kws_by_time[_time_of_day(quarter.start)].append(quarter.mean_kw)
    return {time: fmean(kws) for time, kws in kws_by_time.items() if len(kws) >= MIN_DAYS}


def quarter_hours_ahead(
    now: datetime, contracts: Contracts, market: Market, usual: Usual
) -> Iterator[ComingQuarterHour]:
    """Yield the quarter-hours of the next 48 hours, from the current one on; `now` is in UTC.

    Prices are as `price_of_kwh` says them.
    """
    start = quarter_start(now)
    for n in range(_AHEAD // QUARTER_HOUR):
        yield _ahead(start + n * QUARTER_HOUR, contracts, market, usual)


def _ahead(
    start: datetime, contracts: Contracts, market: Market, usual: Usual
) -> ComingQuarterHour:
    contract, prices = contracts.at(start), market(start)
    price = price_of_kwh(contracts, start, prices)
    usual_kw = usual.get(_time_of_day(start))
    left_kw = None
    if contract.reference_kw is not None and usual_kw is not None:
        left_kw = round(contract.reference_kw - usual_kw, _DECIMALS)
    unknown = {
        name: reason
        for name, value, reason in (
            ("price_import", price.imported, _unpriced(contract, prices)),
            ("price_export", price.exported, _unpaid(contract)),
            ("left_kw", left_kw, _no_usual(contract)),
        )
        if value is None
    }
    return ComingQuarterHour(start, price, left_kw, unknown)


def _unpriced(contract: Contract, prices: MarketPrices) -> Unknown:
    if not contract.has_energy_price:
        return Unknown.NOT_AGREED
    is_of_market = contract.energy_margin is not None
    return Unknown.MARKET if is_of_market and prices.energy is None else Unknown.PRICE


def _unpaid(contract: Contract) -> Unknown:
    return Unknown.MARKET if contract.has_feed_in_price else Unknown.NOT_AGREED


def _no_usual(contract: Contract) -> Unknown:
    return Unknown.NOT_AGREED if contract.reference_kw is None else Unknown.TOO_FEW_DAYS


def _time_of_day(time: datetime) -> tuple[int, int]:
    local = time.astimezone(LUXEMBOURG)
    return local.hour, local.minute
