"""The simulated meters of the demo, in a process of their own."""

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from .client import is_listening
from .home_assistant import HOST, ROOT
from .processes import Process, running


class Meters:
    """Meter 1, 2, ... on consecutive TCP ports, with their keys in a file."""

    def __init__(self, count: int, first_port: int, interval: float, directory: Path) -> None:
        self.ports = range(first_port, first_port + count)
        self._interval = interval
        self._key_file = directory / "keys"
        self._log = directory / "simulator.log"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Process]:
        """Serve them as long as the context lasts."""
        command = [sys.executable, "-m", "simulator", "--meters", f"{len(self.ports)}"]
        options = ["--listen", f"{HOST}:{self.ports[0]}", "--interval", f"{self._interval:g}"]
        async with running(
            "the simulator",
            [*command, *options, "--key-file", self._key_file],
            log=self._log,
            directory=ROOT,
        ) as process:
            await process.until(self._are_listening)
            yield process

    def address(self, number: int) -> str:
        """Return what to enter as a meter's port."""
        return f"socket://{HOST}:{self.ports[number - 1]}"

    def key(self, number: int) -> str:
        """Return a meter's encryption key; the simulator has made it at its start."""
        return self._key_file.read_text(encoding="ascii").split()[number - 1]

    async def _are_listening(self) -> bool:
        return all([await is_listening(HOST, port) for port in self.ports])
