"""What a run found out."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median


class MissedError(Exception):
    """What a run waits for has not come; there is no use in going on."""


@dataclass
class Result:
    """Lines for whoever reads them, and those of the wanted figures that were missed."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def want(self, figure: str, *, holds: bool) -> None:
        """Record a wanted figure as missed unless it holds."""
        if not holds:
            self.missed.append(figure)


def spread(seconds: Sequence[float], *, decimals: int = 1) -> str:
    """Return the median and the longest of some times."""
    return f"median {median(seconds):.{decimals}f} s, longest {max(seconds):.{decimals}f} s"


def tell(progress: str) -> None:
    """Print how far a run is, for whoever waits."""
    print(progress, file=sys.stderr, flush=True)


def warnings(log: Path, start: int = 0) -> list[str]:
    """Return the lines above the level of information that a log has behind so many bytes."""
    text = log.read_bytes()[start:].decode("utf-8", errors="replace")
    levels = (" WARNING (", " ERROR (", " CRITICAL (")
    return [line for line in text.splitlines() if any(level in line for level in levels)]
