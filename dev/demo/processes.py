"""Child processes. They end together with this process, even if it is killed."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

STOP_TIMEOUT_S = 45.0
MAX_LOG_LINES = 15
_CHECK_INTERVAL_S = 0.05

_PR_SET_PDEATHSIG = 1


class ProcessEndedError(Exception):
    """Error for a child process that has ended unexpectedly. The message has the end of its log."""


class Process:
    """Child process. It runs while the context is active, and writes its output to a log file."""

    _process: asyncio.subprocess.Process

    def __init__(  # noqa: PLR0913
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        is_ready: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self.name = name
        self.directory = directory
        self._command = command
        self._log = log
        self._environment = environment or {}
        self._is_ready = is_ready

    async def __aenter__(self) -> Self:
        """Start the process."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the process."""
        await asyncio.shield(self.stop())

    async def start(self) -> None:
        """Start the process, and wait until `is_ready` returns True."""
        with self._log.open("ab") as output:
            # Start the child in a process group of its own, so that Ctrl-C ends only this program.
            # This program then stops its children in the right order.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.directory,
                env={**os.environ, **self._environment},
                process_group=0,
                preexec_fn=_die_with_parent(os.getpid()),
            )
        try:
            if self._is_ready:
                await self.until(self._is_ready)
        except BaseException:
            await asyncio.shield(self.stop())
            raise

    @property
    def pid(self) -> int:
        """Return the process id that the process got at its last start."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Return the exit status of the process, None while the process runs."""
        return self._process.returncode

    def ended(self) -> ProcessEndedError:
        """Return an error with the exit status of the process and the end of its log."""
        end = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-MAX_LOG_LINES:]
        return ProcessEndedError(
            "\n".join([f"{self.name} has ended with status {self.status}; {self._log} ends:", *end])
        )

    async def wait(self) -> int:
        """Wait for the end of the process and return its exit status."""
        return await self._process.wait()

    async def until(self, check: Callable[[], Awaitable[bool]]) -> None:
        """Call `check` until it returns True. Raises ProcessEndedError if the process ends."""
        while not await check():
            if self.status is not None:
                raise self.ended()
            await asyncio.sleep(_CHECK_INTERVAL_S)

    async def stop(self) -> None:
        """Send SIGTERM, and wait up to STOP_TIMEOUT_S seconds for the end of the process.

        Then kill the process group, which may still contain processes that the process has started.
        """
        if self.status is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Return a function that a child process must call at its start.

    After this call, the kernel sends SIGTERM to the child when the process `parent` ends.
    """
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
