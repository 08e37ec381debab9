"""Child processes that never outlive this one, however it ends."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

STOP_TIMEOUT = 45.0
LINES_OF_LOG = 15

_PR_SET_PDEATHSIG = 1


class ProcessEndedError(Exception):
    """A process that was to stay has ended; the message shows the end of its log."""


class Process:
    """A running child, with everything it prints in a log file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Return the exit status, once it has ended."""
        return self._process.returncode

    def ended(self) -> ProcessEndedError:
        """Return an error that says so."""
        end = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_OF_LOG:]
        return ProcessEndedError(
            "\n".join([f"{self.name} has ended with status {self.status}; {self._log} ends:", *end])
        )

    async def wait(self) -> int:
        """Wait until it ends, and return its exit status."""
        return await self._process.wait()

    async def until(self, check: Callable[[], Awaitable[bool]], every: float = 0.1) -> None:
        """Wait until a check succeeds; the process must not end meanwhile."""
        while not await check():
            if self.status is not None:
                raise self.ended()
            await asyncio.sleep(every)

    async def stop(self) -> None:
        """End it: politely first, then with everything it has started."""
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT):
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
    """Run a command as long as the context lasts."""
    with log.open("ab") as output:
        # A group of its own: Ctrl-C is for this process, which then stops its children in order.
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


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Return what a child does first, so that the kernel ends it when this process is killed."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
