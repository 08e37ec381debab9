"""Lines that each test executes, as stored between runs: one JSON file for each file of tests."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class RecordedTest(NamedTuple):
    """A test as it ran once, without a mutant."""

    name: str
    seconds: float
    """Usual time on an idle machine."""
    passes: bool

    @property
    def file(self) -> str:
        """Return the path of the test's file."""
        return file_of(self.name)


def file_of(test: str) -> str:
    """Return the path of a test's file."""
    return test.partition("::")[0]


type Lines = dict[str, Iterable[int]]
"""Line numbers by file."""
type Digest = Callable[[str], str]
"""Function that returns the hash of a file's content."""


class ExecutedLines:
    """Lines of all tests whose files and executed files are as they were when they ran."""

    def __init__(self, folder: Path, digest: Digest) -> None:
        self._folder, self._digest = folder, digest
        folder.mkdir(parents=True, exist_ok=True)
        self.tests: dict[str, RecordedTest] = {}
        self._ran: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        """By file: tests and their lines, as the bits of a number."""

    def load(self, test_files: Iterable[str]) -> list[str]:
        """Load what is stored. Return the files of tests that must run again."""
        return [file for file in test_files if not self._load(file)]

    def _load(self, test_file: str) -> bool:
        try:
            content = json.loads(self._path(test_file).read_text("utf-8"))
        except OSError, ValueError:
            return False
        if any(self._digest(file) != digest for file, digest in content["digests"].items()):
            return False
        for name, seconds, passes, ran in content["tests"]:
            self.tests[name] = RecordedTest(name, seconds, passes)
            for file, bits in ran.items():
                self._ran[file].append((name, int(bits, 16)))
        return True

    def store(self, test_file: str, tests: Iterable[tuple[RecordedTest, Lines]]) -> None:
        """Store and load what the tests of a file have run."""
        rows = [
            (*test, {file: f"{sum(1 << line for line in some):x}" for file, some in lines.items()})
            for test, lines in tests
        ]
        files = {test_file, *(file for *_, ran in rows for file in ran)}
        content = {"digests": {file: self._digest(file) for file in files}, "tests": rows}
        self._path(test_file).write_text(json.dumps(content), "utf-8")
        self._load(test_file)

    def _path(self, test_file: str) -> Path:
        return self._folder / f"{test_file.replace('/', '.')}.json"

    def at(self, file: str, lines: Iterable[int]) -> Iterator[RecordedTest]:
        """Yield the tests that execute one of some lines."""
        wanted = sum(1 << line for line in lines)
        for name, ran in self._ran[file]:
            if ran & wanted:
                yield self.tests[name]
