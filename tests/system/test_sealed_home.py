"""From a serial port through a gateway without a key and a broker to a Home Assistant with it.

It goes on after each of them was killed once.
"""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dev.demo.meter_statistics import DOMAIN
from dev.demo.processes import Process
from dev.simulator import serve
from tests.system.broker import Broker
from tests.system.home import Home, add_broker
from tests.system.sealed_gateway import SealedGateway
from tests.system.support import PATIENCE, TIMEOUT, RecordingMeter, until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]

KEY = bytes.fromhex("5A1ED5A1ED5A1ED5A1ED5A1ED5A1ED00")
# The last telegram counts as current for a minute when no other comes.
STALE = 60.0
PORT = f"mqtt:{SealedGateway.root}/frame"


async def kill(process: Process) -> None:
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def offered_ports(home: Home) -> list[str]:
    """Return what the form for a meter offers in its field for the port."""
    flows = "/api/config/config_entries/flow"
    menu = await home.client.post(flows, handler=DOMAIN)
    form = await home.client.post(f"{flows}/{menu['flow_id']}", next_step_id="meter")
    port = next(field for field in form["data_schema"] if field["name"] == "port")
    return [option["value"] for option in port["selector"]["select"]["options"]]


async def telegrams(home: Home) -> int:
    """Return how many telegrams Home Assistant has accepted since its start."""
    entry_id, *_ = await home.client.entries(DOMAIN)
    told = await home.client.get(f"/api/diagnostics/config_entry/{entry_id}")
    number: int = told["data"]["telegrams"]
    return number


async def shows_news(home: Home, meter: RecordingMeter) -> None:
    """Wait until Home Assistant shows a telegram that is sent from now on."""
    await meter.sends_another(within=PATIENCE)
    await until(home.shows_last_telegram, within=PATIENCE)


async def test_sealed_all_the_way(tmp_path: Path) -> None:
    meter = RecordingMeter(1, KEY)
    terminal = tmp_path / "meter"
    broker = Broker(tmp_path)
    gateway = SealedGateway(tmp_path, broker.port, str(terminal))
    home = Home(tmp_path / "home", meter)
    home.directory.mkdir()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        line = await enter(serve([meter], port=None, links=[terminal], interval=1))
        serving = await enter(broker.serving())
        sealing = await enter(gateway.running())
        stack.push_async_callback(home.stop)
        await home.start()
        await add_broker(home, broker)
        assert PORT in await offered_ports(home)
        await home.add_meter(PORT, KEY)
        await home.set_options(min_interval=0)
        await shows_news(home, meter)

        # The gateway: its will says so at once, long before its last telegram is too old.
        async def is_unavailable() -> bool:
            return (await home.states())["power_imported"] == "unavailable"

        await kill(sealing)
        await until(is_unavailable, within=STALE / 2)
        sealing = await enter(gateway.running())
        await shows_news(home, meter)

        # The broker: what was sent meanwhile arrives late, and all of it.
        async def is_complete() -> bool:
            received = await telegrams(home) - telegrams_before
            sent = await gateway.metric("frames_total") - frames_before
            return abs(received - sent) <= 1  # one may be on its way

        async def has_waiting() -> bool:
            return await gateway.metric("queue_length") >= 3

        telegrams_before = await telegrams(home)
        frames_before = await gateway.metric("frames_total")
        await kill(serving)
        await until(has_waiting, within=PATIENCE)
        await enter(broker.serving())
        await shows_news(home, meter)
        await gateway.until_metric("queue_length", 0)
        await until(is_complete, within=PATIENCE)

        # Home Assistant.
        await kill(home.process)
        await home.stop()
        await home.start()
        await shows_news(home, meter)

        # The meter: its port vanishes, and comes back.
        await line.stop()
        await asyncio.sleep(2)
        await line.start()
        await shows_news(home, meter)
        assert await gateway.metric("dropped_total") == 0
    secret = KEY.hex()
    for file in tmp_path.glob("*"):  # noqa: ASYNC240 - nothing else runs
        if file.is_file():
            assert secret not in file.read_bytes().decode("latin-1").lower(), file
