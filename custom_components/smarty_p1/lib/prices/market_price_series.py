"""Market prices of one source by quarter-hour, and their lines in month files.

A source is a price entity, or the market of a price zone. Each source has its own files, one for
each month of Luxembourg's calendar. A line has these cells:

- the start of the quarter-hour, in UTC;
- the price of a kWh in EUR, without the contract's margin;
- `hourly` if the price is the mean of the hour, otherwise empty;
- a checksum of the other cells.

A price is replaced only by a more exact price, so a measured price is never overwritten.
"""

from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from math import isnan, nan
from typing import NamedTuple

from ..data_retention import MAX_MONTHS
from ..history.luxembourg_time import (
    QUARTER_HOUR,
    QUARTER_HOURS_A_DAY,
    day_end,
    days_between,
    month_end,
    month_start,
    quarter_start,
)
from ..history.market_prices import MarketPrices
from ..history.month_file_lines import Files, as_decimal, checksum, utc_text
from ..stored_values import utc_time

HEADER = "start,price,origin,check,version=1\n"
MAX_PRICE = 100.0
"""Highest price in EUR per kWh that is accepted."""
_HOURLY = "hourly"
_DECIMALS = 9
_CELLS = 4


class PriceOrigin(IntEnum):
    """Origin of a price. A price is replaced only by a price of a higher origin."""

    HOURLY = 1
    """Mean of the hour."""
    MEASURED = 2


class QuarterPrice(NamedTuple):
    """Market price of a kWh in a quarter-hour."""

    start: datetime
    """In UTC."""
    price: float
    """In EUR."""
    origin: PriceOrigin = PriceOrigin.MEASURED

    @property
    def line(self) -> str:
        """Return the line of a month file, including the line break."""
        mark = _HOURLY if self.origin is PriceOrigin.HOURLY else ""
        text = f"{utc_text(self.start)},{as_decimal(self.price, _DECIMALS)},{mark}"
        return f"{text},{checksum(text)}\n"

    @classmethod
    def of_line(cls, line: str) -> QuarterPrice:
        """Return the price of a line without its line break. Raises ValueError if malformed.

        A line without a checksum is accepted, so that users can mend lines by hand.
        """
        cells = line.rstrip("\r").split(",")
        if not _CELLS - 1 <= len(cells) <= _CELLS or cells[2] not in {"", _HOURLY}:
            raise ValueError
        if len(cells) == _CELLS and cells[3] != checksum(",".join(cells[:3])):
            raise ValueError
        start, price = utc_time(cells[0]), float(cells[1])
        if start != quarter_start(start) or not is_price(price):
            raise ValueError
        return cls(start, price, PriceOrigin.HOURLY if cells[2] else PriceOrigin.MEASURED)


def is_price(price: float) -> bool:
    """Return whether `price` is a number from -MAX_PRICE to MAX_PRICE."""
    return -MAX_PRICE <= price <= MAX_PRICE


