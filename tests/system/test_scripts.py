"""The scripts that others call: what they print, where they look for files, how they end."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dev.demo.home_assistant import ROOT
from tests.cards.house_all import views
from tests.system.support import TIMEOUT

pytestmark = pytest.mark.timeout(TIMEOUT)

FRAMES = sorted((ROOT / "dev" / "frames").glob("*.json"))


def run(script: str | Path, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a directory, and return its end."""
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=0.8 * TIMEOUT,
    )


@pytest.mark.parametrize("kind", ["test", "demo"])
def test_setup_does_nothing_when_all_is_there(tmp_path: Path, kind: str) -> None:
    end = run("setup", kind, directory=tmp_path)
    assert (end.returncode, end.stdout, end.stderr) == (0, "", "")


def test_setup_knows_no_other_environment(tmp_path: Path) -> None:
    end = run("setup", "production", directory=tmp_path)
    assert end.returncode == 1
    assert "usage" in end.stderr


@pytest.mark.parametrize("path", FRAMES, ids=lambda path: path.stem)
def test_p1_decodes_a_file_where_it_is_called(tmp_path: Path, path: Path) -> None:
    frame = json.loads(path.read_text(encoding="utf-8"))
    (tmp_path / "recorded").write_bytes(bytes.fromhex(frame["bytes"]))
    # What happens to lie there must not be mistaken for Python's own.
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')\n", encoding="ascii")
    options = []
    for name in ("key", "authentication_key"):
        if frame[name]:
            (tmp_path / name).write_text(frame[name], encoding="ascii")
            options += [f"--{name.replace('_', '-')}-file", name]
    end = run("p1", "decode", *options, "recorded", directory=tmp_path)
    assert end.returncode == 0, end.stderr
    assert json.loads(end.stdout)["objects"]


@pytest.fixture(scope="module")
def bare_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone in which nothing is installed, nor can be."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "scripts", clone / "scripts")
    (clone / "scripts" / "setup").write_text("#!/bin/sh\necho installing; exit 1\n")
    return clone


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("script", ["bench", "check", "fuzz", "mutants", "packages", "test"])
def test_help_installs_nothing(bare_clone: Path, script: str, option: str) -> None:
    end = run(bare_clone / "scripts" / script, option, directory=bare_clone)
    assert (end.returncode, end.stderr) == (0, "")
    assert f"usage: scripts/{script}" in end.stdout


def test_p1_hands_its_exit_status_through(tmp_path: Path) -> None:
    end = run("p1", "decode", "nothing-there", directory=tmp_path)
    assert end.returncode not in (0, 126, 127)
    assert not end.stdout
    assert "nothing-there" in end.stderr


def test_p1_simulates(tmp_path: Path) -> None:
    end = run("p1", "simulate", "--list-faults", directory=tmp_path)
    assert end.returncode == 0
    assert "silence" in end.stdout


@pytest.mark.slow
def test_bench_measures_everything(tmp_path: Path) -> None:
    end = run("bench", "--rounds", "1", directory=tmp_path)
    assert end.returncode == 0, end.stderr
    rows = re.findall(r"^\| ([^|]+) \| [0-9.]+ (?:µs|ms|kB)", end.stdout, re.MULTILINE)
    # Two sizes of chunks, the first telegram, the states, the import; the module and its views.
    assert len(rows) == 5 + 1 + len(views())
