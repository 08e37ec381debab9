"""Line to a reader through a pseudo terminal. It behaves like a serial port with a P1 cable."""

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

from .line import Line

POLL_INTERVAL_S = 0.2
WRITE_RETRY_S = 0.01
WRITE_TIMEOUT_S = 1.0
TERMINALS = Path("/dev/pts")


class PseudoTerminal(Line):
    """Pseudo terminal, and a symbolic link that leads to it.

    As on a cable, bytes are lost if the reader is too slow, or ends without reading them.
    """

    def __init__(self, link: Path) -> None:
        super().__init__()
        self.link = link
        self._slave = ""
        self._master = -1

    def open(self) -> None:
        """Create the pseudo terminal and its link. Raises OSError."""
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
            # Close the reader's end in this process. Otherwise, the pseudo terminal would always
            # seem to have a reader.
            os.close(slave)

    def close(self) -> None:
        """Remove the pseudo terminal and its link. To a reader, the cable seems unplugged."""
        if self._master < 0:
            return
        with contextlib.suppress(OSError):
            if str(self.link.readlink()) == self._slave:
                self.link.unlink()
        os.close(self._master)
        self._master = -1

    def has_reader(self) -> bool:
        """Return whether a reader has opened the pseudo terminal."""
        poll = select.poll()
        poll.register(self._master, select.POLLOUT)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    async def entered(self) -> None:
        """Wait until a reader has opened the pseudo terminal."""
        while not self.has_reader():  # noqa: ASYNC110 - only polling tells
            await asyncio.sleep(POLL_INTERVAL_S)
        # A reader that has opened the port then configures it, and discards all earlier input. So
        # wait once more.
        await asyncio.sleep(POLL_INTERVAL_S)

    @override
    async def left(self) -> None:
        while self.has_reader():  # noqa: ASYNC110 - only polling tells
            await asyncio.sleep(POLL_INTERVAL_S)

    @override
    def offer(self, data: bytes) -> None:
        if self._waiting.empty() and not self._unread():
            super().offer(data)

    def forget(self) -> None:
        """Discard the bytes that the last reader has not read, and the queue."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        with contextlib.suppress(OSError), self._readers_end() as slave:
            termios.tcflush(slave, termios.TCIFLUSH)

    def _make_link(self) -> None:
        # Replace an existing link only if it leads to a terminal. A killed simulator may have left
        # it.
        if self.link.is_symlink() and self.link.readlink().parent == TERMINALS:
            self.link.unlink()
        self.link.symlink_to(self._slave)

    def _unread(self) -> int:
        # If the reader's end cannot be opened, count the unread bytes as 0.
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
    async def _send(self, data: bytes) -> None:
        self._ignore_input()
        patience = WRITE_TIMEOUT_S
        while data and patience > 0:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                patience -= WRITE_RETRY_S
                await asyncio.sleep(WRITE_RETRY_S)
            except OSError:
                return

    def _ignore_input(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(self._master, 4096):
                pass
