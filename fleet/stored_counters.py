"""Frame counters in VictoriaMetrics. They show whether an old frame fits the stored frames.

Counters and times of a meter's stored frames rise together. So an old frame is right if no stored
frame has a lower counter and a later time, or a higher counter and an earlier time.
"""

import logging
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from itertools import accumulate

from .frame_order import TOLERANCE_S, TitleWithKey
from .store_config import StoreConfig
from .store_reader import CounterRange, ReadingNotAllowedError, open_reader

LOGGER = logging.getLogger(__name__)

# Frames of the next hour probably follow a frame, as in a backlog. So read their counters, too.
_BEFORE_S = 60
_AHEAD_S = 3600
# Enough for `fleet read --all` with 3,000 meters, whose frames come in turn. A window has about
# 12 kB.
_MAX_WINDOWS = 5000
_MAX_WINDOW_AGE_S = 300.0
# Seconds until a login that may not read is tried again.
_PAUSE_S = 60.0
_TOLERANCE_MS = round(TOLERANCE_S * 1000)


class _Window:
    """Frame counters that VictoriaMetrics has of a meter from the time `start` to `end`."""

    def __init__(self, start: float, end: float, stored: CounterRange) -> None:
        self._start, self._end = start, end
        self._read_at = time.monotonic()
        rows = sorted(stored.counters)
        self._times = array("q", [at_ms for at_ms, _ in rows])
        self._counters = array("q", [counter for _, counter in rows])
        # Highest counter before each sample, and lowest counter from each sample on.
        self._highest = array("q", accumulate(self._counters, max, initial=stored.lower))
        lowest = accumulate(reversed(self._counters), min, initial=stored.upper)
        self._lowest = array("q", reversed([*lowest]))

    def has(self, moment: float) -> bool:
        is_new = time.monotonic() - self._read_at < _MAX_WINDOW_AGE_S
        return is_new and self._start + TOLERANCE_S <= moment <= self._end - TOLERANCE_S

    def fits(self, counter: int, at_ms: int) -> bool:
        first = bisect_left(self._times, at_ms - _TOLERANCE_MS)
        end = bisect_right(self._times, at_ms + _TOLERANCE_MS)
        if (at_ms, counter) in zip(self._times[first:end], self._counters[first:end], strict=True):
            return True
        return self._highest[first] <= counter <= self._lowest[end]


class StoredCounters:
    """Frame counters in one VictoriaMetrics. Each method raises UnavailableError.

    If the login may not read, no counter is stored as far as is known.
    """

    def __init__(self, config: StoreConfig) -> None:
        self._config = config
        self._windows: OrderedDict[TitleWithKey, _Window] = OrderedDict()
        self._pause_until = 0.0

    async def all(self, now: float) -> dict[TitleWithKey, tuple[int, float]]:
        """Return highest frame counters and newest times of the day before `now`."""
        async with open_reader(self._config) as reader:
            return await reader.counters(now)

    async def newest(self, title_with_key: TitleWithKey) -> tuple[int, float] | None:
        """Return the highest frame counter of a meter, and the newest time, None without any."""
        if time.monotonic() < self._pause_until:
            return None
        try:
            async with open_reader(self._config) as reader:
                return await reader.newest_counter(title_with_key, time.time())
        except ReadingNotAllowedError as error:
            self._pause(error)
            return None

    async def fits(self, title_with_key: TitleWithKey, counter: int, moment: float) -> bool:
        """Return whether a frame's counter and time (Unix seconds) fit the stored frames."""
        window = self._windows.get(title_with_key)
        if window is None or not window.has(moment):
            if time.monotonic() < self._pause_until:
                return True
            start, end = moment - _BEFORE_S, moment + _AHEAD_S
            try:
                async with open_reader(self._config) as reader:
                    stored = await reader.counter_range(title_with_key, start, end, time.time())
            except ReadingNotAllowedError as error:
                self._pause(error)
                return True
            window = self._windows[title_with_key] = _Window(start, end, stored)
            if len(self._windows) > _MAX_WINDOWS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(title_with_key)
        return window.fits(counter, round(moment * 1000))

    def _pause(self, error: ReadingNotAllowedError) -> None:
        if not self._pause_until:
            LOGGER.warning("Frames with a wrong clock may be stored after a restart: %s", error)
        self._pause_until = time.monotonic() + _PAUSE_S
