"""A real mosquitto, and a listener that keeps every message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import aiomqtt

from dev.demo.processes import Process
from dev.ports import free_ports
from dev.reliability.process_measurements import is_served
from dev.testing.real_programs import PATIENCE, program, until

HOST = "127.0.0.1"
CONFIGURATION = """\
listener {port} {host}
allow_anonymous true
persistence false
"""


class Message(NamedTuple):
    """A received message."""

    topic: str
    payload: bytes
    retained: bool


class Broker:
    """A mosquitto that forgets everything when it ends."""

    def __init__(self, directory: Path) -> None:
        self.port = free_ports()
        self._directory = directory
        self._configuration = directory / "mosquitto.conf"
        self._configuration.write_text(
            CONFIGURATION.format(port=self.port, host=HOST), encoding="ascii"
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Process]:
        async with Process(
            "mosquitto",
            [program("mosquitto", "/usr/sbin/mosquitto"), "-c", self._configuration],
            log=self._directory / "mosquitto.log",
            directory=self._directory,
        ) as process:
            await process.until(lambda: is_served(self.port))
            yield process

    async def publish(self, topic: str, text: str) -> None:
        """Publish a retained message, as ESPHome does."""
        client = await asyncio.create_subprocess_exec(
            *(program("mosquitto_pub"), "-h", HOST, "-p", f"{self.port}"),
            *("-t", topic, "-m", text, "-r"),
        )
        assert await client.wait() == 0


class Listener:
    """Listener that remembers all messages below a topic, over restarts of the broker."""

    def __init__(self, port: int, topic: str) -> None:
        self.port = port
        self.topic = topic
        self.messages: list[Message] = []
        self.subscribed = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._listen())
        try:
            await asyncio.wait_for(self.subscribed.wait(), PATIENCE)
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            with suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(HOST, self.port) as client:
                    await client.subscribe(self.topic, qos=1)
                    self.subscribed.set()
                    async for message in client.messages:
                        payload = message.payload
                        assert isinstance(payload, bytes)
                        told = Message(str(message.topic), payload, message.retain)
                        self.messages.append(told)
            self.subscribed.clear()
            await asyncio.sleep(0.1)

    def at(self, topic: str) -> list[bytes]:
        return [payload for where, payload, _ in self.messages if where == topic]

    async def until_last(self, topic: str, payload: bytes) -> None:
        await until(lambda: self.at(topic)[-1:] == [payload])

    async def until(self, topic: str, count: int) -> list[bytes]:
        """Wait until a topic has at least `count` messages."""
        await until(lambda: len(self.at(topic)) >= count)
        return self.at(topic)
