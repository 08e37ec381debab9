"""The P1 server: its readers, their telegrams, and the limits of their effect on each other."""

import asyncio
import re
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, suppress
from unittest.mock import AsyncMock, Mock, patch

import pytest
import pytest_socket
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.sinks import listening_ports, p1_server
from dev.ports import free_ports
from smartyp1.json_types import JsonDict
from tests.ha import kit
from tests.ha.meter import seal
from tests.ha.support import TELEGRAM, Home, own_log, said, unload_entry, with_power

ENDING = re.compile(rb"![0-9A-F]{4}\r\n")


@pytest.fixture
def p1_port() -> int:
    return free_ports()


def serving(port: int) -> JsonDict:
    return {"p1_server": {"enabled": True, "address": "127.0.0.1", "port": port}}


@pytest.fixture
def every_loopback_address_allowed() -> Generator[None]:
    """Let the test connect to more than 127.0.0.1, which is all that the test kit allows."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2", "::1"], allow_unix_socket=True)
    yield
    pytest_socket.socket_allow_hosts(["127.0.0.1"])


class Reader:
    """A program that reads telegrams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def telegram(self) -> bytes:
        async with asyncio.timeout(10):
            lines = b""
            while not ENDING.fullmatch(line := await self._reader.readline()):
                assert line, "the connection was closed"
                lines += line
            return lines + line

    async def is_closed(self) -> bool:
        with suppress(ConnectionError):
            async with asyncio.timeout(10):
                return await self._reader.read() == b""
        return True


type Connect = Callable[[str], Awaitable[Reader]]


