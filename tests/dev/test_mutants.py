"""A list of mutants of a small program: which its test notices, and which are drawn anew."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = '''\
"""A program with 5 places."""
LIMIT = 5
OFFSET = -3

def is_above(value: int) -> bool:
    return value > LIMIT

def moved(value: float) -> float:
    return value + OFFSET
'''
TEST = """\
import gateway

def test_above():
    assert gateway.is_above(6) and not gateway.is_above(5)
    gateway.moved(1)
"""
# Only what measures, for nothing else need be loaded.
PYTHON = f"""\
#!/bin/sh
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 PYTEST_ADDOPTS="$PYTEST_ADDOPTS -p pytest_cov"
exec {sys.executable} "$@"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with the tool, a program and a test."""
    for name, text in (
        ("gateway/__init__.py", PROGRAM),
        ("tests/test_above.py", TEST),
        ("scripts/setup", "#!/bin/sh\n"),
        (".venv/bin/python", PYTHON),
        ("pytest.ini", "[pytest]\n"),
        (".gitignore", ".venv\n.mutants\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    (tmp_path / "dev").mkdir()
    shutil.copy(ROOT / "dev" / "mutants.py", tmp_path / "dev")
    shutil.copy(ROOT / "scripts" / "mutants", tmp_path / "scripts")
    user = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for command in (("init", "-q"), ("add", "."), (*user, "commit", "-qm", "all")):
        subprocess.run(["/usr/bin/env", "git", *command], cwd=tmp_path, check=True)
    return tmp_path


def mutants(checkout: Path, *arguments: str) -> str:
    """Run scripts/mutants, and return the last line it prints."""
    done = subprocess.run(
        [checkout / "scripts" / "mutants", *arguments],
        env={**os.environ, "TMPDIR": str(checkout.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def stored(checkout: Path) -> dict[str, dict[str, str | bool | None]]:
    """Return the list, by kind."""
    text = (checkout / "dev" / "mutants.json").read_text(encoding="utf-8")
    return {mutant["kind"]: mutant for mutant in json.loads(text)}


def test_a_list_is_drawn_and_run_and_drawn_again_where_a_line_is_gone(checkout: Path) -> None:
    program = checkout / "gateway" / "__init__.py"
    mutants(checkout, "measure", "tests")
    end = mutants(checkout, "draw", "--count", "3", "--seed", "3")
    assert end == "seed 3: 0 kept, 3 drawn, 0 of 3 noticed"
    drawn = stored(checkout)
    mutants(checkout, "draw", "--count", "3", "--seed", "3")
    assert stored(checkout) == drawn

    end = mutants(checkout, "run", "--seed", "5")
    assert end == "seed 5: 3 kept, 0 drawn, 2 of 3 noticed"
    assert {kind: mutant["test"] for kind, mutant in stored(checkout).items()} == {
        "bound": "tests/test_above.py::test_above",
        "comparison": "tests/test_above.py::test_above",
        "sign": None,
    }
    assert program.read_text(encoding="utf-8") == PROGRAM

    # The test that noticed one has another name now.
    path = checkout / "dev" / "mutants.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("::test_above", "::test_over[1]", 1), encoding="utf-8")
    line = str(drawn["sign"]["old"])
    # The last line is not in the commit: no mutant of it.
    changed = PROGRAM.replace(line, f"{line}  # changed") + "NEW = -4\n"
    program.write_text(changed, encoding="utf-8")
    end = mutants(checkout, "run", "--redraw-from", "HEAD", "--seed", "6")
    assert end == "seed 6: 2 kept, 1 drawn, 2 of 3 noticed"
    assert {line, stored(checkout)["sign"]["old"]} == {"OFFSET = -3", "return value + OFFSET"}
    # Nothing stays of the copies.
    assert not [*checkout.parent.glob("mutants.*")]
