"""Cases of a test as a table of texts."""

import re


def rows(table: str) -> list[tuple[str, ...]]:
    """Return the cells of each line, between which ` | ` stands. A line with `# ` is a comment."""
    lines = (line.strip() for line in table.splitlines())
    return [
        tuple(" ".join(cell.split()) for cell in re.split(r"(?:^|\s)\|(?=\s|$)", line))
        for line in lines
        if line and not line.startswith("# ")
    ]
