"""What the integration costs while nothing comes: the time to import it, and memory a meter."""

import asyncio
import ctypes
import gc
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.simulator import Meter

from .frames import INTERVAL, KEY, START
from .states import add_meter, home_assistant

IMPORT_AIM = 50
LINEAR = 1.1
"""How many times as much as the first ones the last meters may take."""
_STEPS = 4
_KIB = 1024
# What Home Assistant has loaded before any integration of a user.
_IMPORTS = """
import importlib, sys, time
import homeassistant.bootstrap, homeassistant.config_entries
import homeassistant.helpers.entity_platform, homeassistant.helpers.update_coordinator
import cryptography.hazmat.primitives.ciphers.aead, serialx
for name in "binary_sensor", "diagnostics", "event", "repairs", "sensor", "system_health":
    importlib.import_module(f"homeassistant.components.{name}")
start = time.process_time()
for name in "", ".binary_sensor", ".event", ".sensor":
    importlib.import_module(f"custom_components.smarty_p1{name}")
print((time.process_time() - start) * 1e3)
"""


def _run(*arguments: str, **environment: str) -> str:
    """Return what Python prints in a process of its own."""
    done = subprocess.run(  # noqa: S603 - Python itself
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return done.stdout


def import_cost(rounds: int) -> float:
    """Return the milliseconds that importing the integration and its platforms takes.

    Each time in a process of its own, with compiled files as Home Assistant keeps them; the best
    counts.
    """
    with TemporaryDirectory() as compiled:
        keep = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        times = [float(_run("-c", _IMPORTS, **keep)) for _ in range(rounds + 1)]
    return min(times[1:])  # the first compiles


def memory_of_meters(number: int) -> dict[int, float]:
    """Return the memory in KiB that so many meters take, and 1, and some numbers between.

    It is what the process has resident beyond what it had without a meter.
    """
    lines = _run("-m", __spec__.name, str(number)).splitlines()
    return {int(count): float(size) for count, size in map(str.split, lines)}


def of_each_further(sizes: dict[int, float]) -> list[float]:
    """Return what each further meter takes in KiB, from one measured number to the next."""
    return [
        (size - size_before) / (count - count_before)
        for (count_before, size_before), (count, size) in pairwise(sizes.items())
    ]


async def _print_memory(number: int) -> None:
    """Set up one meter after the other, each with the entities that are enabled by default.

    Each one still gets a telegram now and then, as its entities are unavailable otherwise.
    """
    steps = {1, *(number * step // _STEPS for step in range(1, _STEPS + 1))}
    async with home_assistant() as hass:
        empty = _resident()
        meters = []
        for count in range(1, number + 1):
            meter = Meter(count, KEY)
            receive = await add_meter(hass, meter.device_name, [meter.frame_at(START)])
            meters.append((meter, receive))
            if count in steps:
                for each, feed in meters:
                    feed(each.frame_at(START + count * INTERVAL))
                await hass.async_block_till_done()
                if any(state.state == "unavailable" for state in hass.states.async_all()):
                    message = "a meter that is unavailable is not what is measured"
                    raise RuntimeError(message)
                print(count, _resident() - empty, flush=True)


def _resident() -> float:
    """Return the resident memory of this process in KiB, without what is free."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _KIB


if __name__ == "__main__":
    asyncio.run(_print_memory(int(sys.argv[1])))
