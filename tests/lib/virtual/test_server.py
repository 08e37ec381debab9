"""The virtual meter on real sockets, asked by Home Assistant's clients and by others."""

import asyncio
import gc
import gzip
import json
import logging
import socket
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any
from unittest.mock import AsyncMock, Mock
from weakref import WeakSet

import aiohttp
import pytest
from aiohttp.http_parser import DeflateBuffer
from aioshelly.common import ConnectionOptions
from aioshelly.rpc_device import RpcDevice, WsServer
from homewizard_energy import HomeWizardEnergyV1
from homewizard_energy.errors import RequestError

from dev.ports import free_ports
from smartyp1.json_types import JsonDict
from smartyp1.virtual.announcements import AnnouncementKind
from smartyp1.virtual.clients import Question
from smartyp1.virtual.virtual_meter import Unavailable, VirtualMeter
from smartyp1.virtual_server import http_port
from smartyp1.virtual_server.server import VirtualServer
from tests.json_copy import through_json

from .support import house

SERIAL = "02a1b2c3d4e5"
LOCAL = "127.0.0.1"
EM = {"id": 7, "src": "b2500", "method": "EM.GetStatus", "params": {"id": 0}}
GARBAGE = [b"", b"\xff\x00", b"[]", b'{"method": 1}', b"[" * 5000, b"x" * 60_000]


