"""A serial device or URL as a stream of bytes. All I/O of the library goes through here."""

import asyncio
import errno
import re
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

import serialx

from .address import redact_port
from .errors import (
    LinkError,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortPermissionError,
    PortUnreachableError,
)

BAUD_RATE = 115_200
CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 5.0
READ_SIZE = 4 * 1024

_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_ERROR_NUMBER = re.compile(r"\[Errno -?[0-9]+\] ?")


class ByteReader(Protocol):
    """What bytes can be read from: asyncio's StreamReader, or something like it."""

    async def read(self, n: int, /) -> bytes:
        """Return the next bytes, `n` at most; none at the end. Raises a LinkError or others."""


type Opener = Callable[[], AbstractAsyncContextManager[ByteReader]]


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


async def read_chunk(reader: ByteReader) -> bytes:
    """Return the next bytes, at least one. Raises PortClosedError when no more will come."""
    try:
        data = await reader.read(READ_SIZE)
    except LinkError:
        raise
    except (OSError, serialx.SerialException) as err:
        raise PortClosedError(_ERROR_NUMBER.sub("", str(err))) from err
    except Exception as err:  # every backend has exceptions of its own, with who knows what in them
        raise PortClosedError(type(err).__name__) from err
    if not data:
        msg = "the other side closed the connection"
        raise PortClosedError(msg)
    return data


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
