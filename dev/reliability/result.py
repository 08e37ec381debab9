"""Result of a reliability run."""

import sys
from dataclasses import dataclass, field


class MissedError(Exception):
    """Error that makes the rest of a run pointless, such as a program that does not start."""


@dataclass
class Result:
    """Result of a reliability run: the lines of the report, and the missed targets."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Add a line to the report."""
        self.lines.append(line)

    def want(self, figure: str, *, holds: bool) -> None:
        """Record the target `figure` as missed if `holds` is False."""
        if not holds:
            self.missed.append(figure)


def tell(progress: str) -> None:
    """Print a line about the progress of a run to standard error."""
    print(progress, file=sys.stderr, flush=True)
