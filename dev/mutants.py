"""Mutation test. It changes one line of the program at a time, and runs the tests.

A change that no test notices shows that a test is missing.
"""

import ast
import json
import os
import pickle
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

from coverage import CoverageData

PARTS = ("lib", "coordinator", "sinks", "services", "websocket")
AREAS = [
    *(f"custom_components/smarty_p1/{part}" for part in PARTS),
    "smarty_p1_gateway",
    "smarty_p1_fleet",
]
LIST, MEASURED = Path("dev/mutants.json"), Path(".mutants")
TIMEOUT_S, MAX_TESTS, NO_SUCH_TEST, KILLED = 60, 100, 4, 137
FAILED = re.compile(r"(?m)^(?:FAILED|ERROR) (.+?)(?: - .*)?$")
FIELDS = ("file", "function", "kind", "old", "new")
_TURNED = ["Lt-GtE", "Gt-LtE", "Eq-NotEq", "Is-IsNot", "In-NotIn", "And-Or"]
PAIRS = [("comparison", pair) for pair in _TURNED] + [("bound", "Lt-LtE"), ("bound", "Gt-GtE")]
PAIRS += [("sign", "Add-Sub"), ("sign", "Mult-Div")]
KINDS = ["comparison", "bound", "sign", "constant", "dropped"]
UNCHANGED_CALLS = {"cast", "critical", "debug", "error", "exception", "info", "log", "warning"}
UNCHANGED_FIELDS = {"annotation", "decorator_list", "returns", "type_params"}
type Place = tuple[str, ...]
type Places = dict[Place, tuple[str, int]]
type Lines = dict[tuple[str, str, str], set[str]]


def _nodes(node: ast.AST, scope: str = "") -> Iterator[tuple[str, Any]]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            scope += f".{node.name}" + "()" * (not isinstance(node, ast.ClassDef))
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            scope += "" if "()" in scope else f".{name}"
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in UNCHANGED_CALLS:
            return
    yield scope.lstrip("."), node
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and field not in UNCHANGED_FIELDS:
                yield from _nodes(child, scope)


def _changes(node: Any) -> Iterator[tuple[str, Any, str]]:  # noqa: ANN401
    operators = getattr(node, "ops", [getattr(node, "op", None)])
    for index, operator in enumerate(operators):
        for kind, pair in PAIRS:
            if (name := type(operator).__name__) in (names := pair.split("-")):
                changed = type(node)(**vars(node))
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


def _find(root: Path) -> Places:
    places, numbers = Places.__value__(), defaultdict[Place, set[int]](set)
    for path in sorted(path for area in AREAS for path in (root / area).rglob("*.py")):
        source, file = path.read_text(encoding="utf-8"), str(path.relative_to(root))
        for scope, node in _nodes(ast.parse(source)):
            for kind, part, text in _changes(node):
                old = source.encode().split(b"\n")[part.lineno - 1]
                new = old[: part.col_offset] + text.encode() + old[part.end_col_offset :]
                place = file, scope, kind, old.decode().strip(), new.decode().strip()
                numbers[file, scope, place[3]].add(part.lineno)
                if part.lineno == part.end_lineno:
                    places[place] = source, part.lineno
    # Leave out lines that occur twice in a function, because a later run could not tell them apart.
    return {at: places[at] for at in places if len(numbers[at[0], at[1], at[3]]) == 1}


def _change(place: Place, source: str, number: int) -> str | None:
    lines = source.split("\n")
    lines[number - 1] = lines[number - 1].replace(place[3], place[4])
    with suppress(SyntaxError):
        if ast.dump(ast.parse("\n".join(lines))) != ast.dump(ast.parse(source)):
            return "\n".join(lines)
    return None


