"""Price of the running quarter-hour, as the time-weighted mean of the states of its source.

    running = RunningPrice()
    prices = running.report(time, 0.085)  # every state of the source, and every quarter-hour
    prices = running.report(time, None)  # the source has no price now

A source may report its new price some seconds late. So a report within the first minute of a
quarter-hour counts from the quarter-hour's start. The time without a known price does not count.
"""

from datetime import datetime, timedelta
from typing import Any, Self

from ..history.luxembourg_time import QUARTER_HOUR, quarter_start
from ..stored_values import Stored, checked_mapping, checked_number, checked_time
from .market_price_series import MAX_PRICE, QuarterPrice

MAX_DELAY = timedelta(seconds=60)
"""Time after the start of a quarter-hour in which a report counts from the start."""
_DECIMALS = 9


class RunningPrice:
    """Price of one source in the running quarter-hour. It does no I/O."""

    def __init__(self) -> None:
        self._start: datetime | None = None
        """Start of the running quarter-hour."""
        self._since: datetime | None = None
        """Time from which `_price` is not counted yet."""
        self._price: float | None = None
        self._sum = 0.0
        """Sum of the prices, each multiplied by its seconds."""
        self._seconds = 0.0

    def report(self, time: datetime, price: float | None) -> list[QuarterPrice]:
        """Take the source's price at `time`. Return the price of each quarter-hour that has ended.

        If the clock was set back, or if no report came for more than a quarter-hour, the price in
        the meantime is unknown.
        """
        start = quarter_start(time)
        ended = [] if start == self._start else self._begin(start)
        if time - start <= MAX_DELAY:
            self._sum = self._seconds = 0.0
            time = start
        self._count_until(time)
        self._since, self._price = time, price
        return ended

    def running(self) -> QuarterPrice | None:
        """Return the price of the running quarter-hour, as far as it is known.

        It counts until the last report. A price that has just been reported is the price so far.
        """
        if self._start is None:
            return None
        mean = self._mean()
        price = self._price if mean is None else mean
        return None if price is None else QuarterPrice(self._start, price)

    def as_dict(self, time: datetime) -> dict[str, Any]:
        """Return the state at `time` as JSON. Return {} before the first report."""
        if self._start is None:
            return {}
        if self._start <= time < self._start + QUARTER_HOUR:
            self._count_until(time)
        return {"start": self._start.isoformat(), "sum": self._sum, "seconds": self._seconds}

    @classmethod
    def from_dict(cls, data: Stored) -> Self:
        """Return the price restored from JSON. The price is unknown since the JSON was made.

        Raises ValueError, KeyError or TypeError for malformed data.
        """
        running, stored = cls(), checked_mapping(data)
        if not stored:
            return running
        start = checked_time(stored["start"])
        most_s = QUARTER_HOUR.total_seconds()
        if start != quarter_start(start):
            raise ValueError
        running._start = start
        running._seconds = float(checked_number(stored["seconds"], 0, most_s))
        running._sum = float(checked_number(stored["sum"], -MAX_PRICE * most_s, MAX_PRICE * most_s))
        return running

    def _begin(self, start: datetime) -> list[QuarterPrice]:
        """Begin another quarter-hour. Return the price of the running one, if it has ended.

        The last reported price holds in the next quarter-hour only.
        """
        before, mean = self._start, None
        if before == start - QUARTER_HOUR:
            self._count_until(start)
        else:
            self._price = None
        if before is not None and before < start:
            mean = self._mean()
        self._start, self._sum, self._seconds = start, 0.0, 0.0
        return [] if before is None or mean is None else [QuarterPrice(before, mean)]

    def _count_until(self, time: datetime) -> None:
        """Count the last reported price until `time`."""
        if self._price is not None and self._since is not None and time > self._since:
            seconds = (time - self._since).total_seconds()
            self._sum += self._price * seconds
            self._seconds += seconds
            self._since = time

    def _mean(self) -> float | None:
        return round(self._sum / self._seconds, _DECIMALS) if self._seconds else None
