"""What the tests need of the system is installed as far as the system has it."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Installs everything or nothing, as the real one does, and knows no package "missing".
APT_GET = """#!/bin/sh
case "$*" in *update*) exit 0;; *missing*) exit 100;; esac
for word; do case $word in -*|install) ;; *) echo "$word" >>"$INSTALLED";; esac; done
"""
SUDO = '#!/bin/sh\n[ "$1" = --non-interactive ] && shift\nexec "$@"\n'


def install(tmp_path: Path, *names: str) -> tuple[int, list[str]]:
    """Ask for packages; return the status, and which were installed."""
    for name, text in {"apt-get": APT_GET, "sudo": SUDO, "systemctl": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    installed = tmp_path / "installed"
    installed.touch()
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "INSTALLED": str(installed)}
    program = ROOT / "scripts" / "packages"
    end = subprocess.run([program, *names], env=environment, capture_output=True, check=False)
    return end.returncode, installed.read_text(encoding="utf-8").split()


def test_packages_are_installed(tmp_path: Path) -> None:
    assert install(tmp_path, "socat", "mosquitto") == (0, ["socat", "mosquitto"])


def test_one_that_is_missing_does_not_cost_the_others(tmp_path: Path) -> None:
    assert install(tmp_path, "socat", "missing", "mosquitto") == (1, ["socat", "mosquitto"])
