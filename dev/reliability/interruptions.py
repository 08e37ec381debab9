"""What lies between the meter and Home Assistant is killed, stopped or pulled out."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import uniform
from typing import NamedTuple

from dev.simulator import serve

from .home import Home, MeterWatch, Running
from .meter import NumberedMeter
from .parts import Part, cable, gateway
from .process import descriptors
from .result import Result, spread, tell

RECOVERY = 15.0
UNAVAILABLE = 60.0
# The event loop's timers and the writing of the states come on top of the minute.
RESOLUTION = 0.5
# Longer than what is wanted, so that a run tells by how much a figure was missed.
PATIENCE = 90.0
INTERVAL = 1.0
# Longer than a client keeps connections, such as those that set the meter up, for what may come.
KEPT_ALIVE = 40.0


class _Scene(NamedTuple):
    """A Home Assistant that shows a meter through a part."""

    home: Running
    watch: MeterWatch
    part: Part


async def ser2net(directory: Path, count: int, late: float) -> Result:
    """Kill ser2net and start it again, while a telegram a second comes through it."""
    result = Result()
    async with _behind_gateway(directory) as scene:
        pid = scene.home.process.pid
        await asyncio.sleep(KEPT_ALIVE)
        before = descriptors(pid)
        _judge(result, await _interrupt(scene, count, scene.part.kill), RECOVERY + late)
        after = await _settled_descriptors(pid, len(before))
    result.say(f"open descriptors of Home Assistant: {_kinds(before)}; afterwards {_kinds(after)}")
    result.want("no leaked descriptor", holds=len(after) <= len(before))
    return result


async def replug(directory: Path, count: int, late: float) -> Result:
    """Remove the serial port and put it back, as somebody who pulls the cable does."""
    result = Result()
    device = directory / "serial"
    meter = NumberedMeter()
    async with (
        serve([meter], interval=INTERVAL) as line,
        Home(directory).running() as home,
        cable(line.ports[0], device, directory) as part,
        _shown(home, str(device), meter, part) as scene,
    ):

        async def pull() -> None:
            await part.kill()
            device.unlink()

        _judge(result, await _interrupt(scene, count, pull), RECOVERY + late)
    return result


async def half_open(directory: Path, count: int, late: float) -> Result:
    """Stop ser2net: its connections stay open, and nothing comes."""
    result = Result()
    silences: list[float] = []
    recoveries: list[float] = []
    async with _behind_gateway(directory) as (_, watch, part):
        for number in range(1, count + 1):
            part.send(signal.SIGSTOP)
            await watch.until(
                "all entities unavailable", watch.is_unavailable, within=UNAVAILABLE + PATIENCE
            )
            silences.append(watch.last_written() - watch.last_telegram)
            await asyncio.sleep(uniform(0, 10))  # noqa: S311 - no secret
            continued = time.time()
            part.send(signal.SIGCONT)
            recoveries.append(await _recovery(watch, continued))
            tell(f"{number}/{count}: {silences[-1]:.3f} s, {recoveries[-1]:.1f} s")
            await asyncio.sleep(uniform(1, 5))  # noqa: S311
    result.say(f"last telegram to unavailable: {spread(silences, decimals=2)}")
    latest = UNAVAILABLE + late
    result.want(f"unavailable after {latest:.0f} s", holds=max(silences) <= latest + RESOLUTION)
    _judge(result, recoveries, RECOVERY + late)
    return result


@contextlib.asynccontextmanager
async def _behind_gateway(directory: Path) -> AsyncIterator[_Scene]:
    device = directory / "serial"
    meter = NumberedMeter()
    async with (
        serve([meter], port=None, links=[device], interval=INTERVAL),
        Home(directory).running() as home,
    ):
        part, url = gateway(device, directory)
        async with part, _shown(home, url, meter, part) as scene:
            yield scene


@contextlib.asynccontextmanager
async def _shown(
    home: Running, port: str, meter: NumberedMeter, part: Part
) -> AsyncIterator[_Scene]:
    async with home.watching(await home.add_meter(port), meter) as watch:
        await watch.until("a telegram", watch.shows_last_telegram, within=PATIENCE)
        await asyncio.sleep(2 * INTERVAL)
        yield _Scene(home, watch, part)


async def _interrupt(scene: _Scene, count: int, end: Callable[[], Awaitable[None]]) -> list[float]:
    """End the part and start it again so often; return how long each recovery took."""
    seconds = []
    for number in range(1, count + 1):
        await end()
        await asyncio.sleep(uniform(0.2, 4))  # noqa: S311
        await scene.part.start()
        seconds.append(await _recovery(scene.watch, time.time()))
        tell(f"{number}/{count}: {seconds[-1]:.1f} s")
        await asyncio.sleep(uniform(0.5, 3))  # noqa: S311
    return seconds


async def _recovery(watch: MeterWatch, since: float) -> float:
    """Return how long it takes until a telegram is shown that was sent since a moment."""
    await watch.until(
        "a recovery", lambda: watch.shows_telegram_since(since), within=RECOVERY + PATIENCE
    )
    return watch.last_telegram - since


def _judge(result: Result, seconds: list[float], longest: float) -> None:
    result.say(f"{len(seconds)} recoveries: {spread(seconds)}")
    result.want(f"each within {longest:.0f} s", holds=max(seconds) <= longest)


async def _settled_descriptors(pid: int, wanted: int) -> list[str]:
    """Return the open descriptors, once nothing but a leak can still have too many open."""
    deadline = time.monotonic() + KEPT_ALIVE
    while len(found := descriptors(pid)) > wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    return found


def _kinds(found: list[str]) -> str:
    sockets = sum(name.startswith("socket:") for name in found)
    return f"{len(found)}, of them {sockets} sockets"
