"""Faults of operators during a run: a wrong clock of a node, and a tenant who leaves.

The clock of the stream's leader is first slow, then fast. A part that is killed meanwhile gets the
wrong clock again.
"""

import asyncio
import contextlib
import re
import time

from nats.js import JetStreamContext

from dev.fleet.fleet import Fleet
from dev.fleet.stream import ERRORS
from dev.reliability.result import tell

from .intruder import STREAM
from .kills import Interruption, Killer
from .wrong_clock import set_clock

# Number of the meter whose tenant leaves.
REMOVED = 6
# Parts of the run: the clock is slow, right, fast, and right again. A little more than an hour,
# because collectors reject a telegram that is an hour early.
_CLOCKS = ((0.15, 0), (0.35, -3700), (0.5, 0), (0.7, 3700))
_LEAVES_AT = 0.4
_LOOK_INTERVAL_S = 0.2
_MAX_WAIT_S = 60.0


async def disturb_clock(fleet: Fleet, stream: JetStreamContext, seconds: float) -> None:
    """Let the clock of the stream's leader be wrong twice. Then wait until cancelled."""
    begin = time.monotonic()
    for end, wrong_by in _CLOCKS:
        # Take the leader of now, so that wrong times stand in the stream.
        node = fleet.cluster.nodes[await _leader(stream)]
        if wrong_by:
            tell(f"the clock of the leader is wrong by {wrong_by} s")
        changed = 0
        while time.monotonic() < begin + end * seconds:
            if wrong_by and node.pid != changed:
                with contextlib.suppress(OSError):
                    set_clock(node.pid, wrong_by)
                    changed = node.pid
            await asyncio.sleep(_LOOK_INTERVAL_S)
        if changed:
            with contextlib.suppress(OSError):
                set_clock(node.pid, 0)
            tell("the clock is right")
    await asyncio.Event().wait()


async def remove_tenant(fleet: Fleet, killer: Killer, seconds: float) -> None:
    """Remove a tenant while frames flow. Then wait until cancelled."""
    await asyncio.sleep(_LEAVES_AT * seconds)
    async with killer.lock:
        moment = time.time()
        number = fleet.gateway_of(REMOVED)
        interruption = Interruption("gateway", number, was_killed=True, moment=moment)
        killer.interruptions.append(interruption)
        await fleet.remove(REMOVED)
        interruption.back = time.time()
    tell(f"a tenant is removed, after {interruption.back - moment:.1f} s")
    await asyncio.Event().wait()


async def _leader(stream: JetStreamContext) -> int:
    """Return the number of the stream's leader, counted from 0."""
    async with asyncio.timeout(_MAX_WAIT_S):
        while True:
            with contextlib.suppress(*ERRORS):
                info = await stream.stream_info(STREAM)
                if info.cluster and (name := re.fullmatch(r"node(\d)", info.cluster.leader or "")):
                    return int(name[1]) - 1
            await asyncio.sleep(_LOOK_INTERVAL_S)
