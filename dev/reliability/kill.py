"""Home Assistant is killed while telegrams come, and gets old ones first when it is back."""

import asyncio
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import uniform
from statistics import median

from dev.demo.energy import entities_of
from dev.simulator import Server, serve

from .day import PACE, Feed
from .home import ABSENT, Home, MeterWatch, Running
from .meter import NumberedMeter, SettableClock
from .result import MissedError, Result, tell

INTERVAL = 1.0
# What the household draws besides, so that every quarter-hour is above the reference power.
EXTRA_KW = 9.0
# Two quarter-hours end in it, at least one of them is whole.
PAST = timedelta(minutes=35)
# How recent a telegram may be to be accepted again after a crash, and the time to save counters.
REPLAY_AGE = 301.0
REPLAYS = 25
# Home Assistant lives so long at most, unless there is nothing yet that could be replayed.
LIFE = 120.0
PATIENCE = 90.0
# How long an accepted telegram may take to be shown.
LOOK = 3.0
# Values that never fall: the register, and what this month has come to so far.
TOTALS = ("energy_imported", "demand_excess_energy", "demand_excess_cost", "demand_peak")


async def kill(directory: Path, count: int, life: float) -> Result:
    """Kill Home Assistant, and send it old telegrams when it is back."""
    result = Result()
    clock = SettableClock()
    meter = NumberedMeter(extra_kw=EXTRA_KW)
    async with serve([meter], interval=INTERVAL, clock=clock) as line:
        scene = _Scene(result, Home(directory), meter, line)
        await scene.begin(clock)
        for number in range(1, count + 1):
            tell(f"{number}/{count}: {await scene.live_and_be_killed(life)}")
        await scene.end()
    result.say(
        f"{count} kills, started again each time; shown again after "
        f"{median(scene.starts):.0f} s, at most {max(scene.starts):.0f} s"
    )
    result.say(f"{scene.replayed} old telegrams replayed, {scene.refused} refused")
    result.say(", ".join(f"{key} {value:g}" for key, value in scene.totals.items()))
    return result


class _Scene:
    """A meter, and a Home Assistant that lives again and again."""

    def __init__(self, result: Result, place: Home, meter: NumberedMeter, line: Server) -> None:
        self.starts: list[float] = []
        self.replayed = 0
        self.refused = 0
        self.totals: dict[str, float] = {}
        self._result = result
        self._place = place
        self._meter = meter
        self._line = line
        self._entry_id = ""
        self._entities: set[str] = set()
        self._died = 0.0

    async def begin(self, clock: SettableClock) -> None:
        """Add the meter, let two quarter-hours pass quickly, and stop in order."""
        clock.moment = datetime.now(UTC) - PAST
        async with self._place.running() as home:
            self._entry_id = await home.add_meter(f"socket://127.0.0.1:{self._line.ports[0]}")
            self._entities = {*(await entities_of(home.client, self._entry_id)).values()}
            async with home.watching(self._entry_id, self._meter) as watch:
                await watch.until("a telegram", watch.shows_last_telegram, within=PATIENCE)
                feed = Feed(self._line, self._meter, clock)
                while clock.now() + PACE < datetime.now(UTC):
                    await feed.send(watch)
                clock.moment = None
                self._compare(watch)
        if not self.totals["demand_excess_energy"]:
            message = "there is nothing above the reference power that could be lost"
            raise MissedError(message)
        self._died = time.time()

    async def live_and_be_killed(self, longest: float) -> str:
        """Start it, let it live for a moment, and kill it; return what to tell about that."""
        self._line.set_faults("silence")
        async with self._place.running(started=False) as home:
            await self._start(home)
            # Before, there is nothing that could be replayed.
            least = REPLAY_AGE + self._meter.sent[0].moment - time.time()
            life = max(least, uniform(1, longest))  # noqa: S311 - no secret
            async with home.watching(self._entry_id, self._meter) as watch:
                await self._live(watch, life)
            self._died = time.time()
            os.kill(home.process.pid, signal.SIGKILL)
            await home.process.wait()
        return f"shown after {self.starts[-1]:.1f} s, lived for {life:.0f} s"

    async def end(self) -> None:
        """Start it for the last time, and stop it in order."""
        self._line.set_faults("silence")
        async with self._place.running(started=False) as home:
            await self._start(home)

    async def _start(self, home: Running) -> None:
        """Send old telegrams first, of which none must be shown, and then those of the meter."""
        started = time.time()
        replayed = await self._replay(home)
        self._line.set_faults()
        healed = time.time()
        async with home.watching(self._entry_id, self._meter) as watch:
            await watch.until(
                "a telegram", lambda: watch.shows_telegram_since(healed), within=PATIENCE
            )
            self.starts.append(watch.last_telegram - started)
            await home.process.until(lambda: _is_running(home))
            self._compare(watch)
        diagnostics = await home.client.get(f"/api/diagnostics/config_entry/{self._entry_id}")
        refused = int(diagnostics["data"]["rejections"].get("replay", 0))
        self.replayed += replayed
        self.refused += refused
        self._result.want(f"{replayed} replays refused, not {refused}", holds=refused == replayed)
        demand = diagnostics["data"]["demand"]
        since, start = demand["measured_since"], demand["quarter_start"]
        self._result.want(
            f"a quarter-hour of {start} known since then, not {since}", holds=since == start
        )

    async def _replay(self, home: Running) -> int:
        """Send telegrams of which none may be accepted any more; return how many."""
        old = [sent.frame for sent in self._meter.sent if sent.moment < self._died - REPLAY_AGE]

        async def is_connected() -> bool:
            return self._line.connections() > 0

        await home.process.until(is_connected)
        for frame in old[-REPLAYS:]:
            self._line.push(frame)
            await asyncio.sleep(0.02)
        end = time.monotonic() + LOOK
        while time.monotonic() < end:
            states = await home.client.get("/api/states")
            if accepted := [
                f"{state['entity_id']} {state['state']}"
                for state in states
                if state["entity_id"] in self._entities and state["state"] not in ABSENT
            ]:
                message = f"old telegrams were accepted: {', '.join(accepted[:3])}, ..."
                raise MissedError(message)
            await asyncio.sleep(0.2)
        return len(old[-REPLAYS:])

    async def _live(self, watch: MeterWatch, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(min(INTERVAL, max(0.0, end - time.monotonic())))
            self._compare(watch)

    def _compare(self, watch: MeterWatch) -> None:
        """Find out whether any total is lower than it was once."""
        for key in TOTALS:
            value = watch.number(key)
            known = self.totals.get(key, 0.0)
            if value is not None and value >= known:
                self.totals[key] = value
            else:
                self._result.want(f"{key} is {value}, and was {known}", holds=False)
                # Once is enough.
                self.totals[key] = value or 0.0


async def _is_running(home: Running) -> bool:
    return bool((await home.client.get("/api/config"))["state"] == "RUNNING")
