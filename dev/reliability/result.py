"""Result of a reliability run."""

import sys
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


def tell(progress: str) -> None:
    """Print the line `progress` about a run to standard error."""
    print(progress, file=sys.stderr, flush=True)
