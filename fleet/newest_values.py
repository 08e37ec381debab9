"""Order of each meter's frames: counter and time must rise together. No I/O, no clock.

A replayed frame rewrites the stored values. A clock that was put back would write other values at
times that have values already: its frames have higher counters and earlier times.
"""

from enum import Enum

CLOCK = "clock"
MAX_TITLES = 400_000
_TOLERANCE_S = 5.0
type TitleWithKey = tuple[bytes, str]
"""A system title, and the fingerprint of its key: with a new key, a meter may count anew."""


class Order(Enum):
    """Place of a frame among its meter's frames."""

    NEWEST = "newest"
    EARLIER = "earlier"
    REFUSED = CLOCK


class _Meter:
    """Highest counter of a meter, its time, and the range of counters that were refused last."""

    __slots__ = ("counter", "first_refused", "last_refused", "time")

    def __init__(self, counter: int, time: float) -> None:
        self.counter, self.time = counter, time
        self.first_refused, self.last_refused = 0, -1


class Newest:
    """Highest counter and its time for each title and key, in memory only."""

    def __init__(self) -> None:
        self._meters: dict[TitleWithKey, _Meter] = {}

    def begin(self, title_with_key: TitleWithKey, counter: int, time: float) -> None:
        """Note a counter that an earlier process has stored, unless a higher one is known."""
        meter = self._meters.get(title_with_key)
        if meter is None or meter.counter < counter:
            self._keep(title_with_key, counter, time)

    def judge(self, title_with_key: TitleWithKey, counter: int, time: float) -> Order:
        """Return the place of a verified frame with a counter and a time (Unix seconds)."""
        meter = self._meters.get(title_with_key)
        if meter is None:
            self._keep(title_with_key, counter, time)
            return Order.NEWEST
        if counter > meter.counter:
            if time < meter.time - _TOLERANCE_S:
                self._refuse(meter, counter)
                return Order.REFUSED
            meter.counter, meter.time = counter, time
            return Order.NEWEST
        is_refused = meter.first_refused <= counter <= meter.last_refused
        is_later = time > meter.time + _TOLERANCE_S
        return Order.REFUSED if is_refused or is_later else Order.EARLIER

    def _keep(self, title_with_key: TitleWithKey, counter: int, time: float) -> None:
        while len(self._meters) >= MAX_TITLES:
            del self._meters[next(iter(self._meters))]
        self._meters[title_with_key] = _Meter(counter, time)

    @staticmethod
    def _refuse(meter: _Meter, counter: int) -> None:
        # Once the clock has passed the highest counter's time, refused frames would look like a
        # backlog: remember their counters.
        if not meter.first_refused - 1 <= counter <= meter.last_refused + 1:
            meter.first_refused = meter.last_refused = counter
        meter.first_refused = min(meter.first_refused, counter)
        meter.last_refused = max(meter.last_refused, counter)
