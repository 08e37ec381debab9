"""Print the slow tests of a project whose file, or what it names, has changed since a commit.

A file names the modules that it imports, and the modules and paths in its texts. Of a test with
several parameters, the first one is printed, and at most MAX_TESTS tests. The weekly run has all.
"""

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

MAX_TESTS = 8
LIBRARY, PROGRAMS = "custom_components/smarty_p1/lib/", "programs/"


def main() -> int:
    """Print the tests, by their paths in the project."""
    parser = argparse.ArgumentParser(prog="python -m scripts.slow_tests", description=__doc__)
    parser.add_argument("project", type=Path, help="its folder: . or programs")
    parser.add_argument("commit", nargs="?", help="default: where the work left main, or HEAD^")
    options = parser.parse_args()
    changed = _run("git", "diff", "--name-only", options.commit or base()).split()
    names = {name for path in changed for name in names_of(path)}
    files = [
        file
        for path in sorted(options.project.glob("tests/**/test_*.py"))
        for file in [path.relative_to(options.project)]
        if names & {path.as_posix(), *named_in(path.read_text("utf-8"), file)}
    ]
    tests = slow_tests(options.project, files)
    for test in tests[:MAX_TESTS]:
        print(test)
    if (left := len(tests) - MAX_TESTS) > 0:
        print(f"{left} more slow tests are left to the weekly run", file=sys.stderr)
    return 0


def base() -> str:
    """Return the commit where the work left main. On main, return the parent."""
    head = _run("git", "rev-parse", "HEAD")
    found = (_run("git", "merge-base", "HEAD", main) for main in ("origin/main", "main"))
    return next((commit.strip() for commit in found if commit not in {"", head}), "HEAD^")


def names_of(path: str) -> Iterator[str]:
    """Yield the names of a file: its path, and the names of its module."""
    yield path
    yield re.sub(r"(/__init__)?\.py$", "", path).replace("/", ".")
    if path.startswith(LIBRARY):
        yield from names_of(path.replace(LIBRARY, "smartyp1/"))
    if path.startswith(PROGRAMS):
        yield from names_of(path.removeprefix(PROGRAMS))


def named_in(source: str, file: Path) -> set[str]:
    """Return what a file names: modules, objects in them, and texts."""
    names = set[str]()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                package = file.parts[: -node.level] if node.level else ()
                module = ".".join(filter(None, (*package, node.module)))
                names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
            case ast.Constant(value=str(text)):
                names.add(text)
    return names


def slow_tests(project: Path, files: Sequence[Path]) -> list[str]:
    """Return the slow tests of files, without further parameters."""
    if not files:
        return []
    collect = (".venv/bin/python", "-m", "pytest", "--collect-only", "-q", "--whole", "-m", "slow")
    lines = _run(*collect, *map(str, files), folder=project).splitlines()
    tests = {line.partition("[")[0]: line for line in reversed(lines) if "::" in line}
    return [*reversed(tests.values())]


def _run(*command: str, folder: Path | None = None) -> str:
    """Return the output of a command, empty if it fails."""
    end = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return end.stdout


if __name__ == "__main__":
    sys.exit(main())
