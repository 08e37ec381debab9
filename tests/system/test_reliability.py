"""Programs fail in front of a real Home Assistant, which shows the meter again soon.

`ROUNDS=100 scripts/test --whole tests/system/test_reliability.py` lets each program fail 100 times.
"""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dev.simulator import Server
from dev.testing.real_programs import TIMEOUT, serial_cable, until
from smartyp1.json_types import JsonDict
from tests.system.gateway import Gateway
from tests.system.home import Home
from tests.system.numbered_meter import ROUNDS, NumberedMeter, reading

pytestmark = [pytest.mark.timeout(TIMEOUT + 60 * ROUNDS), pytest.mark.slow]

STALE = 60.0
RECOVERY = 15.0
# The speed of a busy machine proves nothing.
LATE = 60.0
# How long connections may stay that set the meter up.
KEPT_ALIVE = 60.0
REPLAYS = 25
# States that never fall.
TOTALS = ("energy_imported", "gas", "water", "heat")


def open_descriptors(home: Home) -> int:
    """Return how many files and connections Home Assistant has open."""
    return len([*Path(f"/proc/{home.process.pid}/fd").iterdir()])


async def recovers(home: Home, meter: NumberedMeter) -> None:
    """Wait until a telegram is shown that is sent from now on; that may not take long."""
    sent = len(meter.frames)

    async def shows_a_new_one() -> bool:
        return len(meter.frames) > sent and await home.shows_last_telegram()

    await until(shows_a_new_one, within=RECOVERY + LATE)


async def test_a_gateway_is_killed_again_and_again(tmp_path: Path) -> None:
    device, meter = tmp_path / "serial", NumberedMeter()
    gateway = Gateway([device], tmp_path)
    async with (
        Server([meter], interval=1) as line,
        serial_cable(device, line.ports[0]),
        AsyncExitStack() as stack,
    ):
        process = await stack.enter_async_context(gateway.serving())
        async with reading(tmp_path, meter, gateway.url(1)) as home:
            await asyncio.sleep(KEPT_ALIVE)
            before = open_descriptors(home)
            for _ in range(ROUNDS):
                os.kill(process.pid, signal.SIGKILL)
                await process.wait()
                await stack.aclose()
                process = await stack.enter_async_context(gateway.serving())
                await recovers(home, meter)
            await until(lambda: open_descriptors(home) <= before, within=KEPT_ALIVE)


async def test_connections_of_a_frozen_gateway_are_given_up(tmp_path: Path) -> None:
    device, meter = tmp_path / "serial", NumberedMeter()
    gateway = Gateway([device], tmp_path)
    async with (
        Server([meter], interval=1) as line,
        serial_cable(device, line.ports[0]),
        gateway.serving() as process,
        reading(tmp_path, meter, gateway.url(1)) as home,
    ):
        os.kill(process.pid, signal.SIGSTOP)
        await until(
            lambda: home.shows_nothing_but("port_silent", "nothing_received"), within=STALE + LATE
        )
        os.kill(process.pid, signal.SIGCONT)
        await recovers(home, meter)


async def test_home_assistant_is_killed_again_and_again(tmp_path: Path) -> None:
    meter = NumberedMeter()
    async with (
        Server([meter], interval=1) as line,
        reading(tmp_path, meter, f"socket://127.0.0.1:{line.ports[0]}") as home,
    ):
        [entry_id] = await home.client.entries("smarty_p1")

        async def diagnostics() -> JsonDict:
            told = await home.client.get(f"/api/diagnostics/config_entry/{entry_id}")
            return dict(told["data"])

        async def refuses_all() -> bool:
            return bool((await diagnostics())["rejections"].get("replay") == REPLAYS)

        for _ in range(ROUNDS):
            # Counters are stored then, and every five minutes.
            old = meter.frames[-REPLAYS:]
            await home.client.post(f"/api/config/config_entries/entry/{entry_id}/reload")
            await recovers(home, meter)
            before, demand = await home.states(), (await diagnostics())["demand"]
            os.kill(home.process.pid, signal.SIGKILL)
            await home.process.wait()
            line.silence()
            await home.stop()
            await home.start()
            await until(lambda: line.connections() > 0)
            line.push(b"".join(old))

            await until(refuses_all)
            assert await home.shows_nothing_but("waiting", "replay")
            line.silence(is_silent=False)
            await recovers(home, meter)
            after, now = await home.states(), (await diagnostics())["demand"]

            assert all(float(after[key]) >= float(before[key]) for key in TOTALS)
            # The quarter-hour goes on, unless another has begun.
            if now["quarter_start"] == demand["quarter_start"]:
                assert now["measured_since"] == demand["measured_since"]
