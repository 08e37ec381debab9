"""A server that speaks as much of NATS's protocol as a client needs to log in and to listen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.gateway.loopback import HOST

_INFO = {
    "server_id": "loopback",
    "version": "2.15.0",
    "proto": 1,
    "headers": True,
    "max_payload": 1024 * 1024,
    # Whoever logs in with a credentials file signs this.
    "nonce": "any text",
}


class NatsServer:
    """Without TLS and users. `received` are the lines that came, `url` is where it is."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.url = ""
        self._writer: asyncio.StreamWriter | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve as long as the context lasts."""
        server = await asyncio.start_server(self._serve, HOST, 0)
        self.url = f"nats://{HOST}:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield
            server.close_clients()

    def send(self, data: bytes) -> None:
        """Send bytes to the client that came last."""
        assert self._writer
        self._writer.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        writer.write(b"INFO %s\r\n" % json.dumps(_INFO).encode())
        while line := await reader.readline():
            self.received.append(line)
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()
