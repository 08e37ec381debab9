"""Memory, CPU time and listening ports of processes. The functions read them from /proc."""

import os
import re
from pathlib import Path

_MIB = 1024 * 1024
_TICKS = os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Return the resident memory of the process with this id, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that the process with this id has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def is_served(port: int) -> bool:
    """Return whether a program listens on this TCP port of IPv4."""
    table = Path("/proc/net/tcp").read_text("ascii")  # noqa: ASYNC240 - not on a disk
    return bool(re.search(rf"^ *\d+: [0-9A-F]+:{port:04X} \S+ 0A", table, re.MULTILINE))
