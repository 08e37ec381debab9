"""What a run found out."""

import sys
from dataclasses import dataclass, field


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


def tell(progress: str) -> None:
    """Print how far a run is, for whoever waits."""
    print(progress, file=sys.stderr, flush=True)
