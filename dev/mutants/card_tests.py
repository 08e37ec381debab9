"""Mutants of the cards, and their tests in Node.js and of their stored drawings."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from dev.checkout import ROOT

from .executed_lines import Lines, RecordedTest
from .mutant import Mutant

SOURCES = "frontend/src/"
_MAKER = ROOT / "frontend" / "lint" / "mutants.mjs"
_MAX_TEST_S = 600


def _node() -> Path:
    return Path(sys.executable).with_name("node")


def mutants_of(root: Path, files: Iterable[str]) -> Iterator[Mutant]:
    """Yield all mutants of some files."""
    made = subprocess.check_output([_node(), _MAKER, *files], cwd=root, text=True)
    for row in made.splitlines():
        yield Mutant(*json.loads(row))


def has_failed(tree: Path, test: str, limit_s: float, coverage: str = "") -> bool:
    """Run a file of tests. Return whether a test failed or took too long."""
    command = [f"{_node()}", test]
    if test.endswith(".py"):
        command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:homeassistant", test]
    environment = {**os.environ, "PYTHONPATH": f"{tree}", "NODE_V8_COVERAGE": coverage}
    try:
        ended = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return ended.returncode != 0


def record(tree: Path, test: str) -> tuple[RecordedTest, Lines]:
    """Run a file of tests once. Return its time and result, and the lines that it executed."""
    begin = time.monotonic()
    lines = defaultdict[str, set[int]](set)
    with TemporaryDirectory() as folder:
        failed = has_failed(tree, test, _MAX_TEST_S, folder)
        seconds = time.monotonic() - begin
        for path in Path(folder).iterdir():
            for script in json.loads(path.read_text("utf-8"))["result"]:
                file = Path(unquote(urlsplit(script["url"]).path))
                if file.is_relative_to(tree / SOURCES):
                    name = file.relative_to(tree).as_posix()
                    lines[name] |= _executed(file.read_text("utf-8"), script["functions"])
    return RecordedTest(test, seconds, not failed), {**lines}


def _executed(source: str, functions: Iterable[dict[str, list[dict[str, int]]]]) -> set[int]:
    """Return the lines of which V8 has counted at least one character."""
    # Inner ranges come later, and V8 counts in units of UTF-16.
    text = source.encode("utf-16-le")
    counted = bytearray(b"\x01" * (len(text) // 2))
    for function in functions:
        for part in function["ranges"]:
            size = part["endOffset"] - part["startOffset"]
            counted[part["startOffset"] : part["endOffset"]] = bytes([part["count"] > 0]) * size
    lengths = [len(line.encode("utf-16-le")) // 2 + 1 for line in source.split("\n")]
    starts = accumulate(lengths, initial=0)
    return {
        number
        for number, (start, size) in enumerate(zip(starts, lengths, strict=False), start=1)
        if any(counted[start : start + size - 1])
    }
