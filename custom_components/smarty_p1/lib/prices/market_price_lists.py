"""Market prices of the coming hours, read from entities and actions of Home Assistant."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import MAXYEAR, UTC, datetime, time, timedelta
from itertools import islice, pairwise
from math import nan
from operator import itemgetter

from ..history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR, day_end, quarter_start
from .market_price_series import is_price

MAX_ROWS = 600
"""Maximum rows read from one list: six days of 96 quarter-hours, and a few more."""

_STARTS = ("start", "start_time", "startsAt", "from", "time")
_ENDS = ("end", "end_time", "endsAt", "till", "to")
_PRICES = ("value", "price", "price_per_kwh")
_MAX_LISTS = 8
_MAX_HOURS = timedelta(hours=24)
# Difference in EUR per kWh. Two prices that differ by at most this amount count as equal. Some
# sensors round their state, but not the lists in their attributes.
_ROUNDING = 0.002

_PUBLISHED_AT = time(12, 45)
"""Time of the clock in Luxembourg before which no price of tomorrow is known."""

type PricesAhead = dict[datetime, float]
"""Prices of a kWh by the start of the quarter-hour, in UTC."""


def end_of_published(now: datetime) -> datetime:
    """Return the end of the last day whose prices can be known at `now`."""
    end, is_published = day_end(now), now.astimezone(LUXEMBOURG).time() >= _PUBLISHED_AT
    return day_end(end) if is_published else end


def published(prices: PricesAhead, now: datetime) -> PricesAhead:
    """Return the prices that can be known at `now`."""
    end = end_of_published(now)
    return {start: price for start, price in prices.items() if start < end}


def prices_by_quarter(rows: Sequence[object], factor: float) -> PricesAhead:
    """Return the price of a kWh for each quarter-hour of `rows`, keyed by the quarter-hour's start.

    A row is a mapping such as `{"start": …, "end": …, "value": …}`. `factor` converts its value to
    EUR per kWh. A row without an end lasts until the next row starts, even if the next row has an
    unreadable price. The last row, if it has no end, lasts as long as the row before it. No row
    lasts longer than 24 hours.

    The result leaves out:

    - unreadable rows;
    - rows that do not begin at the start of a quarter-hour;
    - prices that no market has;
    - quarter-hours with two different prices.
    """
    read = sorted(_read(rows, factor), key=itemgetter(0))
    followings = dict(pairwise(dict.fromkeys(start for start, _, _ in read)))
    lasted = timedelta(0)
    prices: PricesAhead = {}
    twice: set[datetime] = set()
    for start, end, price in read:
        until = end or followings.get(start) or start + lasted
        if price is None or start != quarter_start(start):
            continue
        lasted = min(until - start, _MAX_HOURS)
        for n in range(lasted // QUARTER_HOUR):
            time = start + n * QUARTER_HOUR
            if prices.setdefault(time, price) != price:
                twice.add(time)
    for time in twice:
        del prices[time]
    return prices


def prices_of_attributes(
    attributes: Mapping[str, object],
    factor: float,
    quarter: datetime,
    state_price: float,
) -> PricesAhead:
    """Return the prices of the coming hours from the lists in an entity's attributes.

    `state_price` is the entity's state, the price of the quarter-hour that starts at `quarter`.
    Some lists have other taxes or another unit, or their hours are wrong. Such a list must not be
    used, and has another price at `quarter`. Lists with the same columns are judged together: they
    are used if the price at `quarter` in at least one of the lists equals `state_price`, and no
    list has another price at `quarter`. So a list for tomorrow, which has no price at `quarter`, is
    used together with the list for today. `factor` has the same meaning as in `prices_by_quarter`.
    """
    lists = list(_lists_of(attributes, factor))
    good: set[frozenset[str]] = set()
    bad: set[frozenset[str]] = set()
    for columns, ahead in lists:
        if (price := ahead.get(quarter)) is not None:
            (good if agrees(price, state_price) else bad).add(columns)
    prices: PricesAhead = {}
    for columns, ahead in lists:
        if columns in good - bad:
            prices |= ahead
    return prices


def _lists_of(
    attributes: Mapping[str, object], factor: float
) -> Iterator[tuple[frozenset[str], PricesAhead]]:
    """Yield the prices of each attribute that is a list of prices, with the names of its columns.

    The columns of a list are the keys of its first row.
    """
    lists = (value for value in attributes.values() if isinstance(value, list | tuple))
    for rows in islice(lists, _MAX_LISTS):
        if ahead := prices_by_quarter(rows, factor):
            first = next(row for row in rows if isinstance(row, Mapping))
            yield frozenset(map(str, first)), ahead


def agrees(price: float, other: float) -> bool:
    """Return whether two prices in EUR per kWh are equal apart from rounding."""
    return abs(price - other) <= _ROUNDING


def _read(
    rows: Sequence[object], factor: float
) -> Iterator[tuple[datetime, datetime | None, float | None]]:
    """Yield start, end and price of each row with a readable start.

    `factor` has the same meaning as in `prices_by_quarter`. An unreadable price, or a price that no
    market has, is None.
    """
    for row in islice(rows, MAX_ROWS):
        if not isinstance(row, Mapping):
            continue
        start, end = (_time(_first(row, names)) for names in (_STARTS, _ENDS))
        if start is None or start.year == MAXYEAR:
            continue
        if end is None or end > start:
            price = _price(_first(row, _PRICES)) * factor
            yield start, end, price if is_price(price) else None


def _price(value: object) -> float:
    """Return `value` as a float. Return NaN if it is not a number, or too large."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return nan
    try:
        return float(value)
    except OverflowError:
        return nan


def _first(row: Mapping[object, object], names: tuple[str, ...]) -> object:
    return next((row[name] for name in names if name in row), None)


def _time(value: object) -> datetime | None:
    """Return `value` as a time in UTC.

    Return None if it is not a time, or if it has no UTC offset.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None
