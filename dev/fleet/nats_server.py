"""The program that a cluster is run with: the NATS that is recommended."""

import shutil

from dev.demo.home_assistant import ROOT

_RECOMMENDED = ROOT / ".venv" / "bin" / "nats-server"


def recommended() -> str:
    """Return the program that requirements_test.txt names, or another one where it has no wheel."""
    return shutil.which(_RECOMMENDED) or shutil.which("nats-server") or "nats-server"
