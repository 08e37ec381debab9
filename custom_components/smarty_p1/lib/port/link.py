"""The one place with I/O: a serial device or URL as a stream of bytes that comes back by itself."""

import asyncio
import errno
import re
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import uniform

import serialx

from .address import redact_port
from .errors import (
    LinkError,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortPermissionError,
    PortSilentError,
    PortUnreachableError,
)

BAUD_RATE = 115_200
CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 5.0
SILENCE_TIMEOUT = 30.0
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
READ_SIZE = 4 * 1024
# Ten times what a P1 port can send. Whoever writes faster waits, so that all else need not.
FASTEST = BAUD_RATE  # bytes a second
_LONGEST_BURST = READ_SIZE // 2
# The system gives a new device its owner and its names a moment after the device itself.
_SETTLING_DELAY = 0.5

_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_ERROR_NUMBER = re.compile(r"\[Errno -?[0-9]+\] ?")


def normalise_port(text: str) -> str:
    """Return the device or URL meant by what a user typed: `host:port` means `socket://`."""
    port = text.strip()
    return f"socket://{port}" if _HOST_AND_PORT.fullmatch(port) else port


@asynccontextmanager
async def open_port(
    url: str, *, baud_rate: int = BAUD_RATE
) -> AsyncGenerator[asyncio.StreamReader]:
    """Open a serial device (8N1) or URL for reading; close it at the end.

    Raises a LinkError that says why the port cannot be opened.
    """
    reader, writer = await _open(url, baud_rate)
    try:
        yield reader
    finally:
        writer.close()
        with suppress(Exception):  # what was wrong has been said, or nobody needs the port any more
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await writer.wait_closed()


async def _open(url: str, baud_rate: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await serialx.open_serial_connection(
            url=url, baudrate=baud_rate, connect_timeout=CONNECT_TIMEOUT
        )
    except Exception as err:  # noqa: BLE001 - every backend has exceptions of its own
        error, cause = _link_error(err, url), err
    # Outside of the handler: the error must not carry one that repeats the address.
    raise error from (cause if redact_port(url) == url else None)


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    """Return the next bytes, at least one. Raises PortClosedError when no more will come."""
    try:
        data = await reader.read(READ_SIZE)
    except (OSError, serialx.SerialException) as err:
        raise PortClosedError(_ERROR_NUMBER.sub("", str(err))) from err
    except Exception as err:  # every backend has exceptions of its own, with who knows what in them
        raise PortClosedError(type(err).__name__) from err
    if not data:
        msg = "the other side closed the connection"
        raise PortClosedError(msg)
    return data


class Pace:
    """Keeps a writer from taking all the time of the event loop.

    `StreamReader.read` does not wait while it has bytes in store, so whoever writes fast enough
    would be served alone.
    """

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._due = 0.0

    async def keep(self, size: int) -> None:
        """Wait until so many bytes, after those before them, could have come at `FASTEST`."""
        now = self._clock()
        self._due = max(self._due, now) + size / FASTEST
        if self._due - now > _LONGEST_BURST / FASTEST:
            await asyncio.sleep(self._due - now)


def _link_error(err: Exception, url: str) -> LinkError:
    # A text may repeat any part of the address, in a notation of its own.
    has_secret = redact_port(url) != url
    text = "" if has_secret else str(err)
    text = _ERROR_NUMBER.sub("", text) or type(err).__name__
    match err:
        case PermissionError():
            return PortPermissionError(text)
        case OSError(errno=errno.EBUSY):
            return PortBusyError(text)
        case FileNotFoundError() | socket.gaierror() | ValueError() | serialx.SerialException():
            return PortNotFoundError(text)
        case _:
            return PortUnreachableError(text)


def _exists(path: str) -> bool:
    return Path(path).exists()


class Link:
    """Keeps a port open, hands over its bytes, and opens it again when it is lost.

    `is_open` tells whether it is open at the moment.

    The delay between tries doubles from 1 s to 60 s, with jitter, until `confirm` is called: bytes
    alone do not prove that it is the meter who answers.
    """

    def __init__(  # noqa: PLR0913
        self,
        url: str,
        on_data: Callable[[bytes], None],
        on_lost: Callable[[LinkError], None],
        *,
        on_open: Callable[[], None] = lambda: None,
        silence_timeout: float | None = SILENCE_TIMEOUT,
        baud_rate: int = BAUD_RATE,
    ) -> None:
        """Take callbacks for received bytes, each loss or failed try, and each success.

        A connection without a byte for `silence_timeout` seconds is opened anew; None waits on.
        """
        self.is_open = False
        self._url = url
        self._on_data = on_data
        self._on_lost = on_lost
        self._on_open = on_open
        self._silence_timeout = silence_timeout
        self._baud_rate = baud_rate
        self._delay = FIRST_DELAY

    def confirm(self) -> None:
        """Tell that what is received is what was expected; the next loss is mended at once."""
        self._delay = FIRST_DELAY

    async def run(self) -> None:
        """Serve the port until cancelled."""
        while True:
            try:
                await self._read()
            except LinkError as err:
                self._on_lost(err)
            if not await self._is_plugged_in_again():
                await asyncio.sleep(self._delay * uniform(0.8, 1.2))  # noqa: S311 - no secret
            self._delay = min(2 * self._delay, LONGEST_DELAY)

    async def _is_plugged_in_again(self) -> bool:
        """Wait for a device that is not there; return False when this does not apply.

        A cable that is put back is read at once, however long it was away.
        """
        if not self._url.startswith("/") or _exists(self._url):
            return False
        while not _exists(self._url):  # noqa: ASYNC110 - nothing tells when a file appears
            await asyncio.sleep(FIRST_DELAY)
        await asyncio.sleep(_SETTLING_DELAY)
        return True

    async def _read(self) -> None:
        async with open_port(self._url, baud_rate=self._baud_rate) as reader:
            self.is_open = True
            self._on_open()
            try:
                await self._hand_over(reader)
            finally:
                self.is_open = False

    async def _hand_over(self, reader: asyncio.StreamReader) -> None:
        pace = Pace()
        while True:
            try:
                async with asyncio.timeout(self._silence_timeout):
                    data = await read_chunk(reader)
            except TimeoutError as err:
                msg = f"no byte for {self._silence_timeout:.0f} s"
                raise PortSilentError(msg) from err
            self._on_data(data)
            await pace.keep(len(data))