def _pytest(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run pytest with `arguments` in the copy `folder`. Return its exit status and its output.

    A run is killed after TIMEOUT_S seconds, or later on a busy machine.
    """
    limit = TIMEOUT_S * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
    arguments += ("-pno:homeassistant",) * ("/ha/" not in arguments[0])
    python = ["timeout", "-sKILL", str(limit), sys.executable, "-m", "pytest", *arguments]
    cwd, env = folder / "tree", os.environ | {"PYTHONPATH": f"{folder}/tree"}
    done = subprocess.run(python, cwd=cwd, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    return done.returncode, done.stdout + done.stderr


def _keep(lines: Lines, folder: Path) -> Lines:
    """Add the results of the measurement in `folder` to `lines`, and return `lines`.

    The keys of `lines` are lines of code. The value is the set of tests that ran the line. Only
    lines in functions are added, because importing the module runs all other lines. Failed tests
    are left out.
    """
    failed = FAILED.findall((folder / "output").read_text(encoding="utf-8"))
    data = CoverageData(str(folder / "tree" / ".coverage"))
    data.read()
    for path in map(Path, data.measured_files()):
        source, tests = path.read_text(encoding="utf-8"), data.contexts_by_lineno(str(path))
        file = str(path.relative_to((folder / "tree").resolve()))
        for scope, node in _nodes(ast.parse(source)):
            if "()" in scope and (names := tests.get(getattr(node, "lineno", 0))):
                key = file, scope, source.split("\n")[node.lineno - 1].strip()
                some = {name.rpartition("|")[0] for name in names} - {"", *failed}
                lines[key] = lines.get(key, set()) | some
    return lines


def _tests_of(place: Place, lines: Lines) -> list[str]:
    """Return up to MAX_TESTS tests that ran the line at `place`.

    If no test ran this line, return tests of the first group that is not empty:

    - tests that ran another line of the same function, or a line that contains the function's name;
    - tests that ran any line of the file.

    The tests that are most likely to fail come first.
    """
    file, function, _, old, _ = place
    name = re.compile(rf"\b{function.rpartition('.')[2].removesuffix('()')}\b")
    near = (
        [lines.get((file, function, old), set())],
        [some for key, some in lines.items() if key[:2] == place[:2] or name.search(key[2])],
        [some for key, some in lines.items() if key[0] == file],
    )
    candidates = next(filter(None, (set[str]().union(*some) for some in near)), set())
    sizes = Counter(test for some in lines.values() for test in some & candidates)
    tests = sorted(candidates, key=lambda test: (Path(file).stem not in test, sizes[test], test))
    own = [test for test in tests if Path(file).stem in test][: MAX_TESTS // 2]
    rows = {test.partition("[")[0]: test for test in reversed(tests)}
    return [*dict.fromkeys([*own, *reversed(rows.values()), *tests])][:MAX_TESTS]


def _judge(folder: Path, place: Place, source: str, number: int, tests: list[str]) -> str | None:
    """Run `tests` with the changed line `place`. Return None if all tests pass.

    Otherwise, return the first failed test, "timeout", or "import" if a module cannot be imported.
    `source` is the unchanged file, and `number` the number of the line.
    """
    path, kit = folder / "tree" / place[0], [test for test in tests[1:] if "/ha/" in test]
    path.write_text(_change(place, source, number) or source, encoding="utf-8")
    status, failed = 0, list[str]()
    for some in filter(None, (tests[:1], [test for test in tests[1:] if test not in kit], kit)):
        status, output = _pytest(folder, *some)
        if status == NO_SUCH_TEST:
            existing = [test for test in some if f"/{test.partition('[')[0]}" not in output]
            status, output = _pytest(folder, *existing) if existing else (0, "")
        failed = FAILED.findall(output)
        if status not in (0, 5):
            break
    path.write_text(source, encoding="utf-8")
    # If the test also fails with the unchanged line, its failure proves nothing. So judge again
    # without this test.
    if failed and _pytest(folder, failed[0])[0]:
        return _judge(folder, place, source, number, [test for test in tests if test != failed[0]])
    return None if status in (0, 5) else [*failed, "timeout" if status == KILLED else "import"][0]


def _run(folder: Path, waiting: Iterator[dict[str, Any]], places: Places, lines: Lines) -> None:
    for mutant in waiting:
        place = tuple(mutant[name] for name in FIELDS)
        tests = [mutant["test"] or "", *_tests_of(place, lines)]
        tests = [test for test in tests if Path(folder, "tree", test.partition("::")[0]).is_file()]
        mutant["test"] = _judge(folder, place, *places[place], tests)
        mutant["noticed"] = mutant["test"] is not None
        print(*place[:2], f"{place[3]} → {place[4]}", mutant["test"] or "NOT NOTICED", sep=" | ")


def main(command: str, copies: Path, count: int, seed: int) -> None:
    """Run a command of `scripts/mutants`. `copies` is the folder with copies of the project.

    - `measure` stores which tests ran each line.
    - `run` runs the stored mutants. If the line of a mutant is gone, a new mutant replaces it.
    - `draw` chooses `count` new mutants at random, and stores them. The same `seed` chooses the
      same mutants.
    """
    lines = pickle.loads(MEASURED.read_bytes()) if MEASURED.exists() else {}  # noqa: S301
    if command == "measure":
        MEASURED.write_bytes(pickle.dumps(_keep(lines, copies / "1")))
        return
    places, old = _find(copies / "1" / "tree"), _find(copies / "from")
    stored = json.loads(LIST.read_text(encoding="utf-8")) if command == "run" else []
    mutants = [m for m in stored if tuple(m[name] for name in FIELDS) in places]
    kept, kinds = len(mutants), [m["kind"] for m in stored if m not in mutants]
    drawn = sorted(places.keys() & old.keys(), key=lambda at: crc32(f"{seed} {at}".encode()))
    for kind in kinds if stored else (KINDS * count)[:count]:
        taken = {(m["file"], m["old"]) for m in mutants}
        free = (at for at in drawn if at[2] == kind and (at[0], at[3]) not in taken)
        changed = islice((at for at in free if _change(at, *places[at])), 1)
        mutants += [dict(zip(FIELDS, at, strict=True), noticed=False, test=None) for at in changed]
    waiting = iter([m for m in mutants if command == "run" and "equivalent" not in m])
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda n: _run(copies / n, waiting, places, lines), "12"))
    mutants.sort(key=lambda m: [m[name] for name in FIELDS])
    LIST.write_text(json.dumps(mutants, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    ends = [m["noticed"] for m in mutants if "equivalent" not in m]
    print(
        f"seed {seed}: {kept} kept, {len(mutants) - kept} drawn, {sum(ends)} of {len(ends)} noticed"
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
