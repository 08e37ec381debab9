"""The real programs between a simulated meter and Home Assistant, which are killed and stopped."""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Self

from dev.demo.home_assistant import HOST
from dev.demo.processes import Process, running
from dev.ports import free_ports

from .process import is_served
from .result import MissedError

_SER2NET = """\
%YAML 1.1
---
connection: &p1
  accepter: tcp,{host},{port}
  connector: serialdev,{device},115200n81,local
  options:
    kickolduser: true
"""


class Part:
    """A program that can be killed and started again."""

    _process: Process

    def __init__(
        self,
        command: list[str | Path],
        directory: Path,
        is_ready: Callable[[], bool],
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
        """Start it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        await self._running.aclose()

    @property
    def pid(self) -> int:
        """Return the number of the process that was started last."""
        return self._process.pid

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        self._process = await self._running.enter_async_context(
            running(
                self._name,
                self._command,
                log=self.directory / f"{self._name}.log",
                directory=self.directory,
            )
        )

        async def is_ready() -> bool:
            return self._is_ready()

        await self._process.until(is_ready, every=0.02)

    async def kill(self) -> None:
        """Kill it without a warning."""
        self.send(signal.SIGKILL)
        await self._process.wait()
        await self._running.aclose()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._process.pid, number)


def gateway(device: Path, directory: Path) -> tuple[Part, str]:
    """Return a ser2net that serves a serial device, and the URL to read it at."""
    port = free_ports()
    configuration = directory / "ser2net.yaml"
    configuration.write_text(_SER2NET.format(host=HOST, port=port, device=device), encoding="ascii")
    command: list[str | Path] = ["ser2net", "-n", "-d", "-c", configuration]
    # Asking with a connection would take the line from whoever has it.
    return Part(command, directory, lambda: is_served(port)), f"socket://{HOST}:{port}"


def cable(port: int, device: Path, directory: Path) -> Part:
    """Return a socat that is the cable between a meter on a TCP port and a serial device."""
    command: list[str | Path] = ["socat", f"pty,raw,echo=0,link={device}", f"tcp:{HOST}:{port}"]
    return Part(command, directory, device.exists)
