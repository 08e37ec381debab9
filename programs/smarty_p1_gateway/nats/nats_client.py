"""Client of a NATS cluster, based on nats-py."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import override

from nats.aio.client import Client, RawCredentials
from nats.aio.transport import TcpTransport
from nats.errors import ConnectionClosedError, Error

from .nats_config import NatsConfig

# Seconds between two pings. With this interval, a node that disappears without a message is noticed
# within 30 s.
_PING_INTERVAL = 10
_CONNECT_TIMEOUT = 5


def kind_of_loss(text: str) -> str:
    """Return the kind of a lost or refused connection. `text` is the text of the error.

    A refused login and an untrusted certificate need other remedies than an unreachable server. So
    the log names each of them, even in an outage that began with another error.
    """
    kinds = ("authorization violation", "certificate")
    return next((kind for kind in kinds if kind in text.lower()), "away")


def error_line(error: BaseException) -> str:
    """Return the text of an error as one short printable line, or else its type.

    A server may have sent the text.
    """
    shown = "".join(sign if sign.isprintable() else " " for sign in str(error)[:200])
    return shown or type(error).__name__


def publish_command(
    subject: str, data: bytes, reply: str, headers: Mapping[str, str] | None = None
) -> bytes:
    """Return the command that publishes a message. All texts must be without line breaks."""
    if headers is None:
        return f"PUB {subject} {reply} {len(data)}\r\n".encode() + data + b"\r\n"
    # A name can be a member of an Enum. A format string would write the member's name.
    lines = "".join([name + f": {text}\r\n" for name, text in headers.items()])
    head = f"NATS/1.0\r\n{lines}\r\n".encode()
    sizes = f"{len(head)} {len(head) + len(data)}"
    return f"HPUB {subject} {reply} {sizes}\r\n".encode() + head + data + b"\r\n"


class NoTlsError(Error):
    """Error for a server without TLS although TLS is configured."""

    @override
    def __str__(self) -> str:
        return "the server is configured without TLS"


class NatsClient(Client):
    """NATS client that never sends a login unencrypted if TLS is configured.

    nats-py itself would send the login unencrypted to a server without TLS. `ended` is set when the
    connection is lost.
    """

    def __init__(self, config: NatsConfig) -> None:
        super().__init__()
        self.ended = asyncio.Event()
        self._config = config

    async def open(self, on_error: Callable[[Exception], Awaitable[None]]) -> None:
        """Connect to the first server that answers.

        Raises nats.errors.Error, OSError and TimeoutError.
        """
        config = self._config
        credentials = None if config.credentials is None else RawCredentials(config.credentials)
        await self.connect(
            list(config.servers),
            user=config.username,
            password=config.password,
            user_credentials=credentials,
            inbox_prefix=config.inbox_prefix,
            tls=config.tls,
            error_cb=on_error,
            closed_cb=self._on_closed,
            allow_reconnect=False,
            max_reconnect_attempts=-1,
            connect_timeout=_CONNECT_TIMEOUT,
            ping_interval=_PING_INTERVAL,
        )
        self._end_with_tls()

    async def _on_closed(self) -> None:
        self.ended.set()

    async def send(self, commands: Iterable[bytes]) -> None:
        """Send commands of NATS's protocol, such as those of `publish_command`, in one piece.

        nats-py would check, copy and count each message, and write a TLS record for each. The
        server would handle and forward these records one by one. Raises ConnectionClosedError.
        """
        if not self.is_connected:
            raise ConnectionClosedError
        if data := b"".join(commands):
            await self._send_command(data)
            await self._flush_pending()

    def abort(self) -> None:
        """Drop the connection with all bytes that are not sent yet, also those in the kernel.

        close() would send them first. On a slow line, they would delay the next connection.
        """
        transport = self._transport
        if not isinstance(transport, TcpTransport) or transport._io_writer is None:  # noqa: SLF001
            return
        connection = transport._io_writer.transport  # noqa: SLF001
        # `get_extra_info` raises AttributeError if nats-py has already closed a TLS connection.
        with suppress(AttributeError, OSError):
            if raw := connection.get_extra_info("socket"):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._pending, self._pending_data_size = [], 0
        connection.abort()

    def _end_with_tls(self) -> None:
        """Make the connection end when the server ends TLS.

        nats-py tries to keep the connection half open. With TLS, that is impossible, and asyncio
        logs a warning for each try.
        """
        transport = self._transport
        if isinstance(transport, TcpTransport) and transport._io_writer is not None:  # noqa: SLF001
            connection = transport._io_writer.transport  # noqa: SLF001
            if connection.get_extra_info("sslcontext") is not None:
                vars(connection.get_protocol())["_over_ssl"] = True

    @override
    def _connect_command(self) -> bytes:
        if self._config.tls is not None and not self._server_info.get("tls_required"):
            raise NoTlsError
        return super()._connect_command()
