"""Power failures in the first two minutes of a meter: Home Assistant starts as fast as before."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from dev.demo.client import ClientError
from dev.demo.meter_statistics import DOMAIN
from dev.simulator import Server
from dev.testing.real_programs import RecordingMeter, until
from tests.system.home import Home

pytestmark = pytest.mark.slow

KEY = bytes.fromhex("5A3C00F1E2D4C6B8A99788766554433F")
# How much longer a busy machine may take. A start that waits for the recorder takes 300 s longer.
BUSY = 60.0


@pytest.mark.parametrize("seconds", [5, 15, 45, 100])
async def test_a_power_failure_after_adding_a_meter(tmp_path: Path, seconds: float) -> None:
    meter = RecordingMeter(1, KEY)
    home = Home(tmp_path, meter)

    async def start() -> float:
        began = time.monotonic()
        await home.start()
        return time.monotonic() - began

    async with Server([meter], interval=10) as line:
        without = await start()
        try:
            home.client.switch = True
            await home.client.run_flow(
                DOMAIN,
                "meter",
                port=f"socket://127.0.0.1:{line.ports[0]}",
                encryption_key=KEY.hex(),
                advanced={},
            )
            await asyncio.sleep(seconds)
            os.kill(home.process.pid, signal.SIGKILL)
            await home.process.wait()
            await home.stop()

            assert await start() <= 1.5 * without + BUSY

            assert "Setup timed out" not in home.log.read_text("utf-8")
            await until(lambda: has_sources(home))
        finally:
            await home.stop()


async def has_sources(home: Home) -> bool:
    """Return whether the Energy dashboard has the meter, after the failure too."""
    try:
        preferences = await home.client.command("energy/get_prefs")
    except ClientError:
        return False  # no source was ever entered
    kinds = {source["type"] for source in preferences["energy_sources"]}
    return {"grid", "gas", "water"} <= kinds
