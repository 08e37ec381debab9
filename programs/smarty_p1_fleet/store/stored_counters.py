"""Frame counters in VictoriaMetrics. They show whether the time of an old frame can be right.

Counters and times of a meter's stored frames rise together. An old frame fits the stored frames if
no stored frame has a lower counter and a later time, or a higher counter and an earlier time. If an
old frame does not fit, its meter's clock was wrong, and the frame is refused.
"""

import logging
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from itertools import accumulate
from math import inf

import aiohttp

from smarty_p1_fleet.frames.frame_order import TOLERANCE_S, TitleWithKey
from smarty_p1_gateway import UnavailableError

from .store_config import StoreConfig
from .store_reader import CounterRange, ReadingNotAllowedError, StoreReader, find_reader
from .store_requests import open_session

LOGGER = logging.getLogger(__name__)

# A window has the counters of one hour, because further late frames of the same hour are likely. It
# also has the counters of a minute before and after the hour, for frames at its start or end.
_HOUR_S = 3600
_AROUND_S = 60
_DAY_S = 86400
# Frames of a meter whose clock is up to this number of seconds slow count as recent.
_MAX_SLOW_S = 600.0
# Maximum number of windows in memory, about 12 kB each. `fleet read --all` reads the frames of all
# meters in turn. This number is enough for 3,000 meters.
_MAX_WINDOWS = 5000
_MAX_WINDOW_AGE_S = 300.0
# Seconds until a refused query is tried again.
_PAUSE_S = 60.0
# If queries fail for this number of seconds although VictoriaMetrics answers other requests, the
# queries count as refused.
_MAX_FAILURE_S = 60.0
# With `is_limited`, `fits` reads at most _MAX_READS windows of a meter from VictoriaMetrics within
# _LIMIT_PERIOD_S seconds.
_MAX_READS = 5
_LIMIT_PERIOD_S = 10.0
_TOLERANCE_MS = round(TOLERANCE_S * 1000)


class _Window:
    """Stored frame counters of a meter in one hour, and up to a minute before and after it."""

    def __init__(self, stored: CounterRange) -> None:
        self._read_at = time.monotonic()
        rows = sorted(stored.counters)
        self._times = array("q", [at_ms for at_ms, _ in rows])
        self._counters = array("q", [counter for _, counter in rows])
        # `_highest[i]` is the highest counter of all samples before sample i. `_lowest[i]` is the
        # lowest counter of sample i and all samples after it.
        self._highest = array("q", accumulate(self._counters, max, initial=stored.lower))
        lowest = accumulate(reversed(self._counters), min, initial=stored.upper)
        self._lowest = array("q", reversed([*lowest]))

    @property
    def is_recent(self) -> bool:
        return time.monotonic() - self._read_at < _MAX_WINDOW_AGE_S

    def fits(self, counter: int, at_ms: int) -> bool:
        first = bisect_left(self._times, at_ms - _TOLERANCE_MS)
        end = bisect_right(self._times, at_ms + _TOLERANCE_MS)
        if (at_ms, counter) in zip(self._times[first:end], self._counters[first:end], strict=True):
            return True
        return self._highest[first] <= counter <= self._lowest[end]


