"""Order of each meter's frames. Frame counter and time must rise together.

A replayed frame is harmless, because it only writes the same values again. After a meter's clock is
put back, frames have higher counters but earlier times. Such frames would add other values at old
times, so they are refused. This module uses no I/O and no clock.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from math import inf

from smartyp1.bounds import keep_newest
from smartyp1.p1.local_time import hour_after, hour_before

CLOCK = "clock"
MAX_TITLES = 400_000
TOLERANCE_S = 5.0
type TitleWithKey = tuple[bytes, str]
"""System title and key fingerprint of a meter. With a new key, the counter may restart."""


def of_title[T](meters: dict[bytes, T], title: bytes, make: Callable[[], T]) -> T:
    """Return what is known of a meter. A new one takes the place of the oldest of too many."""
    if title not in meters:
        meters[title] = make()
        keep_newest(meters, MAX_TITLES)
    return meters[title]


class Order(Enum):
    """Order of a frame relative to the other frames of its meter.

    UNKNOWN means that no frame of the meter is in memory. An OLD frame has a lower counter than all
    frames of its meter in memory. Only the stored frames in VictoriaMetrics show whether the time
    of an OLD frame fits its counter.
    """

    NEWEST = "newest"
    EARLIER = "earlier"
    OLD = "old"
    UNKNOWN = "unknown"
    REFUSED = CLOCK


class _Meter:
    """Counter and time of two accepted frames of a meter.

    The first frame has the highest counter (`counter`, `time`). The second frame (`mark`,
    `mark_time`) is the last one before the meter's clock was put back, or the first one in memory.
    """

    __slots__ = ("counter", "has_refused", "mark", "mark_time", "time")

    def __init__(self, counter: int, time: float) -> None:
        self.counter = self.mark = counter
        self.time = self.mark_time = time
        self.has_refused = False


class NewestFrames:
    """Highest frame counters by system title and key, each with the time of its frame.

    The counters are only in memory. If a meter has no counter here, it has no stored frame after
    `known_since` (Unix seconds).
    """

    def __init__(self, known_since: float = -inf) -> None:
        self.known_since = known_since
        self._meters: dict[TitleWithKey, _Meter] = {}

    def begin(self, title_with_key: TitleWithKey, counter: int, time: float) -> None:
        """Record a `counter` that an earlier process has stored, and the `time` of its frame.

        If a higher counter is already recorded, do nothing.
        """
        meter = self._meters.get(title_with_key)
        if meter is None or meter.counter < counter:
            self._keep(title_with_key, counter, time)

    def order_of(
        self, title_with_key: TitleWithKey, counter: int, time: float, *, is_asked: bool = False
    ) -> Order:
        """Return the order of a verified frame with this frame counter and time (Unix seconds).

        Set `is_asked` if VictoriaMetrics was already asked for the meter's highest counter, or need
        not be asked. The order is then never UNKNOWN.
        """
        meter = self._meters.get(title_with_key)
        if meter is None:
            if time < self.known_since and not is_asked:
                return Order.UNKNOWN
            self._keep(title_with_key, counter, time)
            return Order.NEWEST
        if counter > meter.counter:
            return self._order_of_higher(meter, counter, time)
        if time > meter.time + TOLERANCE_S:
            return Order.REFUSED
        if counter < meter.mark:
            return Order.REFUSED if time > meter.mark_time + TOLERANCE_S else Order.OLD
        # NATS may deliver a refused frame again. Its counter is then no longer the highest, so the
        # frame looks EARLIER. Refuse this frame again: its counter is above `mark`, but its time is
        # before `mark_time`.
        is_put_back = counter > meter.mark and time < meter.mark_time - TOLERANCE_S
        return Order.REFUSED if is_put_back else Order.EARLIER

    def in_order(
        self, title_with_key: TitleWithKey, counter: int, sent: datetime, arrived: float
    ) -> datetime:
        """Return the time of a frame in the right one of October's two equal hours.

        `sent` is the frame's time without the letter S or W. The frame's counter shows whether the
        time follows the last time of its meter. If no frame of the meter is in memory, the time is
        the last one that is not after the arrival (Unix seconds).
        """
        meter = self._meters.get(title_with_key)
        if meter is None:
            return hour_before(sent, datetime.fromtimestamp(arrived, UTC))
        last = datetime.fromtimestamp(meter.time, UTC)
        return hour_after(sent, last) if counter > meter.counter else hour_before(sent, last)

    @staticmethod
    def _order_of_higher(meter: _Meter, counter: int, time: float) -> Order:
        if time < meter.time - TOLERANCE_S:
            meter.has_refused = True
            return Order.REFUSED
        # A meter sends at most one frame a second. If the counter has risen by more than the
        # elapsed seconds, the clock was put back after the frame of `meter.counter`. The frames
        # between that frame and this frame reached another collector, which refused them until the
        # clock reached `meter.time` again. So `mark` becomes `meter.counter`, the last counter
        # before the clock was put back.
        if meter.has_refused or counter - meter.counter > time - meter.time + TOLERANCE_S:
            meter.mark, meter.mark_time, meter.has_refused = meter.counter, meter.time, False
        meter.counter, meter.time = counter, time
        return Order.NEWEST

    def _keep(self, title_with_key: TitleWithKey, counter: int, time: float) -> None:
        self._meters[title_with_key] = _Meter(counter, time)
        keep_newest(self._meters, MAX_TITLES)
