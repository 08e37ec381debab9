"""The command: as a program of its own where it serves, by a call where it ends by itself."""

import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.simulator import Meter
from dev.simulator.__main__ import main
from tests.dev.simulator.support import HEAD_SIZE, KEY, PROGRAM, PROJECT, field, open_frame, size

PATIENCE = 90
KEY_FILE = "smarty-simulator.keys"


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the simulator in a folder, and end it after the test."""
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that calls the command where it ends by itself: status, output, errors."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: (main(arguments), *capsys.readouterr())


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    """Return the next lines of output."""
    assert process.stdout
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    """Send a signal; return the exit status and the last output."""
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def received(port: int, count: int) -> bytes:
    """Return `count` bytes from a TCP port."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        data = b""
        while len(data) < count:
            data += client.recv(count - len(data))
        return data


def port_in(line: str) -> int:
    """Return the port that a line names."""
    return int(line.rpartition(":")[2])


def frame_from(port: int) -> bytes:
    """Return the first frame from a TCP port."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        data = b""
        while len(data) < HEAD_SIZE or len(data) < size(data):
            data += client.recv(65536)
        return data


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "--meters", "2", "--listen", "127.0.0.1:0") as process:
        assert lines(process, 1) == [f"2 new keys in {KEY_FILE}"]
        ready = lines(process, 2)
        assert re.fullmatch(r"meter 1  SAG1030790002574  socket://127\.0\.0\.1:\d+", ready[0])
        assert re.fullmatch(r"meter 2  SAG10307\d{8}  socket://127\.0\.0\.1:\d+", ready[1])
        keys = [bytes.fromhex(line) for line in (tmp_path / KEY_FILE).read_text().split()]
        for line, key in zip(ready, keys, strict=True):
            text = open_frame(frame_from(port_in(line)), key).text
            assert bytes.fromhex(field(text, "0-0:42.0.0")).decode() in line
        assert ended(process, number) == (0, "", "")
    with pytest.raises(ConnectionRefusedError):
        received(port_in(ready[0]), 1)


def test_lists_the_keys_as_collectors_take_them(tmp_path: Path, run: Run) -> None:
    status, output, errors = run("--meters", "3", "--first", "2", "--list-keys")
    assert (status, errors) == (0, "")
    keys = (tmp_path / KEY_FILE).read_text("ascii").split()
    titles = [Meter(number).system_title.hex().upper() for number in (2, 3, 4)]
    assert output.splitlines() == [
        f"{title} {key}" for title, key in zip(titles, keys, strict=True)
    ]
    # The keys exist now, and stay.
    assert run("--meters", "3", "--first", "2", "--list-keys") == (0, output, "")


def test_keys_are_made_once_for_their_owner_alone_and_never_shown(tmp_path: Path) -> None:
    output = ""
    for meters in ("1", "3", "2"):
        with running(tmp_path, "--meters", meters, "--listen", "127.0.0.1:0") as process:
            output += "\n".join(lines(process, 1 + (meters != "2")))
            _, rest, errors = ended(process, signal.SIGTERM)
            output += rest + errors
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    keys = (tmp_path / KEY_FILE).read_text().split()
    assert len(set(keys)) == 3
    assert all(re.fullmatch("[0-9A-F]{32}", key) for key in keys)
    assert output.count("new key") == 2
    for key in keys:
        assert key.lower() not in output.lower()


@pytest.mark.parametrize("line", [KEY.hex()[:-1], KEY.hex() + "00", "x" * 32, "é" * 32])
def test_bad_key_is_named_by_its_line_only(tmp_path: Path, run: Run, line: str) -> None:
    (tmp_path / "mine").write_text(f"{KEY.hex()}\n{line}\n")
    status, output, errors = run("--key-file", "mine", "--meters", "2")
    assert (status, output) == (1, "")
    assert re.match(r"p1 simulate: mine(, line 2: a key has 32 hex digits| cannot)", errors)
    assert line not in errors
    assert KEY.hex() not in errors.lower()
