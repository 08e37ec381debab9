"""One changed line of the program."""

from dataclasses import dataclass

KINDS = ("comparison", "bound", "sign", "constant", "dropped")


@dataclass(frozen=True)
class Change:
    """A line of a file, and what it becomes. Both texts come without the spaces around them."""

    file: str
    """Path from the root."""
    function: str
    """Where the line stands, such as `Meter.add()`."""
    kind: str
    """One of KINDS."""
    old: str
    new: str


@dataclass(frozen=True)
class Place:
    """Where a change applies."""

    source: str
    """Text of the unchanged file."""
    number: int
    """Number of the line, from 1."""

    def changed(self, change: Change) -> str:
        """Return the text of the file with `change`."""
        lines = self.source.split("\n")
        line = lines[self.number - 1]
        lines[self.number - 1] = line.replace(change.old, change.new)
        return "\n".join(lines)


type Places = dict[Change, Place]


def without_twins(found: list[tuple[Change, Place]]) -> Places:
    """Return the changes, without lines that a later run could not tell apart.

    These are lines that stand twice in a function.
    """
    numbers = dict[tuple[str, str, str], set[int]]()
    for change, place in found:
        key = change.file, change.function, change.old
        numbers.setdefault(key, set()).add(place.number)
    return {
        change: place
        for change, place in found
        if len(numbers[change.file, change.function, change.old]) == 1
    }
