"""What `watch` shows: the picture for windows of any size, and the command in a pseudo terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from dev.encoder import KEY, frame, literal, telegram
from smarty_p1_cli.rejection_words import EXPLANATIONS
from smarty_p1_cli.watch_state import PortStatus
from smarty_p1_cli.watch_texts import MAX_TELEGRAM_INTERVAL_S, condition, summary
from smarty_p1_cli.watch_view import view
from smartyp1.p1 import Decoder, Reason, Rejection
from smartyp1.port import (
    LinkError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
)
from tests.sending import sending

PROJECT = Path(__file__).parents[2]
NOW = 1000.0
PATIENCE = 90
FULL = literal("three_phase_gas_water_heat").data


def known_of(data: bytes) -> PortStatus:
    """Return what is known when these bytes have come."""
    known = PortStatus("socket://gateway:2001")
    known.open(NOW)
    known.receive(len(data), Decoder(KEY).feed(data), NOW)
    return known


def picture(known: PortStatus, width: int, height: int, now: float = NOW) -> list[str]:
    """Return the rows of the view, after a look at whether they fit."""
    file = StringIO()
    console = Console(file=file, width=width, height=height, color_system=None)
    console.print(view(known, now, width, height))
    rows = [row.rstrip() for row in file.getvalue().rstrip("\n").split("\n")]
    assert len(rows) <= height
    assert max(map(cell_len, rows)) <= width
    return rows


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (80, 45), (120, 40), (200, 60)])
def test_what_matters_is_in_every_window(size: tuple[int, int]) -> None:
    rows = picture(known_of(FULL), *size)
    assert rows[0].startswith("reading; nothing rejected")
    shown = "\n".join(rows)
    assert re.search(r"^energy kWh +25678\.901 +[0-9]+\.[0-9]{3}", shown, re.MULTILINE)
    assert re.search(r"^power kW +[0-9]+\.[0-9]{3} +[0-9]+\.[0-9]{3}", shown, re.MULTILINE)
    assert re.search(r"voltage V( +[0-9]+\.[0-9]){3}", shown)
    if size[1] > 12:
        assert re.search(r"^M-Bus 3 heat +12\.345 GJ", shown, re.MULTILINE)
    assert ("more" in shown) == (size[1] < 40)


@pytest.mark.parametrize("width", [1, 2, 3, 10, 39, 79, 300])
def test_no_window_is_too_small(width: int) -> None:
    waiting, damaged = PortStatus("/dev/ttyUSB0"), known_of(FULL.replace(b"\x30", b"\x31"))
    for known in (waiting, damaged, known_of(FULL)):
        for height in (1, 2, 3, 4, 11):
            picture(known, width, height)


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

    shown = "\n".join(picture(known, 80, 40))
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "[red]hi [2J[/red]" in shown
    assert "[bold]?2J[/]" in shown
    assert "2.0 m3" in shown


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
    known.receive(1, Decoder(KEY).feed(FULL), NOW)
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


class Terminal:
    """A pseudo terminal in which the command runs."""

    def __init__(self, address: str, path: str = "") -> None:
        self._own, other = pty.openpty()
        self.resize(80, 24)
        self.received = b""
        self._judged = 0
        # What the environment says of the window is old once it is resized.
        variables = {"TERM": "xterm-256color", "COLUMNS": "33", "LINES": "7"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smarty_p1_cli", "watch", address, "--key", KEY.hex()],
            stdin=other,
            stdout=other,
            stderr=other,
            env={**os.environ, **variables, "PYTHONPATH": f"{path}:{PROJECT}"},
        )
        os.close(other)

    def resize(self, width: int, height: int) -> None:
        """Change the size of the window."""
        fcntl.ioctl(self._own, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def wait_for_rows(self, number: int, text: str) -> list[str]:
        """Read on until a picture has so many rows, though others may have followed it already."""
        end = time.monotonic() + PATIENCE
        while True:
            # Each begins in the upper left corner; nobody knows yet how much of the last is there.
            *pictures, _ = self.received.decode(errors="replace").split("\x1b[H")
            for shown in pictures[self._judged :]:
                plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")
                rows = [row.rstrip() for row in plain.split("\n")]
                if len(rows) == number and text in plain:
                    return rows
                self._judged += 1
            assert time.monotonic() < end, pictures[-1:]
            self.read()

    def read(self) -> bool:
        """Read what is there; return whether the command still runs."""
        if not select.select([self._own], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self._own, 65536)
        except OSError:
            return False
        self.received += data
        return bool(data)

    def interrupt(self) -> bytes:
        """Press Ctrl-C, and return all that was received."""
        self.process.send_signal(signal.SIGINT)
        while self.read():
            pass
        assert self.process.wait() == 130
        os.close(self._own)
        return self.received


def test_the_view_follows_the_window_and_ctrl_c_ends_it() -> None:
    with sending(FULL) as address:
        shown = Terminal(address)
        shown.wait_for_rows(24, "25678.901")
        for width, height in [(40, 12), (120, 40)]:
            shown.resize(width, height)
            rows = shown.wait_for_rows(height, "power kW")
            assert max(map(len, rows)) <= width
            assert any(row.startswith("energy kWh") for row in rows)
        received = shown.interrupt()

    left = received.rpartition(b"\x1b[?1049l")[2]  # back from the alternate screen
    assert b"reading; nothing rejected" in left
    assert b"Traceback" not in received
    assert KEY.hex().encode() not in received.lower()


def test_without_rich_it_says_how_to_get_it_and_writes_lines(tmp_path: Path) -> None:
    (tmp_path / "rich.py").write_text("raise ImportError\n", encoding="ascii")
    with sending(FULL) as address:
        shown = Terminal(address, str(tmp_path))
        while b"\nreading" not in shown.received:
            assert shown.read(), shown.received
        received = shown.interrupt()

    assert b"pip install rich" in received
    assert b"25678.901 kWh" in received
    assert b"\x1b" not in received
