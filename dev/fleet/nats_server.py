"""Path of the recommended nats-server."""

import shutil

from dev.demo.home_assistant import ROOT

_RECOMMENDED = ROOT / ".venv" / "bin" / "nats-server"


def recommended() -> str:
    """Return the nats-server of requirements_test.txt; if not installed, the command in PATH."""
    return shutil.which(_RECOMMENDED) or shutil.which("nats-server") or "nats-server"
