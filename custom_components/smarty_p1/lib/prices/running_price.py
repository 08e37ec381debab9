"""Price of the running quarter-hour, as the time-weighted mean of the states of its source.

    running = RunningPrice()
    prices = running.report(time, 0.085)  # every state of the source, and every quarter-hour
    prices = running.report(time, None)  # the source has no price now

A source may report its new price some seconds late. So a report within the first minute of a
quarter-hour counts from the quarter-hour's start. The time without a known price does not count.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from ..history.luxembourg_time import QUARTER_HOUR, quarter_start
from ..stored_json import Mark, Range, dump, load
from ..stored_values import Stored
from .market_price_series import MAX_PRICE, QuarterPrice

MAX_DELAY = timedelta(seconds=60)
"""Time after the start of a quarter-hour in which a report counts from the start."""
_DECIMALS = 9
_QUARTER_S = QUARTER_HOUR.total_seconds()
_MAX_SUM = MAX_PRICE * _QUARTER_S


@dataclass
class RunningPrice:
    """Price of one source in the running quarter-hour. It does no I/O."""

    start: datetime | None = None
    """Start of the running quarter-hour. None before the first report."""
    sum: Annotated[float, Range(-_MAX_SUM, _MAX_SUM)] = 0.0
    """Sum of the prices, each multiplied by its seconds."""
    seconds: Annotated[float, Range(0, _QUARTER_S)] = 0.0
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
            self.sum = self.seconds = 0.0
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
        mean = self._mean()
        price = self.price if mean is None else mean
        return None if price is None else QuarterPrice(self.start, price)

    def as_dict(self, time: datetime) -> dict[str, Any]:
        """Return the state at `time` as JSON. Return {} before the first report."""
        if self.start is None:
            return {}
        if self.start <= time < self.start + QUARTER_HOUR:
            self._count_until(time)
        stored: dict[str, Any] = dump(self)
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
        before, mean = self.start, None
        if before == start - QUARTER_HOUR:
            self._count_until(start)
        else:
            self.price = None
        if before is not None and before < start:
            mean = self._mean()
        self.start, self.sum, self.seconds = start, 0.0, 0.0
        return [] if before is None or mean is None else [QuarterPrice(before, mean)]

    def _count_until(self, time: datetime) -> None:
        """Count the last reported price until `time`."""
        if self.price is not None and self.since is not None and time > self.since:
            seconds = (time - self.since).total_seconds()
            self.sum += self.price * seconds
            self.seconds += seconds
            self.since = time

    def _mean(self) -> float | None:
        return round(self.sum / self.seconds, _DECIMALS) if self.seconds else None
