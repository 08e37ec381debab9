"""Simulated meters and boards of the demo. They run in a child process.

The boards are a pulse reader and a tank sensor.
"""

import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from dev.reliability.process_measurements import is_served
from dev.simulator import Meter
from dev.simulator.heater import Heater

from .home_assistant import HOST, ROOT
from .processes import Process, running


class Meters:
    """Simulated meters 1, 2, ... on consecutive TCP ports. A file contains their keys."""

    def __init__(  # noqa: PLR0913 - what a meter is made of
        self,
        ports: range,
        interval: float,
        directory: Path,
        *,
        first: int,
        boards: Mapping[str, int],
        heater: Heater,
    ) -> None:
        """Configure one meter for each of `ports`. `boards` has the TCP port of each kind of board.

        `interval` is the time between two telegrams in seconds. The demo numbers its meters from 1,
        and the simulator numbers the same meters from `first`. `heater` belongs to meter 1.
        """
        self.ports = ports
        self.heater = heater
        self._first = first
        self._boards = boards
        self._interval = interval
        self._key_file = directory / "keys"
        self._log = directory / "simulator.log"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Process]:
        """Run the simulator while the context is active, and yield its process."""
        command = [sys.executable, "-m", "dev.simulator", "--meters", f"{len(self.ports)}"]
        command += ["--first", f"{self._first}"]
        options = ["--listen", f"{HOST}:{self.ports[0]}", "--interval", f"{self._interval:g}"]
        for kind in self._boards:
            options += ["--board", kind, "--board-port", f"{min(self._boards.values())}"]
        for start in self.heater.starts:
            options += ["--heater", start.isoformat()]
        async with running(
            "the simulator",
            [*command, *options, "--key-file", self._key_file],
            log=self._log,
            directory=ROOT,
        ) as process:
            await process.until(self._are_listening)
            yield process

    def meter(self, number: int) -> Meter:
        """Return a copy of the demo's meter `number`. It has the same readings, but no key."""
        return Meter(self._first + number - 1, heater=self.heater if number == 1 else None)

    def address(self, number: int) -> str:
        """Return the address of a meter's port, in the form in which a user enters it."""
        return f"socket://{HOST}:{self.ports[number - 1]}"

    def key(self, number: int) -> str:
        """Return the encryption key of a meter, in hex digits."""
        return self._key_file.read_text(encoding="ascii").split()[number - 1]

    async def _are_listening(self) -> bool:
        ports = [*self.ports, *self._boards.values()]
        return all([await is_served(port) for port in ports])
