"""Published market prices of a price zone, from the JSON of Energy-Charts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ..history.luxembourg_time import HOUR, QUARTER_HOUR, quarter_start
from ..stored_values import Stored, checked_list, checked_mapping, checked_number, checked_text
from .market_price_series import PriceOrigin, QuarterPrice, is_price

ZONE = "DE-LU"
"""Price zone of Luxembourg."""
CREDITS: Mapping[str, str] = {
    ZONE: "Bundesnetzagentur | SMARD.de, CC BY 4.0, Energy-Charts.info",
}
"""Publisher, licence and source of the prices of each zone."""
_UNIT = "EUR/MWh"
_KWH_A_MWH = 1000
_MAX_NUMBER = 1e5
# A month has at most 31 days and one hour more in October.
_MAX_ROWS = 31 * 96 + 4
# Year 2096
_MAX_SECONDS = 4e9


def zone_prices(data: Stored, start: datetime, end: datetime) -> Sequence[QuarterPrice]:
    """Return the prices from `start` to `end` in the decoded JSON, in the order of time.

    Until September 2025, a row is an hour, and then a quarter-hour. A missing price is null. Raises
    ValueError for other JSON.
    """
    response = checked_mapping(data)
    names = "unix_seconds", "price"
    times, prices = (checked_list(response.get(name), _MAX_ROWS) for name in names)
    if checked_text(response.get("unit")).replace(" ", "") != _UNIT:
        raise ValueError
    starts = [*map(_time, times)]
    rows = zip(starts, prices, _lengths(starts), strict=True)
    return [
        price
        for begin, value, length in rows
        for price in _quarters(begin, value, length)
        if start <= price.start < end
    ]


def _time(seconds: Stored) -> datetime:
    """Return the start of a row, in UTC."""
    time = datetime.fromtimestamp(checked_number(seconds, 0, _MAX_SECONDS), UTC)
    if time != quarter_start(time):
        raise ValueError
    return time


def _lengths(starts: Sequence[datetime]) -> Iterator[timedelta]:
    """Yield the length of each row. Behind a gap, and at the end, it is like the row before."""
    length = HOUR
    for begin, end in pairwise(starts):
        if end <= begin:
            raise ValueError
        if end - begin in {QUARTER_HOUR, HOUR}:
            length = end - begin
        yield length
    yield from [length] * bool(starts)


def _quarters(begin: datetime, value: Stored, length: timedelta) -> Iterator[QuarterPrice]:
    """Yield the prices of the quarter-hours of a row. A row without a possible price has none."""
    if value is None:
        return
    price = checked_number(value, -_MAX_NUMBER, _MAX_NUMBER) / _KWH_A_MWH
    if not is_price(price):
        return
    for n in range(length // QUARTER_HOUR):
        yield QuarterPrice(begin + n * QUARTER_HOUR, price, PriceOrigin.LISTED)
