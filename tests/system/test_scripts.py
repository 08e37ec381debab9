"""The scripts for other programs: their output, the folder of their files, their end."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from dev.checkout import ROOT
from dev.testing.real_programs import TIMEOUT
from tests.cards.house_all import views

FRAMES = ROOT / "dev" / "frames"


def run(
    script: str | Path,
    *arguments: str,
    directory: Path,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a script in a directory, and return its end."""
    return subprocess.run(
        [ROOT / "scripts" / script, *arguments],
        cwd=directory,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=0.8 * TIMEOUT,
    )


def test_setup_does_nothing_when_all_is_there_and_knows_no_other_environment(
    tmp_path: Path,
) -> None:
    end = run("setup", "test", "demo", directory=tmp_path)
    assert (end.returncode, end.stdout, end.stderr) == (0, "", "")
    end = run("setup", "production", directory=tmp_path)
    assert (end.returncode, "usage" in end.stderr) == (1, True)


@pytest.mark.parametrize("script", ["demo", "test"])
def test_without_a_network_one_line_names_the_reason(tmp_path: Path, script: str) -> None:
    isolated = ["unshare", "--net", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*isolated, "true"], check=False).returncode:
        pytest.skip("no network can be taken away here")
    for folder in ("scripts", "requirements"):
        (tmp_path / folder).mkdir()
    for path in (
        ROOT / "requirements_test.txt",
        *ROOT.glob("requirements/*"),
        *ROOT.glob("scripts/*"),
    ):
        if path.is_file():
            shutil.copy(path, tmp_path / path.relative_to(ROOT))
    end = subprocess.run(
        [*isolated, tmp_path / "scripts" / script],
        capture_output=True,
        text=True,
        check=False,
        timeout=0.8 * TIMEOUT,
        env={**os.environ, "PIP_RETRIES": "0", "UV_CACHE_DIR": str(tmp_path / "uv")},
    )
    assert (end.returncode, end.stdout) == (1, "")
    *steps, last = end.stderr.splitlines()
    assert "no network" in last
    # The lines before the last one are steps.
    assert all(line.startswith("setup: ") for line in steps), end.stderr


@pytest.mark.slow
def test_bench_measures_everything(tmp_path: Path) -> None:
    end = run("bench", "--rounds", "1", directory=tmp_path)
    assert end.returncode == 0, end.stderr
    rows = re.findall(r"^\| ([^|]+) \| [0-9., ]+ (?:µs|ms|kB|MB)", end.stdout, re.MULTILINE)
    # Two sizes of chunks, two numbers of entities, import, written bytes; parts and views of cards.
    assert len(rows) == 6 + 1 + 2 * len(views())
