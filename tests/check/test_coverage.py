"""`scripts/test` fails when the tests run too little of the integration, or of its dialogs."""

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from coverage import CoverageData

ROOT = Path(__file__).parents[2]
INTEGRATION = "custom_components/smarty_p1"
LINES = 50


@pytest.mark.parametrize(
    ("measured", "statuses"),
    [
        ({"config_flow.py": 50, "flows/tank.py": 50, "lib/flow.py": 46}, [0, 0]),
        ({"config_flow.py": 50, "sensor.py": 46}, [2, 0]),
        ({"config_flow.py": 50, "flows/tank.py": 49, "sensor.py": 50}, [0, 2]),
        ({"config_flow.py": 49, "sensor.py": 50, "number.py": 50}, [0, 2]),
        ({"sensor.py": 50}, [0, 1]),
        ({}, [1, 1]),
    ],
)
def test_too_little_is_told(
    tmp_path: Path, measured: Mapping[str, int], statuses: list[int]
) -> None:
    """So many lines were run, of fifty in each module."""
    data = CoverageData(str(tmp_path / "data"))
    for name, lines in measured.items():
        path = tmp_path / INTEGRATION / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n" * LINES, encoding="ascii")
        data.add_lines({str(path): range(1, lines + 1)})
    data.write()
    text = (ROOT / "scripts" / "test").read_text(encoding="utf-8")
    bounds = re.findall(r"^covers (.*)$", text.replace("$integration", INTEGRATION), re.MULTILINE)

    report = [sys.executable, "-m", "coverage", "report", f"--rcfile={ROOT}/pyproject.toml"]
    report += ["--data-file=data", "--fail-under"]
    found = [
        subprocess.run([*report, *shlex.split(bound)], cwd=tmp_path, check=False).returncode
        for bound in bounds
    ]
    assert found == statuses
