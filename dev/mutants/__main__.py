"""Commands of `scripts/mutants`.

A change that no test notices shows that a test is missing.
"""

import json
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any
from zlib import crc32

from . import card_changes, python_changes
from .change import KINDS, Change, Places
from .judge import Copy
from .measured_tests import MORE, MeasuredTests, Results
from .rooms import CARDS, ROOMS, room_of

LIST = Path(".mutants/list.json")
EQUIVALENT = Path(__file__).with_name("equivalent.json")
"""Changes that no test can notice, each with the reason."""
SEED, COUNT = 2611, 600
FIELDS = ("file", "function", "kind", "old", "new")
type Mutant = dict[str, Any]


def _change_of(mutant: Mutant) -> Change:
    return Change(*(mutant[name] for name in FIELDS))


def _save(seed: int, mutants: list[Mutant]) -> None:
    mutants = sorted(mutants, key=lambda mutant: [mutant[name] for name in FIELDS])
    LIST.parent.mkdir(exist_ok=True)
    text = json.dumps({"seed": seed, "mutants": mutants}, ensure_ascii=False, indent=1)
    LIST.write_text(text + "\n", encoding="utf-8")


def _drawn(root: Path, places: Places, room: str, seed: int) -> Iterator[Change]:
    """Yield changes of a room at random, at most one for a line. The kinds take turns."""
    order = sorted(
        (change for change in places if room_of(change.file) == room),
        key=lambda change: crc32(f"{seed} {change}".encode()),
    )
    kinds = [deque(change for change in order if change.kind == kind) for kind in KINDS]
    lines = set[tuple[str, str]]()
    while any(kinds):
        for changes in filter(None, kinds):
            change = changes.popleft()
            place, line = places[change], (change.file, change.old)
            is_a_change = (
                card_changes.is_a_change(root, change, place)
                if room == CARDS
                else python_changes.is_a_change(change, place)
            )
            if is_a_change and line not in lines:
                lines.add(line)
                yield change


def _complete(
    root: Path, places: Places, stored: list[Mutant], count: int, seed: int
) -> list[Mutant]:
    """Return the stored mutants whose lines still exist, and new ones for the others."""
    mutants = [mutant for mutant in stored if _change_of(mutant) in places]
    reasons = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    equivalent = {Change(*fields): reason for *fields, reason in reasons}
    for index, room in enumerate(ROOMS):
        there = {_change_of(mutant) for mutant in mutants if room_of(mutant["file"]) == room}
        missing = count * (index + 1) // len(ROOMS) - count * index // len(ROOMS) - len(there)
        lines = {(change.file, change.old) for change in there}
        fresh = (
            change
            for change in _drawn(root, places, room, seed)
            if (change.file, change.old) not in lines
        )
        for change in islice(fresh, max(0, missing)):
            values = [getattr(change, name) for name in FIELDS]
            mutant: Mutant = dict(zip(FIELDS, values, strict=True), tests=None)
            if change in equivalent:
                mutant["equivalent"] = equivalent[change]
            mutants.append(mutant)
    return mutants


def _judge_all(
    copies: list[Copy], seed: int, mutants: list[Mutant], places: Places, rooms: set[str]
) -> None:
    measured, lock = MeasuredTests.load(), Lock()
    chosen = [
        mutant
        for mutant in mutants
        if room_of(mutant["file"]) in rooms and "equivalent" not in mutant
    ]

    def judge(copy: Copy, mutant: Mutant, *, whole: bool) -> None:
        change = _change_of(mutant)
        place, measured_tests = places[change], measured.tests_of(change)
        known = [test for test in mutant["tests"] or () if "::" in test]
        known = [test for test in known if (copy.tree / test.partition("::")[0]).is_file()]
        found = copy.noticing(change, place, known or measured_tests, whole=whole)
        if not found and not whole and room_of(change.file) != CARDS:
            found = copy.noticing(change, place, measured.tests_of(change, MORE), whole=False)
        with lock:
            mutant["tests"] = found
            _save(seed, mutants)
            end = f"{len(found)}: {found[0]}" if found else "NOT NOTICED"
            words = change.file, change.function, f"{change.old} → {change.new}", end
            print(*words, sep=" | ", flush=True)

    def judge_some(copy: Copy, waiting: list[Mutant], *, whole: bool) -> None:
        while True:
            with lock:
                if not waiting:
                    return
                mutant = waiting.pop()
            judge(copy, mutant, whole=whole)

    for whole in (False, True):
        waiting = [mutant for mutant in chosen if not (whole and mutant["tests"])]
        if whole:
            print(f"{len(waiting)} more, with all tests of the room", flush=True)
        with ThreadPoolExecutor() as pool:
            list(pool.map(partial(judge_some, waiting=waiting, whole=whole), copies))
    noticed = sum(bool(mutant["tests"]) for mutant in chosen)
    print(f"seed {seed}: {noticed} of {len(chosen)} noticed in {', '.join(sorted(rooms))}")


def main(command: str, folder: Path, seed: str, count: str, rooms: list[str]) -> None:
    """Run a command. `folder` has two copies of the project, `1/tree` and `2/tree`.

    - `measure` stores which tests ran each line.
    - `draw` replaces the stored mutants by `count` others. The same `seed` draws the same ones.
      Without a list, `run` draws one, too.
    - `run` runs the stored mutants of `rooms`, and stores the tests that notice each. A mutant
      whose line is gone is replaced by another of its room.
    """
    passes = set[str]()
    copies = [Copy(folder / name, passes) for name in ("1", "2")]
    root = copies[0].tree
    if command == "measure":
        measured = MeasuredTests.load()
        measured.add(root, Results.read(folder / "results"))
        measured.save()
        return
    places = python_changes.python_changes(root) | card_changes.card_changes(root)
    stored: dict[str, Any] = {"seed": int(seed or SEED), "mutants": []}
    if command == "run" and LIST.exists():
        stored = json.loads(LIST.read_text(encoding="utf-8"))
    total = len(stored["mutants"]) or int(count or COUNT)
    mutants = _complete(root, places, stored["mutants"], total, stored["seed"])
    _save(stored["seed"], mutants)
    if command == "run":
        _judge_all(copies, stored["seed"], mutants, places, set(rooms or ROOMS))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
