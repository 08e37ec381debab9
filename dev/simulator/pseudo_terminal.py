"""A meter on a pseudo terminal: to a reader, a serial port with a P1 cable."""

import asyncio
import contextlib
import fcntl
import os
import select
import struct
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import override

from .faults import Delivery
from .line import Line, Pieces

LOOK_EVERY = 0.2
POLL = 0.01
PATIENCE = 1.0
TERMINALS = Path("/dev/pts")


class PseudoTerminal(Line):
    """A terminal behind a link; as with a cable, nobody keeps what is sent unread."""

    def __init__(self, link: Path, pieces: Pieces) -> None:
        super().__init__(pieces)
        self.link = link
        self._slave = ""
        self._master = -1

    def open(self) -> None:
        """Make the terminal and its link."""
        self._master, slave = os.openpty()
        try:
            tty.setraw(slave)
            self._slave = os.ttyname(slave)
            os.set_blocking(self._master, False)
            self._make_link()
        except OSError:
            os.close(self._master)
            self._master = -1
            raise
        finally:
            # Only while nobody has the terminal open, the master side tells that nobody reads.
            os.close(slave)

    def close(self) -> None:
        """Remove the terminal and its link, as pulling the plug does."""
        if self._master < 0:
            return
        with contextlib.suppress(OSError):
            if str(self.link.readlink()) == self._slave:
                self.link.unlink()
        os.close(self._master)
        self._master = -1

    def has_reader(self) -> bool:
        """Whether somebody has the terminal open."""
        poll = select.poll()
        poll.register(self._master, select.POLLOUT)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    async def entered(self) -> None:
        """Wait until a reader has come."""
        while not self.has_reader():  # noqa: ASYNC110 - nothing tells it but asking
            await asyncio.sleep(LOOK_EVERY)
        # Who opens a serial port sets it up first, and throws away what came meanwhile.
        await asyncio.sleep(LOOK_EVERY)

    @override
    async def left(self) -> None:
        while self.has_reader():  # noqa: ASYNC110 - nothing tells it but asking
            await asyncio.sleep(LOOK_EVERY)

    @override
    def offer(self, delivery: Delivery) -> None:
        if delivery.close or (self._waiting.empty() and not self._unread()):
            super().offer(delivery)

    def forget(self) -> None:
        """Throw away what the last reader left, lest the next one takes it for news."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        with contextlib.suppress(OSError), self._readers_end() as slave:
            termios.tcflush(slave, termios.TCIFLUSH)

    async def hang_up(self) -> None:
        """Let the reader finish, then unplug the terminal and plug a new one in."""
        await asyncio.sleep(LOOK_EVERY)
        self.close()
        self.open()

    def _make_link(self) -> None:
        # A link that a killed simulator left behind is ours to replace, anything else is not.
        if self.link.is_symlink() and self.link.readlink().parent == TERMINALS:
            self.link.unlink()
        self.link.symlink_to(self._slave)

    def _unread(self) -> int:
        # A reader may keep the terminal to itself; then what it has not read is not known.
        with contextlib.suppress(OSError), self._readers_end() as slave:
            answer = fcntl.ioctl(slave, termios.FIONREAD, struct.pack("i", 0))
            return int(struct.unpack("i", answer)[0])
        return 0

    @contextlib.contextmanager
    def _readers_end(self) -> Iterator[int]:
        slave = os.open(self._slave, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            yield slave
        finally:
            os.close(slave)

    @override
    async def _send(self, piece: bytes) -> None:
        self._ignore_input()
        patience = PATIENCE
        while piece and patience > 0:
            try:
                piece = piece[os.write(self._master, piece) :]
            except BlockingIOError:
                patience -= POLL
                await asyncio.sleep(POLL)
            except OSError:
                return

    def _ignore_input(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(self._master, 4096):
                pass
