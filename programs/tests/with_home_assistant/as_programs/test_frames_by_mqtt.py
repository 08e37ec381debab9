"""A gateway without a key: from its frames at a broker to states in Home Assistant."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dev.demo.meter_statistics import DOMAIN
from dev.demo.processes import Process
from dev.simulator import Server
from dev.testing.broker import Broker
from dev.testing.real_programs import (
    IN_ONE_LOOP,
    RecordingMeter,
    module_fixture,
    serial_cable,
    until,
)
from tests.system.home import Home, add_broker
from tests.system.sealed_gateway import SealedGateway

pytestmark = IN_ONE_LOOP

KEY = bytes.fromhex("5A1ED5A1ED5A1ED5A1ED5A1ED5A1ED00")
# The last telegram counts as current for a minute when no other comes.
STALE = 60.0
PORT = f"mqtt:{SealedGateway.root}/frame"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Broker:
    return Broker(tmp_path_factory.mktemp("broker"))


@module_fixture
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    async with Home(tmp_path_factory.mktemp("home"), RecordingMeter(1, KEY)) as home:
        yield home


async def kill(process: Process) -> None:
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def offered_ports(home: Home) -> list[str]:
    """Return the ports that the form for a meter offers."""
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
    await meter.sends_another()
    await until(home.shows_last_telegram)


async def test_sealed_frames_of_a_gateway_without_a_key_become_states(
    home: Home, broker: Broker, tmp_path: Path
) -> None:
    """The states go on after each program was killed once."""
    meter = home.meter
    terminal = tmp_path / "meter"
    gateway = SealedGateway(tmp_path, broker.port, str(terminal))
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        line = await enter(Server([meter], interval=1))
        await enter(serial_cable(terminal, line.ports[0]))
        serving = await enter(broker.serving())
        sealing = await enter(gateway.running())
        await add_broker(home, broker)
        assert PORT in await offered_ports(home)
        await home.add_meter(PORT, KEY)
        await home.set_options(min_interval=0)
        await shows_news(home, meter)

        # The gateway: its will is published at once, long before its last telegram is too old.
        async def is_unavailable() -> bool:
            return (await home.states())["power_imported"] == "unavailable"

        await kill(sealing)
        await until(is_unavailable, within=STALE / 2)
        sealing = await enter(gateway.running())
        await shows_news(home, meter)

        # The broker: frames sent during its outage arrive late, and all of them.
        async def is_complete() -> bool:
            received = await telegrams(home) - telegrams_before
            sent = await gateway.metric("frames_total") - frames_before
            return abs(received - sent) <= 1  # a frame may be on its way

        async def has_waiting() -> bool:
            return await gateway.metric("queue_length") >= 3

        telegrams_before = await telegrams(home)
        frames_before = await gateway.metric("frames_total")
        await kill(serving)
        await until(has_waiting)
        await enter(broker.serving())
        await shows_news(home, meter)
        await gateway.until_metric("queue_length", 0)
        await until(is_complete)

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
