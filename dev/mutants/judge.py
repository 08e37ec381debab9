"""Runs tests with a changed line, and returns those that notice the change."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import card_changes
from .change import Change, Place
from .measured_tests import Results, function_of
from .results_plugin import RESULTS
from .rooms import CARDS, ROOMS, room_of

IMPORT = "import"
"""Stands for the tests that notice a change because a module cannot be imported."""
_LIMIT_S, _WHOLE_LIMIT_S = 120, 600
_FIRST_FAILURE = "-x"
_NO_SUCH_TEST, _ALL_RAN = 4, (0, 5)
_MAX_CARD_FILES = 3
_DRAWN = "tests/cards/test_drawn.py"
_IMPORT_OF_CARDS = re.compile(r'from "(\.[\w./-]+\.ts)"')
_NOT_OK = re.compile(r"(?m)^\s*not ok \d+ - (.+?)(?: #.*)?$")


@dataclass
class Copy:
    """A copy of the project whose lines may change."""

    folder: Path
    passes: set[str]
    """Test functions that passed without a change. All copies share them."""

    @property
    def tree(self) -> Path:
        """Root of the copy."""
        return self.folder / "tree"

    def noticing(
        self, change: Change, place: Place, tests: Iterable[str], *, whole: bool
    ) -> list[str]:
        """Return the test functions that fail with `change`.

        These are functions of `tests`; for the cards, those that need no browser. If `whole`,
        run instead all tests of the room, also with real programs or a browser, until one fails. A
        test that also fails without the change proves nothing and is left out.
        """
        room, path = room_of(change.file), self.tree / change.file
        path.write_text(place.changed(change), encoding="utf-8")
        try:
            if whole:
                rooms_parts = ROOMS[room].tests + ROOMS[room].whole
                parts = self._card_files(change) if room == CARDS else rooms_parts
                runs = (self._pytest([part], _WHOLE_LIMIT_S, _FIRST_FAILURE) for part in parts)
                found = next(filter(None, runs), set[str]())
            elif room == CARDS:
                found = self._card_functions() | self._pytest([_DRAWN], _LIMIT_S)
            else:
                kit = [test for test in tests if test.startswith("tests/ha")]
                others = [test for test in tests if test not in kit]
                found = self._pytest(others, _LIMIT_S) | self._pytest(kit, _LIMIT_S)
        finally:
            path.write_text(place.source, encoding="utf-8")
            if whole and room == CARDS:
                self._build_cards()
        unproved = [test for test in found - self.passes if test.startswith("tests/")]
        failing = self._pytest(unproved, _WHOLE_LIMIT_S)
        self.passes.update(set(unproved) - failing)
        return sorted(found - failing)

    def _pytest(self, tests: Iterable[str], limit_s: float, *more: str) -> set[str]:
        """Run `tests`, and return the functions that fail or do not end within `limit_s`.

        On a busy machine, the limit is longer. All tests of a room may reach the limit without an
        endless one, so the last one is left out then.
        """
        tests = list(tests)
        if not tests:
            return set()
        results = self.folder / "results"
        results.unlink(missing_ok=True)
        limit_s *= max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
        options = (*more, "-q", "--tb=no", "-pno:cacheprovider", "-pdev.mutants.results_plugin")
        options += ("-pno:homeassistant",) * all("/ha" not in test for test in tests)
        command = ["timeout", "-sKILL", str(limit_s), sys.executable, "-m", "pytest", *options]
        env = os.environ | {"PYTHONPATH": str(self.tree), RESULTS: str(results)}
        done = subprocess.run(  # noqa: S603
            [*command, *tests], cwd=self.tree, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode == _NO_SUCH_TEST:
            output = done.stdout + done.stderr
            there = [test for test in tests if function_of(test) not in output]
            is_shorter = 0 < len(there) < len(tests)
            return self._pytest(there, limit_s, *more) if is_shorter else {IMPORT}
        ended = Results.read(results)
        failed = set(ended.failed)
        if ended.running and _FIRST_FAILURE not in more:
            failed.add(ended.running)
        if not failed and not ended.running and done.returncode not in _ALL_RAN:
            return {IMPORT}
        return {function_of(test) for test in failed}

    def _card_functions(self) -> set[str]:
        files = sorted(str(file) for file in self.tree.glob("frontend/tests/*.test.ts"))
        output = self._node("--test", "--test-reporter=tap", *files)
        return {f"frontend/tests::{name}" for name in _NOT_OK.findall(output)}

    def _build_cards(self) -> None:
        self._node("build.mjs", f"{self.tree}/custom_components/smarty_p1")

    def _node(self, *arguments: str) -> str:
        command = ["timeout", "-sKILL", "120", f"{self.tree}/.venv/bin/node", *arguments]
        done = subprocess.run(  # noqa: S603
            command, cwd=self.tree / "frontend", capture_output=True, text=True, check=False
        )
        return done.stdout

    def _card_files(self, change: Change) -> list[str]:
        """Build the cards. Return the files of tests that show the cards of `change`."""
        self._build_cards()
        sources = self.tree / card_changes.FOLDER
        using = {(self.tree / change.file).resolve()}
        texts = {path.resolve(): path.read_text(encoding="utf-8") for path in sources.rglob("*.ts")}
        imports = {
            path: {(path.parent / other).resolve() for other in _IMPORT_OF_CARDS.findall(text)}
            for path, text in texts.items()
        }
        while more := {path for path, used in imports.items() if used & using} - using:
            using |= more
        cards = [f"smarty-p1-{path.stem}" for path in using if path.parent.name == "cards"]
        tests = sorted((self.tree / "tests/cards").glob("test_*.py"))
        files = [
            str(test.relative_to(self.tree))
            for test in tests
            if any(f'"{card}"' in test.read_text(encoding="utf-8") for card in cards)
        ]
        return (files or ["tests/cards/test_dashboard.py"])[:_MAX_CARD_FILES]
