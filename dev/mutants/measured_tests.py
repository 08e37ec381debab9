"""Which tests run each line, and how long each test takes."""

import ast
import pickle
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern
from typing import Self

from coverage import CoverageData

from .change import Change
from .python_changes import nodes
from .rooms import ROOMS, room_of

MAX_TESTS, MAX_SECONDS = 40, 6.0
MORE = 10
"""Factor of both limits for a second run, if the likeliest tests notice nothing."""
_STORED = Path(".mutants")
type _Lines = dict[tuple[str, str, str], set[str]]


def function_of(test: str) -> str:
    """Return the test function of `test`, without its parameters."""
    return test.partition("[")[0]


@dataclass
class Results:
    """Ends of tests that `results_plugin` wrote."""

    failed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    running: str | None = None
    """A test that did not end, because pytest was killed."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file, which may be missing."""
        found = cls()
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for word, test, *seconds in (line.split("\t") for line in lines):
            match word:
                case "started":
                    found.running = test
                case "failed":
                    found.failed.append(test)
                case "ended":
                    found.running = None
                    found.seconds[test] = float(seconds[0])
        return found


@dataclass
class MeasuredTests:
    """Tests that ran each line of the Python program."""

    lines: _Lines = field(default_factory=dict)
    """The key is a file, a function and a line of code.

    Only lines in functions are here, because the import of a module runs all others.
    """
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Self:
        """Return what earlier measurements stored."""
        return pickle.loads(_STORED.read_bytes()) if _STORED.exists() else cls()  # noqa: S301

    def save(self) -> None:
        """Store the measurement for `load`."""
        _STORED.write_bytes(pickle.dumps(self))

    def add(self, tree: Path, results: Results) -> None:
        """Add a measurement in the copy `tree`, without the tests that failed."""
        self.seconds |= results.seconds
        left_out = {"", *results.failed}
        data = CoverageData(str(tree / ".coverage"))
        data.read()
        for path in map(Path, data.measured_files()):
            source, contexts = path.read_text(encoding="utf-8"), data.contexts_by_lineno(str(path))
            file = str(path.relative_to(tree.resolve()))
            for scope, node in nodes(ast.parse(source)):
                if "()" in scope and (names := contexts.get(getattr(node, "lineno", 0))):
                    key = file, scope, source.split("\n")[node.lineno - 1].strip()
                    tests = {intern(name.rpartition("|")[0]) for name in names} - left_out
                    self.lines.setdefault(key, set()).update(tests)

    def tests_of(self, change: Change, times: int = 1) -> list[str]:
        """Return the tests that are most likely to notice `change`, likeliest first.

        They are at most `times` * MAX_TESTS, and took at most `times` * MAX_SECONDS together.

        If no test ran this line, return tests of the first group that is not empty:

        - tests that ran another line of the function, or a line of the file with its name;
        - tests that ran such a line of any file;
        - tests that ran any line of the file;
        - the tests of the room.
        """
        name = re.compile(rf"\b{change.function.rpartition('.')[2].removesuffix('()')}\b")
        place = change.file, change.function
        near = (
            [self.lines.get((*place, change.old), set())],
            [
                some
                for key, some in self.lines.items()
                if key[:2] == place or (key[0] == change.file and name.search(key[2]))
            ],
            [some for key, some in self.lines.items() if name.search(key[2])],
            [some for key, some in self.lines.items() if key[0] == change.file],
        )
        found = next(filter(None, (set[str]().union(*some) for some in near)), set())
        if not found:
            return list(ROOMS[room_of(change.file)].tests)
        sizes = Counter(test for some in self.lines.values() for test in some & found)
        stem = Path(change.file).stem
        tests = sorted(found, key=lambda test: (stem not in test, sizes[test], test))
        own = [test for test in tests if stem in test][: MAX_TESTS // 2]
        rows = {function_of(test): test for test in reversed(tests)}
        return self._affordable([*dict.fromkeys([*own, *reversed(rows.values()), *tests])], times)

    def _affordable(self, tests: list[str], times: int) -> list[str]:
        chosen, seconds = list[str](), 0.0
        for test in tests[: 2 * times * MAX_TESTS]:
            seconds += self.seconds.get(test, 0.1)
            if chosen and (seconds > times * MAX_SECONDS or len(chosen) == times * MAX_TESTS):
                break
            chosen.append(test)
        return chosen
