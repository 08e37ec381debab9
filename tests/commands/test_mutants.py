"""Mutants of a made project, with tests that notice some of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev.checkout import ROOT

PROJECT = {
    ".gitignore": "/.mutants/\n__pycache__/\n.pytest_cache/\n",
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    "mutants.toml": """
[made]
folder = "."
tests = ["tests/test_*.py"]
card_tests = ["frontend/tests/*.test.ts"]

[made.rooms]
meter = [99, "meter.py"]
cards = [99, "frontend/src/*.ts"]

[[equivalent]]
file = "meter.py"
line = "return power * 3"
change = "power * 3 → None"
reason = "made"
""",
    "meter.py": """
LIMIT_W = 10


def is_above(power):
    return power > LIMIT_W


class Meter:
    power = 0

    @property
    def is_idle(self):
        return self.power == 0


def tripled(power):
    return power * 3


def unused(power):
    return not power
""",
    "tests/test_meter.py": """
from meter import Meter, is_above, tripled

DONE = []


def test_limit():
    assert is_above(11) and not is_above(10)


def test_idle():
    meter = Meter()
    assert meter.is_idle
    meter.power = 1
    assert not meter.is_idle
    DONE.append("idle")


def test_tripled_is_not_checked():
    tripled(1)


def test_fails_without_another_test():
    tripled(1)
    assert DONE
""",
    "frontend/src/double.ts": """
export const double = (value: number): number => value * 2;
export const half = (value: number): number => value / 2;
""",
    "frontend/tests/double.test.ts": """
import assert from "node:assert/strict";
import { test } from "node:test";
import { double } from "../src/double.ts";

test("double", () => assert.equal(double(2), 4));
""",
}
NOT_NOTICED = {
    "meter.py:17": ["power * 3 → power / 3", "3 → 4"],
    "meter.py:21": ["not power → power", "not power → None"],
    "frontend/src/double.ts:2": ["value / 2 → value * 2", "2 → 3"],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of the made project."""
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.lstrip(), "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)  # noqa: S607
    return tmp_path


def mutants(project: Path) -> tuple[str, list[str]]:
    """Run the command. Return its report, and the lines about mutants that it has judged."""
    command = [sys.executable, "-P", "-m", "dev.mutants", "made", "--table", "mutants.toml"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}"}
    ended = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    *judged, last = ended.stderr.splitlines()
    # One of twelve is more than 5 %.
    assert (ended.returncode, last) == (
        1,
        "meter: more than 5 % of the mutants are named as equivalent",
    )
    return ended.stdout, [line for line in judged if " → " in line]


def test_a_run_names_the_changes_that_no_test_notices_and_goes_on_after_an_interruption(
    project: Path,
) -> None:
    report, judged = mutants(project)
    for place, changes in NOT_NOTICED.items():
        for change in changes:
            assert f"- `{place}`: `{change}` (" in report
    assert report.count("\n- ") == 6
    # Noticed: a constant's use and value, an attribute, and a property.
    assert "| meter | 11 | 7 | 64 % | 35 to 85 % | 2 | 1 |" in report
    assert "| cards | 4 | 2 | 50 % | 15 to 85 % | 0 | 0 |" in report
    assert "LIMIT_W = 10" in (project / "meter.py").read_text("utf-8")

    verdicts = project / ".mutants" / "made" / "verdicts.jsonl"
    kept = verdicts.read_text("utf-8").splitlines(keepends=True)[:-3]
    verdicts.write_text("".join(kept), "utf-8")
    again, judged_again = mutants(project)
    assert (again, len(judged), len(judged_again)) == (report, 16, 3)
