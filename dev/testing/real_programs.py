"""Helpers that several of the system tests need."""

import asyncio
import os
import re
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from dev.checkout import ROOT
from dev.demo.home_assistant import HOST
from dev.demo.processes import Process
from dev.simulator import Meter

DEMO_PYTHON = ROOT / ".venv-demo" / "bin" / "python"
OLDEST_PYTHON = ROOT / ".venv" / "bin" / "python"
# Seconds that a busy machine with slow cores may need for a step of some seconds.
PATIENCE = 240.0
# Seconds for a whole test, with the start of the programs that it is the first to need.
TIMEOUT = 1500
# Tests of a module share what runs.
IN_ONE_LOOP = pytest.mark.asyncio(loop_scope="module")


def module_fixture[**P, T: Awaitable[object] | AsyncIterator[object]](
    function: Callable[P, T],
) -> Callable[P, T]:
    """Make a fixture that lasts for a module, in the loop of its tests."""
    return pytest_asyncio.fixture(function, scope="module", loop_scope="module")


def program(*names: str) -> str:
    """Return the path of a program by the first of its names that exists; skip without it."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        message = f"{names[0]} is not installed"
        # Where everything is expected to run, nothing may be left out unseen.
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


async def until(
    check: Callable[[], object], *, within: float = PATIENCE, every: float = 0.5
) -> None:
    """Wait until a check returns something true, or awaits it."""
    deadline = time.monotonic() + within
    while not (await found if isinstance(found := check(), Awaitable) else found):
        assert time.monotonic() < deadline, f"not within {within} s"
        await asyncio.sleep(every)


def requirements_of(kind: str) -> str:
    """Return the path of the requirements of an environment, from the root."""
    return "requirements_test.txt" if kind == "test" else f"requirements/{kind}.txt"


def wanted_version(kind: str) -> str:
    """Return the version of Home Assistant that the environment "test" or "demo" is to have."""
    text = (ROOT / requirements_of(kind)).read_text("utf-8")
    found = re.search(r"^homeassistant==(\S+)$", text, re.MULTILINE)
    assert found
    return found[1]


def addresses_listening_on(port: int) -> list[str]:
    """Return the addresses of this machine with a server of a TCP port."""
    socket_line = re.compile(rf"^ *\d+: ([0-9A-F]+):{port:04X} \S+ 0A", re.MULTILINE)
    return [
        # The kernel writes an address as the numbers of its machine words.
        socket.inet_ntoa(bytes.fromhex(address)[::-1]) if len(address) == 8 else address
        for table in ("tcp", "tcp6")
        for address in socket_line.findall(Path("/proc/net", table).read_text("ascii"))
    ]


def processes_mentioning(text: str | Path) -> list[str]:
    """Return the command lines of all processes that have a text in them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(text) in command:
            found.append(command)
    return found


@asynccontextmanager
async def serial_cable(device: Path, port: int) -> AsyncIterator[None]:
    """Lead the TCP port of a simulated meter to a serial device, while a reader has opened it."""
    plug = f"{program('socat')} pty,raw,echo=0,link={device},wait-slave,pty-interval=0.2"
    async with Process(
        "socat",
        # The device is removed when its reader ends, and made again at once.
        ["/bin/sh", "-c", f"while :; do {plug} tcp:{HOST}:{port}; done"],
        log=device.with_name(f"{device.name}.log"),
        directory=device.parent,
    ):
        await until(device.exists)
        yield


class RecordingMeter(Meter):
    """A meter that is asked about the last telegram it sent."""

    def last_value(self, reference: str) -> float:
        """Return the number that ends an object of the last telegram."""
        line = rf"^{re.escape(reference)}\(.*?([0-9.]+)\*\w+\)\r$"
        match = re.search(line, self.last_telegram, re.MULTILINE)
        assert match, f"{reference} is not in the telegram"
        return float(match[1])

    async def sends_another(self) -> None:
        """Wait until the meter sends a telegram with other values."""
        last = self.last_telegram
        await until(lambda: self.last_telegram != last)
