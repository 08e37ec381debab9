"""A real mosquitto, and a real mosquitto_sub that keeps everything it is told."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from dev.demo.client import is_listening
from dev.demo.processes import Process, running
from dev.ports import free_ports
from tests.system.support import program

HOST = "127.0.0.1"
CONFIGURATION = """\
listener {port} {host}
allow_anonymous true
persistence false
"""


class Message(NamedTuple):
    """What a subscriber was told."""

    topic: str
    payload: str
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

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Process]:
        """Serve as long as the context lasts."""
        async with running(
            "mosquitto",
            [program("mosquitto", "/usr/sbin/mosquitto"), "-c", self._configuration],
            log=self._directory / "mosquitto.log",
            directory=self._directory,
        ) as process:
            await process.until(lambda: is_listening(HOST, self.port))
            yield process

    @contextlib.asynccontextmanager
    async def subscribed(self, topic: str, name: str) -> AsyncIterator[Subscriber]:
        """Subscribe as long as the context lasts, over restarts of the broker."""
        log = self._directory / f"{name}.log"
        # With -d, it says when the broker has subscribed it.
        command = [program("mosquitto_sub"), "-d", "-h", HOST, "-p", f"{self.port}", "-t", topic]

        async def is_subscribed() -> bool:
            return "Subscribed (mid: " in log.read_text(encoding="utf-8")

        async with running(
            "mosquitto_sub",
            [program("stdbuf"), "--output=L", *command, "-F", "%j"],
            log=log,
            directory=self._directory,
        ) as process:
            await process.until(is_subscribed)
            yield Subscriber(log)


class Subscriber:
    """What a mosquitto_sub has been told so far."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def messages(self) -> list[Message]:
        """Return all messages, in the order they came."""
        lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
        told = [json.loads(line) for line in lines if line[0] == "{" and line.endswith("\n")]
        return [
            Message(each["topic"], each.get("payload") or "", bool(each["retain"])) for each in told
        ]

    def forget(self) -> None:
        """Forget what came until now."""
        with self._log.open("r+b") as file:
            file.truncate()
