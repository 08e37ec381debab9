"""The installer that scripts/setup uses, for tests that install something."""

import shutil
import subprocess
from pathlib import Path

import pytest

from dev.checkout import ROOT

OFFLINE = ("error sending request", "dns error", "tcp connect error", "NewConnectionError")


def uv(*arguments: str | Path, timeout: float = 300.0) -> None:
    """Run uv for `timeout` seconds at most; skip the test where no package index answers."""
    own = ("uv/bin/uv", "uv-venv/bin/uv")
    found = [path for name in own if (path := ROOT / ".python" / name).is_file()]
    program = str(found[0]) if found else shutil.which("uv")
    assert program, "scripts/setup left no uv behind"
    end = subprocess.run(
        [program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    if end.returncode and any(words in end.stderr for words in OFFLINE):
        pytest.skip("the Python package index is out of reach")
    assert end.returncode == 0, end.stderr
