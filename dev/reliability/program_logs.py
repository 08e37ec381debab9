"""Search for faults in the logs of programs. A program can work although it logs a traceback."""

from pathlib import Path

# asyncio logs an exception of a task that nobody awaits, and a coroutine that never ran.
_FAULTS = ("Traceback (most recent call last)", "never retrieved", "was never awaited")


def faults_in_logs(directory: Path) -> list[str]:
    """Return the lines of all logs below `directory` that show a fault in a program."""
    return [
        f"{path.relative_to(directory)}: {line.strip()}"
        for path in sorted(directory.rglob("*.log"))
        if path.is_file()
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if any(fault in line for fault in _FAULTS)
    ]
