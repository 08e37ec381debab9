"""P1 server. It sends the telegrams of a meter to other programs on a TCP port."""

import asyncio
import socket
from collections import deque
from functools import partial
from itertools import count
from typing import cast, override

from homeassistant.core import callback

from ..const import CONF_ENABLED, CONF_LISTEN_ADDRESS, CONF_LISTEN_PORT, LOGGER, SECTION_P1_SERVER
from ..coordinator.repair_issues import withdraw_issues
from ..coordinator.telegram_source import TelegramMeter
from ..lib.client_admission import Admission
from ..lib.json_types import JsonMapping
from ..lib.local_server import Connection, LocalServer, abort
from ..lib.meter.meter_reader import Reading
from ..lib.p1.checksum import crc16
from ..lib.problem import Problem
from .listening_ports import ListeningPorts, Port
from .sink import SinkKind

MAX_CLIENTS = 32
MAX_CLIENTS_OF_ONE = 8
# Maximum number of telegrams that wait for a slow client. If a telegram comes every 10 s, these are
# the telegrams of a minute. Older telegrams are dropped.
MAX_WAITING_TELEGRAMS = 6
# Seconds after which a client that reads nothing is disconnected.
CLIENT_TIMEOUT_S = 60.0

# Bytes of the kernel's send buffer. It is small, because telegrams in this buffer can no longer be
# dropped.
_SEND_BUFFER_BYTES = 16 * 1024
# Bytes. A P1 port takes no commands, so clients need not send anything. A client that sends more
# than this is disconnected.
_MAX_RECEIVED_BYTES = 64 * 1024


def as_dsmr(text: bytes) -> bytes:
    """Return `text` as a standard DSMR 5 telegram: CRLF, a blank second line, `!` and CRC16."""
    lines = text.strip().splitlines()
    end = next((index for index, line in enumerate(lines) if line[:1] == b"!"), len(lines))
    identification, *objects = lines[:end]
    if not objects or objects[0]:
        objects.insert(0, b"")
    body = b"\r\n".join([identification, *objects, b"!"])
    return body + b"%04X\r\n" % crc16(body)


class _Client(asyncio.Protocol):
    """Connection to a program that reads telegrams. Bytes from the program are ignored."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque(maxlen=MAX_WAITING_TELEGRAMS)
        self._timeout: asyncio.TimerHandle | None = None
        self._received = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # Set a limit of 0, so that the transport buffers only the telegram that it is sending.
        # Later telegrams then wait in `_waiting`, where they can be dropped.
        self._transport.set_write_buffer_limits(high=0)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)

    def send(self, telegram: bytes) -> None:
        """Send a telegram.

        If the client is slow, keep the telegram until the client reads again.
        """
        if self._timeout:
            self._waiting.append(telegram)
        else:
            self._transport.write(telegram)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > _MAX_RECEIVED_BYTES:
            self._transport.abort()

    @override
    def pause_writing(self) -> None:
        self._timeout = asyncio.get_running_loop().call_later(
            CLIENT_TIMEOUT_S, self._transport.abort
        )

    @override
    def resume_writing(self) -> None:
        self._forget_timeout()
        while self._waiting and not self._timeout:
            self._transport.write(self._waiting.popleft())

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timeout()

    def _forget_timeout(self) -> None:
        if self._timeout:
            self._timeout.cancel()
            self._timeout = None


class P1Server:
    """TCP server that sends each new telegram to all connected clients."""

    def __init__(self, name: str) -> None:
        self._name = name
        # The client that connected last has the lowest rank, so it is the first to give up its
        # place.
        ranks = count(step=-1)
        self._server = LocalServer(
            Admission(MAX_CLIENTS, MAX_CLIENTS_OF_ONE, self._disconnect),
            self._client,
            lambda: next(ranks),
            self._warn,
        )
        self._has_warned = False

    @property
    def clients(self) -> int:
        """Return the number of connected clients."""
        return len(self._server.connections())

    async def start(self, address: str, port: int) -> None:
        """Listen at an address and a port. Raises OSError if this is impossible."""
        await self._server.start(address, port)

    async def stop(self) -> None:
        """Close the port and all connections."""
        await self._server.stop()

    def send(self, text: bytes) -> None:
        """Send a telegram to all clients in the format of DSMR 5."""
        clients = self._server.connections()
        if not clients:
            return
        telegram = as_dsmr(text)
        for transport in clients:
            client = cast("asyncio.Transport", transport).get_protocol()
            if isinstance(client, _Client):
                client.send(telegram)

    def _client(self, transport: Connection) -> _Client:
        # Clients need not send anything, so count none as silent.
        self._server.admission.note_request(transport)
        return _Client()

    def _disconnect(self, client: Connection) -> None:
        self._warn("disconnects a client to admit another")
        abort(client)

    def _warn(self, event: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            LOGGER.warning(
                "%s: the P1 server %s, %s are connected", self._name, event, self.clients
            )


class P1ServerSink:
    """P1 server of an entry."""

    def __init__(self, coordinator: TelegramMeter, options: JsonMapping) -> None:
        self._coordinator = coordinator
        self.server = P1Server(coordinator.name)
        address, number = options[CONF_LISTEN_ADDRESS], options[CONF_LISTEN_PORT]
        port = Port(number, partial(self.server.start, address, number))
        self._ports = ListeningPorts(coordinator, Problem.P1_SERVER, address, [port])

    async def async_start(self, _latest: Reading | None) -> None:
        """Listen. There are no clients yet, so the latest reading has nobody to go to."""
        await self._ports.async_open()

    @callback
    def on_reading(self, reading: Reading) -> None:
        """Send the telegram of a reading to all clients."""
        self.server.send(reading.telegram.text)

    async def async_stop(self) -> None:
        """Close the port and all connections."""
        await self.server.stop()
        coordinator = self._coordinator
        withdraw_issues(coordinator.hass, coordinator.config_entry, [Problem.P1_SERVER])


async def _async_make(coordinator: TelegramMeter, options: JsonMapping) -> P1ServerSink | None:
    return P1ServerSink(coordinator, options) if options.get(CONF_ENABLED) else None


KIND = SinkKind(SECTION_P1_SERVER, _async_make)
