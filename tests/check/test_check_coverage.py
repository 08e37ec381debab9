"""The check of what the tests run fails when that is too little."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "check_coverage.py"
LINES = 50


def check(root: Path, measured: Mapping[str, int]) -> subprocess.CompletedProcess[str]:
    """Check an integration whose modules have so many lines that were run, of fifty each."""
    integration = root / "custom_components" / "smarty_p1"
    (root / ".coverage").mkdir()
    data = CoverageData(str(root / ".coverage" / "data"))
    for name, lines in measured.items():
        path = integration / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n" * LINES, encoding="ascii")
        data.add_lines({str(path): range(1, lines + 1)})
    data.write()
    return subprocess.run(
        [sys.executable, SCRIPT, root], capture_output=True, text=True, check=False
    )


def test_enough(tmp_path: Path) -> None:
    end = check(tmp_path, {"config_flow.py": 50, "flows/tank.py": 50, "sensor.py": 46})
    assert (end.returncode, end.stderr) == (0, "")
    assert "sensor.py" in end.stdout


def test_too_little_of_the_integration(tmp_path: Path) -> None:
    end = check(tmp_path, {"config_flow.py": 50, "p1/link.py": 46})
    assert end.returncode == 1
    assert "96.00 % of the integration" in end.stderr
    assert "47-50" in end.stdout


def test_a_line_of_a_dialog_is_missing(tmp_path: Path) -> None:
    end = check(tmp_path, {"config_flow.py": 50, "flows/tank.py": 49, "sensor.py": 50})
    assert end.returncode == 1
    assert end.stderr.startswith("coverage: the tests run 99.00 % of the dialogs")


def test_there_are_no_dialogs(tmp_path: Path) -> None:
    end = check(tmp_path, {"sensor.py": 50})
    assert end.returncode == 1
    assert "no dialogs found" in end.stderr


def test_nothing_was_measured(tmp_path: Path) -> None:
    (tmp_path / "custom_components" / "smarty_p1").mkdir(parents=True)
    (tmp_path / "custom_components" / "smarty_p1" / "config_flow.py").touch()
    end = check(tmp_path, {})
    assert end.returncode == 1
    assert "no line of the integration was measured" in end.stderr
