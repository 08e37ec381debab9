"""Questions for frame counters, answered by a real VictoriaMetrics."""

import time
from pathlib import Path

import aiohttp

from dev.fleet.storage import VictoriaMetrics
from dev.testing.real_programs import program, until
from smarty_p1_fleet.frames.frame_order import TitleWithKey
from smarty_p1_fleet.store.store_config import StoreConfig
from smarty_p1_fleet.store.store_reader import CounterRange, open_reader
from smarty_p1_fleet.store.stored_counters import StoredCounters

DAY = 86400
METER = (b"SAGgp\x04\x10\x2e", "print")
SILENT = (b"SAGgp\x04\x10\x2f", "print")
NEVER_SEEN = (b"SAGgp\x04\x10\x30", "print")


async def test_the_store_returns_the_frames_around_a_frame(tmp_path: Path) -> None:
    program("victoria-metrics")
    now = int(time.time())
    # Until a day ago, then a clock that was put back by half an hour, and after that two hours.
    put_back = now - DAY
    frames = [(METER, 1000 + at // 10, put_back + at) for at in range(-7200, 1, 10)]
    frames += [(METER, 1180 + at // 10, put_back + at) for at in range(10, 7200, 10)]
    frames += [(SILENT, 7, now - 100 * DAY), (SILENT, 8, now - 3 * DAY)]

    def line(meter: TitleWithKey, counter: int, at: int) -> str:
        title, key = meter
        tags = f"meter=M,title={title.hex().upper()},key={key}"
        return f"smarty_p1,{tags} frame_counter={counter} {at}000\n"

    async with VictoriaMetrics(tmp_path) as store:
        lines = "".join(line(*frame) for frame in frames)
        url = f"{store.url}/write?precision=ms"
        async with aiohttp.ClientSession() as session, session.post(url, data=lines) as answer:
            assert answer.status == 204
        config = StoreConfig((store.url,))
        counters = StoredCounters(config)

        async def is_found() -> bool:
            return await counters.newest(SILENT) is not None

        await until(is_found)
        assert await counters.all(now) == {METER: (1899, put_back + 7190)}
        assert await counters.newest(METER) == (1899, put_back + 7190)
        assert await counters.newest(SILENT) == (8, now - 3 * DAY)
        assert await counters.newest(NEVER_SEEN) is None
        # The frame 1100 came after the clock was put back.
        assert not await counters.fits(METER, 1100, put_back - 800)
        assert not await counters.fits(METER, 1100, put_back - 20 * DAY)
        assert await counters.fits(METER, 950, put_back - 500)
        assert await counters.fits(METER, 1300, put_back + 1200)
        assert await counters.fits(METER, 2000, now)
        assert await counters.fits(NEVER_SEEN, 1, now - 300 * DAY)
        async with open_reader(config) as reader:
            beside = await reader.counter_range(METER, put_back - 15, put_back + 15, now)
            assert beside._replace(counters=sorted(beside.counters)) == CounterRange(
                [
                    (1000 * (put_back + at), counter)
                    for at, counter in ((-10, 999), (0, 1000), (10, 1181))
                ],
                998,
                1182,
            )
            far = await reader.counter_range(SILENT, now - 50 * DAY, now - 50 * DAY + 60, now)
            assert far == CounterRange([], 7, 8)
        await counters.close()
