"""Frame counters in VictoriaMetrics. They show whether an old frame fits the stored frames.

Counters and times of a meter's stored frames rise together. So an old frame is right if no stored
frame has a lower counter and a later time, or a higher counter and an earlier time.
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

from smarty_p1_gateway import UnavailableError

from .frame_order import TOLERANCE_S, TitleWithKey
from .store_config import StoreConfig
from .store_reader import CounterRange, ReadingNotAllowedError, StoreReader, find_reader
from .store_requests import open_session

LOGGER = logging.getLogger(__name__)

# A window has the counters of one hour, because late frames of the same hour probably follow, as in
# a backlog. It also has the counters around the hour, with which a frame at its edge is compared.
_HOUR_S = 3600
_AROUND_S = 60
# Enough for `fleet read --all` with 3,000 meters, whose frames come in turn. A window has about
# 12 kB.
_MAX_WINDOWS = 5000
_MAX_WINDOW_AGE_S = 300.0
# Seconds until a refused query is tried again.
_PAUSE_S = 60.0
# If VictoriaMetrics itself answers, a query that fails for so many seconds counts as refused.
_MAX_FAILURE_S = 60.0
# Maximum number of windows of a meter that a limited caller reads in _LIMIT_PERIOD_S.
_MAX_READS = 5
_LIMIT_PERIOD_S = 10.0
_TOLERANCE_MS = round(TOLERANCE_S * 1000)


class _Window:
    """Frame counters that VictoriaMetrics has of a meter in an hour and around it."""

    def __init__(self, stored: CounterRange) -> None:
        self._read_at = time.monotonic()
        rows = sorted(stored.counters)
        self._times = array("q", [at_ms for at_ms, _ in rows])
        self._counters = array("q", [counter for _, counter in rows])
        # Highest counter before each sample, and lowest counter from each sample on.
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
    """Frame counters in one VictoriaMetrics. Each method raises UnavailableError.

    If queries are refused, no counter is stored as far as is known.
    """

    def __init__(self, config: StoreConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        # Windows by meter and hour. So frames of different hours can come in turn.
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
        """Return highest frame counters and newest times of the day before `now`."""
        return await (await self._find_reader()).counters(now)

    async def newest(self, title_with_key: TitleWithKey) -> tuple[int, float] | None:
        """Return the highest frame counter of a meter, and the newest time, None without any."""
        return await self._ask(lambda reader: reader.newest_counter(title_with_key, time.time()))

    async def fits(
        self, title_with_key: TitleWithKey, counter: int, moment: float, *, is_limited: bool = False
    ) -> bool | None:
        """Return whether a frame's counter and time (Unix seconds) fit the stored frames.

        With `is_limited`, return None if too many counters of the meter were read just now.
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
        """Return the answer to a question. Return None while such questions are refused."""
        asked_at = time.monotonic()
        if asked_at < self._pause_until:
            return None
        try:
            reader = await self._find_reader()
        except UnavailableError:
            # VictoriaMetrics is away, and cannot be written to either. So waiting loses nothing.
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
        self._failing_since = inf
        return answer

    def _pause(self, error: UnavailableError) -> None:
        if not self._pause_until:
            LOGGER.warning("Frames with a wrong clock may be stored after a restart: %s", error)
        self._pause_until = time.monotonic() + _PAUSE_S
