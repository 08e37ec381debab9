"""Stored frame counters around a frame, read seldom."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from smarty_p1_fleet.frames.frame_order import TitleWithKey
from smarty_p1_fleet.store.store_config import StoreConfig
from smarty_p1_fleet.store.store_reader import CounterRange, ReadingNotAllowedError
from smarty_p1_fleet.store.stored_counters import StoredCounters
from smarty_p1_gateway import UnavailableError

METER = (b"SAGgp\x04\x10\x2e", "print")
# Every ten seconds; after the frame 100, the clock was put back by half an hour.
STORED = [
    *((counter, 10_000 + 10 * counter) for counter in range(1, 101)),
    *((counter, 10_000 + 10 * counter - 1800) for counter in range(281, 1001)),
]


class Reader:
    """A store with the frames STORED. `asked` counts questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.ranges: list[float] = []
        self.hours: list[tuple[float, float]] = []
        self.refusal: UnavailableError | None = None
        self.is_away = False

    async def counter_range(
        self, _: TitleWithKey, start: float, end: float, now: float
    ) -> CounterRange:
        assert now == pytest.approx(time.time(), abs=60)
        self._ask()
        self.hours.append((start, end))
        return CounterRange(
            [(1000 * at, counter) for counter, at in STORED if start <= at <= end],
            max((counter for counter, at in STORED if at <= start), default=-1),
            min((counter for counter, at in STORED if at > end), default=2**32),
        )

    async def counters(self, now: float, seconds: float) -> dict[TitleWithKey, tuple[int, float]]:
        assert now == pytest.approx(time.time(), abs=60)
        self._ask()
        self.ranges.append(seconds)
        return {METER: (50, now)}

    async def newest_counter(self, _: TitleWithKey, __: float) -> tuple[int, float] | None:
        self._ask()
        return STORED[-1]

    def _ask(self) -> None:
        self.asked += 1
        if self.refusal:
            raise self.refusal


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader()

    async def find_reader(_: aiohttp.ClientSession, __: StoreConfig) -> Reader:
        await asyncio.sleep(0)
        if reader.is_away:
            raise UnavailableError
        return reader

    monkeypatch.setattr("smarty_p1_fleet.store.stored_counters.find_reader", find_reader)
    return reader


