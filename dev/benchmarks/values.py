"""What a telegram costs the gateway that has the key, by what it publishes: on a real mosquitto.

The simulator's meter has gas, water, heat and sun, and sends ten times as fast as a real one. What
has not changed is repeated ten times as often, too.
"""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import aiomqtt

from dev.demo.client import is_listening
from dev.demo.home_assistant import HOST, ROOT
from dev.demo.processes import Process, running
from dev.meter_port import MeterPort
from dev.ports import free_ports
from dev.simulator import Meter
from smartyp1.publish import REPEAT_EVERY

from .frames import INTERVAL, KEY, START

FORMATS = {
    "one topic per value": "",
    "one topic per value, discovery": "discovery = true",
    "one topic per value, discovery, retained": "discovery = true\nretain = true",
    "one JSON object per telegram": 'format = "telegram"',
    "both": 'format = "both"',
    "the SmartyReader's names": 'format = "smartyreader"',
}
TELEGRAMS = 30
_SPEED = 10
_REPEAT_EVERY = REPEAT_EVERY // _SPEED
# The first ones are connecting, discovery and what the meter's M-Bus is.
_FIRST = 6
_PATIENCE = 60.0
_ROOT = "smarty_p1/house"


class ValuesCost(NamedTuple):
    """What a telegram costs the gateway and the broker, in milliseconds of CPU; its messages."""

    gateway: float
    broker: float
    messages: float


async def cost_of(publish: str) -> ValuesCost:
    """Return what a telegram costs with these lines in the table `[publish]`.

    Raises RuntimeError when there is no mosquitto.
    """
    meter = Meter(1, KEY)
    times = [START + index * INTERVAL for index in range(_FIRST + TELEGRAMS)]
    with TemporaryDirectory() as name:
        directory = Path(name)
        async with (
            _mosquitto(directory) as (broker, port),
            MeterPort() as line,
            _listening(port) as came,
            _gateway(directory, port, line, publish) as gateway,
        ):
            await line.wait_for_clients(1)
            for time in times[:_FIRST]:
                await _tell(line, meter.frame_at(time))
            messages, before = came["messages"], _seconds(gateway, broker)
            for time in times[_FIRST:]:
                await _tell(line, meter.frame_at(time))
            after = _seconds(gateway, broker)
            messages = came["messages"] - messages
            if f"{_ROOT}/availability" not in came:
                text = (directory / "gateway.log").read_text(encoding="utf-8")
                message = f"the gateway publishes nothing:\n{text}"
                raise RuntimeError(message)
    own, others = (
        (end - start) / TELEGRAMS * 1e3 for start, end in zip(before, after, strict=True)
    )
    return ValuesCost(own, others, messages / TELEGRAMS)


async def _tell(line: MeterPort, frame: bytes) -> None:
    await line.send(frame)
    await asyncio.sleep(INTERVAL.total_seconds() / _SPEED)


def _seconds(*processes: Process) -> list[float]:
    """Return how long the threads of each process have kept a core busy: to the nanosecond."""
    return [
        sum(
            int(each.read_text(encoding="ascii").split()[0]) / 1e9
            for each in Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        )
        for process in processes
    ]


@contextlib.asynccontextmanager
async def _mosquitto(directory: Path) -> AsyncIterator[tuple[Process, int]]:
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        message = "mosquitto is not installed: scripts/packages mosquitto"
        raise RuntimeError(message)
    port = free_ports()
    path = directory / "mosquitto.conf"
    path.write_text(f"listener {port} {HOST}\nallow_anonymous true\n", encoding="ascii")
    log = directory / "mosquitto.log"
    async with running("mosquitto", [program, "-c", path], log=log, directory=directory) as process:
        await process.until(lambda: is_listening(HOST, port))
        yield process, port


@contextlib.asynccontextmanager
async def _listening(port: int) -> AsyncIterator[dict[str, int]]:
    """Count all messages, and at least those of the availability by their topic."""
    came = {"messages": 0}

    async def count(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            came["messages"] += 1
            if str(message.topic).endswith("/availability"):
                came[str(message.topic)] = 1

    async with aiomqtt.Client(HOST, port) as client:
        await client.subscribe("#")
        counting = asyncio.create_task(count(client))
        yield came
        counting.cancel()


@contextlib.asynccontextmanager
async def _gateway(
    directory: Path, port: int, line: MeterPort, publish: str
) -> AsyncIterator[Process]:
    keys = directory / "keys"
    keys.write_text(f"* {KEY.hex()}\n", encoding="ascii")
    keys.chmod(0o600)
    config = directory / "gateway.toml"
    config.write_text(
        f'[mqtt]\nhost = "{HOST}"\nport = {port}\n[keys]\nfile = "{keys}"\n'
        f"[publish]\n{publish}\nrepeat_every = {_REPEAT_EVERY}\n"
        f'[[port]]\naddress = "{line.url}"\nname = "house"\n',
        encoding="utf-8",
    )
    command: list[str | Path] = [
        sys.executable,
        "-P",
        "-m",
        "smarty_p1_cli",
        "gateway",
        "--config",
        config,
    ]
    async with running(
        "gateway",
        command,
        log=directory / "gateway.log",
        directory=directory,
        environment={"PYTHONPATH": str(ROOT)},
    ) as process:
        yield process
