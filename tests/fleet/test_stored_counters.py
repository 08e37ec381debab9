"""What the store has around a frame, asked for seldom."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from smarty_p1_fleet.frame_order import TitleWithKey
from smarty_p1_fleet.store_config import StoreConfig
from smarty_p1_fleet.store_reader import CounterRange, ReadingNotAllowedError
from smarty_p1_fleet.stored_counters import StoredCounters

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
        self.is_locked = False

    async def counter_range(
        self, _: TitleWithKey, start: float, end: float, now: float
    ) -> CounterRange:
        assert now == pytest.approx(time.time(), abs=60)
        self._ask()
        return CounterRange(
            [(1000 * at, counter) for counter, at in STORED if start <= at <= end],
            max((counter for counter, at in STORED if at <= start), default=-1),
            min((counter for counter, at in STORED if at > end), default=2**32),
        )

    async def newest_counter(self, _: TitleWithKey, __: float) -> tuple[int, float] | None:
        self._ask()
        return STORED[-1]

    def _ask(self) -> None:
        self.asked += 1
        if self.is_locked:
            raise ReadingNotAllowedError


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader()

    @asynccontextmanager
    async def open_reader(_: StoreConfig) -> AsyncIterator[Reader]:
        await asyncio.sleep(0)
        yield reader

    monkeypatch.setattr("smarty_p1_fleet.stored_counters.open_reader", open_reader)
    return reader


@pytest.fixture
def counters() -> StoredCounters:
    return StoredCounters(StoreConfig(("http://127.0.0.1:1",)))


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
    assert reader.asked == 3


async def test_a_frame_that_is_stored_is_right_whatever_stands_beside_it(
    reader: Reader, counters: StoredCounters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.STORED", [*STORED, (150, 10_300)])
    assert await counters.fits(METER, 30, 10_300)
    assert await counters.fits(METER, 150, 10_300)
    assert reader.asked == 1


async def test_a_login_that_may_not_read_is_told_once_and_seldom_tried(
    reader: Reader, counters: StoredCounters, caplog: pytest.LogCaptureFixture
) -> None:
    reader.is_locked = True
    for _ in range(3):
        assert await counters.fits(METER, 200, 10_200)
        assert await counters.newest(METER) is None
    assert reader.asked == 1
    assert caplog.text.count("Frames with a wrong clock may be stored after a restart") == 1
