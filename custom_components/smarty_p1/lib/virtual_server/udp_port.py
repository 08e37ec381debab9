"""UDP: one request in a datagram, answered to where it came from. Batteries ask so."""

import asyncio
from typing import cast, override

from ..virtual import answer_frame, is_private, plain_address, read_frame
from .shelly_rpc import ShellyRpc

_OK = 200
# Batteries do not know IPv6. Strangers get no answer.
_EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - see above


class UdpPort(asyncio.DatagramProtocol):
    """Answers the requests that it understands, and nothing else."""

    _transport: asyncio.DatagramTransport | None = None
    _is_full = False

    def __init__(self, rpc: ShellyRpc) -> None:
        self._rpc = rpc

    async def start(self, port: int) -> None:
        """Listen on every IPv4 address: on one alone, no broadcast is heard. Raises OSError."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(_EVERY_IPV4, port))

    def stop(self) -> None:
        """Close the port."""
        if self._transport:
            self._transport.close()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def pause_writing(self) -> None:
        self._is_full = True

    @override
    def resume_writing(self) -> None:
        self._is_full = False

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        address = plain_address(addr[0])
        if address is None or not is_private(address):
            return
        frame, transport = read_frame(data), self._transport
        # What waits for a network that is gone would be old: the next answer is a newer one.
        if frame is None or transport is None or self._is_full:
            return
        code, text = answer_frame(
            frame,
            self._rpc.serial,
            lambda asked: self._rpc.answer(address, asked.method, asked.component, is_udp=True),
        )
        # Nothing is said where there is nothing to say: others may answer the same broadcast.
        if code == _OK:
            transport.sendto(text.encode(), addr)
