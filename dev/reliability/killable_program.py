"""Running program that a test can kill and start again."""

import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from dev.demo.processes import Process

from .result import MissedError


class Part(Process):
    """Program that a test can kill and start again. It runs while the context is active."""

    def __init__(
        self,
        command: list[str | Path],
        directory: Path,
        is_ready: Callable[[], Awaitable[bool]],
    ) -> None:
        program = shutil.which(command[0])
        if program is None:
            raise MissedError(f"{command[0]} is not installed")
        name = Path(program).name
        super().__init__(
            name,
            [program, *command[1:]],
            log=directory / f"{name}.log",
            directory=directory,
            is_ready=is_ready,
        )

    async def kill(self) -> None:
        """Kill the program with SIGKILL, and wait for its end."""
        self.send(signal.SIGKILL)
        await self.wait()
        await self.stop()

    def send(self, number: signal.Signals) -> None:
        """Send the signal `number` to the program."""
        os.kill(self.pid, number)
