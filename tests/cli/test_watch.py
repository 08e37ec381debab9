"""What `watch` shows: the picture for windows of any size, and the command in a pseudo terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from dev.encoder import KEY, frame, literal, telegram
from smarty_p1_cli.rejection_words import EXPLANATIONS
from smarty_p1_cli.watch_state import MAX_TELEGRAM_INTERVAL_S, PortStatus, condition, summary
from smarty_p1_cli.watch_view import view
from smartyp1.p1 import Decoder, Reason, Rejection, Telegram
from smartyp1.port import (
    LinkError,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
)

PROJECT = Path(__file__).parents[2]
SIZES = [(40, 12), (80, 24), (80, 45), (120, 40), (200, 60)]
NOW = 1000.0
PATIENCE = 90


def known_of(data: bytes, port: str = "socket://gateway:2001") -> PortStatus:
    """Return what is known when these bytes have come."""
    known = PortStatus(port)
    known.open(NOW)
    known.receive(len(data), Decoder(KEY).feed(data), NOW)
    return known


def picture(known: PortStatus, width: int, height: int, now: float = NOW) -> list[str]:
    """Return the rows of the view."""
    file = StringIO()
    console = Console(file=file, width=width, height=height, color_system=None)
    console.print(view(known, now, width, height))
    return [row.rstrip() for row in file.getvalue().rstrip("\n").split("\n")]


FULL = literal("three_phase_gas_water_heat").data


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_matters_is_in_every_window(width: int, height: int) -> None:
    rows = picture(known_of(FULL), width, height)

    assert len(rows) <= height
    assert max(map(cell_len, rows)) <= width
    assert rows[0].startswith("reading; nothing rejected")
    shown = "\n".join(rows)
    assert re.search(r"^energy kWh +25678\.901 +[0-9]+\.[0-9]{3}", shown, re.MULTILINE)
    assert re.search(r"^power kW +[0-9]+\.[0-9]{3} +[0-9]+\.[0-9]{3}", shown, re.MULTILINE)
    assert re.search(r"voltage V( +[0-9]+\.[0-9]){3}", shown)
    if height > 12:
        assert re.search(r"^M-Bus 3 heat +12\.345 GJ", shown, re.MULTILINE)
    assert ("more" in shown) == (height < 40)


@pytest.mark.parametrize("width", [1, 2, 3, 10, 39, 79, 300])
@pytest.mark.parametrize("height", [1, 2, 3, 4, 11])
def test_no_window_is_too_small(width: int, height: int) -> None:
    waiting, damaged = PortStatus("/dev/ttyUSB0"), known_of(FULL.replace(b"\x30", b"\x31"))
    for known in (waiting, damaged, known_of(FULL)):
        rows = picture(known, width, height)
        assert len(rows) <= height
        assert max(map(cell_len, rows)) <= width


def test_nothing_that_a_meter_says_is_obeyed() -> None:
    known = known_of(
        frame(
            1,
            telegram(
                "0-0:96.13.0(5B7265645D6869201B5B324A5B2F7265645D)",  # [red]hi \x1b[2J[/red]
                "1-0:99.9.9([bold]\x9b2J[/])",
                "0-1:24.1.0(003)",
                "0-1:96.1.0([link=x]y)",
                f"0-1:24.2.1(250703101500S)(1*{'m' * 900})",
                "0-2:24.1.0(007)",
                "0-2:24.2.1(250703101500S)(2*m3)",
                f"1-0:99.9.8({'ü' * 1100})",
            ),
        )
    )

    rows = picture(known, 80, 40)

    shown = "\n".join(rows)
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "[red]hi [2J[/red]" in shown
    assert "[bold]?2J[/]" in shown
    assert "2.0 m3" in shown
    assert max(map(cell_len, rows)) <= 80


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_said_in_words_and_counted(reason: Reason) -> None:
    known = PortStatus("/dev/ttyUSB0")
    known.open(NOW)
    known.receive(1, [Rejection(reason)] * 3, NOW)

    said = " ".join(picture(known, 80, 24)[:3])
    assert said.startswith(EXPLANATIONS[reason])
    assert f"{reason.replace('_', ' ')} 3" in said
    assert "no telegram yet" in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PortNotFoundError("?"), "no such device"),
        (PortUnreachableError("refused"), "the port does not answer"),
        (PortPermissionError("?"), "this user may not open the port"),
        (PortBusyError("?"), "another program holds the port"),
        (PortClosedError("?"), "the port was lost"),
        (PortSilentError("?"), "nothing received"),
        (LinkError("?"), "the port was lost"),
    ],
)
def test_a_port_that_is_lost_is_said_until_it_is_back(error: LinkError, words: str) -> None:
    known = known_of(FULL)
    known.lose(error)

    assert picture(known, 80, 24)[0].startswith(words)
    assert "25678.901" in "\n".join(picture(known, 40, 12))

    known.open(NOW)
    # A silent port is opened anew now and then, and stays silent.
    assert (words in summary(known, NOW)) == isinstance(error, PortSilentError)
    [event] = Decoder(KEY).feed(FULL)
    assert isinstance(event, Telegram)
    known.receive(1, [event], NOW)
    assert picture(known, 80, 24)[0].startswith("reading")


def test_silence_and_noise_are_told_apart() -> None:
    known = PortStatus("/dev/ttyUSB0")
    assert condition(known, NOW)[0] == "opening the port"
    known.open(NOW)
    assert condition(known, NOW + MAX_TELEGRAM_INTERVAL_S)[0] == "waiting for the first telegram"
    assert condition(known, NOW + MAX_TELEGRAM_INTERVAL_S + 1)[0].startswith("nothing received")
    known.lose(PortSilentError("no byte for 30 s"))
    known.open(NOW + 31)
    assert condition(known, NOW + 32)[0].startswith("nothing received")
    known.receive(10, [], NOW + 40)
    assert condition(known, NOW + 41)[0].startswith("bytes arrive, but no telegram")


# --- the command -------------------------------------------------------------------------------
class Terminal:
    """A pseudo terminal in which the command runs."""

    def __init__(self, arguments: list[str], width: int, height: int, path: str) -> None:
        self._own, other = pty.openpty()
        self.resize(width, height)
        self.received = b""
        self._judged = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smarty_p1_cli", "watch", *arguments],
            stdin=other,
            stdout=other,
            stderr=other,
            # What the environment says of the window is old once it is resized.
            env={
                **os.environ,
                "PYTHONPATH": path,
                "TERM": "xterm-256color",
                "COLUMNS": "33",
                "LINES": "7",
            },
        )
        os.close(other)

    def resize(self, width: int, height: int) -> None:
        """Change the size of the window."""
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def wait_for(self, condition: Callable[[list[str]], bool]) -> list[str]:
        """Read on until a picture is as expected, though others may have followed it already."""
        end = time.monotonic() + PATIENCE
        while True:
            # Each begins in the upper left corner; nobody knows yet how much of the last is there.
            *pictures, _ = self.received.decode(errors="replace").split("\x1b[H")
            for picture in pictures[self._judged :]:
                if condition(rows := _rows(picture)):
                    return rows
                self._judged += 1
            assert time.monotonic() < end, pictures[-1:]
            self._read()

    def wait_for_line(self, beginning: bytes) -> None:
        """Read on until a line begins so."""
        while b"\n" + beginning not in self.received:
            assert self._read(), self.received

    def _read(self) -> bool:
        if not select.select([self._own], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self._own, 65536)
        except OSError:  # the command has ended
            return False
        self.received += data
        return bool(data)

    def close(self) -> None:
        """End the command."""
        self.process.kill()
        self.process.wait()
        os.close(self._own)

    def interrupt(self, by: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C, and return the exit status."""
        self.process.send_signal(by)
        while self._read():
            pass
        return self.process.wait()


