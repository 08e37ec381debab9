"""Path of the nats-server program, in the version that the tests require."""

import shutil

from dev.demo.home_assistant import ROOT

_RECOMMENDED = ROOT / ".venv" / "bin" / "nats-server"


def recommended() -> str:
    """Return the path of the nats-server in .venv, otherwise of the command in PATH."""
    return shutil.which(_RECOMMENDED) or shutil.which("nats-server") or "nats-server"