class Served:
    """A server with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.port, self.udp_port = free_ports(), free_ports()
        self.meter = VirtualMeter(SERIAL)
        self.server = VirtualServer(
            self.meter, list(AnnouncementKind), shows_telegram=True, clock=lambda: self.now
        )
        self.url = f"http://{LOCAL}:{self.port}"


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Served]:
    monkeypatch.setattr(http_port, "CHECK_INTERVAL_S", 0.1)
    served = Served()
    await served.server.start_http(LOCAL, served.port)
    await served.server.start_udp(served.udp_port)
    served.server.on_reading(house())
    yield served
    await served.server.stop()


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_python_homewizard_energy(served: Served) -> None:
    async with HomeWizardEnergyV1(f"{LOCAL}:{served.port}") as client:
        device = await client.device()
        assert (device.product_type, device.serial) == ("HWE-P1", SERIAL)
        told = (await client.combined()).measurement
        assert (told.power_w, told.energy_import_kwh, told.voltage_l1_v) == (2345, 25678.901, 233.1)
        assert told.external_devices
        assert len(told.external_devices) == 3
        assert (await client.telegram()).startswith("/Lux5")
        await client.identify()
        system = await client.system(cloud_enabled=True)
        # The answer shows the unchanged setting.
        assert system.cloud_enabled is False
        served.now += 31
        with pytest.raises(RequestError):
            await client.measurement()


async def test_aioshelly_receives_each_telegram(
    served: Served, session: aiohttp.ClientSession
) -> None:
    device = await RpcDevice.create(session, WsServer(), ConnectionOptions(LOCAL, port=served.port))
    await device.initialize()
    assert device.status["em:0"]["total_act_power"] == 2345
    assert device.status["emdata:0"]["total_act"] == 25678901
    told = asyncio.Queue[float | None]()
    device.subscribe_updates(lambda device, _: told.put_nowait(_power(device)))
    try:
        served.server.on_reading(house(imported="(01.000*kW)"))
        async with asyncio.timeout(10):
            assert await told.get() == 1000
        # The last value must not stay visible for ever. The next value comes at once.
        served.server._http.hang_up()
        async with asyncio.timeout(10):
            assert await told.get() is None
            served.server.on_reading(house(imported="(02.000*kW)"))
            assert await told.get() == 2000
        assert device.connected
    finally:
        await device.shutdown()


def _power(device: RpcDevice) -> float | None:
    power: float | None = device.status["em:0"]["total_act_power"]
    return power


async def test_the_paths_of_a_shelly(served: Served, session: aiohttp.ClientSession) -> None:
    async def ask(path: str, **request: Any) -> tuple[int, Any]:  # noqa: ANN401
        method = "POST" if request else "GET"
        async with session.request(method, served.url + path, **request) as answer:
            return answer.status, json.loads(await answer.text())

    bare = (200, through_json((await ask("/rpc/EM.GetStatus?id=0"))[1]))
    assert bare[1]["total_act_power"] == 2345
    assert await ask("/api/v1/system") == (200, {"cloud_enabled": False})
    assert await ask("/rpc/EM.GetStatus?esp") == bare
    # A request as evcc sends it.
    assert await ask("/rpc/EM.GetStatus", json={"id": 0, "src": "evcc"}) == bare
    framed = {"id": 7, "src": f"shellypro3em-{SERIAL}", "dst": "b2500", "result": bare[1]}
    assert await ask("/rpc", json=EM) == (200, framed)
    assert (await ask("/shelly"))[1]["mac"] == SERIAL.upper()
    assert (await ask("/rpc/Shelly.Reboot"))[0] == 404
    for number in ("1", "x", "1" * 5000):
        assert (await ask(f"/rpc/EM.GetStatus?id={number}"))[0] == 404
    assert (await ask("/rpc", json=EM | {"params": {"id": 1}}))[1]["error"]["code"] == 404
    assert (await ask("/rpc", json=EM | {"method": "Shelly.Reboot"}))[1]["error"]["code"] == 404
    served.now += 12
    assert (await ask("/rpc/Shelly.GetStatus"))[1]["sys"]["uptime"] == 12
    served.now += 31
    assert (await ask("/rpc/Shelly.GetStatus"))[0] == 503
    assert (await ask("/rpc", json=EM))[1]["error"]["code"] == 503
    assert (await ask("/rpc/Shelly.GetDeviceInfo"))[0] == 200


PUBLIC = ["8.8.8.8", "::ffff:8.8.8.8", "2001:4860:4860::8888", "172.32.0.1", "not an address"]
OWN = ["192.168.1.30", "::ffff:10.0.0.5", "fe80::1", "fd00::5", "127.0.0.1"]
# Addresses of a client and of this machine: devices of one network may have global addresses.
OWN_NETWORK = [
    ("2001:db8:1:2::30", "2001:db8:1:2:aaaa::1"),
    ("100.101.0.5", "100.64.0.1"),
]
PUBLIC_BESIDE = [
    ("2606:4700::1111", "2001:db8:1:2:aaaa::1"),
    ("2001:db8:1:3::30", "2001:db8:1:2:aaaa::1"),
    ("203.0.113.5", "203.0.113.6"),
    ("100.101.0.5", "192.168.1.2"),
]


async def protocols_of(
    monkeypatch: pytest.MonkeyPatch, name: str, start: Callable[[], Awaitable[None]]
) -> Callable[[], asyncio.BaseProtocol]:
    """Return the factory of protocols that a port gives the loop."""
    create = AsyncMock(return_value=Mock(sockets=(), wait_closed=AsyncMock()))
    monkeypatch.setattr(asyncio.get_running_loop(), name, create)
    await start()
    make: Callable[[], asyncio.BaseProtocol] = create.call_args.args[0]
    return make


@pytest.mark.parametrize(
    ("address", "reached"),
    [*((address, "192.168.1.2") for address in PUBLIC + OWN), *PUBLIC_BESIDE, *OWN_NETWORK],
)
async def test_a_connection_from_elsewhere_is_closed_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch, address: str, reached: str
) -> None:
    is_refused = address in PUBLIC or (address, reached) in PUBLIC_BESIDE
    server = VirtualServer(VirtualMeter(SERIAL), list(AnnouncementKind))
    make = await protocols_of(monkeypatch, "create_server", lambda: server.start_http("::", 0))
    gate = make()
    transport = Mock(asyncio.Transport)
    infos: JsonDict = {
        "peername": (address, 50_000),
        "sockname": (reached, 80),
        "socket": Mock(socket.socket),
    }
    transport.get_extra_info.side_effect = lambda name, default=None: infos.get(name, default)
    gate.connection_made(transport)

    assert (transport.abort.called, transport.set_protocol.called) == (
        (True, False) if is_refused else (False, True)
    )
    # A client that is gone without a word is noticed after a minute.
    waits = [call.args for call in infos["socket"].setsockopt.call_args_list]
    option = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 60_000)
    assert (option in waits) is not is_refused
    await server.stop()


@pytest.mark.parametrize("path", ["/rpc", "/api"])
async def test_a_body_in_pieces_takes_little_memory(served: Served, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    clients = [socket.create_connection((LOCAL, served.port)) for _ in range(10)]
    async with asyncio.timeout(10):
        while len(served.server._http._admission) < len(clients):
            await asyncio.sleep(0.01)
    for client in clients:
        client.setblocking(False)  # noqa: FBT003 - its name says what it is
        # All that the kernel takes is there before the server reads.
        client.send(head.encode() + b"1\r\nx\r\n" * 50_000)
    tracemalloc.start()
    try:
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert tracemalloc.get_traced_memory()[1] < len(clients) * 200_000
    finally:
        tracemalloc.stop()
        for client in clients:
            client.close()


async def test_a_body_has_five_seconds_and_an_answer_ten(
    served: Served, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []
    timeout = asyncio.timeout

    def noted(delay: float | None) -> asyncio.Timeout:
        limits.extend([] if delay is None else [delay])
        return timeout(delay)

    monkeypatch.setattr(asyncio, "timeout", noted)
    async with session.post(f"{served.url}/rpc", json=EM) as answer:
        assert answer.status == 200
    assert limits == [5]
    async with session.ws_connect(f"{served.url}/rpc") as told:
        await told.send_json(EM)
        await told.receive()
        assert limits == [5, 10]


@pytest.mark.parametrize("address", PUBLIC + OWN)
async def test_a_datagram_from_elsewhere_has_no_answer(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    server = VirtualServer(VirtualMeter(SERIAL), list(AnnouncementKind))
    server.on_reading(house())
    make = await protocols_of(monkeypatch, "create_datagram_endpoint", lambda: server.start_udp(0))
    port = make()
    assert isinstance(port, asyncio.DatagramProtocol)
    transport = Mock(asyncio.DatagramTransport)
    port.connection_made(transport)
    for data in (*GARBAGE, json.dumps(EM).encode()):
        port.datagram_received(data, (address, 50_000))
    # While the buffer of the socket is full, requests get no answer.
    port.pause_writing()
    port.datagram_received(json.dumps(EM).encode(), (address, 50_000))

    told = [call.args[1] for call in transport.sendto.call_args_list]
    assert told == ([] if address in PUBLIC else [(address, 50_000)])
    await server.stop()


async def test_no_telegram_is_handed_out_without_consent(
    served: Served, session: aiohttp.ClientSession
) -> None:
    port = free_ports()
    server = VirtualServer(VirtualMeter(SERIAL), list(AnnouncementKind))
    await server.start_http(LOCAL, port)
    server.on_reading(house())
    found = []
    for url in (served.url, f"http://{LOCAL}:{port}"):
        for path in ("/api/v1/data", "/api/v1/telegram"):
            async with session.get(url + path) as answer:
                found.append((answer.status, "/Lux5" in await answer.text()))
    assert found == [(200, False), (200, True), (200, False), (404, False)]
    await server.stop()


ECHOED = [
    ({"id": 7, "src": "a"}, 200),
    ({"id": "x" * 128, "src": "y" * 128}, 200),
    ({"id": 10**127}, 200),
    ({"id": None}, 200),
    ({"id": "x" * 129}, 400),
    ({"src": "y" * 129}, 400),
    ({"id": 10**128}, 400),
    ({"id": 1.5}, 400),
    ({"id": True}, 400),
    ({"id": ["x"]}, 400),
    ({"id": {"x": 1}}, 400),
    ({"src": 5.5}, 400),
    ({"src": ["y"]}, 400),
]


@pytest.mark.parametrize(("asked", "status"), ECHOED)
async def test_only_a_short_id_and_source_are_sent_back(
    served: Served, session: aiohttp.ClientSession, asked: JsonDict, status: int
) -> None:
    request = {"method": "Shelly.GetDeviceInfo", **asked}
    async with session.post(f"{served.url}/rpc", json=request) as answer:
        assert answer.status == status
        if status == 200:
            told = json.loads(await answer.text())
            assert (told["id"], told.get("dst")) == (asked.get("id"), asked.get("src"))


async def test_garbage_is_refused(served: Served, session: aiohttp.ClientSession) -> None:
    for data in GARBAGE:
        async with session.post(f"{served.url}/rpc", data=data) as answer:
            assert answer.status in {400, 413}
    async with session.get(f"{served.url}/api/v1/state") as answer:
        assert answer.status == 404
    headers = {"Host": "elsewhere.example"}
    for path in ("/api/v1/data", "/rpc/EM.GetStatus", "/shelly"):
        async with session.get(served.url + path, headers=headers) as answer:
            assert answer.status == 421
            assert "power" not in await answer.text()
    headers = {"Origin": "http://elsewhere.example"}
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(f"{served.url}/rpc", headers=headers)


class Crowd:
    """Programs at addresses of this machine, with WebSockets."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self._url = url
        self._stack = stack

    async def listen(self, address: str) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket."""
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        session = await self._stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        return await self._stack.enter_async_context(session.ws_connect(f"{self._url}/rpc"))

    async def ask(self, address: str) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket, and ask."""
        told = await self.listen(address)
        assert await is_answered(told)
        return told


