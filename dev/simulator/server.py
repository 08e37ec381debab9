"""Server of simulated meters. It serves them on TCP ports."""

import asyncio
import errno
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Self

from .meter import Meter
from .outlet import Outlet


class PortInUseError(Exception):
    """Error for a TCP port that another program uses."""


class Server:
    """Server of simulated meters. It can be stopped and started again on the same ports.

    The first meter has the TCP port `port`, and each further meter has the next port. If `port` is
    0, any free ports are used. `interval` is the time between two frames, in seconds.
    """

    def __init__(
        self,
        meters: Sequence[Meter],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        interval: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._outlets = {meter.number: Outlet(meter, interval, now) for meter in meters}
        self._host = host
        self.ports = [port and port + index for index in range(len(self._outlets))]
        self._listeners: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Start the server."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the server."""
        await self.stop()

    async def start(self) -> None:
        """Open all TCP ports, and start to send."""
        try:
            for index, outlet in enumerate(self._outlets.values()):
                self.ports[index] = await self._listen(outlet, self.ports[index])
        except BaseException:
            await self.stop()
            raise
        self._tasks.update(asyncio.create_task(outlet.run()) for outlet in self._outlets.values())

    async def stop(self) -> None:
        """Close all TCP ports. Bytes that are not sent yet are lost."""
        for listener in self._listeners:
            listener.close()
            listener.abort_clients()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners.clear()

    def silence(self, *, meter: int | None = None, is_silent: bool = True) -> None:
        """Let the meter with the number `meter` send nothing except pushed bytes, or let it go on.

        If `meter` is None, this concerns all meters.
        """
        for outlet in self._chosen(meter):
            outlet.is_silent = is_silent

    def push(self, data: bytes, *, meter: int | None = None) -> None:
        """Send `data` unchanged to all readers of the meter with the number `meter`."""
        for outlet in self._chosen(meter):
            outlet.push(data)

    def connections(self, *, meter: int | None = None) -> int:
        """Return the number of readers that are connected to the meter with the number `meter`."""
        return sum(len(outlet.readers) for outlet in self._chosen(meter))

    def _chosen(self, meter: int | None) -> Iterable[Outlet]:
        return self._outlets.values() if meter is None else [self._outlets[meter]]

    async def _listen(self, outlet: Outlet, port: int) -> int:
        try:
            listener = await asyncio.start_server(outlet.serve, self._host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUseError(
                f"port {port} of {self._host} is in use by another program"
            ) from None
        self._listeners.append(listener)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound
