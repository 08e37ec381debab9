"""Server of a virtual meter: read-only, only for the local network, with bounded memory."""

import asyncio
import time
from collections.abc import Callable, Collection

from ..meter.meter_reader import Reading
from ..virtual.announcements import AnnouncementKind
from ..virtual.virtual_meter import MAX_SILENCE_S, VirtualMeter
from .http_port import HttpPort
from .shelly_rpc_dispatch import ShellyRpc
from .udp_port import UdpPort

UDP_PORTS = (1010, 2220)
"""UDP ports on which batteries look for a Shelly."""
_STALE_MARGIN_S = 0.1


class VirtualServer:
    """Server that answers requests as a HomeWizard, as a Shelly, or as both.

    With `shows_telegram`, the HomeWizard also returns the telegram, which contains the meters'
    serial numbers and the grid operator's messages.
    """

    def __init__(
        self,
        meter: VirtualMeter,
        kinds: Collection[AnnouncementKind],
        *,
        shows_telegram: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._meter = meter
        self._now = clock
        self._loop = asyncio.get_running_loop()
        self._rpc = ShellyRpc(meter, clock) if AnnouncementKind.SHELLY in kinds else None
        self._http = HttpPort(
            meter,
            clock,
            self._rpc,
            has_homewizard=AnnouncementKind.HOMEWIZARD in kinds,
            shows_telegram=shows_telegram,
        )
        self._udp: list[UdpPort] = []
        self._stale_timer: asyncio.TimerHandle | None = None
        self._is_stopped = False

    async def start_http(self, address: str, port: int) -> None:
        """Listen at an address and a port. Raises OSError if this is impossible."""
        await self._http.start(address, port)
        if self._is_stopped:
            await self._http.stop()

    async def start_udp(self, port: int) -> None:
        """Answer datagrams on `port` if a Shelly is served.

        Raises OSError if this is impossible.
        """
        if self._rpc is None:
            return
        udp = UdpPort(self._rpc)
        await udp.start(port)
        if self._is_stopped:
            udp.stop()
        else:
            self._udp.append(udp)

    def on_reading(self, reading: Reading, age: float = 0.0) -> None:
        """Answer requests with `reading` from now on, unless `reading` is too old.

        `age` is the time in seconds since the telegram of the reading was sent.
        """
        if age > MAX_SILENCE_S:
            return
        self._meter.on_reading(reading, self._now(), age)
        if self._stale_timer:
            self._stale_timer.cancel()
        self._stale_timer = self._loop.call_later(
            MAX_SILENCE_S - age + _STALE_MARGIN_S, self._http.hang_up
        )
        self._http.push()

    async def stop(self) -> None:
        """Close all ports and connections."""
        self._is_stopped = True
        if self._stale_timer:
            self._stale_timer.cancel()
        for udp in self._udp:
            udp.stop()
        await self._http.stop()
