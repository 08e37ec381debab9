"""Reports to systemd and /health by a program whose event loop hangs."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dev.checkout import PYTHON_PATH
from dev.demo.processes import Process
from dev.ports import free_ports
from dev.testing.broker import HOST
from dev.testing.real_programs import PATIENCE, until

# The program itself, and a signal that lets it hang.
PROGRAM = """
import asyncio, pathlib, signal, sys, time
from {package} import read_config, run
from smarty_p1_gateway import health
health._MAX_SILENCE_S = 1.0

async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, time.sleep, 600)
    await run(read_config(pathlib.Path(sys.argv[1])))

asyncio.run(main())
"""
# No program answers at their addresses.
CONFIGURATIONS = {
    "smarty_p1_gateway": (
        'mqtt = {{ host = "127.0.0.1", port = 1 }}\nport = [{{ address = "socket://127.0.0.1:1" }}]'
    ),
    "smarty_p1_fleet": (
        'nats = {{ servers = ["nats://127.0.0.1:1"] }}\nstore = {{ url = "http://127.0.0.1:1" }}\n'
        'keys = {{ file = "{keys}" }}\ncollector = {{ name = "one" }}'
    ),
}


class Systemd:
    """Receiver of a program's notifications."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)  # noqa: FBT003 - as the module has it

    def heard(self) -> list[str]:
        """Return the notifications since the last call."""
        found = []
        try:
            while True:
                found.append(self._socket.recv(100).decode())
        except BlockingIOError:
            return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systemd]:
    # A socket's path must be short.
    found = Systemd(tmp_path_factory.mktemp("s") / "notify")
    yield found
    found.close()


def ask(port: int, path: str) -> tuple[int, list[str]]:
    """Return the status of an answer, and its list of problems."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/{path}", timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)["wrong"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["wrong"]


@pytest.mark.parametrize("package", CONFIGURATIONS)
async def test_systemd_hears_nothing_of_a_program_that_hangs(
    tmp_path: Path, systemd: Systemd, package: str
) -> None:
    port, keys, config = free_ports(), tmp_path / "keys", tmp_path / "config.toml"
    keys.touch(mode=0o600)
    keys.write_text("* 000102030405060708090A0B0C0D0E0F\n", "ascii")
    text = CONFIGURATIONS[package].format(keys=keys)
    config.write_text(f"{text}\nmetrics = {{ port = {port} }}\n", "utf-8")
    told: list[str] = []

    async def is_heard() -> bool:
        told.extend(systemd.heard())
        return told.count("WATCHDOG=1") >= 3

    async def has_hung(seconds: int) -> bool:
        code, wrong = await asyncio.to_thread(ask, port, "health")
        found = re.search(r"has hung for (\d+) s", "".join(wrong))
        return code == 503 and found is not None and int(found[1]) >= seconds

    environment = {
        **os.environ,
        "PYTHONPATH": PYTHON_PATH,
        "NOTIFY_SOCKET": str(systemd.path),
        "WATCHDOG_USEC": "300000",
    }
    async with Process(
        "program",
        [sys.executable, "-P", "-c", PROGRAM.format(package=package), config],
        log=tmp_path / "log",
        directory=tmp_path,
        environment=environment,
    ) as process:
        await until(is_heard)
        assert told[0] == "READY=1"
        assert await asyncio.to_thread(ask, port, "health") == (200, [])
        assert (await asyncio.to_thread(ask, port, "ready"))[0] == 503
        os.kill(process.pid, signal.SIGUSR1)
        await until(partial(has_hung, 2))
        # Drop the notifications from before the hang.
        systemd.heard()
        # The wait is more than ten times the interval of notifications.
        await until(partial(has_hung, 4))
        assert systemd.heard() == []
        os.kill(process.pid, signal.SIGKILL)
