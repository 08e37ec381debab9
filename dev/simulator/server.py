"""Server of simulated meters and boards. It serves them on TCP ports and pseudo terminals."""

import asyncio
import contextlib
import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, override

from .line import Line
from .meter import Meter
from .outlet import Board, Outlet
from .pseudo_terminal import PseudoTerminal


class PortInUseError(Exception):
    """Error for a TCP port that another program uses."""


class TcpClient(Line):
    """TCP connection to a reader."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self._reader = reader
        self._writer = writer
        # With this limit, `drain` waits for a slow reader. While it waits, the queue of the line
        # becomes full, and `offer` drops further deliveries.
        writer.transport.set_write_buffer_limits(high=0)

    @override
    async def left(self) -> None:
        with contextlib.suppress(OSError):
            while await self._reader.read(4096):
                pass

    def close(self, _serving: asyncio.Task[None]) -> None:
        """Close the connection. Bytes that are not sent yet are lost."""
        self._writer.transport.abort()

    @override
    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


class Server:
    """Server of simulated meters and boards. It can be stopped and started again on the same ports.

    The first meter has the TCP port `port`, and each further meter has the next port. The first
    board has the port `board_port`, and each further board has the next port. If `board_port` is
    None, the boards have the ports after those of the meters. If `port` is 0, any free ports are
    used. If `port` is None, no TCP ports are used. `links` has the paths of pseudo terminals, first
    for the meters and then for the boards. `interval` is the time between two frames, in seconds.
    """

    def __init__(  # noqa: PLR0913
        self,
        meters: Sequence[Meter],
        host: str = "127.0.0.1",
        port: int | None = 0,
        *,
        boards: Sequence[Board] = (),
        board_port: int | None = None,
        links: Sequence[Path] = (),
        interval: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._meters = {meter.number: Outlet(meter, interval, now) for meter in meters}
        boards_outlets = [Outlet(board, board.interval, now) for board in boards]
        self._outlets = [*self._meters.values(), *boards_outlets]
        self._host = host
        self.ports: list[int] = []
        if port is not None:
            behind = port and port + len(meters)
            self.ports = _ports(port, len(meters)) + _ports(board_port or behind, len(boards))
        self._terminals = [PseudoTerminal(link) for link in links]
        self._listeners: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients: dict[TcpClient, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        """Start the server."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the server."""
        await self.stop()

    async def start(self) -> None:
        """Open all TCP ports and pseudo terminals, and start to send."""
        try:
            for index, outlet in enumerate(self._outlets[: len(self.ports)]):
                self.ports[index] = await self._listen(outlet, self.ports[index])
            for outlet, terminal in zip(self._outlets, self._terminals, strict=False):
                terminal.open()
                self._tasks.add(asyncio.create_task(_attend(outlet, terminal)))
        except BaseException:
            await self.stop()
            raise
        self._tasks.update(asyncio.create_task(outlet.run()) for outlet in self._outlets)

    async def stop(self) -> None:
        """Close all TCP ports and pseudo terminals. Bytes that are not sent yet are lost."""
        for listener in self._listeners:
            listener.close()
            listener.abort_clients()
        running = [*self._tasks, *self._clients.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._tasks.clear()
        for listener in self._listeners:
            await listener.wait_closed()
        self._listeners.clear()
        for terminal in self._terminals:
            terminal.close()

    def addresses(self) -> Iterator[tuple[Meter | Board, list[str]]]:
        """Yield each device with its addresses: its TCP port and its pseudo terminal, if any."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        for index, outlet in enumerate(self._outlets):
            tcp = [f"socket://{host}:{port}" for port in self.ports[index : index + 1]]
            links = [f"{terminal.link}" for terminal in self._terminals[index : index + 1]]
            yield outlet.device, tcp + links

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
        return sum(len(outlet.lines) for outlet in self._chosen(meter))

    def _chosen(self, meter: int | None) -> Iterable[Outlet]:
        return self._meters.values() if meter is None else [self._meters[meter]]

    async def _listen(self, outlet: Outlet, port: int) -> int:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            client = TcpClient(reader, writer)
            self._clients[client] = serving = asyncio.create_task(_connect(outlet, client))
            serving.add_done_callback(client.close)
            serving.add_done_callback(lambda _: self._clients.pop(client))

        try:
            listener = await asyncio.start_server(accept, self._host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            message = f"port {port} of {self._host} is in use by another program"
            raise PortInUseError(message) from None
        self._listeners.append(listener)
        bound: int = listener.sockets[0].getsockname()[1]
        return bound


def _ports(first: int, count: int) -> list[int]:
    return [first and first + k for k in range(count)]


async def _attend(outlet: Outlet, terminal: PseudoTerminal) -> None:
    while True:
        await terminal.entered()
        await _connect(outlet, terminal)
        terminal.forget()


async def _connect(outlet: Outlet, line: Line) -> None:
    """Connect `line` to `outlet` until the reader disconnects."""
    sending = asyncio.create_task(line.send_offered())
    leaving = asyncio.create_task(line.left())
    outlet.plug_in(line)
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        outlet.lines.discard(line)
        sending.cancel()
        leaving.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


# Second name of the class `Server`, for `async with serve(...)`.
serve = Server
