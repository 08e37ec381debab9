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
        known = self._meters.get(title_with_key)
        if known is None or known.counter < counter:
            self._keep(title_with_key, counter, time)

    def judge(self, title_with_key: TitleWithKey, counter: int, time: float) -> Order:
        """Return the place of a verified frame with a counter and a time (Unix seconds)."""
        known = self._meters.get(title_with_key)
        if known is None:
            self._keep(title_with_key, counter, time)
            return Order.NEWEST
        if counter > known.counter:
            if time < known.time - _TOLERANCE_S:
                self._refuse(known, counter)
                return Order.REFUSED
            known.counter, known.time = counter, time
            return Order.NEWEST
        is_refused = known.first_refused <= counter <= known.last_refused
        is_later = time > known.time + _TOLERANCE_S
        return Order.REFUSED if is_refused or is_later else Order.EARLIER

    def _keep(self, title_with_key: TitleWithKey, counter: int, time: float) -> None:
        while len(self._meters) >= MAX_TITLES:
            del self._meters[next(iter(self._meters))]
        self._meters[title_with_key] = _Meter(counter, time)

    @staticmethod
    def _refuse(known: _Meter, counter: int) -> None:
        # Once the clock has passed the highest counter's time, refused frames would look like a
        # backlog: remember their counters.
        if not known.first_refused - 1 <= counter <= known.last_refused + 1:
            known.first_refused = known.last_refused = counter
        known.first_refused = min(known.first_refused, counter)
        known.last_refused = max(known.last_refused, counter)
