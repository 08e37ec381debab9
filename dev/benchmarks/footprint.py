"""What the integration costs while nothing comes: the time to import it, and memory a meter."""

import asyncio
import gc
import os
import subprocess
import sys
import tracemalloc
from tempfile import TemporaryDirectory
from typing import NamedTuple

from dev.simulator import Meter

from .frames import KEY, START
from .states import add_meter, home_assistant

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


def import_cost(rounds: int) -> float:
    """Return the milliseconds that importing the integration and its platforms takes.

    Each time in a process of its own, with compiled files as Home Assistant keeps them; the best
    counts.
    """
    with TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        times = []
        for _ in range(rounds + 1):
            done = subprocess.run(  # noqa: S603 - Python itself
                [sys.executable, "-c", _IMPORTS],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            times.append(float(done.stdout))
    return min(times[1:])  # the first compiles


class MemoryResult(NamedTuple):
    """KiB that a meter takes: the first, which loads everything, and those after it."""

    meters: int
    first: float
    first_half: float
    """The mean of the 2nd to the middle one."""
    second_half: float

    @property
    def growth(self) -> float:
        """Return how much more a meter takes when there are many: 1 is linear."""
        return self.second_half / self.first_half


async def memory_of_meters(number: int = 100) -> MemoryResult:
    """Set up one meter after the other, each with the entities that are enabled by default."""
    middle = number // 2
    sizes = {}
    async with home_assistant() as hass:
        tracemalloc.start()
        try:
            sizes[0] = _traced()
            for count in range(1, number + 1):
                meter = Meter(count, KEY)
                await add_meter(hass, meter.device_name, [meter.frame_at(START)])
                if count in {1, middle, number}:
                    sizes[count] = _traced()
        finally:
            tracemalloc.stop()
    return MemoryResult(
        number,
        sizes[1] - sizes[0],
        (sizes[middle] - sizes[1]) / (middle - 1),
        (sizes[number] - sizes[middle]) / (number - middle),
    )


def _traced() -> float:
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / 1024


if __name__ == "__main__":
    print(import_cost(5))
    print(asyncio.run(memory_of_meters()))
