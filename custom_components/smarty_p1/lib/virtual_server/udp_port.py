"""UDP port of the virtual Shelly, for batteries. A datagram has one request or one answer."""

import asyncio
from typing import cast, override

from ..local_network_check import client_address
from ..virtual.shelly_json_rpc import answer_frame, read_rpc_frame
from .shelly_rpc_dispatch import ShellyRpc

_OK = 200
# All IPv4 addresses of this host. Batteries use only IPv4.
_EVERY_IPV4 = "0.0.0.0"  # noqa: S104 - strangers get no answer


class UdpPort(asyncio.DatagramProtocol):
    """UDP port that answers valid requests, and ignores all other datagrams."""

    _transport: asyncio.DatagramTransport | None = None
    _is_full = False

    def __init__(self, rpc: ShellyRpc) -> None:
        self._rpc = rpc

    async def start(self, port: int) -> None:
        """Listen on all IPv4 addresses, so that broadcasts arrive. Raises OSError on failure."""
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
        if (address := client_address(addr[0])) is None:
            return
        frame, transport = read_rpc_frame(data), self._transport
        # A full buffer means that the network is interrupted. Drop the answer, because it would
        # arrive too late.
        if frame is None or transport is None or self._is_full:
            return
        code, text = answer_frame(
            frame,
            self._rpc.serial,
            lambda call: self._rpc.answer(address, call.method, call.component, is_udp=True),
        )
        # Send no errors, because the request can be a broadcast to which another device gives the
        # right answer.
        if code == _OK:
            transport.sendto(text.encode(), addr)
