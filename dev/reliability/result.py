"""Result of a reliability run."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


class MissedError(Exception):
    """Error that ends a run early, for example because a program does not start."""


@dataclass
class Result:
    """Result of a reliability run: the lines of the report, and targets that were not reached."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Add a line to the report."""
        self.lines.append(line)

    def want(self, figure: str, *, holds: bool) -> None:
        """If `holds` is False, record that the target `figure` was not reached."""
        if not holds:
            self.missed.append(figure)


async def wait_until(
    check: Callable[[], Awaitable[bool]], otherwise: str, timeout_s: float
) -> None:
    """Wait until `check` returns True. After `timeout_s`, raise MissedError(`otherwise`)."""
    try:
        async with asyncio.timeout(timeout_s):
            while not await check():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise MissedError(otherwise) from None


def tell(progress: str) -> None:
    """Print the line `progress` about a run to standard error."""
    print(progress, file=sys.stderr, flush=True)
