"""A real ser2net, with the configuration in docs, page `connections`."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from dev.checkout import ROOT
from dev.demo.home_assistant import HOST
from dev.demo.processes import Process
from dev.ports import free_ports
from dev.testing.real_programs import addresses_listening_on, program

_EXAMPLE = re.compile(r"^```yaml\n(%YAML 1\.1\n.*?)^```$", re.MULTILINE | re.DOTALL)
_CONNECTION = re.compile(r"^connection: .*\n(?: .*\n)+", re.MULTILINE)
_NAME = re.compile(r"^connection: &(\S+)$", re.MULTILINE)
_ACCEPTER = re.compile(r"(?<=  accepter: )tcp,\d+$", re.MULTILINE)
_DEVICE = re.compile(r"/dev/serial/by-id/[^,]+")


def documented(count: int) -> tuple[str, list[str]]:
    """Return the first lines of the page's example, and `count` connections.

    The page has an example with one port and one with two. Each further port has the next number.
    """
    text = (ROOT / "docs" / "connections.md").read_text("utf-8")
    examples = {len(_CONNECTION.findall(each)): each for each in _EXAMPLE.findall(text)}
    example = examples[min(count, 2)]
    connections = _CONNECTION.findall(example)
    further = [
        connections[-1].replace("&smarty-p1-2\n", f"&smarty-p1-{number}\n")
        for number in range(len(connections) + 1, count + 1)
    ]
    return example.partition("connection:")[0], [*connections, *further]


class Gateway:
    """A ser2net that serves serial devices on neighbouring TCP ports."""

    _process: Process

    def __init__(self, devices: Sequence[Path], directory: Path) -> None:
        self._admin_port = first = free_ports(len(devices) + 1)
        self._ports = range(first + 1, first + 1 + len(devices))
        self._directory = directory
        self._head, connections = documented(len(devices))
        self._connections = [
            _here(connection, port, device)
            for connection, port, device in zip(connections, self._ports, devices, strict=True)
        ]

    def url(self, number: int) -> str:
        """Return where the first, second, ... device is read."""
        return f"socket://{HOST}:{self._ports[number - 1]}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Process]:
        admin = f"admin:\n  accepter: tcp,{HOST},{self._admin_port}\n"
        configuration = self._directory / "ser2net.yaml"
        configuration.write_text("".join([self._head, *self._connections, admin]), "utf-8")
        async with Process(
            "ser2net",
            [program("ser2net"), "-n", "-d", "-c", configuration],
            log=self._directory / "ser2net.log",
            directory=self._directory,
        ) as self._process:
            await self._process.until(self._serves_all_but)
            yield self._process

    async def close_port(self, number: int) -> None:
        await self._set_port_enable(number, "off")
        await self._process.until(lambda: self._serves_all_but(number))

    async def open_port(self, number: int) -> None:
        await self._set_port_enable(number, "on")
        await self._process.until(self._serves_all_but)

    async def _set_port_enable(self, number: int, state: str) -> None:
        name = _NAME.findall(self._connections[number - 1])[0]
        _, writer = await asyncio.open_connection(HOST, self._admin_port)
        writer.write(f"setportenable {name} {state}\r\nexit\r\n".encode())
        await writer.drain()
        writer.close()

    async def _serves_all_but(self, *numbers: int) -> bool:
        # A trial connection would end the only connection of a port.
        return all(
            bool(addresses_listening_on(port)) is (number not in numbers)
            for number, port in enumerate(self._ports, 1)
        )


def _here(connection: str, port: int, device: Path) -> str:
    connection, accepters = _ACCEPTER.subn(f"tcp,{HOST},{port}", connection)
    connection, devices = _DEVICE.subn(str(device), connection)
    assert (accepters, devices) == (1, 1), connection
    return connection
