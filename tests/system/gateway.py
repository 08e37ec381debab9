"""A real ser2net, with the configuration that docs/gateways.md tells its readers to write."""

import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from demo.home_assistant import ROOT
from demo.processes import Process, running
from tests.system.support import addresses_listening_on, free_ports, program

_EXAMPLE = re.compile(r"^```yaml\n(%YAML 1\.1\n.*?)^```$", re.MULTILINE | re.DOTALL)
_CONNECTION = re.compile(r"^connection: .*\n(?: .*\n)+", re.MULTILINE)
_ACCEPTER = re.compile(r"(?<=  accepter: )tcp,\d+$", re.MULTILINE)
_DEVICE = re.compile(r"/dev/serial/by-id/[^,]+")


def documented(count: int) -> tuple[str, list[str]]:
    """Return the example for so many serial ports: its first lines, and its connections."""
    text = (ROOT / "docs" / "gateways.md").read_text(encoding="utf-8")
    for example in _EXAMPLE.findall(text):
        connections = _CONNECTION.findall(example)
        if len(connections) == count:
            return example.partition("connection:")[0], connections
    message = f"docs/gateways.md has no example with {count} connections"
    raise LookupError(message)


class Gateway:
    """A ser2net that serves serial devices on neighbouring TCP ports."""

    _process: Process

    def __init__(self, devices: Sequence[Path], directory: Path) -> None:
        self.ports = range(first := free_ports(len(devices)), first + len(devices))
        self._directory = directory
        self._configuration = directory / "ser2net.yaml"
        self._head, connections = documented(len(devices))
        self._connections = [
            _here(connection, port, device)
            for connection, port, device in zip(connections, self.ports, devices, strict=True)
        ]

    def url(self, number: int) -> str:
        """Return where the first, second, ... device is read."""
        return f"socket://127.0.0.1:{self.ports[number - 1]}"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Process]:
        """Serve as long as the context lasts."""
        self._configure()
        async with running(
            "ser2net",
            [program("ser2net"), "-n", "-d", "-c", self._configuration],
            log=self._directory / "ser2net.log",
            directory=self._directory,
        ) as self._process:
            await self._process.until(self._serves_all_but)
            yield self._process

    async def serve_all_but(self, *numbers: int) -> None:
        """Have ser2net read a configuration without these devices, or with all of them again."""
        self._configure(*numbers)
        os.kill(self._process.pid, signal.SIGHUP)
        await self._process.until(lambda: self._serves_all_but(*numbers))

    async def _serves_all_but(self, *numbers: int) -> bool:
        # A connection, to find that out, would end the one that a port has.
        return all(
            bool(addresses_listening_on(port)) is (number not in numbers)
            for number, port in enumerate(self.ports, 1)
        )

    def _configure(self, *left_out: int) -> None:
        served = [
            connection
            for number, connection in enumerate(self._connections, 1)
            if number not in left_out
        ]
        self._configuration.write_text(self._head + "".join(served), encoding="utf-8")


def _here(connection: str, port: int, device: Path) -> str:
    """Return a connection with a port and a device of this machine."""
    connection, accepters = _ACCEPTER.subn(f"tcp,127.0.0.1,{port}", connection)
    connection, devices = _DEVICE.subn(str(device), connection)
    assert (accepters, devices) == (1, 1), connection
    return connection
