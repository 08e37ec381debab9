"""A gateway without a key, a line that sends what it is told, and somebody who listens."""

import asyncio
import contextlib
import os
import re
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt

from dev.demo.home_assistant import ROOT
from dev.demo.processes import Process, running
from dev.ports import free_ports
from tests.system.broker import HOST
from tests.system.support import PATIENCE, until


class Line:
    """A TCP port that serves whoever connects."""

    def __init__(self) -> None:
        self.port = free_ports()
        self._writers: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve as long as the context lasts."""
        server = await asyncio.start_server(self._serve, HOST, self.port)
        async with server:
            yield
            for writer in self._writers:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            await reader.read()
        self._writers.discard(writer)
        writer.close()

    async def send(self, data: bytes, readers: int = 1) -> None:
        """Send bytes to all readers, as soon as there are so many of them."""

        async def has_readers() -> bool:
            return len(self._writers) == readers

        await until(has_readers, within=PATIENCE)
        for writer in self._writers:
            writer.write(data)
            await writer.drain()


class SealedGateway:
    """A `smarty-p1 gateway` of one port, whose topics begin with `root`."""

    root = "smarty_p1/house"

    def __init__(self, directory: Path, broker_port: int, address: str, login: str = "") -> None:
        self.metrics_port = free_ports()
        self._directory = directory
        self._config = directory / "gateway.toml"
        self._config.write_text(
            f'[mqtt]\nhost = "{HOST}"\nport = {broker_port}\n{login}'
            f"[metrics]\nport = {self.metrics_port}\n"
            f'[[port]]\naddress = "{address}"\nname = "house"\n',
            encoding="utf-8",
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        """Run as long as the context lasts."""
        command: list[str | Path] = [
            sys.executable,
            "-P",
            "-m",
            "smarty_p1_cli",
            "gateway",
            "--config",
            self._config,
        ]
        async with running(
            "gateway",
            command,
            log=self._directory / "gateway.log",
            directory=self._directory,
            environment={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process:
            yield process

    async def metrics(self) -> str:
        """Return all metrics."""

        def ask() -> str:
            url = f"http://{HOST}:{self.metrics_port}/metrics"
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return str(answer.read(), "utf-8")

        return await asyncio.to_thread(ask)

    async def metric(self, name: str) -> float:
        """Return a metric of the port, with all its labels or by its name; -1 before there is any.

        A name is that of a metric with one label.
        """
        pattern = re.escape(name) if "{" in name else f"{name}{{.*}}"
        with contextlib.suppress(OSError):
            text = await self.metrics()
            if found := re.search(rf"^smarty_p1_gateway_{pattern} (\S+)$", text, re.MULTILINE):
                return float(found[1])
        return -1

    async def until_metric(self, name: str, wanted: float) -> None:
        """Wait until a metric of the port has a value."""

        async def has_it() -> bool:
            return await self.metric(name) == wanted

        await until(has_it, within=PATIENCE)

    async def until_logged(self, text: str, count: int) -> None:
        """Wait until a text stands in the log so often."""

        async def is_logged() -> bool:
            return (self._directory / "gateway.log").read_text("utf-8").count(text) >= count

        await until(is_logged, within=PATIENCE)


class Listener:
    """Remembers all messages below a topic, over restarts of the broker."""

    def __init__(self, port: int, topic: str) -> None:
        self.port = port
        self.topic = topic
        self.messages: list[tuple[str, bytes, bool]] = []
        self.subscribed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen as long as the context lasts."""
        task = asyncio.create_task(self._listen())
        try:
            await asyncio.wait_for(self.subscribed.wait(), PATIENCE)
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(HOST, self.port) as client:
                    await client.subscribe(self.topic, qos=1)
                    self.subscribed.set()
                    async for message in client.messages:
                        payload = message.payload
                        assert isinstance(payload, bytes)
                        self.messages.append((str(message.topic), payload, message.retain))
            self.subscribed.clear()
            await asyncio.sleep(0.1)

    def at(self, topic: str) -> list[bytes]:
        """Return what came at a topic."""
        return [payload for where, payload, _ in self.messages if where == topic]

    async def until_last(self, topic: str, payload: bytes) -> None:
        """Wait until this is what came last at a topic."""

        async def is_last() -> bool:
            return self.at(topic)[-1:] == [payload]

        await until(is_last, within=PATIENCE)

    async def until(self, topic: str, count: int) -> list[bytes]:
        """Wait until so many messages came at a topic."""

        async def has_them() -> bool:
            return len(self.at(topic)) >= count

        await until(has_them, within=PATIENCE)
        return self.at(topic)
