"""Published market prices of a price zone, from the JSON of Energy-Charts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

from ..history.luxembourg_time import HOUR, QUARTER_HOUR
from .market_price_series import QuarterPrice, is_price

ZONE = "DE-LU"
"""Price zone of Luxembourg."""
CREDITS: Mapping[str, str] = {
    ZONE: "Bundesnetzagentur | SMARD.de, CC BY 4.0, Energy-Charts.info",
}
"""Publisher, licence and source of the prices of each zone."""
_UNIT = "EUR/MWh"
_KWH_A_MWH = 1000
# A month has at most 31 days and one hour more in October.
_MAX_ROWS = 31 * 96 + 4


class ZonePriceError(ValueError):
    """Error for a response that is not a list of prices."""


def zone_prices(data: object, start: datetime, end: datetime) -> Sequence[QuarterPrice]:
    """Return the prices from `start` to `end` in the decoded JSON, in the order of time.

    Until September 2025, a row is an hour, and then a quarter-hour. A missing price is null. Raises
    ZonePriceError.
    """
    times, prices = _columns(data)
    starts = [*map(_time, times)]
    rows = zip(starts, prices, _lengths(starts), strict=True)
    return [
        price
        for begin, value, length in rows
        for price in _quarters(begin, value, length)
        if start <= price.start < end
    ]


def _columns(data: object) -> tuple[list[object], list[object]]:
    """Return the times and the prices. Raises ZonePriceError."""
    if not isinstance(data, Mapping):
        raise ZonePriceError
    unit, times, prices = (data.get(name) for name in ("unit", "unix_seconds", "price"))
    if not isinstance(unit, str) or unit.replace(" ", "") != _UNIT:
        raise ZonePriceError
    if not isinstance(times, list) or not isinstance(prices, list):
        raise ZonePriceError
    if len(times) != len(prices) or len(times) > _MAX_ROWS:
        raise ZonePriceError
    return times, prices


def _time(seconds: object) -> datetime:
    """Return the start of a row, in UTC."""
    try:
        time = datetime.fromtimestamp(_number(seconds), UTC)
    except OverflowError, OSError, ValueError:
        raise ZonePriceError from None
    if time.minute % 15 or time.second or time.microsecond:
        raise ZonePriceError
    return time


def _lengths(starts: Sequence[datetime]) -> Iterator[timedelta]:
    """Yield the length of each row. Behind a gap, and at the end, it is like the row before."""
    length = HOUR
    for begin, end in pairwise(starts):
        if end <= begin:
            raise ZonePriceError
        if end - begin in {QUARTER_HOUR, HOUR}:
            length = end - begin
        yield length
    yield from [length] * bool(starts)


def _quarters(begin: datetime, value: object, length: timedelta) -> Iterator[QuarterPrice]:
    """Yield the prices of the quarter-hours of a row. A row without a price has none."""
    if value is None:
        return
    price = _number(value) / _KWH_A_MWH
    if not is_price(price):
        raise ZonePriceError
    for n in range(length // QUARTER_HOUR):
        yield QuarterPrice(begin + n * QUARTER_HOUR, price)


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ZonePriceError
    return float(cast("float", value))
