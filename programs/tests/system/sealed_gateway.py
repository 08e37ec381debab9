"""Gateways without and with a key, and a line that sends given bytes."""

import asyncio
import os
import re
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from dev.checkout import PYTHON_PATH
from dev.demo.processes import Process
from dev.encoder import KEY, TITLE
from dev.ports import free_ports
from dev.testing.broker import HOST
from dev.testing.real_programs import PATIENCE, until


class Line:
    """A TCP port that serves every reader."""

    def __init__(self) -> None:
        self.port = free_ports()
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, HOST, self.port)
        async with server:
            yield
            for writer in self._writers:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            await reader.read()
        self._writers.discard(writer)
        writer.close()

    async def send(self, data: bytes, readers: int = 1) -> None:
        """Send bytes to all readers, once `readers` are connected."""
        await until(lambda: len(self._writers) == readers)
        for writer in self._writers:
            writer.write(data)
            await writer.drain()


class SealedGateway:
    """A `smarty-p1 gateway` of one port, whose topics begin with `root`."""

    root = "smarty_p1/house"

    def __init__(self, directory: Path, broker_port: int, address: str, login: str = "") -> None:
        broker = f'[mqtt]\nhost = "{HOST}"\nport = {broker_port}\n{login}'
        self.configure(directory, broker, f'[[port]]\naddress = "{address}"\nname = "house"\n')

    def configure(self, directory: Path, broker: str, ports: str) -> None:
        self.metrics_port = free_ports()
        self._directory = directory
        self._config = directory / "gateway.toml"
        text = f"{broker}[metrics]\nport = {self.metrics_port}\n{ports}"
        self._config.write_text(text, "utf-8")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        command: list[str | Path] = [sys.executable, "-P", "-m", "smarty_p1_cli", "gateway"]
        async with Process(
            "gateway",
            [*command, "--config", self._config],
            log=self._directory / "gateway.log",
            directory=self._directory,
            environment={**os.environ, "PYTHONPATH": PYTHON_PATH},
        ) as process:
            yield process

    async def metrics(self) -> str:
        def ask() -> str:
            url = f"http://{HOST}:{self.metrics_port}/metrics"
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return str(answer.read(), "utf-8")

        return await asyncio.to_thread(ask)

    async def metric(self, name: str) -> float:
        """Return the sum of a metric over all ports and other labels; -1 before there is any.

        With labels in its name, it is the one with these alone.
        """
        pattern = re.escape(name) if "{" in name else f"{name}{{.*}}"
        with suppress(OSError):
            text = await self.metrics()
            if found := re.findall(rf"^smarty_p1_gateway_{pattern} (\S+)$", text, re.MULTILINE):
                return sum(map(float, found))
        return -1

    async def until_metric(self, name: str, wanted: float) -> None:
        async def has_it() -> bool:
            return await self.metric(name) == wanted

        await until(has_it)

    def logged(self) -> str:
        return (self._directory / "gateway.log").read_text("utf-8")

    async def until_logged(self, text: str) -> None:
        await until(lambda: text in self.logged())


class DecodedGateway(SealedGateway):
    """A `smarty-p1 gateway` of one port, with the keys of its meter."""

    def __init__(
        self,
        directory: Path,
        broker_port: int,
        address: str,
        *,
        publish: str = "",
        key: bytes | None = None,
    ) -> None:
        super().__init__(directory, broker_port, address)
        keys = directory / "meter-keys"
        keys.write_text(
            f"* {key.hex()}\n" if key else f"{TITLE.hex()} {KEY.hex()}\n", encoding="ascii"
        )
        keys.chmod(0o600)
        sealed = self._config.read_text("utf-8")
        self._config.write_text(
            f'[keys]\nfile = "{keys}"\n[publish]\n{publish}\n{sealed}', encoding="utf-8"
        )
