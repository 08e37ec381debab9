"""The command line: `scripts/fleet_path`."""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from dev.demo.home_assistant import ROOT

from .page import SECTION, PageError, read_path, write_script

_PAGE = "docs/fleet.md"
_ADDRESS = "https://github.com/smarty-p1/smarty_p1"
# What the page says it takes.
PORTS = (
    *range(4222, 4225),
    *range(6222, 6225),
    *(8428, 9090, 9210),
    *range(9107, 9110),
    *range(20001, 20007),
)
_MOST_SECONDS = 600


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk the path; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/fleet_path",
        description=f"Run the commands of {_PAGE}, '{SECTION}', as they stand there, with a fresh"
        " clone of what is committed here, and look where it says to look. The exit status is 1"
        " when a command fails, when there is nothing to see, when all of it takes more than"
        f" {_MOST_SECONDS // 60} minutes, or when something still runs after the last command.",
    )
    parser.add_argument(
        "--pictures", metavar="FOLDER", type=Path, help="keep what was seen, as 1.png, 2.png, ..."
    )
    options = parser.parse_args(arguments)
    if taken := _taken():
        print(f"{parser.prog}: other programs use the ports {taken}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="fleet-path-") as folder:
        pictures = options.pictures or Path(folder) / "pictures"
        pictures.mkdir(parents=True, exist_ok=True)
        try:
            script = _script(pictures.absolute())
        except PageError as error:
            print(f"{parser.prog}: {_PAGE}: {error}", file=sys.stderr)
            return 1
        started = time.monotonic()
        status, remains = _run(script, Path(folder))
        took = time.monotonic() - started
    print(f"\n{took:.0f} s, load {os.getloadavg()[0]:.1f}, status {status}")
    if remains:
        print(f"{parser.prog}: after the last command, these ports are in use: {remains}")
    return int(bool(status or remains or took > _MOST_SECONDS))


def _script(pictures: Path) -> str:
    command = ["/usr/bin/git", "-C", str(ROOT), "show", f"HEAD:{_PAGE}"]
    page = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    look = [
        *("env", f"PYTHONPATH={ROOT}", sys.executable),
        *("-P", "-m", "dev.fleet_path.look", str(pictures)),
    ]
    return write_script(read_path(page), look)


def _run(script: str, folder: Path) -> tuple[int, list[int]]:
    """Run a script in a folder; return its status, and the ports that are still in use then."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BASH_ENV")
    } | {
        # The page's address is that of this clone.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT}.insteadOf",
        "GIT_CONFIG_VALUE_0": _ADDRESS,
    }
    with (
        subprocess.Popen(
            ["/bin/bash", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
        ) as process,
        _ending(process),
    ):
        return process.wait(), _taken()


@contextlib.contextmanager
def _ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process and its children, however this ends."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        signal.signal(signal.SIGTERM, before)


def _taken() -> list[int]:
    taken = []
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                taken.append(port)
    return taken


if __name__ == "__main__":
    sys.exit(main())
