"""Choice of the tests that may notice a mutant, by the lines that they execute.

A constant or table is made before any test runs. So its tests execute a line with its name, or with
the name of something that is made of it.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from .executed_lines import ExecutedLines, RecordedTest
from .mutant import Mutant

_WORD = re.compile(r"\b[A-Za-z_]\w+")
# Names of constants that are followed, from one to those that are made of it.
_MAX_NAMES = 30


class _Part(NamedTuple):
    """A function, or another statement of a module or class."""

    first: int
    last: int
    # First line of a function's body; 0 for another statement.
    body: int
    # Names that the statement makes, and of its class.
    names: tuple[str, ...]


class TestChoice:
    """Lines of the programs and their tests. It gives the tests of a mutant."""

    __test__ = False

    def __init__(
        self, root: Path, programs: Iterable[str], tests: Iterable[str], executed: ExecutedLines
    ) -> None:
        self._root, self._executed = root, executed
        self._parts = cache(self._find_parts)
        self._places = defaultdict[str, list[tuple[str, int]]](list)
        for file in programs:
            for number, line in enumerate(self._read(file).splitlines(), start=1):
                for word in set(_WORD.findall(line)):
                    self._places[word].append((file, number))
        self._words_of_test = {file: set(_WORD.findall(self._read(file))) for file in tests}

    def _read(self, file: str) -> str:
        return (self._root / file).read_text("utf-8")

    def tests_of(self, mutant: Mutant) -> list[RecordedTest]:
        """Return the tests that use the changed code, those first whose file names it.

        Then come the fastest tests.
        """
        part = self._part(mutant.file, mutant.line)
        names = part.names if part else ()
        found = set(self._executed.at(mutant.file, self._lines(mutant, part)))
        if part and not (part.body and self._is_run_by_functions(part)):
            found |= self._tests_with(names, set())
        passing = (test for test in found if test.passes)
        words = self._words_of_test
        return sorted(passing, key=lambda test: (-len(words[test.file] & {*names}), test.seconds))

    def _lines(self, mutant: Mutant, part: _Part | None) -> Iterable[int]:
        """Return the lines whose execution tells that of the mutant."""
        if part and mutant.line < part.body:
            return range(part.body, part.last + 1)  # the default of a parameter
        source = self._read(mutant.file)
        lines = range(mutant.line, mutant.last_line + 1)
        if not _code_lines(compile(source, "", "exec")).isdisjoint(lines):
            return lines
        # Constants of a long expression have no code of their own.
        return max(
            (
                range(node.lineno, mutant.line + 1)
                for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.stmt)
                and node.lineno <= mutant.line <= (node.end_lineno or 0)
            ),
            key=lambda lines: lines.start,
        )

    def _is_run_by_functions(self, function: _Part) -> bool:
        """Return whether a function is a method, or makes no constant or table."""
        parts = (self._part(*place) for place in self._places[function.names[0]])
        return len(function.names) > 1 or all(part is None or part.body for part in parts)

    def _tests_with(self, names: Iterable[str], seen: set[str]) -> set[RecordedTest]:
        """Return the tests that execute a line with one of the names, or have it themselves."""
        found = set[RecordedTest]()
        new = {*names} - seen
        seen |= new
        for test in self._executed.tests.values():
            if new & self._words_of_test.get(test.file, set()):
                found.add(test)
        for file, line in {place for name in new for place in self._places[name]}:
            part = self._part(file, line)
            if part and part.body:
                found.update(self._executed.at(file, [line]))
            elif part and len(seen) < _MAX_NAMES:
                found |= self._tests_with(part.names, seen)
        return found

    def _part(self, file: str, line: int) -> _Part | None:
        parts = (part for part in self._parts(file) if part.first <= line <= part.last)
        return next(parts, None)

    def _find_parts(self, file: str) -> list[_Part]:
        return list(_parts_of(ast.parse(self._read(file)).body, ()))


def _parts_of(body: Iterable[ast.stmt], classes: tuple[str, ...]) -> Iterator[_Part]:
    for node in body:
        last = node.end_lineno or node.lineno
        match node:
            case ast.ClassDef(name=name):
                yield from _parts_of(node.body, (name,))
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield _Part(node.lineno, last, node.body[0].lineno, (name, *classes))
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = {
                    name.id
                    for target in targets
                    for name in ast.walk(target)
                    if isinstance(name, ast.Name)
                }
                yield _Part(node.lineno, last, 0, (*names, *classes))
            case ast.Expr() | ast.If() | ast.For() | ast.With() | ast.Try():
                yield _Part(node.lineno, last, 0, classes)


def _code_lines(code: CodeType) -> set[int]:
    inner = (_code_lines(part) for part in code.co_consts if isinstance(part, CodeType))
    return {line for *_, line in code.co_lines() if line}.union(*inner)
