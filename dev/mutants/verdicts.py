"""Verdict about a mutant, and the file of verdicts, from which an interrupted run goes on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .executed_lines import Digest, file_of
from .mutant import Mutant


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of the tests of a mutant."""

    noticed_by: str
    """The test that failed, or an empty text."""
    tests: int
    """Number of tests that execute the changed line."""
    ran: int
    """Number of these tests that ran."""


class VerdictFile:
    """Verdicts as lines of JSON. One counts until its file or its tests change."""

    def __init__(self, path: Path, digest: Digest, state: str) -> None:
        self._path, self._digest, self._state = path, digest, state
        self._known = dict[str, Verdict]()
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            key, tests, values = json.loads(line)
            if tests == self._tests_of(verdict := Verdict(**values)):
                self._known[key] = verdict

    def _key(self, mutant: Mutant) -> str:
        return f"{mutant.file} {self._digest(mutant.file)} {mutant.start} {mutant.end} {mutant.new}"

    def _tests_of(self, verdict: Verdict) -> str:
        """Return the hash of the test that noticed a mutant, or of all programs and tests."""
        return self._digest(file_of(verdict.noticed_by)) if verdict.noticed_by else self._state

    def get(self, mutant: Mutant) -> Verdict | None:
        """Return the verdict of an earlier run."""
        return self._known.get(self._key(mutant))

    def add(self, mutant: Mutant, verdict: Verdict) -> None:
        """Store a verdict. Several processes may do this at the same time."""
        self._known[self._key(mutant)] = verdict
        row = json.dumps((self._key(mutant), self._tests_of(verdict), asdict(verdict)))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{row}\n")
