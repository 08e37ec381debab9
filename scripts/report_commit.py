"""Report of the work tree beside a base: sizes, complexity, words. It has no limit and never fails.

The work tree has all files that git does not ignore. The base is the named commit, else the last
tag, else the commit where the work left `main`, else the parent.
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from scripts.report_sizes import Files, figures, sizes_of_rooms
from scripts.report_words import bad_words

RUNS = Path(".report")
"""Folder where runs leave a line for the report, each in a file of its name."""
_RUNS = {"tests": "scripts/test", "bench": "scripts/bench --against"}
_COLUMNS = ("Python", "TypeScript", "characters")
_SYMLINK = b"120000"


class Base(NamedTuple):
    """Commit beside which the work tree is shown."""

    name: str
    commit: str


def _git(*arguments: str, text: bytes = b"") -> bytes | None:
    """Return the output of git, None if it fails."""
    command = ["git", *arguments]
    end = subprocess.run(command, input=text, capture_output=True, check=False)  # noqa: S603
    return end.stdout if end.returncode == 0 else None


def _commit(name: str) -> str | None:
    commit = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return commit.decode().strip() if commit else None


def _candidates() -> Iterator[tuple[str, str]]:
    """Yield the names of possible bases, best first, each with its revision."""
    if tag := _git("describe", "--tags", "--abbrev=0"):
        yield (name := tag.decode().strip()), name
    for main in ("origin/main", "main"):
        if merge_base := _git("merge-base", "HEAD", main):
            yield f"where the work left {main}", merge_base.decode().strip()
    yield "the parent", "HEAD^"


def find_base(wanted: str | None) -> Base | None:
    """Return the base, None if this clone has none. HEAD is a base only if it is wanted."""
    head = _commit("HEAD")
    for name, revision in [(wanted, wanted)] if wanted else _candidates():
        commit = _commit(revision)
        if commit and (wanted or commit != head):
            return Base(name, commit)
    return None


def files_of_work_tree() -> Files:
    """Return the files that git tracks or would track."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard") or b""
    paths = {name: Path(name) for name in listed.decode().split("\0") if name}
    return {
        name: path.read_bytes()
        for name, path in paths.items()
        if path.is_file() and not path.is_symlink()
    }


def files_of_commit(commit: str) -> Files:
    """Return the files of a commit."""
    listed = (_git("ls-tree", "-r", "-z", commit) or b"").split(b"\0")
    rows = [row.partition(b"\t") for row in listed if row and not row.startswith(_SYMLINK)]
    blobs = [(path.decode(), facts.split()[2]) for facts, _, path in rows]
    objects = _git("cat-file", "--batch", text=b"".join(blob + b"\n" for _, blob in blobs)) or b""
    files, position = dict[str, bytes](), 0
    for path, _ in blobs:
        # Each object has a line before it: name, type, size.
        start = objects.index(b"\n", position) + 1
        position = start + int(objects[position:start].split()[2])
        files[path] = objects[start:position]
        position += 1
    return files


def _number(number: float, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{number:{sign},}" if isinstance(number, int) else f"{number:{sign},.3f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first, *others = widths
    return "\n".join(
        f"{row[0]:<{first}}"
        + "".join(f"  {cell:>{w}}" for cell, w in zip(row[1:], others, strict=True))
        for row in rows
    )


def summary(now: Files, before: Files | None) -> str:
    """Return the ten figures: before, now and the difference."""
    new = figures(now)
    if before is None:
        return _table([("", "now"), *((name, _number(number)) for name, number in new.items())])
    old = figures(before)
    return _table(
        [
            ("", "before", "now", "difference"),
            *(
                (
                    name,
                    _number(old[name]),
                    _number(number),
                    _number(number - old[name], signed=True),
                )
                for name, number in new.items()
            ),
        ]
    )


def table_of_rooms(now: Files, before: Files | None) -> str:
    """Return tokens and characters of each room, and their differences."""
    new = sizes_of_rooms(now)
    old = None if before is None else sizes_of_rooms(before)
    rows = [["room", *(cell for name in _COLUMNS for cell in ((name, "+") if old else (name,)))]]
    for room, sizes in new.items():
        row = [room]
        for name in _COLUMNS:
            row.append(_number(sizes[name]))
            if old:
                row.append(_number(sizes[name] - old[room][name], signed=True))
        rows.append(row)
    return _table(rows)


def list_of_words(files: Files) -> str:
    """Return a line for each bad word, with the wanted wording, and the numbers of both."""
    found = list(bad_words(files))
    lines = [f"{bad.path}:{bad.line}: {bad.word} -> {bad.wanted}" for bad in found]
    counts = Counter(bad.kind for bad in found)
    return "\n".join([*lines, ", ".join(f"{counts[kind]} in {kind}" for kind in sorted(counts))])


def lines_of_runs() -> str:
    """Return the lines that runs of tests and benchmarks left."""
    left = {path.name: path.read_text("utf-8").strip() for path in sorted(RUNS.glob("*"))}
    missing = {name: f"not measured ({run})" for name, run in _RUNS.items()}
    return "\n".join(f"{name}: {line}" for name, line in (missing | left).items())


def main() -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="scripts/report", description=__doc__)
    parser.add_argument("base", nargs="?", metavar="BASE", help="commit, branch or tag")
    parser.add_argument("--rooms", action="store_true", help="each room, and not the ten lines")
    parser.add_argument("--words", action="store_true", help="words to replace in the work tree")
    options = parser.parse_args()
    now = files_of_work_tree()
    if options.words:
        print(list_of_words(now))
        return 0
    base = find_base(options.base)
    before = files_of_commit(base.commit) if base else None
    if base:
        print(f"work tree beside {base.name} ({base.commit[:9]})")
    else:
        print(f"no base: this clone has no {options.base or 'tag, other main or earlier commit'}")
    print(table_of_rooms(now, before) if options.rooms else summary(now, before))
    print(lines_of_runs())
    return 0


if __name__ == "__main__":
    sys.exit(main())
