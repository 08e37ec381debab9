"""Somebody without a key writes to the line, while the meter's telegrams go on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count as counting
from pathlib import Path

from dev.demo.energy import DOMAIN, entities_of
from dev.demo.home_assistant import HOST
from dev.simulator import Server, serve

from .home import ABSENT, NUMBER, Home, Running
from .meter import NumberedMeter
from .process import cpu_seconds
from .result import Result, tell, warnings

INTERVAL = 10.0
POLL_EVERY = 0.5
FRAMES_A_TELEGRAM = 5
# What a serial line carries at 115,200 bit/s.
BYTES_A_SECOND = 11_520
_CHUNKS_A_SECOND = 10
MOST_LINES = 2


async def junk(directory: Path, count: int) -> Result:
    """Write junk between good telegrams for so many seconds: a little, then all a line carries."""
    result = Result()
    meter = NumberedMeter()
    home_place = Home(directory)
    async with (
        serve([meter], interval=INTERVAL) as line,
        home_place.running() as home,
    ):
        entry_id = await home.add_meter(f"socket://{HOST}:{line.ports[0]}")
        power = (await entities_of(home.client, entry_id))[NUMBER]
        attacks: dict[str, Callable[[], Awaitable[None]]] = {
            "nothing": partial(asyncio.sleep, count),
            f"{FRAMES_A_TELEGRAM} frames a telegram": partial(_trickle, line, meter),
            f"{BYTES_A_SECOND} bytes a second": partial(_flood, line, meter),
        }
        for name, attack in attacks.items():
            start = home_place.log.stat().st_size
            busy, began = cpu_seconds(home.process.pid), time.monotonic()
            attacking = asyncio.ensure_future(attack())
            states, troubles = await _poll(home, power, count)
            attacking.cancel()
            core = (cpu_seconds(home.process.pid) - busy) / (time.monotonic() - began)
            absent = sum(state in ABSENT for state in states)
            lines = warnings(home_place.log, start)
            result.say(
                f"{name}: {absent} of {len(states)} polls unavailable, "
                f"{troubles} dialogs and repairs, {len(lines)} lines in the log, "
                f"{core:.1%} of a core"
            )
            tell(result.lines[-1])
            result.want(f"{name}: always available", holds=not absent)
            result.want(f"{name}: no dialog, no repair", holds=not troubles)
            result.want(f"{name}: {MOST_LINES} lines", holds=len(lines) <= MOST_LINES)
    return result


async def _poll(home: Running, entity_id: str, seconds: float) -> tuple[list[str], int]:
    """Return the states of an entity, and how many dialogs and repairs there were at most."""
    states: list[str] = []
    troubles = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        states.append((await home.client.get(f"/api/states/{entity_id}"))["state"])
        flows = await home.client.command("config_entries/flow/progress")
        repairs = (await home.client.command("repairs/list_issues"))["issues"]
        found = [flow for flow in flows if flow["handler"] == DOMAIN]
        found += [issue for issue in repairs if issue["domain"] == DOMAIN]
        troubles = max(troubles, len(found))
        await asyncio.sleep(POLL_EVERY)
    return states, troubles


async def _trickle(line: Server, meter: NumberedMeter) -> None:
    for counter in counting():
        line.push(_frame(meter, counter))
        await asyncio.sleep(INTERVAL / FRAMES_A_TELEGRAM)


async def _flood(line: Server, meter: NumberedMeter) -> None:
    frames = BYTES_A_SECOND // _CHUNKS_A_SECOND // len(_frame(meter, 0))
    for first in counting(step=frames):
        line.push(b"".join(_frame(meter, first + number) for number in range(frames)))
        await asyncio.sleep(1 / _CHUNKS_A_SECOND)


def _frame(meter: NumberedMeter, counter: int) -> bytes:
    """Return the smallest frame there can be, which no key opens."""
    head = b"\xdb\x08" + meter.system_title + b"\x82\x00\x12\x30"
    return head + (counter % 2**32).to_bytes(4) + bytes(13)