@asynccontextmanager
async def reading(port: int) -> AsyncGenerator[Reader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Reader(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


class Served(Home):
    """A meter whose telegrams are served, and its server."""

    def __init__(self, home: Home, p1_port: int) -> None:
        super().__init__(home.hass, home.port, home.make_entry)
        self.entry = home.entry
        self.p1_port = p1_port
        [self.server] = [
            each.server
            for each in kit.told_at_the_end(self.entry)
            if isinstance(each, p1_server.P1ServerSink)
        ]

    async def has(self, clients: int) -> None:
        await self.wait_until(lambda: self.server.clients == clients)

    async def connect_without_reading(self) -> socket.socket:
        """Connect as a program does that does not read, for which the kernel keeps little."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)  # noqa: FBT003 - its name says what it is
        await self.hass.loop.sock_connect(connection, ("127.0.0.1", self.p1_port))
        return connection


@pytest.fixture
async def served(home: Home, p1_port: int) -> Served:
    await home.set_up(**serving(p1_port))
    return Served(home, p1_port)


async def test_telegrams_come_as_the_meter_wrote_them(served: Served) -> None:
    async with reading(served.p1_port) as first:
        await served.has(1)
        await served.receive(with_power("01.234"))
        # The first telegram after the connection is a new one.
        assert await first.telegram() == seal(with_power("01.234"))
        async with reading(served.p1_port) as second:
            await served.has(2)
            await served.receive(with_power("05.678"))
            assert await first.telegram() == seal(with_power("05.678"))
            assert await second.telegram() == seal(with_power("05.678"))
        await served.has(1)


async def test_a_program_may_send_64_kib_and_no_more(served: Served) -> None:
    async with reading(served.p1_port) as reader:
        await served.has(1)
        reader.writer.write(bytes(64 * 1024))
        await reader.writer.drain()
        await served.receive(with_power("01.234"))
        assert await reader.telegram() == seal(with_power("01.234"))
        reader.writer.write(b"?")
        assert await reader.is_closed()
    await served.has(0)


def has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


async def answers(address: str, port: int) -> bool:
    """Return whether a program is let in at an address of this machine."""
    try:
        _, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return False
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return True


# The chosen address, and the addresses of this machine at which the server must then answer.
ADDRESSES = {
    "127.0.0.1": {"127.0.0.1"},
    "127.0.0.2": {"127.0.0.2"},
    "::1": {"::1"},
    "0.0.0.0": {"127.0.0.1", "127.0.0.2"},  # noqa: S104 - what is tested
    "::": {"127.0.0.1", "127.0.0.2", "::1"},
}


@pytest.mark.usefixtures("every_loopback_address_allowed")
async def test_every_address_can_be_chosen() -> None:
    tried = {"127.0.0.1", "127.0.0.2"} | ({"::1"} if has_ipv6() else set())
    for address, expected in ADDRESSES.items():
        if expected & tried:
            server, port = p1_server.P1Server("Smarty"), free_ports()
            await server.start(address, port)
            answering = {each for each in tried if await answers(each, port)}
            await server.stop()
            assert answering == expected & tried


HOUSE = "2001:db8:1:2::10"


@pytest.mark.parametrize(
    ("client", "reached", "is_admitted"),
    [
        ("192.168.1.30", "192.168.1.2", True),
        ("8.8.8.8", "192.168.1.2", False),
        ("2606:4700::1111", HOUSE, False),
        ("2001:db8:1:3::30", HOUSE, False),
        # A device of the same network
        ("2001:db8:1:2::30", HOUSE, True),
        ("fd00::30", HOUSE, True),
    ],
)
async def test_only_the_local_network_gets_telegrams(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    client: str,
    reached: str,
    is_admitted: bool,  # noqa: FBT001
) -> None:
    listening = AsyncMock(return_value=Mock(sockets=(), wait_closed=AsyncMock()))
    monkeypatch.setattr(hass.loop, "create_server", listening)
    server = p1_server.P1Server("Smarty")
    await server.start("::", 2001)
    transport = Mock(asyncio.Transport)
    transport.is_closing.return_value = False
    infos = {"peername": (client, 50_000), "sockname": (reached, 2001), "socket": Mock()}
    transport.get_extra_info.side_effect = infos.get
    protocol = listening.call_args.args[0]()
    transport.get_protocol.side_effect = lambda: transport.set_protocol.call_args.args[0]
    protocol.connection_made(transport)
    server.send(TELEGRAM.encode())
    assert transport.write.called is is_admitted
    assert server.clients == is_admitted
    lines = [line for line in own_log(caplog) if "outside of the local network" in line[1]]
    assert len(lines) == (not is_admitted)
    await server.stop()


async def test_nothing_listens_by_default(home: Home) -> None:
    with patch.object(home.hass.loop, "create_server", side_effect=AssertionError) as listen:
        await home.set_up()
        await home.receive(TELEGRAM)
    assert not listen.called


async def test_unloading_closes_everything(served: Served) -> None:
    entries = served.hass.config_entries
    async with reading(served.p1_port) as reader:
        await served.has(1)
        assert await entries.async_unload(served.entry.entry_id)
        assert await reader.is_closed()
    assert served.server.clients == 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", served.p1_port)
    # The port is free again, at once.
    served.port.greeting = served.port.next_frame(TELEGRAM)
    assert await entries.async_setup(served.entry.entry_id)
    async with reading(served.p1_port):
        pass


async def test_a_client_that_stalls_holds_up_no_other(served: Served) -> None:
    stalled = await served.connect_without_reading()
    sent = [seal(with_power(f"{number / 1000:06.3f}")) for number in range(200)]
    async with reading(served.p1_port) as reader:
        await served.has(2)
        for telegram in sent:
            served.server.send(telegram)
            assert await reader.telegram() == telegram
        # The reader reads on: only the last of the telegrams since then is left, and none is in
        # pieces.
        received = b""
        async with asyncio.timeout(10):
            while not received.endswith(sent[-1]):
                received += await served.hass.loop.sock_recv(stalled, 65536)
    stalled.close()
    telegrams = [part + end for part, end in split(received)]
    numbers = [sent.index(telegram) for telegram in telegrams]
    assert numbers == sorted(set(numbers))
    assert 0 < len(numbers) < len(sent)
    assert numbers[-6:] == [*range(194, 200)]
    assert numbers[-7] < 193


def split(received: bytes) -> list[tuple[bytes, bytes]]:
    """Return the telegrams, each with its ending."""
    parts = ENDING.split(received)
    assert parts.pop() == b""
    return list(zip(parts, ENDING.findall(received), strict=True))


async def test_a_client_that_reads_no_more_is_closed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(p1_server, "CLIENT_TIMEOUT_S", 0.01)
    connection = await served.connect_without_reading()
    await served.has(1)
    async with asyncio.timeout(10):
        while served.server.clients:
            served.server.send(seal(TELEGRAM))
            await asyncio.sleep(0.001)
    connection.close()


@pytest.fixture
async def connect(served: Served) -> AsyncGenerator[Connect]:
    """Return a function that connects from an address of this machine."""
    writers = []

    async def connect(address: str) -> Reader:
        local = (address, 0)
        connection = await asyncio.open_connection("127.0.0.1", served.p1_port, local_addr=local)
        writers.append(connection[1])
        return Reader(*connection)

    yield connect
    for writer in writers:
        writer.close()


async def test_on_a_tie_the_newcomer_is_refused(
    served: Served, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    # An address has eight places.
    readers = [await connect("127.0.0.2") for _ in range(8)]
    await served.has(8)
    assert await (await connect("127.0.0.2")).is_closed()
    for reader in readers[1:]:
        reader.writer.close()
    await served.has(1)
    readers[1:] = [await connect(f"127.0.0.{3 + n}") for n in range(31)]
    await served.has(32)
    for address in ("127.0.0.40", "127.0.0.2"):
        assert await (await connect(address)).is_closed()
    assert served.server.clients == 32
    assert len([line for line in own_log(caplog) if "refuses" in line[1]]) == 1
    await served.receive(TELEGRAM)
    assert [await reader.telegram() for reader in readers] == [seal(TELEGRAM)] * 32
    readers[5].writer.close()
    await served.has(31)
    admitted = await connect("127.0.0.40")
    await served.has(32)
    await served.receive(with_power("05.678"))
    assert await admitted.telegram() == seal(with_power("05.678"))


async def test_four_addresses_with_eight_readers_leave_room_for_others(
    served: Served, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    readers = [await connect(f"127.0.0.{2 + n % 4}") for n in range(32)]
    await served.has(32)
    admitted = [await connect("127.0.0.40") for _ in range(2)]
    # The last that came of an address with eight make room.
    assert [await readers[n].is_closed() for n in (31, 30)] == [True, True]
    # The closed readers connect again, and are refused.
    again = [await connect(f"127.0.0.{2 + n}") for n in (2, 3)]
    assert [await reader.is_closed() for reader in again] == [True, True]
    await served.receive(TELEGRAM)
    staying = readers[:30] + admitted
    assert [await reader.telegram() for reader in staying] == [seal(TELEGRAM)] * 32
    assert len([line for line in own_log(caplog) if "P1 server" in line[1]]) == 1


@pytest.mark.parametrize("is_unloaded", [False, True])
async def test_a_port_in_use_is_a_repair_and_tried_again_until_the_entry_is_unloaded(
    home: Home, p1_port: int, caplog: pytest.LogCaptureFixture, *, is_unloaded: bool
) -> None:
    with patch.object(listening_ports, "RETRY_INTERVAL_S", 0.01):
        other = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", p1_port)
        await home.set_up(**serving(p1_port))
        # The readings do not depend on it.
        assert home.values()["smarty_energy_imported"] == "25678.901"
        assert said(home.issue("p1_server"))["port"] == str(p1_port)
        await asyncio.sleep(0.05)
        assert len([line for line in own_log(caplog) if line[0] == "WARNING"]) == 1
        if is_unloaded:
            assert await unload_entry(home.hass, home.entry)
            assert not home.issue("p1_server")
        other.close()
        await home.wait_until(lambda: not home.issue("p1_server"))
    if not is_unloaded:
        async with reading(p1_port):
            await Served(home, p1_port).has(1)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(seal, id="ordinary"),
        pytest.param(lambda text: seal(text)[:-7] + b"!0000\r\n", id="wrong CRC"),
        pytest.param(lambda text: seal(text)[:-6], id="no CRC"),
        pytest.param(lambda text: seal(text)[:-7], id="no end"),
        pytest.param(lambda text: seal(text).replace(b"\r\n", b"\n"), id="line feeds only"),
        pytest.param(lambda text: b"\r\n" + seal(text), id="blank first line"),
        pytest.param(lambda text: seal(text).replace(b"\r\n\r\n", b"\r\n", 1), id="no blank line"),
    ],
)
def test_clients_get_an_ordinary_telegram_from_any_meter(written: object) -> None:
    assert callable(written)
    assert p1_server.as_dsmr(written(TELEGRAM)) == seal(TELEGRAM)
