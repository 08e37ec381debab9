"""Market prices of one source by quarter-hour, and their lines in month files.

A source is a price entity, or the market of a price zone. Each source has its own files, one for
each month of Luxembourg's calendar. A line has these cells:

- the start of the quarter-hour, in UTC;
- the price of a kWh in EUR, without the contract's margin;
- `hourly` if the price is the mean of the hour, `listed` if it is from a list, otherwise empty;
- a checksum of the other cells.

A price is replaced by a more exact one. A later list replaces an earlier one, because it corrects
it. Lines are appended, so the last line of a quarter-hour has its price.
"""

from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from math import isnan, nan
from typing import NamedTuple

from ..data_retention import MAX_MONTHS
from ..history.changes import ChangeLog
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
MIN_MARKET_PRICE, MAX_MARKET_PRICE = -1.0, 6.0
"""Lowest and highest market price in EUR per kWh that is believed.

The limits of Europe's day-ahead auction were -0.5 and 4 EUR in 2022 and 2023. They move."""
_DECIMALS = 9
_CELLS = 4


class PriceOrigin(IntEnum):
    """Origin of a price. A price is replaced only by a price of a higher origin."""

    HOURLY = 1
    """Mean of the hour."""
    MEASURED = 2
    """State of the source that stood longest in the quarter-hour."""
    LISTED = 3
    """From a list of the source, or published. A later list replaces it."""


_MARKS = {PriceOrigin.HOURLY: "hourly", PriceOrigin.MEASURED: "", PriceOrigin.LISTED: "listed"}
_ORIGINS = {mark: origin for origin, mark in _MARKS.items()}


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
        price, mark = as_decimal(self.price, _DECIMALS), _MARKS[self.origin]
        text = f"{utc_text(self.start)},{price},{mark}"
        return f"{text},{checksum(text)}\n"

    @classmethod
    def of_line(cls, line: str) -> QuarterPrice:
        """Return the price of a line without its line break. Raises ValueError if malformed.

        A line without a checksum is accepted, so that users can mend lines by hand.
        """
        cells = line.rstrip("\r").split(",")
        if not _CELLS - 1 <= len(cells) <= _CELLS or cells[2] not in _ORIGINS:
            raise ValueError
        if len(cells) == _CELLS and cells[3] != checksum(",".join(cells[:3])):
            raise ValueError
        start, price = utc_time(cells[0]), float(cells[1])
        if start != quarter_start(start) or not is_price(price):
            raise ValueError
        return cls(start, price, _ORIGINS[cells[2]])


def is_price(price: float) -> bool:
    """Return whether `price` can be a market price."""
    return MIN_MARKET_PRICE <= price <= MAX_MARKET_PRICE


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

    def add_price(self, price: QuarterPrice) -> bool:
        """Put a price at its place. Return False if the price there stays."""
        place = (price.start - self.first) // QUARTER_HOUR
        known, new = (self.origins[place], self.prices[place]), (price.origin, price.price)
        is_corrected = known[0] == price.origin == PriceOrigin.LISTED and known != new
        if known[0] >= price.origin and not is_corrected:
            return False
        self.replace_price(price)
        return True

    def replace_price(self, price: QuarterPrice) -> None:
        """Put a price at its place, whatever is there."""
        place = (price.start - self.first) // QUARTER_HOUR
        self.prices[place], self.origins[place] = price.price, price.origin

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
    """Prices of one source by quarter-hour, for at most `MAX_MONTHS` months."""

    def __init__(self) -> None:
        self.months: dict[datetime, PriceMonth] = {}
        self.changes = ChangeLog()
        """Each new price, but not `running`."""
        self.running: QuarterPrice | None = None
        """Price so far of a quarter-hour that has not ended. It is not written to files."""
        self.damaged: set[str] = set()
        """Names of the month files that had damaged lines, such as "2026-06"."""

    @classmethod
    def of_files(cls, files: Files) -> PriceSeries:
        """Return the prices in the month files, keyed by names such as "2026-06".

        A damaged line is left out, so the price of its quarter-hour can be read again elsewhere.
        `damaged` has the names of files with such lines.
        """
        series = cls()
        for name in sorted(files):
            for price in series._prices_of(name, files[name]):
                series.replace_price(price)
        return series

    def _prices_of(self, name: str, data: bytes) -> Iterator[QuarterPrice]:
        """Yield the prices in the content of a month file. An incomplete last line is left out."""
        try:
            month = month_start(utc_time(f"{name}-01T12:00Z"))
        except ValueError:
            return
        header, *lines = data.split(b"\n")
        if header != HEADER.rstrip().encode() or lines[-1:] != [b""]:
            self.damaged.add(name)
        for line in lines[:-1]:
            try:
                price = QuarterPrice.of_line(line.decode("ascii"))
            except TypeError, ValueError:  # TypeError for a time without zone, ValueError otherwise
                self.damaged.add(name)
                continue
            if month_start(price.start) == month:
                yield price

    def add_price(self, price: QuarterPrice) -> bool:
        """Add a price. Return False if the price of the quarter-hour stays."""
        is_new = self._month_of(price).add_price(price)
        if is_new:
            self.changes.note_change(price.start)
        return is_new

    def replace_price(self, price: QuarterPrice) -> None:
        """Add a price in place of the one that the quarter-hour may have."""
        self._month_of(price).replace_price(price)
        self.changes.note_change(price.start)

    def _month_of(self, price: QuarterPrice) -> PriceMonth:
        start = month_start(price.start)
        if start in self.months:
            return self.months[start]
        if len(self.months) >= MAX_MONTHS:
            # A wrong clock makes months with few prices.
            months = self.months.values()
            scrap = min(months, key=lambda month: (month.count >= QUARTER_HOURS_A_DAY, month.start))
            del self.months[scrap.start]
            self.changes.note_change(scrap.start)
        return self.months.setdefault(start, PriceMonth(start))

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


def series_of(sources: Sequence[PriceSources]) -> list[PriceSeries]:
    """Return all series of some sources."""
    return [series for source in sources for series in (source.energy, source.feed_in) if series]


def sources_at(sources: Sequence[PriceSources], time: datetime) -> PriceSources:
    """Return the sources of the contract that holds at `time`. The first one also holds before."""
    begun = [contract for contract in sources if contract.since <= time]
    return [*sources[:1], *begun][-1] if sources else PriceSources(time)
