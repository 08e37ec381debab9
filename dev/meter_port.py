"""TCP port for tests. It behaves like ser2net, which offers a meter's serial port on TCP."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

from .encoder import frame, seal
from .ports import free_ports


class MeterPort:
    """TCP port that behaves like ser2net, which offers a meter's serial port on TCP.

    After connecting, a client gets the bytes `greeting`. If `greeting` is a function, the client
    gets its result. Then the client gets the pieces of `sending`, one every 0.01 s. All connected
    clients get the bytes passed to `send`. An `exclusive` port rejects a second client.
    """

    def __init__(
        self, greeting: bytes | Callable[[], bytes] = b"", *, exclusive: bool = False
    ) -> None:
        self.greeting = greeting
        self.sending: Iterator[bytes] | None = None
        self.exclusive = exclusive
        self.turned_away = 0
        self.connections = 0
        self.counter = 0
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self.port = free_ports()

    async def __aenter__(self) -> Self:
        """Start to listen on the port."""
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop listening, and close the connections of all clients."""
        await self.stop()

    @property
    def address(self) -> str:
        """Return the address of the port, in the form in which a user types it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Return the URL of the port, in the form in which a config entry stores it."""
        return f"socket://{self.address}"

    @property
    def clients(self) -> int:
        """Return the number of connected clients."""
        return len(self._clients)

    async def start(self) -> None:
        """Start to listen. After a stop, the port is the same as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Stop listening, and close the connections of all clients."""
        if self._server is None:
            return
        for listening in self._server.sockets:
            asyncio.get_running_loop().remove_reader(listening)
        # A connection that was just accepted needs a server that is not closed.
        await asyncio.sleep(0)
        self._server.close()
        self._server.close_clients()
        await self.wait_for_clients(0)
        await self._server.wait_closed()
        self._server = None

    def drop(self) -> None:
        """Close the connections of all clients."""
        for client in self._clients:
            client.close()

    async def send(self, *data: bytes) -> None:
        """Join the pieces `data`, and send the bytes to each client."""
        for client in list(self._clients):
            with suppress(ConnectionResetError):  # ignore a client that is disconnecting
                client.write(b"".join(data))
                await client.drain()

    async def send_telegram(self, text: str) -> None:
        """Send the telegram `text` to all clients, in a frame with the next frame counter."""
        await self.send(self.next_frame(text))

    def next_frame(self, text: str) -> bytes:
        """Return a frame that contains the telegram `text` and the next frame counter."""
        self.counter += 1
        return frame(self.counter, seal(text))

    async def wait_for_clients(self, number: int) -> None:
        """Wait until exactly `number` clients are connected."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._clients) == number)

    async def wait_for_connections(self, number: int) -> None:
        """Wait until the port has accepted `number` connections since its creation."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.connections >= number)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.exclusive and self._clients:
            self.turned_away += 1
            writer.write(b"Port already in use\r\n")
            writer.close()
            return
        async with self._changed:
            self._clients.add(writer)
            self.connections += 1
            self._changed.notify_all()
        try:
            with suppress(OSError):
                writer.write(self.greeting() if callable(self.greeting) else self.greeting)
                while piece := next(self.sending or iter(()), b""):
                    await asyncio.sleep(0.01)
                    writer.write(piece)
                    await writer.drain()
                while await reader.read(1024):
                    pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            async with self._changed:
                self._clients.discard(writer)
                self._changed.notify_all()
