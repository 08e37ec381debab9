"""Simulated meters of the demo. They run in a child process."""

import sys
from pathlib import Path

from dev.checkout import ROOT
from dev.reliability.process_measurements import is_served
from dev.simulator import Meter
from dev.simulator.heater import Heater

from .home_assistant import HOST
from .processes import Process


class Meters:
    """Simulated meters 1, 2, ... on consecutive TCP ports. A file contains their keys."""

    def __init__(
        self, ports: range, interval: float, directory: Path, *, first: int, heater: Heater
    ) -> None:
        """Configure one meter for each of `ports`.

        `interval` is the time between two telegrams in seconds. The demo numbers its meters from 1,
        and the simulator numbers the same meters from `first`. `heater` belongs to meter 1.
        """
        self.ports = ports
        self.heater = heater
        self._first = first
        self._interval = interval
        self._key_file = directory / "keys"
        self._log = directory / "simulator.log"

    def process(self) -> Process:
        """Return the process of the simulator, which runs while its context is active."""
        command = [sys.executable, "-m", "dev.simulator", "--meters", f"{len(self.ports)}"]
        command += ["--first", f"{self._first}"]
        options = ["--listen", f"{HOST}:{self.ports[0]}", "--interval", f"{self._interval:g}"]
        for start in self.heater.starts:
            options += ["--heater", start.isoformat()]
        return Process(
            "the simulator",
            [*command, *options, "--key-file", self._key_file],
            log=self._log,
            directory=ROOT,
            is_ready=self._are_listening,
        )

    def meter(self, number: int) -> Meter:
        """Return a copy of the demo's meter `number`. It has the same readings, but no key."""
        return Meter(self._first + number - 1, heater=self.heater if number == 1 else None)

    def address(self, number: int) -> str:
        """Return the address of a meter's port, in the form in which a user enters it."""
        return f"socket://{HOST}:{self.ports[number - 1]}"

    def key(self, number: int) -> str:
        """Return the encryption key of a meter, in hex digits."""
        return self._key_file.read_text("ascii").split()[number - 1]

    async def _are_listening(self) -> bool:
        return all([await is_served(port) for port in self.ports])
