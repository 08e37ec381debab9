"""Break the program in random places, and count how often the tests notice.

`measure` runs tests (pytest's arguments select them) and keeps in .mutants/ which lines each runs;
`draw` makes the list dev/mutants.json anew; `run` runs it, the test that noticed a mutant first.
"""

import argparse
import ast
import copy
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import pytest

PARTS = ("lib", "coordinator", "sinks", "services", "websocket")
AREAS = [*(f"custom_components/smarty_p1/{part}" for part in PARTS), "gateway", "fleet"]
OWN = re.compile(rf"/(?:smartyp1|smarty_p1_gateway|smarty_p1_fleet|{'|'.join(AREAS)})/")
LIST, MEASURED = Path("dev/mutants.json"), Path(".mutants/tests.json")
TIMEOUT_S, MAX_TESTS_S, MAX_TESTS, TOOL = 60, 20, 150, 4
OPERATORS = {
    "comparison": "Lt-GtE Gt-LtE Eq-NotEq Is-IsNot In-NotIn And-Or",
    "bound": "Lt-LtE Gt-GtE",
    "sign": "Add-Sub Mult-Div",
}
PAIRS = [(kind, pair.split("-")) for kind, pairs in OPERATORS.items() for pair in pairs.split()]
SHORTENED = {"abs", "bool", "ceil", "float", "floor", "int", "max", "min", "round", "sorted"}
UNCHANGED_CALLS = {"cast", "critical", "debug", "error", "exception", "info", "log", "warning"}
UNCHANGED_FIELDS = {"annotation", "decorator_list", "returns", "type_params"}


KINDS = [*OPERATORS, "constant", "dropped"]
type Mutant = dict[str, Any]


class Place(NamedTuple):
    """Change of one line, found again by its texts."""

    file: str
    function: str
    kind: str
    old: str
    new: str


type Places = dict[Place, tuple[str, int]]