class StoredCounters:
    """Frame counters in one VictoriaMetrics. Each query raises UnavailableError if no answer comes.

    While VictoriaMetrics refuses queries, `newest` returns None, and `fits` returns True.
    """

    def __init__(self, config: StoreConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        # Windows by meter and hour, because frames of different hours can come in any order.
        self._windows: OrderedDict[tuple[TitleWithKey, int], _Window] = OrderedDict()
        self._reads: Counter[TitleWithKey] = Counter()
        self._reads_until = 0.0
        self._pause_until = 0.0
        self._failing_since = inf

    async def close(self) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()

    async def all(self, now: float) -> dict[TitleWithKey, tuple[int, float]]:
        """Return each meter's highest frame counter, and the latest time of any of its counters.

        Only counters of the 24 hours before `now` are found. Raises UnavailableError also while
        VictoriaMetrics refuses queries.
        """
        return await (await self._find_reader()).counters(now, _DAY_S)

    async def recent(self, seconds: float) -> dict[TitleWithKey, tuple[int, float]]:
        """Return the counters and times of `all`, but only those of the last `seconds`.

        At most 24 hours are read. Return {} while VictoriaMetrics refuses queries.
        """
        seconds = min(seconds + _MAX_SLOW_S, _DAY_S)
        found = await self._ask(lambda reader: reader.counters(time.time(), seconds))
        return found or {}

    async def newest(self, title_with_key: TitleWithKey) -> tuple[int, float] | None:
        """Return a meter's highest frame counter, and the latest time of any of its counters.

        The time is in Unix seconds. Return None if no counter is found, or while VictoriaMetrics
        refuses queries.
        """
        return await self._ask(lambda reader: reader.newest_counter(title_with_key, time.time()))

    async def fits(
        self, title_with_key: TitleWithKey, counter: int, moment: float, *, is_limited: bool = False
    ) -> bool | None:
        """Return whether a frame fits the meter's stored frames. Return None if a limit is reached.

        `counter` is the frame's counter, and `moment` is its time in Unix seconds. The result is:

        - True if the counters and times of this frame and of the stored frames rise together;
        - True also while VictoriaMetrics refuses queries;
        - False if the counter is too high or too low for the frame's time;
        - None if the limit of `is_limited` prevents the check.

        The check needs a window: the meter's stored counters in the hour of `moment`. If no recent
        window of this hour is in memory, it is read from VictoriaMetrics. With `is_limited`, at
        most _MAX_READS windows of a meter are read within _LIMIT_PERIOD_S seconds.
        """
        hour = int(moment // _HOUR_S)
        window = self._windows.get((title_with_key, hour))
        if window is None or not window.is_recent:
            if is_limited and self._is_limit_reached(title_with_key):
                return None
            start, end = hour * _HOUR_S - _AROUND_S, (hour + 1) * _HOUR_S + _AROUND_S
            stored = await self._ask(
                lambda reader: reader.counter_range(title_with_key, start, end, time.time())
            )
            if stored is None:
                return True
            self._reads[title_with_key] += is_limited
            window = self._windows[title_with_key, hour] = _Window(stored)
            if len(self._windows) > _MAX_WINDOWS:
                self._windows.popitem(last=False)
        self._windows.move_to_end((title_with_key, hour))
        return window.fits(counter, round(moment * 1000))

    def _is_limit_reached(self, title_with_key: TitleWithKey) -> bool:
        now = time.monotonic()
        if now >= self._reads_until:
            self._reads.clear()
            self._reads_until = now + _LIMIT_PERIOD_S
        return self._reads[title_with_key] >= _MAX_READS

    async def _find_reader(self) -> StoreReader:
        if self._session is None:
            self._session = open_session()
        return await find_reader(self._session, self._config)

    async def _ask[T](self, question: Callable[[StoreReader], Awaitable[T]]) -> T | None:
        """Return the result of `question`, which queries VictoriaMetrics.

        Return None while such queries are refused. Raises UnavailableError.
        """
        asked_at = time.monotonic()
        if asked_at < self._pause_until:
            return None
        try:
            reader = await self._find_reader()
        except UnavailableError:
            # VictoriaMetrics does not answer at all, so the frame's values could not be written
            # either. Therefore waiting for VictoriaMetrics delays nothing. Raise the error: the
            # caller waits and repeats the query.
            self._failing_since = inf
            raise
        try:
            answer = await question(reader)
        except UnavailableError as error:
            self._failing_since = min(self._failing_since, asked_at)
            is_refused = isinstance(error, ReadingNotAllowedError)
            if not is_refused and time.monotonic() - self._failing_since < _MAX_FAILURE_S:
                raise
            self._pause(error)
            return None
        self._failing_since, self._pause_until = inf, 0.0
        return answer

    def _pause(self, error: UnavailableError) -> None:
        if not self._pause_until:
            LOGGER.warning("Frames with a wrong clock may be stored after a restart: %s", error)
        self._pause_until = time.monotonic() + _PAUSE_S
