"""Order of each meter's frames. Frame counter and time must rise together.

A replayed frame is harmless, because it only writes the same values again. After a meter's clock is
put back, frames have higher counters but earlier times. Such frames would add other values at old
times, so they are refused. This module uses no I/O and no clock.
"""

from enum import Enum

CLOCK = "clock"
MAX_TITLES = 400_000
_TOLERANCE_S = 5.0
type TitleWithKey = tuple[bytes, str]
"""System title and key fingerprint of a meter. With a new key, the counter may restart."""


class Order(Enum):
    """Order of a frame relative to the other frames of its meter."""

    NEWEST = "newest"
    EARLIER = "earlier"
    REFUSED = CLOCK


class _Meter:
    """Highest frame counter of a meter, time of its frame, and last range of refused counters."""

    __slots__ = ("counter", "first_refused", "last_refused", "time")

    def __init__(self, counter: int, time: float) -> None:
        self.counter, self.time = counter, time
        self.first_refused, self.last_refused = 0, -1


class Newest:
    """Highest frame counters by system title and key, each with the time of its frame.

    The counters are only in memory.
    """

    def __init__(self) -> None:
        self._meters: dict[TitleWithKey, _Meter] = {}

    def begin(self, title_with_key: TitleWithKey, counter: int, time: float) -> None:
        """Record a `counter` that an earlier process has stored.

        If the recorded counter is higher, do nothing.
        """
        meter = self._meters.get(title_with_key)
        if meter is None or meter.counter < counter:
            self._keep(title_with_key, counter, time)

    def judge(self, title_with_key: TitleWithKey, counter: int, time: float) -> Order:
        """Return the order of a verified frame with this frame counter and time (Unix seconds)."""
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
        # The meter's clock was put back, so the frame is refused. NATS may deliver the same frame
        # again later, when newer frames have raised the meter's highest counter. The frame would
        # then count as EARLIER and be stored. To prevent that, remember its counter as refused.
        if not meter.first_refused - 1 <= counter <= meter.last_refused + 1:
            meter.first_refused = meter.last_refused = counter
        meter.first_refused = min(meter.first_refused, counter)
        meter.last_refused = max(meter.last_refused, counter)
