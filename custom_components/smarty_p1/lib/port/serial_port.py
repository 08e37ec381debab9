"""Serial device or URL as a stream of bytes. `lib` opens ports only here."""

import asyncio
import errno
import re
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

import serialx

from .address_masking import redact_port
from .errors import (
    LinkError,
    PortBusyError,
    PortNotFoundError,
    PortPermissionError,
    PortUnreachableError,
)

BAUD_RATE = 115_200
CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 5.0

_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
ERROR_NUMBER = re.compile(r"\[Errno -?[0-9]+\] ?")


class ByteReader(Protocol):
    """Source of bytes: asyncio's StreamReader, or an object with the same `read` method."""

    async def read(self, n: int, /) -> bytes:
        """Return the next bytes, at most `n`. Return b"" at the end.

        Raises a LinkError if the source is lost.
        """


type Opener = Callable[[], AbstractAsyncContextManager[ByteReader]]


def normalise_port(text: str) -> str:
    """Return the device or URL for `text`, which a user entered.

    `host:port` becomes `socket://host:port`.
    """
    port = text.strip()
    return f"socket://{port}" if _HOST_AND_PORT.fullmatch(port) else port


@asynccontextmanager
async def open_port(
    url: str, *, baud_rate: int = BAUD_RATE
) -> AsyncGenerator[asyncio.StreamReader]:
    """Open a serial device (8N1) or URL for reading, and close it when the context ends.

    If the port cannot be opened, raises a LinkError that names the reason.
    """
    reader, writer = await _open(url, baud_rate)
    try:
        yield reader
    finally:
        writer.close()
        with suppress(Exception):  # the port is no longer needed, so its errors do not matter
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await writer.wait_closed()


async def _open(url: str, baud_rate: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await serialx.open_serial_connection(
            url=url, baudrate=baud_rate, connect_timeout=CONNECT_TIMEOUT_S
        )
    except Exception as err:  # noqa: BLE001 - every backend has its own exceptions
        error, cause = _link_error(err, url), err
    # `cause` may repeat secrets of the address. Inside `except`, Python would attach `cause` to
    # `error` in any case. So raise `error` here, after the `except` block, and attach `cause` only
    # if the address has no secrets.
    raise error from (cause if redact_port(url) == url else None)


def _link_error(err: Exception, url: str) -> LinkError:
    # If the address has a secret, the backend's text may repeat the secret in a changed form. In
    # this case, drop the text.
    has_secret = redact_port(url) != url
    text = "" if has_secret else str(err)
    text = ERROR_NUMBER.sub("", text) or type(err).__name__
    match err:
        case PermissionError():
            return PortPermissionError(text)
        case OSError(errno=errno.EBUSY):
            return PortBusyError(text)
        case FileNotFoundError() | socket.gaierror() | ValueError() | serialx.SerialException():
            return PortNotFoundError(text)
        case _:
            return PortUnreachableError(text)
