"""A day of telegrams, as fast as Home Assistant takes them: what it costs in memory.

A day goes before it that does not count: meanwhile the recorder fills what its database keeps in
memory, up to 16 MiB by its own setting, as it has in any Home Assistant that is some days old.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from dev.simulator import Server, serve

from .home import Home, MeterWatch, Running
from .meter import NumberedMeter, SettableClock
from .process import resident_mib
from .result import Result, tell, warnings

PACE = timedelta(seconds=10)
# By then, everything that is made once has been made.
WARM = 1000
# By then, the recorder's caches are full.
FULL = 10_000
GROWTH_MIB = 2.0
PATIENCE = 60.0
# The recorder writes in a thread of its own; so many changes it may be behind.
BACKLOG = 2000
# Telegrams between two looks at that.
LOOK_EVERY = 50
NEVER = 1e9
QUIET = 3.0
# Python and the C library keep memory that is free for what may come, the latter for each thread:
# so each peak would count as growth.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
# Home Assistant blames whatever state it writes when something holds it up for 0.4 s. At this speed
# that is Python's garbage collector, as soon as other work has the processor, too.
SLOW = "Updating state for"
# The recorder compiles statistics every five minutes, from ten seconds after them on. What it needs
# for that it makes at the first time, some 6 MiB.
STATISTICS_EVERY = 300.0
STATISTICS_TAKE = 20.0
TRIM = Path(__file__).with_name("trim.py")


class _Day(NamedTuple):
    """When the memory was measured, and how much more there was at the end."""

    began: float
    ended: float
    growth_mib: float


class Feed:
    """A meter that sends the next telegram when the last one is shown; its clock keeps up."""

    def __init__(self, line: Server, meter: NumberedMeter, clock: SettableClock) -> None:
        self._line = line
        self._meter = meter
        self._clock = clock

    async def send(self, watch: MeterWatch) -> None:
        """Send a telegram that is 10 s after the last one, and wait until it is shown."""
        now = (self._clock.moment or datetime.now(UTC)) + PACE
        self._clock.moment = now
        self._line.push(self._meter.frame_at(now))
        await watch.until("an update", watch.shows_last_telegram, within=PATIENCE)


async def day(directory: Path, count: int) -> Result:
    """Send telegrams 10 s of meter time apart, each as soon as the last one is shown."""
    result = Result()
    meter, clock, place = NumberedMeter(), SettableClock(), Home(directory)
    async with serve([meter], interval=NEVER, clock=clock) as line:
        async with place.running(environment=ENVIRONMENT) as home:
            entry_id = await home.add_meter(f"socket://127.0.0.1:{line.ports[0]}")
            begin = place.log.stat().st_size
            async with home.watching(entry_id, meter) as watch:
                await watch.until("a telegram", watch.shows_last_telegram, within=PATIENCE)
                await _Soak(result, home, watch, Feed(line, meter, clock)).run(count)
            received = await _telegrams(home, entry_id)
        # Those of the end count, too.
        found = warnings(place.log, begin)
    slow = [line for line in found if SLOW in line]
    result.say(
        f"{received} telegrams received, {len(found)} warnings or errors in the log, "
        f"{len(slow)} of them because it was held up"
    )
    result.want("every telegram received", holds=received >= count)
    others = [line for line in found if line not in slow]
    result.want("no warning: " + "; ".join(others[:3]), holds=not others)
    return result


class _Soak(NamedTuple):
    """A Home Assistant that takes days of telegrams."""

    result: Result
    home: Running
    watch: MeterWatch
    feed: Feed

    async def run(self, count: int) -> None:
        """Let the days pass, and judge the last one."""
        compiled = (time.time() // STATISTICS_EVERY + 1) * STATISTICS_EVERY
        await self._spend("the day before", count if count <= WARM else max(count, FULL))
        day = await self._spend("the day", count)
        if day.began < compiled + STATISTICS_TAKE and day.ended > compiled:
            self.result.say("in that day, the recorder compiled its statistics for the first time")
            day = await self._spend("the day after", count)
        self.result.want(f"growth below {GROWTH_MIB:.0f} MiB", holds=day.growth_mib < GROWTH_MIB)

    async def _spend(self, name: str, count: int) -> _Day:
        """Send the telegrams of a day."""
        warm = min(WARM, count // 2)
        await self._send(warm)
        first, began = await self._quiet_mib(), time.time()
        await self._send(count - warm)
        last, ended = await self._quiet_mib(), time.time()
        self.result.say(
            f"{name}: {first:.1f} MiB after {warm} telegrams, {last:.1f} MiB after {count}: "
            f"{last - first:+.2f} MiB"
        )
        tell(self.result.lines[-1])
        return _Day(began, ended, last - first)

    async def _send(self, count: int) -> None:
        for number in range(count):
            await self.feed.send(self.watch)
            if number % LOOK_EVERY == 0:
                await self._keep_up(BACKLOG)

    async def _quiet_mib(self) -> float:
        """Return the memory held, once all is written and what is free has been given back."""
        await self._keep_up(0)
        # The recorder commits every other second.
        await asyncio.sleep(QUIET)
        sys.remote_exec(self.home.process.pid, TRIM)
        await asyncio.sleep(QUIET)
        return resident_mib(self.home.process.pid)

    async def _keep_up(self, backlog: int) -> None:
        """Wait until the recorder is not further behind than that."""
        while (await self.home.client.command("recorder/info"))["backlog"] > backlog:
            await asyncio.sleep(0.1)


async def _telegrams(home: Running, entry_id: str) -> int:
    download = await home.client.get(f"/api/diagnostics/config_entry/{entry_id}")
    return int(download["data"]["telegrams"])