async def is_answered(told: aiohttp.ClientWebSocketResponse) -> bool:
    """Return whether a WebSocket is open and answers."""
    async with asyncio.timeout(10):
        try:
            await told.send_json(EM)
            while (message := await told.receive()).type is aiohttp.WSMsgType.TEXT:
                if "id" in json.loads(message.data):
                    return True
        except ConnectionError:
            pass
    return False


@pytest.fixture
async def crowd(served: Served) -> AsyncGenerator[Crowd]:
    async with AsyncExitStack() as stack:
        yield Crowd(served.url, stack)


async def test_silent_websockets_make_room(served: Served, crowd: Crowd) -> None:
    told = [await crowd.ask("127.0.0.2") for _ in range(6)]
    silent = [await crowd.listen("127.0.0.2") for _ in range(5)]
    assert [await is_answered(each) for each in silent] == [False, True, True, True, True]
    other = await crowd.listen("127.0.0.3")
    # A client that has asked may listen for ever.
    served.now += 76
    served.server._http.close_idle()
    assert [await is_answered(each) for each in told] == [True] * 6
    assert not await is_answered(other)


async def test_the_connection_of_an_endless_asker_is_closed(
    served: Served, session: aiohttp.ClientSession
) -> None:
    told = await session.ws_connect(f"{served.url}/rpc")
    for n in range(199):
        served.meter.note_question(LOCAL, Question.OTHER, served.now + n / 1000)
    for path in ("/api/v1/data", "/rpc/EM.GetStatus"):
        async with session.get(served.url + path) as answer:
            assert (answer.status, answer.headers["Connection"]) == (429, "close")
    await told.send_json(EM)
    async with asyncio.timeout(10):
        assert json.loads((await told.receive()).data)["error"]["code"] == 429
        assert (await told.receive()).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


