"""The scripts of the programs: their output, and the folder of their files."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from dev.checkout import PROGRAMS, ROOT
from dev.testing.real_programs import TIMEOUT

FRAMES = ROOT / "dev" / "frames"


def run(
    script: str | Path,
    *arguments: str,
    directory: Path,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a script in a directory, and return its end."""
    return subprocess.run(
        [PROGRAMS / "scripts" / script, *arguments],
        cwd=directory,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=0.8 * TIMEOUT,
    )


def test_help_about_a_fleet_installs_no_package(tmp_path: Path) -> None:
    programs, installed = tmp_path / "programs", tmp_path / "installed"
    programs.mkdir()
    for program in {*Path("/usr/bin").iterdir()} - {Path("/usr/bin/victoria-metrics")}:
        (programs / program.name).symlink_to(program)
    (programs / "apt-get").unlink(missing_ok=True)
    (programs / "apt-get").write_text(f"#!/bin/sh\ntouch {installed}\n", "utf-8")
    (programs / "apt-get").chmod(0o755)
    end = run("fleet", "--help", directory=tmp_path, environment={"PATH": str(programs)})
    assert (end.returncode, "usage: programs/scripts/fleet" in end.stdout) == (0, True)
    assert not installed.exists()


def test_p1_decodes_a_file_where_it_is_called(tmp_path: Path) -> None:
    frame = json.loads((FRAMES / "three_phase_gas_water_heat.json").read_text("utf-8"))
    (tmp_path / "recorded").write_bytes(bytes.fromhex(frame["bytes"]))
    # A file in the folder must not be mistaken for a module of Python.
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')\n", "ascii")
    (tmp_path / "key").write_text(frame["key"], "ascii")
    end = run("p1", "decode", "--key-file", "key", "recorded", directory=tmp_path)
    assert (end.returncode, end.stderr) == (0, "")
    assert json.loads(end.stdout)["objects"]["1-0:1.8.0"] == 25678.901
    end = run("p1", "decode", "nothing-there", directory=tmp_path)
    assert end.returncode not in (0, 126, 127)
    assert (end.stdout, "nothing-there" in end.stderr) == ("", True)
