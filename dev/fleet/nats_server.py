"""Search for the program nats-server, in the version that the tests require."""

import shutil

from dev.demo.home_assistant import ROOT

_RECOMMENDED = ROOT / ".venv" / "bin" / "nats-server"


def recommended() -> str:
    """Return the path of nats-server: from .venv if it is there, otherwise from the PATH.

    Return only the name if no nats-server is found.
    """
    return shutil.which(_RECOMMENDED) or shutil.which("nats-server") or "nats-server"
