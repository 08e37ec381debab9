"""Child processes. They end together with this process, even if it is killed."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

STOP_TIMEOUT_S = 45.0
MAX_LOG_LINES = 15

_PR_SET_PDEATHSIG = 1


class ProcessEndedError(Exception):
    """Error for a child process that has ended unexpectedly. The message has the end of its log."""


class Process:
    """Running child process. It writes its output to a log file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Return the process id."""
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

    async def until(self, check: Callable[[], Awaitable[bool]], every: float = 0.1) -> None:
        """Call `check` every `every` seconds, until it returns True."""
        while not await check():
            if self.status is not None:
                raise self.ended()
            await asyncio.sleep(every)

    async def stop(self) -> None:
        """Send SIGTERM, and wait up to STOP_TIMEOUT_S seconds for the end of the process.

        Then kill the process group, which may still contain processes that the process has started.
        """
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()


@contextlib.asynccontextmanager
async def running(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    directory: Path,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Process]:
    """Run a command while the context is active, and yield its process. `log` gets its output."""
    with log.open("ab") as output:
        # Start the child in a process group of its own, so that Ctrl-C ends only this program. This
        # program then stops its children in the right order.
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            process_group=0,
            preexec_fn=_die_with_parent(os.getpid()),
        )
    child = Process(name, process, log)
    try:
        yield child
    finally:
        await asyncio.shield(child.stop())


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
