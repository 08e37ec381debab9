"""Who holds a serial device that cannot be opened."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROCESSES = Path("/proc")


class Holder(NamedTuple):
    """A process, and the name of its program."""

    pid: int
    program: str


def holder_of(device: str) -> Holder | None:
    """Return a process that holds a device open, other ones than this before this one.

    None when there is none that may be looked into, or no `/proc`. Blocking.
    """
    real_path = os.path.realpath(device)
    holders = [pid for pid in _pids() if real_path in _open_files(pid)]
    if not holders:
        return None
    pid = min(holders, key=lambda pid: (pid == os.getpid(), pid))
    program = str(pid)
    with suppress(OSError):
        program = (_PROCESSES / str(pid) / "comm").read_text(errors="replace").strip()
    return Holder(pid, program)


def _pids() -> list[int]:
    with suppress(OSError):
        return [int(path.name) for path in _PROCESSES.iterdir() if path.name.isdecimal()]
    return []


def _open_files(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for descriptor in (_PROCESSES / str(pid) / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())
