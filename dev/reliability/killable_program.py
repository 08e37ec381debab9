"""Running program that a test can kill and start again."""

import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

from dev.demo.processes import Process, running

from .result import MissedError


class Part:
    """Program that a test can kill and start again. It runs while the context is active."""

    _process: Process

    def __init__(
        self,
        command: list[str | Path],
        directory: Path,
        is_ready: Callable[[], Awaitable[bool]],
    ) -> None:
        name = str(command[0])
        program = shutil.which(name)
        if program is None:
            message = f"{name} is not installed"
            raise MissedError(message)
        self._name = Path(program).name
        self._command = [program, *command[1:]]
        self.directory = directory
        self._is_ready = is_ready
        self._running = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the program."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the program."""
        await self.stop()

    @property
    def pid(self) -> int:
        """Return the process id that the program got at its last start."""
        return self._process.pid

    async def start(self) -> None:
        """Start the program, and wait until it is ready."""
        self._process = await self._running.enter_async_context(
            running(
                self._name,
                self._command,
                log=self.directory / f"{self._name}.log",
                directory=self.directory,
            )
        )
        await self._process.until(self._is_ready, every=0.02)

    async def stop(self) -> None:
        """Stop the program with SIGTERM, and wait for its end."""
        await self._running.aclose()

    async def kill(self) -> None:
        """Kill the program with SIGKILL, and wait for its end."""
        self.send(signal.SIGKILL)
        await self._process.wait()
        await self._running.aclose()

    def send(self, number: signal.Signals) -> None:
        """Send the signal `number` to the program."""
        os.kill(self._process.pid, number)