class PriceMonth:
    """Prices of one month as a column. The place of a quarter-hour is its index in the column."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.first = start.astimezone(UTC)
        self.size = (month_end(start).astimezone(UTC) - self.first) // QUARTER_HOUR
        self.prices = array("d", [nan]) * self.size
        """Prices in EUR per kWh by place, NaN where unknown."""
        self.origins = bytearray(self.size)
        """Origin of each price by place, 0 where unknown."""

    def put(self, price: QuarterPrice) -> bool:
        """Put a price at its place. Return False if a price that is as exact is there."""
        place = (price.start - self.first) // QUARTER_HOUR
        if self.origins[place] >= price.origin:
            return False
        self.prices[place], self.origins[place] = price.price, price.origin
        return True

    def at(self, start: datetime) -> float | None:
        """Return the price of the quarter-hour that begins at `start`, None if it is unknown."""
        price = self.prices[(start - self.first) // QUARTER_HOUR]
        return None if isnan(price) else price

    @property
    def lines(self) -> str:
        """Return the lines of all known prices, without the header."""
        known = [place for place, origin in enumerate(self.origins) if origin]
        prices = (
            QuarterPrice(
                self.first + place * QUARTER_HOUR,
                self.prices[place],
                PriceOrigin(self.origins[place]),
            )
            for place in known
        )
        return "".join(price.line for price in prices)

    def lacks(self, start: datetime, end: datetime) -> bool:
        """Return whether a price from `start` to before `end` is unknown."""
        first, last = ((time - self.first) // QUARTER_HOUR for time in (start, end))
        return 0 in self.origins[max(0, first) : max(0, last)]

    @property
    def count(self) -> int:
        """Return the number of known prices."""
        return self.size - self.origins.count(0)


class PriceSeries:
    """Prices of one source by quarter-hour, for at most `MAX_MONTHS` months.

    `version` changes with each new price, but not with `running`.
    """

    def __init__(self) -> None:
        self.months: dict[datetime, PriceMonth] = {}
        self.version = 0
        self.running: QuarterPrice | None = None
        """Mean so far of a quarter-hour that has not ended. It is not written to files."""

    @classmethod
    def of_files(cls, files: Files) -> PriceSeries:
        """Return the prices in the month files, keyed by names such as "2026-06".

        A damaged line is left out, so the price of its quarter-hour can be read again elsewhere.
        """
        series = cls()
        for name in sorted(files):
            for price in _prices_of(name, files[name]):
                series.put(price)
        return series

    def put(self, price: QuarterPrice) -> bool:
        """Add a price. Return False if the quarter-hour has a price that is as exact."""
        start = month_start(price.start)
        month = self.months.get(start) or PriceMonth(start)
        if not month.put(price):
            return False
        self.months[start] = month
        self.version += 1
        if len(self.months) > MAX_MONTHS:
            # A wrong clock makes months with few prices.
            others = (other for other in self.months.values() if other is not month)
            scrap = min(others, key=lambda other: (other.count >= QUARTER_HOURS_A_DAY, other.start))
            del self.months[scrap.start]
        return True

    def at(self, start: datetime) -> float | None:
        """Return the price of the quarter-hour that begins at `start`, None if it is unknown."""
        month = self.months.get(month_start(start))
        known, running = month.at(start) if month else None, self.running
        is_running = known is None and running is not None and running.start == start
        return running.price if running and is_running else known

    def known_share(self, start: datetime, end: datetime) -> float:
        """Return the share (0 to 1) of known prices of the months from `start` to `end`."""
        known = sum(month.count for begin, month in self.months.items() if start <= begin < end)
        return known / ((end.astimezone(UTC) - start.astimezone(UTC)) // QUARTER_HOUR)

    def lacking_days(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the starts of the days from `start` to `end` that lack a price.

        Only quarter-hours from `start` to before `end` count.
        """
        days = []
        for day in days_between(start, end):
            month = self.months.get(month_start(day))
            if month is None or month.lacks(max(start, day), min(end, day_end(day))):
                days.append(max(start, day))
        return days


def _prices_of(name: str, data: bytes) -> Iterator[QuarterPrice]:
    """Yield the prices in the content of a month file. An incomplete last line is left out."""
    try:
        month = month_start(utc_time(f"{name}-01T12:00Z"))
    except ValueError:
        return
    for line in data.split(b"\n")[:-1]:
        try:
            price = QuarterPrice.of_line(line.decode("ascii"))
        except TypeError, ValueError:  # TypeError for a time without zone, ValueError otherwise
            continue
        if month_start(price.start) == month:
            yield price


class PriceSources(NamedTuple):
    """Prices of a contract's sources. A series is None if the contract has no such source."""

    since: datetime
    """Time from which the contract holds."""
    energy: PriceSeries | None = None
    feed_in: PriceSeries | None = None

    def prices_at(self, start: datetime) -> MarketPrices:
        """Return the prices of the quarter-hour that begins at `start`."""
        return MarketPrices(
            self.energy.at(start) if self.energy else None,
            self.feed_in.at(start) if self.feed_in else None,
        )


def sources_at(sources: Sequence[PriceSources], time: datetime) -> PriceSources:
    """Return the sources of the contract that holds at `time`. The first one also holds before."""
    begun = [contract for contract in sources if contract.since <= time]
    return [*sources[:1], *begun][-1] if sources else PriceSources(time)