COUNTED: dict[str, Callable[[aiohttp.ClientWebSocketResponse], Awaitable[None]]] = {
    "garbage": lambda told: told.send_str("{"),
    "binary": lambda told: told.send_bytes(b"x"),
    "ping": lambda told: told.ping(b"x"),
    "pong": lambda told: told.pong(b"x"),
    "missing component": lambda told: told.send_json(EM | {"params": {"id": 1}}),
}


@pytest.mark.parametrize("kind", COUNTED)
async def test_every_message_counts_as_a_request(
    served: Served, session: aiohttp.ClientSession, kind: str
) -> None:
    told = await session.ws_connect(f"{served.url}/rpc", autoping=False)
    await COUNTED["ping"](told)
    async with asyncio.timeout(10):
        assert (await told.receive()).data == b"x"
        with suppress(ConnectionError):
            for _ in range(400):
                await COUNTED[kind](told)
        while (await told.receive()).type not in {
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.ERROR,
        }:
            pass
    assert served.meter.clients[0].asked == 200


async def test_a_reading_that_has_waited_is_not_of_now(served: Served) -> None:
    served.server.on_reading(house(imported="(01.000*kW)"), 31)
    assert served.meter.values(served.now).power_w == 2345
    served.server.on_reading(house(imported="(01.000*kW)"), 20)
    assert served.meter.values(served.now).power_w == 1000
    with pytest.raises(Unavailable):
        served.meter.values(served.now + 11)
    served.server.on_reading(house(imported="(03.000*kW)"), 30)
    assert served.meter.values(served.now).power_w == 3000


