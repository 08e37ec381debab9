"""TCP server for clients of the local network: all outputs that listen to TCP use it.

    server = LocalServer(Admission(32, 8, abort), make_protocol, rank=clock)
    await server.start("0.0.0.0", 2001)

A client from elsewhere is refused before any of its bytes is read. `Admission` gives the places.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import cast, override

from .client_admission import Admission
from .local_network_check import client_address

EVERY_ADDRESS = "::"
"""Address that stands for all addresses of this machine, of IPv4 and IPv6."""
UNANSWERED_MS = 60_000
# Bytes that wait in the kernel to be read. All that a client sends at once comes in one piece, and
# is work in one step. One chunk of an HTTP body has six bytes, and costs 50 bytes of memory.
_RECEIVE_BUFFER_BYTES = 4096

type Connection = asyncio.BaseTransport


class _Gate(asyncio.Protocol):
    """Protocol that admits or closes a new connection before any byte is read."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        protocol = self._server.admit(transport)
        if protocol is None:
            abort(transport)
            return
        cast("asyncio.Transport", transport).set_protocol(protocol)
        protocol.connection_made(transport)


class LocalServer:
    """TCP server that gives clients of the local network a place.

    `make` returns the protocol of an admitted connection, None to refuse it. `rank` returns the
    rank of a new connection. `on_refused` is called with the reason when a client is refused.
    """

    def __init__(
        self,
        admission: Admission[Connection],
        make: Callable[[Connection], asyncio.BaseProtocol | None],
        rank: Callable[[], float],
        on_refused: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self.admission = admission
        self._make = make
        self._rank = rank
        self._on_refused = on_refused
        self._server: asyncio.Server | None = None
        self._is_stopped = False

    async def start(self, address: str, port: int) -> None:
        """Listen at an address and a port. Raises OSError if this is impossible."""
        server = await listen(lambda: _Gate(self), address, port)
        for listening in server.sockets:
            # The connections of a listening socket have its buffer.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        self._server = server
        if self._is_stopped:
            server.close()

    async def stop(self) -> None:
        """Close the port and all connections, also those of clients that read nothing."""
        self._is_stopped = True
        if self._server:
            self._server.close()
        abort(*self.admission.connections())
        if self._server:
            await self._server.wait_closed()

    def connections(self) -> list[Connection]:
        """Return the open connections with a place."""
        for transport in self.admission.connections():
            if transport.is_closing():
                self.admission.leave(transport)
        return self.admission.connections()

    def close_idle(self, rank: float) -> None:
        """Close the connections with a rank below `rank`, as far as they may be closed."""
        self.connections()
        abort(*self.admission.idle(rank))

    def admit(self, transport: Connection) -> asyncio.BaseProtocol | None:
        """Return the protocol of a new connection. Return None if it must be refused."""
        peer, own = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        # Without an address, the client has already disconnected.
        if self._is_stopped or not peer:
            return None
        address = client_address(str(peer[0]), str(own[0]) if own else "")
        if address is None:
            self._on_refused("refuses a client outside of the local network")
            return None
        self.connections()
        now = asyncio.get_running_loop().time()
        if not self.admission.admit(transport, address, self._rank(), now):
            self._on_refused("refuses another client")
            return None
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # A client that has disappeared acknowledges no data. So let TCP close its connection.
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)
        return self._make(transport)


async def listen(
    make: Callable[[], asyncio.BaseProtocol], address: str, port: int, *, is_serving: bool = True
) -> asyncio.Server:
    """Return a server at an address and a port. Without `is_serving`, it only occupies the port.

    Raises OSError if this is impossible.
    """
    host = None if address == EVERY_ADDRESS else address
    loop = asyncio.get_running_loop()
    return await loop.create_server(make, host, port, start_serving=is_serving)


def abort(*transports: asyncio.BaseTransport) -> None:
    """Close connections at once."""
    for transport in transports:
        cast("asyncio.Transport", transport).abort()
