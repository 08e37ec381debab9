"""One run: executed lines of the tests, mutants of the rooms, and a verdict about each."""

import fcntl
import hashlib
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from . import card_tests, python_mutants
from .executed_lines import ExecutedLines, RecordedTest
from .forked_tests import KIT, import_packages, run_tests
from .judge import Judge
from .mutant import Mutant, drawn, files_of_rooms
from .test_choice import TestChoice
from .tree import copy_tree
from .verdicts import Verdict, VerdictFile

type Verdicts = Sequence[tuple[Mutant, Verdict]]


def say(text: str) -> None:
    """Print progress."""
    print(text, file=sys.stderr, flush=True)


class Run:
    """One run for a project, whose `table` has its folder, tests and rooms."""

    def __init__(self, root: Path, name: str, table: Mapping[str, Any], jobs: int) -> None:
        # No path is below this folder if there is no kit.
        self._kit_folder: str = table.get("kit_folder", "/")
        self._folder, self._jobs = root / ".mutants" / name, jobs
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"mutants: another run changes files in {self._folder}")
        # The first copy stays as it is: the project may change while mutants run.
        trees = [self._folder / f"tree-{number}" for number in range(jobs + 1)]
        for tree in trees:
            copy_tree(root, tree)
        self._project, *self._changed = (tree / table["folder"] for tree in trees)
        rooms = {room: files for room, (_, *files) in table["rooms"].items()}
        self._files = files_of_rooms(self._project, rooms)
        tests = {"python": table["tests"], "cards": table["card_tests"]}
        self._tests = files_of_rooms(self._project, tests)
        self._digest = cache(self._find_digest)
        self._executed = ExecutedLines(self._folder / "lines", self._digest)

    @property
    def _programs(self) -> list[str]:
        return [file for files in self._files.values() for file in files if file.endswith(".py")]

    def _find_digest(self, file: str) -> str:
        path = self._project / file
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""

    def _side_by_side(self, work: Callable[[int], None]) -> None:
        """Call `work` in a process for each changed tree. Exit if it failed in one."""
        # A fork has the imported packages.
        context = multiprocessing.get_context("fork")
        processes = [context.Process(target=work, args=(number,)) for number in range(self._jobs)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            sys.exit("mutants: a process failed")

    def prepare(self) -> None:
        """Import packages. Run the tests without mutants whose executed lines are not known."""
        path, tests = self._folder / "modules.json", self._tests["python"]
        if not path.exists():
            say("looking for the packages of the tests")
            has_kit = any(test.startswith(self._kit_folder) for test in tests)
            events = run_tests(self._project, tests, {"": 0.0}, has_kit=has_kit, recorded=[])
            modules = next(event.content for event in events if event.kind == "modules")
            # The kit wants to be the first that imports Home Assistant.
            path.write_text(json.dumps([KIT] * has_kit + modules), "utf-8")
        import_packages(json.loads(path.read_text("utf-8")))
        stale = self._executed.load([*tests, *self._tests["cards"]])
        if stale:
            say(f"running {len(stale)} files of tests, to know the lines that they execute")
            self._side_by_side(lambda number: self._record(number, stale[number :: self._jobs]))
            self._executed.load(stale)

    def _record(self, number: int, files: Iterable[str]) -> None:
        project = self._changed[number]
        for file in files:
            if file in self._tests["cards"]:
                self._executed.store(file, [card_tests.record(project, file)])
                continue
            has_kit = file.startswith(self._kit_folder)
            events = run_tests(project, [file], {}, has_kit=has_kit, recorded=self._programs)
            ran = [(event.test, *event.content) for event in events if event.kind == "ran"]
            self._executed.store(file, [(RecordedTest(*test), lines) for *test, lines in ran])

    def mutants(self, room: str, seed: int, most: int) -> list[Mutant]:
        """Return random mutants of a room; none if it is a room of another project."""
        files = self._files.get(room, [])
        sources = [file for file in files if file.endswith(".py")]
        made = [one for file in sources for one in python_mutants.mutants_of(self._project, file)]
        if cards := [file for file in files if file.endswith(".ts")]:
            made += card_tests.mutants_of(self._project, cards)
        valid = (mutant for mutant in drawn(made, seed) if self._is_valid(mutant))
        return list(islice(valid, most))

    def _is_valid(self, mutant: Mutant) -> bool:
        return mutant.file.endswith(".ts") or python_mutants.is_valid(self._project, mutant)

    def judge(self, rooms: Mapping[str, Iterable[Mutant]]) -> dict[str, Verdicts]:
        """Run the tests of mutants that have no verdict yet. Return all verdicts by room."""
        path, state = self._folder / "verdicts.jsonl", self._state()
        verdicts = VerdictFile(path, self._digest, state)
        choice = TestChoice(self._project, self._programs, self._tests["python"], self._executed)
        new = [mutant for some in rooms.values() for mutant in some if not verdicts.get(mutant)]

        def work(number: int) -> None:
            judge = Judge(self._changed[number], self._kit_folder, self._executed, choice)
            for mutant in new[number :: self._jobs]:
                verdict = judge.verdict(mutant)
                verdicts.add(mutant, verdict)
                say(f"{mutant.place} {mutant.change}: {verdict.noticed_by or 'NOT NOTICED'}")

        self._side_by_side(work)
        verdicts = VerdictFile(path, self._digest, state)
        return {
            room: [(mutant, verdict) for mutant in some if (verdict := verdicts.get(mutant))]
            for room, some in rooms.items()
        }

    def _state(self) -> str:
        """Return a hash of all programs, and of the files in the folders of the tests."""
        tests = [file for files in self._tests.values() for file in files]
        folders = {"/".join(file.split("/")[:2]) for file in tests}
        beside = (path for folder in folders for path in (self._project / folder).rglob("*.*"))
        files = {
            path.relative_to(self._project).as_posix() for path in beside if path.suffix != ".pyc"
        }
        digests = [self._digest(file) for file in sorted(files.union(*self._files.values()))]
        return hashlib.sha256(repr(digests).encode()).hexdigest()
