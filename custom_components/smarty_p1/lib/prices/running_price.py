"""Price of the running quarter-hour: the state of its source that stood longest in it.

    running = RunningPrice()
    prices = running.report(time, 0.085)  # every state of the source, and every quarter-hour
    prices = running.report(time, None)  # the source has no price now

A source may report its new price some seconds late. So a report within the first minute of a
quarter-hour counts from the quarter-hour's start. The time without a known price does not count.
A quarter-hour has one price, so a wrong state that stands for a minute changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple, Self

from ..history.luxembourg_time import QUARTER_HOUR, quarter_start
from ..json_types import JsonDict
from ..stored_json import Mark, Range, Size, dump, load
from ..stored_values import Stored
from .market_price_series import MAX_MARKET_PRICE, MIN_MARKET_PRICE, QuarterPrice

MAX_DELAY = timedelta(seconds=60)
"""Time after the start of a quarter-hour in which a report counts from the start."""
_DECIMALS = 9
_QUARTER_S = QUARTER_HOUR.total_seconds()
_MAX_STATES = 100


class _Stood(NamedTuple):
    """Price, and the seconds for which it has stood in the quarter-hour."""

    price: Annotated[float, Range(MIN_MARKET_PRICE, MAX_MARKET_PRICE)]
    seconds: Annotated[float, Range(0, _QUARTER_S)]


@dataclass
class RunningPrice:
    """Price of one source in the running quarter-hour. It does no I/O."""

    start: datetime | None = None
    """Start of the running quarter-hour. None before the first report."""
    stood: Annotated[tuple[_Stood, ...], Size(_MAX_STATES)] = ()
    """Prices in the order of their first report. Of more than `_MAX_STATES`, the shortest go."""
    price: Annotated[float | None, Mark.NOT_STORED] = None
    since: Annotated[datetime | None, Mark.NOT_STORED] = None
    """Time from which `price` is not counted yet."""

    def check_stored(self) -> None:
        """Raise ValueError if `start` is not the start of a quarter-hour."""
        if self.start is None or self.start != quarter_start(self.start):
            raise ValueError

    def report(self, time: datetime, price: float | None) -> list[QuarterPrice]:
        """Take the source's price at `time`. Return the price of each quarter-hour that has ended.

        If the clock was set back, or if no report came for more than a quarter-hour, the price in
        the meantime is unknown.
        """
        start = quarter_start(time)
        ended = [] if start == self.start else self._begin(start)
        if time - start <= MAX_DELAY:
            self.stood = ()
            time = start
        self._count_until(time)
        self.since, self.price = time, price
        return ended

    def running(self) -> QuarterPrice | None:
        """Return the price of the running quarter-hour, as far as it is known.

        It counts until the last report. A price that has just been reported is the price so far.
        """
        if self.start is None:
            return None
        longest = self._longest()
        price = self.price if longest is None else longest
        return None if price is None else QuarterPrice(self.start, price)

    def as_dict(self, time: datetime) -> JsonDict:
        """Return the state at `time` as JSON. Return {} before the first report."""
        if self.start is None:
            return {}
        if self.start <= time < self.start + QUARTER_HOUR:
            self._count_until(time)
        stored: JsonDict = dump(self)
        return stored

    @classmethod
    def from_dict(cls, data: Stored) -> Self:
        """Return the price restored from JSON. The price is unknown since the JSON was made.

        Raises ValueError for malformed data.
        """
        return load(cls, data) if data else cls()

    def _begin(self, start: datetime) -> list[QuarterPrice]:
        """Begin another quarter-hour. Return the price of the running one, if it has ended.

        The last reported price holds in the next quarter-hour only.
        """
        before, price = self.start, None
        if before == start - QUARTER_HOUR:
            self._count_until(start)
        else:
            self.price = None
        if before is not None and before < start:
            price = self._longest()
        self.start, self.stood = start, ()
        return [] if before is None or price is None else [QuarterPrice(before, price)]

    def _count_until(self, time: datetime) -> None:
        """Count the last reported price until `time`."""
        if self.price is not None and self.since is not None and time > self.since:
            price = round(self.price, _DECIMALS)
            stood = {before.price: before.seconds for before in self.stood}
            stood[price] = stood.get(price, 0.0) + (time - self.since).total_seconds()
            if len(stood) > _MAX_STATES:
                del stood[min(stood, key=lambda price: stood[price])]
            self.stood = tuple(_Stood(*of) for of in stood.items())
            self.since = time

    def _longest(self) -> float | None:
        if not self.stood:
            return None
        return max(self.stood, key=lambda stood: stood.seconds).price
