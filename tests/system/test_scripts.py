"""The scripts that others call: what they print, where they look for files, how they end."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dev.demo.home_assistant import ROOT
from tests.system.support import TIMEOUT

pytestmark = pytest.mark.timeout(TIMEOUT)

RUNS = ("ser2net", "half-open", "replug", "day", "many", "kill")
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


def test_fuzz_mutates_frames(tmp_path: Path) -> None:
    end = run("fuzz", "mutations", "--frames", "200", "--processes", "1", directory=tmp_path)
    assert (end.returncode, end.stderr) == (0, "")
    assert end.stdout.startswith("200 frames mutated")


@pytest.mark.parametrize("arguments", [[], ["everything"]])
def test_fuzz_tells_what_there_is(tmp_path: Path, arguments: list[str]) -> None:
    end = run("fuzz", *arguments, directory=tmp_path)
    assert end.returncode == 1
    assert "usage: scripts/fuzz mutations|feed|flow" in end.stderr


HELP = {
    "bench": "test -m dev.benchmarks",
    "demo": "demo -m dev.demo",
    "fleet": "test -m dev.fleet",
    "fleet_path": "test -m dev.fleet_path",
    "fuzz mutations": "test -m dev.fuzz.mutations",
    "fuzz feed": "test -m dev.fuzz.feed",
    "fuzz flow": "test -m dev.fuzz.flow",
    "p1": "test -m smarty_p1_cli",
    "p1 decode": "test -m smarty_p1_cli decode",
    "p1 watch": "test -m smarty_p1_cli watch",
    "p1 capture": "test -m smarty_p1_cli capture",
    "p1 simulate": "test -m dev.simulator",
    "soak": "demo -m dev.reliability",
    **{f"soak {name}": f"demo -m dev.reliability {name}" for name in RUNS},
}


@pytest.fixture(scope="module")
def bare_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone in which nothing is installed, nor can be."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "scripts", clone / "scripts")
    (clone / "scripts" / "setup").write_text("#!/bin/sh\necho installing; exit 1\n")
    return clone


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", [*HELP, "fuzz", "mutants", "test", "check", "packages"])
def test_help_installs_nothing(bare_clone: Path, command: str, option: str) -> None:
    script, *arguments = command.split()
    end = run(bare_clone / "scripts" / script, *arguments, option, directory=bare_clone)
    assert (end.returncode, end.stderr) == (0, "")
    assert f"usage: scripts/{script}" in end.stdout or f"usage: {script}" in end.stdout.replace(
        "smarty-p1", "p1"
    )


@pytest.mark.parametrize("command", HELP)
def test_help_tells_what_the_program_knows(tmp_path: Path, command: str) -> None:
    environment, *module = HELP[command].split()
    told = subprocess.run(
        [ROOT / (".venv-demo" if environment == "demo" else ".venv") / "bin/python", *module, "-h"],
        cwd=ROOT,
        env={
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "100",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    script, *arguments = command.split()
    assert run(script, *arguments, "--help", directory=tmp_path).stdout == told.stdout


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
    numbers = [
        line for line in end.stdout.splitlines() if re.match(r"\| [^|]+ \| [0-9.]+ \|", line)
    ]
    assert (
        len(numbers) == 7 + 2 + 1 + 1 + 5
    )  # a telegram, its tariff, its states, the import, the meters
