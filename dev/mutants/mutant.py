"""One change of one place of a file, and a random choice that changes elsewhere do not move."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# Characters that are shown beside a change.
_CONTEXT = 24


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of the bytes from `start` to `end` of a file."""

    file: str
    line: int
    last_line: int
    start: int
    end: int
    old: str
    new: str
    is_statement: bool
    text: str
    """The line before the change, without its indentation."""

    @property
    def place(self) -> str:
        """Return file and line."""
        return f"{self.file}:{self.line}"

    @property
    def change(self) -> str:
        """Return old and new code on one line, with `…` for the parts that both have."""
        old, new = (" ".join(code.split()) for code in (self.old, self.new))
        same = _same_length(old, new)
        same_end = _same_length(old[same:][::-1], new[same:][::-1])
        begin, end = max(0, same - _CONTEXT), max(0, same_end - _CONTEXT)
        return f"{_part(old, begin, end)} → {_part(new, begin, end)}"

    def changed(self, source: bytes) -> bytes:
        """Return the file with the change."""
        code = self.new if self.is_statement else f"({self.new})"
        return source[: self.start] + code.encode() + source[self.end :]


def _same_length(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _part(code: str, begin: int, end: int) -> str:
    return f"{'…' * (begin > 0)}{code[begin : len(code) - end]}{'…' * (end > 0)}"


def drawn(mutants: Iterable[Mutant], seed: int) -> list[Mutant]:
    """Return the mutants in a random order.

    A hash gives each its place, so a mutant keeps its place while other lines change.
    """
    seen = Counter[tuple[str, ...]]()

    def place(mutant: Mutant) -> bytes:
        key = mutant.file, mutant.text, mutant.old, mutant.new
        seen[key] += 1
        return hashlib.sha256(repr((seed, key, seen[key])).encode()).digest()

    return sorted(mutants, key=place)


def files_of_rooms(root: Path, rooms: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return the files of each room by its patterns. A file is in the first room that names it."""
    taken = set[str]()

    def files(patterns: Iterable[str]) -> Iterator[str]:
        for pattern in patterns:
            for path in sorted(root.glob(pattern)):
                file = path.relative_to(root).as_posix()
                if path.is_file() and file not in taken:
                    taken.add(file)
                    yield file

    return {room: list(files(patterns)) for room, patterns in rooms.items()}