def _nodes(node: ast.AST, scope: str = "") -> Iterator[tuple[str, Any]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            scope += f".{name}()"
        case ast.ClassDef(name=name):
            scope += f".{name}"
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            scope += "" if "()" in scope else f".{name}"
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in UNCHANGED_CALLS:
            return
        case ast.TypeAlias() | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
    yield scope.lstrip("."), node
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and field not in UNCHANGED_FIELDS:
                yield from _nodes(child, scope)


def _changes(node: Any) -> Iterator[tuple[str, Any, str]]:  # noqa: ANN401
    operators = getattr(node, "ops", [getattr(node, "op", None)])
    for index, operator in enumerate(operators):
        for kind, names in PAIRS:
            if (name := type(operator).__name__) in names:
                changed = copy.copy(node)
                changed.op = getattr(ast, names[1 - names.index(name)])()
                changed.ops = [*operators[:index], changed.op, *operators[index + 1 :]]
                yield kind, node, ast.unparse(changed)
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield "sign" if isinstance(node.op, ast.USub) else "dropped", node, ast.unparse(operand)
        case ast.Constant(value=bool(value)):
            yield "constant", node, str(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield "constant", node, str(value * 2 + 1)
            yield from (("bound", node, str(value + step)) for step in (-1, 1))
        case ast.Expr(value=ast.Call() | ast.Await(value=ast.Call())):
            yield "dropped", node, "pass"
        case ast.If():
            yield "dropped", node.test, "False"
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in SHORTENED:
            yield "dropped", node, ast.unparse(first)


def _find(root: Path) -> Places:
    places, numbers = dict[Place, tuple[str, int]](), defaultdict[tuple[str, ...], set[int]](set)
    for path in sorted(path for area in AREAS for path in (root / area).rglob("*.py")):
        source, file = path.read_text(encoding="utf-8"), str(path.relative_to(root))
        for scope, node in _nodes(ast.parse(source)):
            for kind, part, text in _changes(node):
                old = source.encode().split(b"\n")[part.lineno - 1]
                new = old[: part.col_offset] + text.encode() + old[part.end_col_offset :]
                place = Place(file, scope, kind, old.decode().strip(), new.decode().strip())
                numbers[file, scope, place.old].add(part.lineno)
                if part.lineno == part.end_lineno:
                    places[place] = source, part.lineno
    # A line that a function has twice could not be found again by its text.
    return {p: at for p, at in places.items() if len(numbers[p.file, p.function, p.old]) == 1}


def _apply(place: Place, source: str, number: int) -> str | None:
    lines = source.split("\n")
    lines[number - 1] = lines[number - 1].replace(place.old, place.new)
    with suppress(SyntaxError):
        if ast.dump(ast.parse("\n".join(lines))) != ast.dump(ast.parse(source)):
            return "\n".join(lines)
    return None


_lines = defaultdict[str, set[int]](set)


def pytest_configure() -> None:
    """Learn which lines run: this module is also a plugin of pytest."""

    def on_line(code: CodeType, line: int) -> object:
        if OWN.search(code.co_filename):
            _lines[code.co_filename].add(line)
        return sys.monitoring.DISABLE

    sys.monitoring.use_tool_id(TOOL, "mutants")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, on_line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the wanted tests, in their order."""
    if wanted := json.loads(os.environ["MUTANTS_TESTS"]):
        items[:] = [item for item in items if item.nodeid in wanted]
        items.sort(key=lambda item: wanted.index(item.nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Report how long a test took, endless if it failed, and which lines it ran."""
    _lines.clear()
    sys.monitoring.restart_events()
    sys.monitoring.set_events(TOOL, sys.monitoring.events.LINE)
    failed, began = item.session.testsfailed, time.perf_counter()
    result = yield
    sys.monitoring.set_events(TOOL, 0)
    seconds = time.perf_counter() - began if item.session.testsfailed == failed else math.inf
    ran = {os.path.realpath(file): [*lines] for file, lines in _lines.items()}
    report = Path(f"{os.environ['MUTANTS_REPORT']}-{os.getpid()}")
    with report.open("a", encoding="utf-8") as file:
        file.write(json.dumps([item.nodeid, seconds, ran]) + "\n")
    return result


def _reports(folder: Path) -> list[Any]:
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("report-*")]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def _pytest(folder: Path, tests: Iterable[str], *arguments: str) -> tuple[int, list[Any]]:
    """Run pytest in a copy; return its status and reports. A machine at work has more time."""
    patience = max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
    limit = ["timeout", "-sKILL", f"{TIMEOUT_S * patience}"] if tests else []
    own = {
        "PYTHONPATH": f"{folder}/tree:{folder}/links",
        "TMPDIR": f"{folder}",
        "MUTANTS_REPORT": f"{folder}/report",
        "MUTANTS_TESTS": json.dumps(tests),
    }
    status = subprocess.call(
        [
            *limit,
            "prlimit",
            "--as=6442450944",
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-pdev.mutants",
            *arguments,
        ],
        cwd=folder / "tree",
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
    )
    reports: list[Any] = []
    for path in folder.glob("report-*"):
        reports += map(json.loads, path.read_text(encoding="utf-8").splitlines())
        path.unlink()
    return status, reports


class Measured:
    """Times of the tests, and the tests of each line."""

    def __init__(self) -> None:
        stored = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else [{}, {}]
        self.seconds: dict[str, float] = stored[0]
        tests = list(self.seconds)
        self.lines = {
            tuple(line.split("|", 2)): {tests[n] for n in some} for line, some in stored[1].items()
        }

    def add(self, tree: str, reports: list[Any]) -> None:
        """Add what the plugin reported, and store all."""
        self.seconds |= {name: seconds for name, seconds, _ in reports}
        tests = defaultdict[str, defaultdict[int, set[str]]](lambda: defaultdict(set))
        for name, _, ran in reports:
            for file, line in ((file, line) for file in ran for line in ran[file]):
                tests[file][line].add(name)
        for file, of_line in tests.items():
            source = Path(file).read_text(encoding="utf-8")
            scopes = {
                node.lineno: scope
                for scope, node in _nodes(ast.parse(source))
                if hasattr(node, "lineno")
            }
            for line, some in of_line.items():
                text = source.split("\n")[line - 1].strip()
                key = os.path.relpath(file, tree), scopes.get(line, ""), text
                self.lines[key] = self.lines.get(key, set()) | some
        numbers = {name: number for number, name in enumerate(self.seconds)}
        lines = {
            "|".join(key): [numbers[test] for test in some] for key, some in self.lines.items()
        }
        MEASURED.parent.mkdir(exist_ok=True)
        MEASURED.write_text(json.dumps([self.seconds, lines]), encoding="utf-8")

    def tests_of(self, place: Place) -> list[str]:
        """Return tests of a line, else of what it names; those of its module first, fastest first."""
        inner = {key: tests for key, tests in self.lines.items() if "()" in key[1]}
        name = re.compile(rf"\b{place.function.rpartition('.')[2].removesuffix('()')}\b")
        tests = (
            inner.get((*place[:2], place.old))
            or set().union(*(some for key, some in inner.items() if key[:2] == place[:2]))
            or set().union(*(some for key, some in inner.items() if name.search(key[2])))
            or set().union(*(some for key, some in inner.items() if key[0] == place.file))
        )
        rows, ranked, total = Counter[str](), [], 0.0
        for test in sorted(tests, key=self.seconds.__getitem__):
            rows[test.partition("[")[0]] += 1
            rank = rows[test.partition("[")[0]] + 3 * (Path(place.file).stem not in test)
            ranked.append((rank, self.seconds[test], test))
        chosen = []
        for _, seconds, test in sorted(ranked)[:MAX_TESTS]:
            total += seconds
            if total > MAX_TESTS_S:
                break
            chosen.append(test)
        return chosen


def _judge(folder: Path, place: Place, source: str, number: int, tests: list[str]) -> str | None:
    """Return the test that notices a mutant, or `timeout` or `import`; None if nothing does."""
    path = folder / "tree" / place.file
    try:
        _write(path, _apply(place, source, number) or source)
        alone = [test for test in tests[1:] if "/ha/" not in test]
        for some in (tests[:1], alone, [test for test in tests[1:] if test not in alone]):
            if not some:
                continue
            kit = [] if "/ha/" in some[0] else ["-pno:homeassistant"]
            status, reports = _pytest(
                folder, some, "-x", *kit, *sorted({test.partition("::")[0] for test in some})
            )
            failed = [name for name, seconds, _ in reports if seconds == math.inf]
            if status not in (0, 5):
                return "timeout" if status == 137 else failed[0] if failed else "import"
    finally:
        _write(path, source)
    return None


def _write(path: Path, text: str) -> None:
    """Write a module, with a time that only this text has: so Python knows its bytecode."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (0, zlib.crc32(text.encode())))


def _draw(
    kinds: list[str], dice: random.Random, places: Places, measured: Measured, kept: list[Mutant]
) -> list[Mutant]:
    drawn: list[Mutant] = []
    shuffled = dice.sample(sorted(places), len(places))
    for kind in kinds:
        taken = {(mutant["file"], mutant["old"]) for mutant in kept + drawn}
        for place in shuffled:
            if (
                place.kind == kind
                and (place.file, place.old) not in taken
                and _apply(place, *places[place])
                and measured.tests_of(place)
            ):
                drawn.append({**place._asdict(), "noticed": False, "test": None})
                break
    return drawn


def _run(mutants: list[Mutant], places: Places, measured: Measured, copies: Path) -> None:
    waiting = iter(mutants)

    def work(folder: Path) -> None:
        for mutant in waiting:
            place = _place(mutant)
            tests = [mutant["test"], *measured.tests_of(place)]
            tests = [test for test in dict.fromkeys(tests) if test in measured.seconds]
            mutant["test"] = _judge(folder, place, *places[place], tests)
            mutant["noticed"] = mutant["test"] is not None
            print(
                place.file,
                place.function,
                f"{place.old} → {place.new}",
                mutant["test"] or "NOT NOTICED",
                sep="\n  ",
                flush=True,
            )

    with ThreadPoolExecutor() as pool:
        list(pool.map(work, copies.glob("[12]")))


def _place(mutant: Mutant) -> Place:
    return Place(*(mutant[name] for name in Place._fields))


def main() -> None:
    """Measure, draw or run, in the copies that scripts/mutants made."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("command", choices=("measure", "draw", "run"))
    parser.add_argument(
        "--seed", type=int, default=random.randrange(1 << 32), help="draws the same again"
    )
    parser.add_argument("--count", type=int, default=150, help="how many to draw (150)")
    parser.add_argument(
        "--redraw-from",
        metavar="COMMIT",
        help="draw others for mutants whose line is gone, from the lines of this commit that are still there",
    )
    parser.add_argument("--survivors", action="store_true", help="run only what no test noticed")
    options, arguments = parser.parse_known_args()
    copies, measured = Path(os.environ["MUTANTS_COPIES"]), Measured()
    if options.command == "measure":
        measured.add(os.path.realpath(copies / "1/tree"), _pytest(copies / "1", [], *arguments)[1])
        return
    dice, places = random.Random(options.seed), _find(Path())
    stored: list[Mutant] = (
        json.loads(LIST.read_text(encoding="utf-8")) if options.command == "run" else []
    )
    kept = [mutant for mutant in stored if _place(mutant) in places]
    kinds = [mutant["kind"] for mutant in stored if mutant not in kept]
    allowed: Iterable[Place] = places
    if options.command == "draw":
        kinds = [KINDS[number % len(KINDS)] for number in range(options.count)]
    elif options.redraw_from:
        subprocess.run(
            ["git", "archive", "-o", copies / "old.tar", options.redraw_from], check=True
        )
        shutil.unpack_archive(copies / "old.tar", copies / "old", filter="data")
        allowed = _find(copies / "old").keys() & places.keys()
    else:
        kinds = []
    drawn = _draw(kinds, dice, {place: places[place] for place in allowed}, measured, kept)
    mutants = sorted(kept + drawn, key=_place)
    if options.command == "run":
        waiting = [
            mutant
            for mutant in mutants
            if "equivalent" not in mutant and not (options.survivors and mutant["noticed"])
        ]
        _run(waiting, places, measured, copies)
    LIST.write_text(json.dumps(mutants, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    noticed = sum(mutant["noticed"] for mutant in mutants)
    equivalent = sum("equivalent" in mutant for mutant in mutants)
    print(
        f"seed {options.seed}: {len(kept)} kept, {noticed} of {len(mutants)} noticed, {equivalent} equivalent, {len(drawn)} drawn"
    )


if __name__ == "__main__":
    main()
