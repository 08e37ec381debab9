"""The writer of hourly statistics with the databases that Home Assistant supports beside SQLite.

Its tests run once more with a MariaDB and a PostgreSQL of their own, which Debian has.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.checkout import ROOT
from dev.ports import free_ports
from dev.testing.uv import uv

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

WRITER = "tests/ha/coordinator/test_hourly_statistics.py"
USER = "home"
PATIENCE_S = 120.0


def run(*command: str | Path, user: str | None = None) -> None:
    """Run a command, as another user if this process is root."""
    end = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, user=user
    )
    assert end.returncode == 0, end.stderr


def other_user(name: str) -> str | None:
    """Return the user of a database server, which refuses to run as root."""
    return name if os.geteuid() == 0 else None


def found(name: str) -> str:
    """Return the path of a program. Skip the test where it is missing."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", *map(str, folders)])
    program = shutil.which(name, path=path)
    if not program:
        pytest.skip(f"{name} is not installed")
    return program


@contextmanager
def served(*command: str, user: str | None, is_up: list[str]) -> Iterator[None]:
    """Run a server until the end. Wait until the command `is_up` succeeds."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, user=user) as server:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while subprocess.run(is_up, capture_output=True, check=False).returncode:
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
            yield
        finally:
            server.terminate()
            server.wait(PATIENCE_S)


@contextmanager
def mariadb(folder: Path) -> Iterator[str]:
    daemon, user, port = found("mariadbd"), other_user("mysql"), str(free_ports())
    socket, data = folder / "socket", folder / "data"
    install = [found("mariadb-install-db"), "--no-defaults", f"--datadir={data}"]
    run(*install, "--auth-root-authentication-method=normal", user=user)
    command = [daemon, "--no-defaults", f"--datadir={data}", f"--socket={socket}"]
    command += [f"--port={port}", "--bind-address=127.0.0.1"]
    client = [found("mariadb"), "--no-defaults", f"--socket={socket}", "--user=root"]
    with served(*command, user=user, is_up=[*client, "--execute=select 1"]):
        # A new MariaDB has a nameless user at localhost: MariaDB would prefer it to a user at any
        # host.
        run(*client, f"--execute=create user {USER}@localhost identified by '{USER}'")
        run(*client, f"--execute=grant all on *.* to {USER}@localhost")
        run(*client, "--execute=create database home character set utf8mb4")
        yield f"mysql+pymysql://{USER}:{USER}@127.0.0.1:{port}/home?charset=utf8mb4"


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    daemon, user, port = found("postgres"), other_user("postgres"), str(free_ports())
    data = folder / "data"
    run(found("initdb"), "--auth=trust", f"--username={USER}", data, user=user)
    command = [daemon, "-D", str(data), "-p", port, "-k", str(folder), "-h", "127.0.0.1"]
    is_up = [found("pg_isready"), "-h", "127.0.0.1", "-p", port]
    with served(*command, user=user, is_up=is_up):
        address = ["--host=127.0.0.1", f"--port={port}", f"--username={USER}"]
        run(found("createdb"), *address, "home")
        yield f"postgresql+psycopg2://{USER}:{USER}@127.0.0.1:{port}/home"


@pytest.mark.parametrize("database", [mariadb, postgresql])
def test_the_writer_with_another_database(database: object, tmp_path: Path) -> None:
    drivers = tmp_path / "drivers"
    python = f"--python={sys.executable}"
    uv("pip", "install", python, f"--target={drivers}", "pymysql", "psycopg2-binary")
    folder = tmp_path / "database"
    folder.mkdir()
    for path in (folder, *tmp_path.parents[:3], tmp_path):
        path.chmod(path.stat().st_mode | 0o711)
    folder.chmod(0o777)
    assert callable(database)
    with database(folder) as url:
        tests = [sys.executable, "-m", "pytest", WRITER, "-q", f"--dburl={url}"]
        environment = os.environ | {"PYTHONPATH": str(drivers)}
        end = subprocess.run(
            tests, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert end.returncode == 0, end.stdout[-5000:]