def _rows(picture: str) -> list[str]:
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture).replace("\r\n", "\n")
    return [row.rstrip() for row in plain.split("\n")]


def are_as_many_as(height: int) -> Callable[[list[str]], bool]:
    """Return whether the rows fill a window of this height."""
    return lambda rows: len(rows) == height


@contextmanager
def terminal(
    *arguments: str, width: int = 80, height: int = 24, path: str = str(PROJECT)
) -> Iterator[Terminal]:
    """Run `watch` in a terminal."""
    with closing(Terminal(list(arguments), width, height, path)) as made:
        yield made


@contextmanager
def gateway(*connections: bytes) -> Iterator[str]:
    """Serve a gateway that closes each connection but the last; yield its address."""
    over = threading.Event()

    def serve() -> None:
        for number, data in enumerate(connections, start=1):
            connection, _ = server.accept()
            with connection:
                connection.sendall(data)
                if number == len(connections):
                    over.wait()

    def serve_until_closed() -> None:
        with suppress(OSError):
            serve()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve_until_closed, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for a connection
            thread.join(5)


def test_the_view_follows_the_window_and_ctrl_c_ends_it() -> None:
    with gateway(FULL) as address, terminal(address, "--key", KEY.hex()) as shown:
        shown.wait_for(lambda rows: "25678.901" in "".join(rows) and len(rows) == 24)
        for width, height in [(40, 12), (120, 40)]:
            shown.resize(width, height)
            rows = shown.wait_for(are_as_many_as(height))
            assert max(map(len, rows)) <= width
            assert any(row.startswith("energy kWh") for row in rows)
            assert any(row.startswith("power kW") for row in rows)
        assert shown.interrupt() == 130

    assert b"\x1b[?1049l" in shown.received  # back from the alternate screen
    left = shown.received.rpartition(b"\x1b[?1049l")[2]
    assert b"reading; nothing rejected" in left
    assert b"Traceback" not in shown.received
    assert KEY.hex().encode() not in shown.received.lower()


def test_without_rich_it_says_how_to_get_it_and_writes_lines(tmp_path: Path) -> None:
    (tmp_path / "rich.py").write_text("raise ImportError\n", encoding="ascii")
    path = f"{tmp_path}:{PROJECT}"
    with gateway(FULL) as address, terminal(address, "--key", KEY.hex(), path=path) as shown:
        shown.wait_for_line(b"reading")
        assert shown.interrupt() == 130

    assert b"pip install rich" in shown.received
    assert b"25678.901 kWh" in shown.received
    assert b"\x1b" not in shown.received