async def test_one_address_cannot_take_all_connections(served: Served) -> None:
    async def is_open() -> bool:
        reader, writer = await asyncio.open_connection(LOCAL, served.port)
        writers.append(writer)
        writer.write(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return await reader.read(1) != b""
        except ConnectionError:
            return False

    writers: list[asyncio.StreamWriter] = []
    assert [await is_open() for _ in range(48)] == [True] * 48
    assert not await is_open()
    # Idle connections have 75 seconds.
    served.now += 75
    served.server._http.close_idle()
    assert not await is_open()
    # Idle connections make room.
    served.now += 0.1
    served.server._http.close_idle()
    async with asyncio.timeout(10):
        while not await is_open():
            await asyncio.sleep(0.01)
    for writer in writers:
        writer.close()


async def open_half(port: int, address: str) -> asyncio.StreamWriter:
    """Connect from an address of this machine, and send a part of a request."""
    reader, writer = await asyncio.open_connection(LOCAL, port, local_addr=(address, 0))
    writer.write(b"GET /api HTTP/1.1\r\n")
    assert not reader.at_eof()
    return writer


async def answers(port: int, address: str) -> bool:
    """Return whether a client at an address of this machine gets an answer."""
    reader, writer = await asyncio.open_connection(LOCAL, port, local_addr=(address, 0))
    writer.write(b"GET /api HTTP/1.0\r\n\r\n")
    async with asyncio.timeout(10):
        try:
            return (await reader.read()).startswith(b"HTTP/1.0 200")
        except ConnectionError:
            return False
        finally:
            writer.close()


async def test_half_a_request_keeps_no_client_out(served: Served) -> None:
    http = served.server._http
    writers = [await open_half(served.port, f"127.0.0.{2 + n % 3}") for n in range(128)]
    async with asyncio.timeout(10):
        while len(http._admission) < 128:
            await asyncio.sleep(0.01)
    assert await answers(served.port, "127.0.0.9")
    # Silent connections have ten seconds.
    served.now += 10
    http.close_idle()
    # The second call forgets the closed connections.
    http.close_idle()
    assert len(http._admission) == 127
    served.now += 0.1
    async with asyncio.timeout(10):
        while len(http._admission):
            await asyncio.sleep(0.01)
    for writer in writers:
        writer.close()


async def keep_open(port: int, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, ask, and keep the connection."""
    connection = await asyncio.open_connection(LOCAL, port, local_addr=(address, 0))
    assert await is_kept(*connection)
    return connection


async def is_kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Return whether a kept connection still answers."""
    try:
        writer.write(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            return b"product_type" in await reader.readuntil(b"}")
    except ConnectionError, asyncio.IncompleteReadError:
        return False


BATTERY = "127.0.1.1"


async def test_a_named_battery_has_its_place() -> None:
    port, meter = free_ports(), VirtualMeter(SERIAL, [BATTERY])
    server = VirtualServer(meter, list(AnnouncementKind))
    await server.start_http(LOCAL, port)
    battery = await keep_open(port, BATTERY)
    flood = [await keep_open(port, f"127.0.0.{2 + n}") for n in range(128)]
    # All addresses have a connection: a new address is refused, except for the battery.
    assert not await answers(port, "127.0.0.200")
    assert await answers(port, BATTERY)
    async with AsyncExitStack() as stack:
        assert await is_answered(await Crowd(f"http://{LOCAL}:{port}", stack).listen(BATTERY))
        assert [await is_kept(*each) for each in flood] == [True] * 128
        assert await is_kept(*battery)
        # The connections of the battery are its own: the 49th closes another of the battery.
        own = [await keep_open(port, BATTERY) for _ in range(48)]
        assert not await is_kept(*battery)
        assert await is_kept(*flood[0])
    for _, writer in (*flood, *own, battery):
        writer.close()
    await server.stop()


@pytest.mark.parametrize(("path", "host"), [("/nothing", LOCAL), ("/api", "elsewhere.example")])
async def test_a_refused_request_counts_as_a_request(
    served: Served, session: aiohttp.ClientSession, path: str, host: str
) -> None:
    for n in range(198):
        served.meter.note_question(LOCAL, Question.OTHER, served.now + n / 1000)
    statuses = []
    for _ in range(3):
        async with session.get(served.url + path, headers={"Host": host}) as answer:
            statuses.append(answer.status)
    assert statuses == [404 if path == "/nothing" else 421] * 2 + [429]


# 1 GB of zeros has about this length as gzip.
_BOMB = gzip.compress(bytes(1024 * 1024)) * 1000


@pytest.mark.parametrize("path", ["/rpc", "/api", "/rpc/EM.GetStatus", "/nothing"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "BR", "identity, gzip", "new"])
async def test_a_compressed_body_is_refused_without_work(
    served: Served,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    encoding: str,
) -> None:
    worked_on: list[object] = []
    monkeypatch.setattr(DeflateBuffer, "feed_data", lambda _, *data: worked_on.append(data))
    for n in range(198):
        served.meter.note_question(LOCAL, Question.OTHER, served.now + n / 1000)
    statuses = []
    for _ in range(3):
        method = "GET" if path == "/api" else "POST"
        headers = {"Content-Encoding": encoding, "Connection": "close"}
        with suppress(aiohttp.ClientOSError):  # the refusal comes before the body is sent
            async with session.request(
                method, served.url + path, data=_BOMB[:900_000], headers=headers
            ) as answer:
                statuses.append(answer.status)
    assert set(statuses) <= {415, 429}
    assert not worked_on
    assert served.meter.clients[0].asked == 200


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
async def test_a_plain_body_may_name_its_encoding(
    served: Served, session: aiohttp.ClientSession, encoding: str
) -> None:
    headers = {"Content-Encoding": encoding}
    async with session.post(f"{served.url}/rpc", json=EM, headers=headers) as answer:
        assert (answer.status, (await answer.json())["id"]) == (200, 7)


async def test_a_stopped_server_leaves_the_memory(
    session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    # The test kit keeps log lines with their arguments, here the servers.
    caplog.set_level(logging.WARNING, "asyncio")
    meters = WeakSet[VirtualMeter]()
    for _ in range(20):
        served = Served()
        meters.add(served.meter)
        await served.server.start_http(LOCAL, served.port)
        served.server.on_reading(house())
        for path in ("/api/v1/data", "/shelly", "/rpc/EM.GetStatus", "/nothing"):
            async with session.get(served.url + path) as answer:
                assert answer.status in {200, 404}
        async with session.ws_connect(f"{served.url}/rpc") as told:
            assert await is_answered(told)
        await served.server.stop()
    del served
    gc.collect()
    assert not meters


async def test_closed_connections_are_forgotten(served: Served) -> None:
    for n in range(140):
        assert await answers(served.port, f"127.0.0.{2 + n}")
    assert len(served.server._http._admission) <= 1


class Asker(asyncio.DatagramProtocol):
    """A battery."""

    def __init__(self) -> None:
        self.answers = asyncio.Queue[dict[str, Any]]()

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        self.answers.put_nowait(json.loads(data))


async def test_udp(served: Served) -> None:
    loop = asyncio.get_running_loop()
    broadcaster = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    broadcaster.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    broadcaster.bind((LOCAL, 0))
    transport, asker = await loop.create_datagram_endpoint(Asker, sock=broadcaster)
    async with asyncio.timeout(10):
        for data in (*GARBAGE, json.dumps(EM | {"method": "Shelly.Reboot"}).encode()):
            transport.sendto(data, (LOCAL, served.udp_port))
        transport.sendto(json.dumps(EM).encode(), (LOCAL, served.udp_port))
        answer = await asker.answers.get()
        # Only the request that was understood has an answer.
        assert (answer["id"], answer["dst"]) == (7, "b2500")
        assert len(json.dumps(answer["result"])) >= 250
        transport.sendto(json.dumps(EM | {"id": 8}).encode(), ("127.255.255.255", served.udp_port))
        assert (await asker.answers.get())["id"] == 8
        served.now += 31
        for request in (EM, EM | {"id": 9, "method": "Shelly.GetDeviceInfo"}):
            transport.sendto(json.dumps(request).encode(), (LOCAL, served.udp_port))
        # The device is named, and the values are unknown.
        assert (await asker.answers.get())["id"] == 9
    transport.close()


async def test_a_homewizard_opens_no_udp_port() -> None:
    server, port = VirtualServer(VirtualMeter(SERIAL), [AnnouncementKind.HOMEWIZARD]), free_ports()
    await server.start_udp(port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as same:
        same.bind((LOCAL, port))
    await server.stop()


@pytest.mark.parametrize("is_late", [False, True])
async def test_the_ports_are_free_afterwards(served: Served, is_late: bool) -> None:  # noqa: FBT001
    await served.server.stop()
    if is_late:
        await served.server.start_udp(served.udp_port)
        await served.server.start_http(LOCAL, served.port)
    timer = served.server._http._timer
    assert timer
    assert timer.cancelled()
    for kind, port in ((socket.SOCK_STREAM, served.port), (socket.SOCK_DGRAM, served.udp_port)):
        with socket.socket(socket.AF_INET, kind) as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind((LOCAL, port))
