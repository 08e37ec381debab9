"""Search for the program nats-server."""

import shutil

from dev.checkout import PROGRAMS

_RECOMMENDED = PROGRAMS / ".venv" / "bin" / "nats-server"


def recommended() -> str:
    """Return the path of nats-server."""
    return shutil.which(_RECOMMENDED) or shutil.which("nats-server") or "nats-server"