class Clock:
    """The clock `now`, in place of the module `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return time.time()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("smarty_p1_fleet.store.stored_counters.time", clock)
    return clock


@pytest.fixture
async def counters() -> AsyncIterator[StoredCounters]:
    counters = StoredCounters(StoreConfig(("http://127.0.0.1:1",)))
    yield counters
    await counters.close()
    assert counters._session is None or counters._session.closed


@pytest.mark.parametrize(
    ("counter", "moment", "fits"),
    [
        (50, 10_500, True),
        (101, 11_009, True),
        (280, 11_001, True),
        (101, 10_990, False),
        (200, 10_200, False),
        (200, 100, False),
        (50, 10_600, False),
        (50, 30_000, False),
        (1001, 30_000, True),
        (0, 10, True),
    ],
)
async def test_counter_and_time_lie_between_those_of_the_stored_frames(
    reader: Reader, counters: StoredCounters, counter: int, moment: float, *, fits: bool
) -> None:
    assert await counters.fits(METER, counter, moment) == fits
    assert reader.asked == 1


async def test_a_backlog_asks_once_an_hour(reader: Reader, counters: StoredCounters) -> None:
    for counter, at in STORED:
        assert await counters.fits(METER, counter, at)
    assert reader.asked == 4


async def test_an_answer_is_known_for_five_minutes(
    reader: Reader, counters: StoredCounters, clock: Clock
) -> None:
    for seconds, asked in ((0, 1), (299, 1), (2, 2)):
        clock.now += seconds
        assert await counters.fits(METER, 50, 10_500)
        assert reader.asked == asked


async def test_frames_of_two_hours_in_turn_ask_once_for_each_hour(
    reader: Reader, counters: StoredCounters
) -> None:
    for _ in range(20):
        assert await counters.fits(METER, 50, 10_500)
        assert await counters.fits(METER, 900, 17_200)
    assert reader.hours == [(7140, 10_860), (14_340, 18_060)]


async def test_of_many_hours_the_one_that_was_used_longest_ago_is_forgotten(
    reader: Reader, counters: StoredCounters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.store.stored_counters._MAX_WINDOWS", 2)
    for hour, asked in ((0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 4)):
        await counters.fits(METER, 0, 3600 * hour)
        assert reader.asked == asked


async def test_one_meter_cannot_have_its_counters_read_without_end(
    reader: Reader, counters: StoredCounters, clock: Clock
) -> None:
    async def ask(hours: range, meter: TitleWithKey = METER) -> list[bool | None]:
        return [await counters.fits(meter, 0, 3600 * hour, is_limited=True) for hour in hours]

    # An hour that was read before costs nothing.
    assert await ask(range(-10, 3)) == [True] * 5 + [None] * 8
    assert await ask(range(-10, -5)) == [True] * 5
    assert await ask(range(1), (b"SAGgp\x04\x10\x2f", "print")) == [True]
    assert reader.asked == 6
    # Frames that are read again hold up no meter, so they are compared without a limit.
    assert await counters.fits(METER, 0, 0)
    clock.now += 10
    assert await ask(range(-5, 3)) == [True] * 6 + [None] * 2


async def test_a_stored_frame_is_right_beside_any_other_frame(
    reader: Reader, counters: StoredCounters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.STORED", [*STORED, (150, 10_300)])
    assert await counters.fits(METER, 30, 10_300)
    assert await counters.fits(METER, 150, 10_300)
    assert reader.asked == 1


async def test_a_login_that_may_not_read_is_logged_once_and_seldom_tried(
    reader: Reader, counters: StoredCounters, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse_for_two_minutes() -> None:
        reader.refusal = ReadingNotAllowedError()
        for _ in range(120):
            assert await counters.fits(METER, 200, 10_200)
            assert await counters.newest(METER) is None
            clock.now += 1

    await refuse_for_two_minutes()
    assert reader.asked == 2
    warning = "Frames with a wrong clock may be stored after a restart"
    assert caplog.text.count(warning) == 1
    reader.refusal = None
    assert await counters.newest(METER) == STORED[-1]
    await refuse_for_two_minutes()
    assert caplog.text.count(warning) == 2


async def test_a_query_that_alone_fails_for_a_minute_holds_up_no_frame(
    reader: Reader, counters: StoredCounters, clock: Clock
) -> None:
    reader.refusal = UnavailableError()
    with pytest.raises(UnavailableError):
        await counters.fits(METER, 200, 10_200)
    # While VictoriaMetrics itself is away, nothing can be written either.
    clock.now, reader.is_away = 1100.0, True
    with pytest.raises(UnavailableError):
        await counters.fits(METER, 200, 10_200)
    reader.is_away = False
    for clock.now in (1110.0, 1165.0):
        with pytest.raises(UnavailableError):
            await counters.newest(METER)
    clock.now = 1170.0
    assert await counters.fits(METER, 200, 10_200)
    clock.now, reader.refusal = 1229.0, None
    assert await counters.fits(METER, 200, 10_200)
    clock.now = 1230.0
    assert not await counters.fits(METER, 200, 10_200)
    reader.refusal = UnavailableError()
    with pytest.raises(UnavailableError):
        await counters.newest(METER)


@pytest.mark.parametrize(
    ("status", "is_refused"),
    [
        *((status, True) for status in (302, 405, 422, 500)),
        *((status, False) for status in (429, 502, 503, 504)),
    ],
)
async def test_a_proxy_that_refuses_queries_holds_up_no_frame(
    status: int, *, is_refused: bool
) -> None:
    app = web.Application()

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text="process_start_time_seconds 1\nvm_app_uptime_seconds 9\n")

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/login"})

    app.router.add_get("/metrics", metrics)
    app.router.add_post("/api/v1/query", refuse)
    async with TestServer(app) as server:
        counters = StoredCounters(StoreConfig((str(server.make_url("")).rstrip("/"),)))
        try:
            if is_refused:
                assert await counters.newest(METER) is None
            else:
                with pytest.raises(UnavailableError):
                    await counters.newest(METER)
        finally:
            await counters.close()


async def test_recent_counters_are_those_since_the_pause_began_and_some_minutes_before(
    reader: Reader, counters: StoredCounters
) -> None:
    for pause in (20, 10 * 86400):
        assert {*await counters.recent(pause)} == {METER}
    # A meter's clock may be slow. No more than a day is asked for.
    assert reader.ranges == [620, 86400]
    reader.refusal = ReadingNotAllowedError("no")
    assert await counters.recent(20) == {}
    assert await counters.recent(20) == {}
    assert reader.asked == 3
