"""What the library needs: `p1` needs cryptography, and only `port` needs serialx."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# Imports of all else fail, as where it is not installed.
PROGRAM = """
import sys
from importlib import import_module

class Nothing:
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package not in allowed and package not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

allowed = {"smartyp1", *sys.argv[2:]}
sys.meta_path.insert(0, Nothing())
import_module(sys.argv[1])
"""


def imports(module: str, *packages: str) -> str:
    """Import a module where only these packages are; return what fails."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module, *packages],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


@pytest.mark.parametrize("package", ["smartyp1", "smartyp1.p1"])
def test_the_protocol_needs_cryptography_only(package: str) -> None:
    # What cryptography itself is made of.
    assert imports(package, "cryptography", "_cffi_backend", "cffi") == ""


def test_ports_need_serialx() -> None:
    found = imports("smartyp1.port", "cryptography", "_cffi_backend", "cffi")

    assert "No module named 'serialx'" in found
