"""Runs of the tests of one mutant, until one fails."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path

from . import card_tests
from .executed_lines import ExecutedLines, RecordedTest
from .forked_tests import limit_s, run_tests
from .mutant import Mutant
from .test_choice import TestChoice
from .tree import changed_file
from .verdicts import Verdict

# Usual seconds of the tests of a mutant, with and without the test kit of Home Assistant.
_MAX_S = 10.0
# Files of the tests that run first: a fork imports each file.
_FIRST_FILES = 5


class Judge:
    """Judge with a tree of its own, in which it changes files."""

    def __init__(
        self, tree: Path, with_kit: str, executed: ExecutedLines, choice: TestChoice
    ) -> None:
        self._tree, self._with_kit = tree, with_kit
        self._executed, self._choice = executed, choice
        # Whether a test passes without a mutant where it has failed with one.
        self._is_fit = dict[str, bool]()

    def verdict(self, mutant: Mutant) -> Verdict:
        """Return which test notices a mutant."""
        if mutant.file.startswith(card_tests.SOURCES):
            return self._card_verdict(mutant)
        tests, ran = self._choice.tests_of(mutant), 0
        for batch in self._batches(tests):
            # A test that is found unfit is left out, and the others run again.
            while rest := [test for test in batch if self._may_run(test)]:
                with changed_file(self._tree, mutant):
                    failed = self._first_failure(rest)
                if failed is None:
                    break
                names = [test.name for test in rest]
                place = names.index(failed) + 1 if failed in names else 1
                if self._passes_unchanged(failed, rest[:place]):
                    return Verdict(failed, len(tests), ran + place)
            ran += len(batch)
        return Verdict("", len(tests), ran)

    def _may_run(self, test: RecordedTest) -> bool:
        return self._is_fit.get(test.name, True) and self._is_fit.get(test.file, True)

    def _batches(self, tests: Iterable[RecordedTest]) -> Iterator[list[RecordedTest]]:
        for has_kit in (False, True):
            some = [test for test in tests if test.file.startswith(self._with_kit) is has_kit]
            sums = accumulate(test.seconds for test in some)
            some = [test for test, total in zip(some, sums, strict=True) if total < _MAX_S]
            first = [*dict.fromkeys(test.file for test in some)][:_FIRST_FILES]
            for is_first in (True, False):
                if batch := [test for test in some if (test.file in first) is is_first]:
                    yield batch

    def _first_failure(self, tests: list[RecordedTest]) -> str | None:
        files = [*dict.fromkeys(test.file for test in tests)]
        seconds = {test.name: test.seconds for test in tests}
        has_kit = files[0].startswith(self._with_kit)
        events = run_tests(self._tree, files, seconds, has_kit=has_kit)
        return next((event.test for event in events if event.kind == "failed"), None)

    def _passes_unchanged(self, failed: str, tests: list[RecordedTest]) -> bool:
        """Return whether the tests until the failed one pass without a mutant."""
        if failed not in self._is_fit:
            self._is_fit[failed] = self._first_failure(tests) is None
        return self._is_fit[failed]

    def _card_verdict(self, mutant: Mutant) -> Verdict:
        lines = range(mutant.line, mutant.last_line + 1)
        tests = [test for test in self._executed.at(mutant.file, lines) if test.passes]
        tests.sort(key=lambda test: test.seconds)
        with changed_file(self._tree, mutant):
            for ran, test in enumerate(tests, start=1):
                if card_tests.has_failed(self._tree, test.name, limit_s(test.seconds)):
                    return Verdict(test.name, len(tests), ran)
        return Verdict("", len(tests), len(tests))
