"""`smarty-p1 fleet init` as an operator runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
MISSING = "No such file or directory; `smarty-p1 fleet init --example` prints one"


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "smarty_p1_cli", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )


def test_the_example_is_made_into_a_fleet(tmp_path: Path) -> None:
    example = run(tmp_path, "fleet", "init", "--example")
    assert (example.returncode, example.stderr) == (0, "")
    (tmp_path / "fleet.toml").write_text(example.stdout, encoding="utf-8")

    made = run(tmp_path, "fleet", "init")
    assert (made.returncode, made.stderr) == (0, "")
    assert (tmp_path / "fleet" / "steps.txt").read_text(encoding="utf-8") in made.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["init"], f"smarty-p1: fleet.toml: cannot be read: {MISSING}"),
        (["init", "bad.toml"], "smarty-p1: bad.toml: is no TOML: line 1, column 6"),
        (
            ["inti"],
            "smarty-p1 fleet: error: after fleet, there must be init, forget, export or read",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "bad.toml").write_text("nodes", encoding="utf-8")
    end = run(tmp_path, "fleet", *arguments)
    assert (end.returncode, end.stdout) == (2, "")
    assert end.stderr.splitlines()[-1] == message


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    example = run(tmp_path, "fleet", "init", "--example").stdout
    (tmp_path / "fleet.toml").write_text(example, encoding="utf-8")
    end = run(tmp_path, "fleet", "init", "--to", "/dev/null/fleet")
    assert (end.returncode, end.stdout) == (2, "")
    assert "Not a directory" in end.stderr
