"""The link against real sockets and pseudo-terminals."""

import asyncio
import os
import pty
import re
import time
import tty
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import serialx

from dev.ports import free_ports
from smartyp1.connection_outage import Backoff
from smartyp1.port.errors import (
    LinkError,
    PortBusyError,
    PortClosedError,
    PortNotFoundError,
    PortSilentError,
    PortUnreachableError,
)
from smartyp1.port.reconnecting_port import ReconnectingPort
from smartyp1.port.serial_port import Opener, open_port

pytestmark = pytest.mark.usefixtures("_no_delays")

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def gateway(serve: Serve, port: int | None = None) -> AsyncIterator[int]:
    """Serve each client of a TCP port with `serve`; yield the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    port = port or free_ports()
    server = await asyncio.start_server(handle, "127.0.0.1", port)
    try:
        yield port
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """Yield the far end of a serial line, and the name of its near end."""
    far, near = pty.openpty()
    tty.setraw(near)
    yield far, os.ttyname(near)
    for end in (far, near):
        try:
            os.close(end)
        except OSError:
            continue


class Collector:
    """Data and losses of a link."""

    def __init__(
        self, url: str, silence_timeout: float = 30.0, opener: Opener | None = None
    ) -> None:
        self.data = b""
        self.is_convinced = False
        self.losses: list[LinkError] = []
        self._news = asyncio.Event()
        link = ReconnectingPort(
            url, self._on_data, self._on_lost, silence_timeout=silence_timeout, opener=opener
        )
        self.link = link
        self._task = asyncio.create_task(link.run())

    def _on_data(self, data: bytes) -> None:
        self.data += data
        if self.is_convinced:
            self.link.confirm()
        self._news.set()

    def _on_lost(self, error: LinkError) -> None:
        self.losses.append(error)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


@asynccontextmanager
async def reading(serve: Serve, silence_timeout: float = 30.0) -> AsyncIterator[Collector]:
    """Read a TCP port each of whose clients is served with `serve`."""
    async with gateway(serve) as port:
        collector = Collector(f"socket://127.0.0.1:{port}", silence_timeout)
        yield collector
        await collector.stop()


async def stay(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Send nothing, until the client leaves."""
    await reader.read()


@pytest.fixture
def _no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartyp1.port.reconnecting_port.FIRST_DELAY_S", 0.01)


async def test_a_serial_device(terminal: tuple[int, str]) -> None:
    far, name = terminal
    collector = Collector(name)
    await asyncio.sleep(0.1)
    os.write(far, b"\x00\x11\x13\xff\r\n\xdb")

    await collector.until(lambda: len(collector.data) >= 7)
    assert collector.data == b"\x00\x11\x13\xff\r\n\xdb"

    os.close(far)
    await collector.until(lambda: bool(collector.losses))
    assert isinstance(collector.losses[0], PortClosedError)
    await collector.stop()


async def test_a_port_comes_back_after_any_error_of_a_backend(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect = serialx.open_serial_connection
    opened = 0

    async def open_and_fail(
        **options: object,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        nonlocal opened
        opened += 1
        reader, writer = await connect(**options)
        if opened == 1:
            reader.set_exception(RuntimeError("a mistake of the backend"))
        return reader, writer

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await reader.read()

    monkeypatch.setattr(serialx, "open_serial_connection", open_and_fail)
    async with reading(serve) as collector:
        await collector.until(lambda: opened == 2 and b"hello" in collector.data)
    assert [str(error) for error in collector.losses] == ["RuntimeError"]


@pytest.mark.parametrize("place", ["opener", "on_open", "on_data", "on_lost"])
async def test_a_mistake_anywhere_does_not_end_the_reading(
    place: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Raise an error at each second call of a place; the address has a secret."""
    calls: Counter[str] = Counter()
    data, news = bytearray(), asyncio.Event()

    def note(name: str) -> None:
        calls[name] += 1
        news.set()
        if name == place and calls[name] % 2:
            # The log shows the line that raises.
            msg = "user:secret@host"
            raise RuntimeError(msg)

    def on_data(received: bytes) -> None:
        note("on_data")
        data.extend(received)

    @asynccontextmanager
    async def opener() -> AsyncIterator[asyncio.StreamReader]:
        note("opener")
        reader = asyncio.StreamReader()
        reader.feed_data(b"hello")
        reader.feed_eof()
        yield reader

    link = ReconnectingPort(
        "socket://user:secret@host:1",
        on_data,
        lambda _error: note("on_lost"),
        on_open=lambda: note("on_open"),
        opener=opener,
    )
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(20):
        while min(calls[name] for name in ("opener", "on_open", "on_data", "on_lost")) < 3:
            news.clear()
            await news.wait()
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
    assert data.count(b"hello") >= 1
    assert "secret" not in caplog.text
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


# Texts of ser2net, of gensio, and of Arduino's example WiFiTelnetToSerial, in their pieces.
@pytest.mark.parametrize(
    "pieces",
    [
        [b"Port already in use\r\n"],
        [b"Port already in use\n\r"],
        [b"\xff\xfb\x03\xff\xfb\x01", b"Port's device already in use\r\n"],
        [b"Port already in use by another process\r\n"],
        [b"Device open failure: Object was already in use\r\n"],
        [b"No free port found\r\n"],
        [b"busy", b"\r\n"],
        # The older client of ser2net must leave while the meter sends.
        [bytes(200) + b"\xdb\x08SAGgp", b"kicked off, new user is coming\r\n"],
    ],
)
async def test_a_gateway_that_serves_another_client(pieces: list[bytes]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            with suppress(TimeoutError):  # the client may leave before it has all pieces
                async with asyncio.timeout(0.02):
                    await reader.read()

    async with reading(serve) as collector:
        await collector.until(lambda: len(collector.losses) > 1)
    assert {type(error) for error in collector.losses} == {PortBusyError}
    # The text is no data of a meter.
    assert not {b"in use", b"kicked", b"busy"} & set(re.findall(rb"[a-z ]+", collector.data))
    assert all(len(str(error)) <= 64 and str(error).isprintable() for error in collector.losses)


@pytest.mark.parametrize("text", [b"busybox\r\n", b"/Lux5 busy line\r\n", b"1-0:1.8.0(in us)"])
async def test_other_texts_are_passed_on(text: bytes) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)

    async with reading(serve) as collector:
        await collector.until(lambda: bool(collector.losses))
    assert collector.data.startswith(text)
    assert isinstance(collector.losses[0], PortClosedError)


IN_HOUSE = [
    "socket://192.168.1.20:2001",
    "socket://user:secret@10.0.0.5:2001",
    "esphome://p1-reader.local:6053/?port=1",
    "socket://ser2net:2001",
    "socket://meter.fritz.box:23",
    "rfc2217://[fd00::5]:2001",
    "mqtt:smarty_p1/house/frame",
    "/dev/null",
]
ELSEWHERE = [
    "socket://8.8.8.8:2001",
    "socket://meter.example.com:2001",
    "rfc2217://[2001:4860:4860::8888]:2001",
    "socket://[broken:2001",
]


@pytest.mark.parametrize("url", IN_HOUSE + ELSEWHERE)
async def test_delays_grow_and_start_anew_once_a_meter_answers(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr("smartyp1.port.reconnecting_port.FIRST_DELAY_S", 1.0)
    delays: list[float] = []
    sleep = asyncio.sleep

    async def note(delay: float) -> None:
        delays.append(delay)
        await sleep(0)

    class Greeting:
        """Source of one greeting, such as that another client is served."""

        read_once = False

        async def read(self, _n: int, /) -> bytes:
            if self.read_once:
                raise PortClosedError
            self.read_once = True
            return b"x"

    error: LinkError | None = PortUnreachableError()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Greeting]:
        if error:
            raise error
        yield Greeting()

    monkeypatch.setattr("smartyp1.port.reconnecting_port.asyncio.sleep", note)
    collector = Collector(url, opener=opened)

    async def after(losses: int) -> list[float]:
        seen = len(delays)
        await collector.until(lambda: len(delays) >= seen + losses)
        return delays[seen:]

    growing = await after(9)
    limit = 15 if url in IN_HOUSE else 60
    for delay, middle in zip(growing[:9], (1, 2, 4, 8, 16, 32, 60, 60, 60), strict=True):
        assert min(0.8 * middle, limit) <= delay <= min(1.2 * middle, 72 if limit == 60 else 15)
    # Another client uses the port, so do not disconnect it often.
    error = PortBusyError()
    assert (await after(3))[-1] >= 0.8 * 60
    error = None
    assert (await after(3))[-1] >= min(0.8 * 60, limit)
    collector.is_convinced = True
    assert (await after(3))[-1] <= 1.2
    await collector.stop()


async def test_why_a_port_cannot_be_opened(terminal: tuple[int, str], tmp_path: object) -> None:
    async def why(url: str) -> type[LinkError]:
        with pytest.raises(LinkError) as info:
            async with open_port(url):
                pass
        assert str(info.value)
        return info.type

    async with gateway(stay) as port:
        pass
    assert await why(f"socket://127.0.0.1:{port}") is PortUnreachableError
    assert await why("/dev/there-is-no-such-device") is PortNotFoundError
    assert await why("nonsense://127.0.0.1") is PortNotFoundError
    assert await why("socket://127.0.0.1") in (PortNotFoundError, PortUnreachableError)
    assert await why("socket://127.0.0.1:99999") in (PortNotFoundError, PortUnreachableError)
    assert await why("") is PortNotFoundError
    assert await why(str(tmp_path)) in (PortNotFoundError, PortUnreachableError)
    assert await why("/dev/null") in (PortNotFoundError, PortUnreachableError)
    async with open_port(terminal[1]):
        assert await why(terminal[1]) is PortBusyError


@pytest.mark.parametrize(
    "url",
    [
        "device:///dev/nothing?key=c2VjcmV0",
        "/dev/\x1bnothing?key=c2VjcmV0",
        "socket://127.0.0.1?key=c2VjcmV0",
        "nonsense://127.0.0.1?password=c2VjcmV0",
    ],
)
async def test_an_error_does_not_tell_the_secret_of_an_address(url: str) -> None:
    with pytest.raises(PortNotFoundError) as caught:
        async with open_port(url):
            pass

    assert str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


async def test_a_device_that_is_plugged_in_again_is_read_at_once(
    terminal: tuple[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, near = terminal
    cable = tmp_path / "cable"
    collector = Collector(str(cable))
    await collector.until(lambda: len(collector.losses) == 1)
    # After many failures, only the cable's return can end the wait in time.
    monkeypatch.setattr(collector.link, "_backoff", Backoff(3600.0, 3600.0))
    await asyncio.sleep(0.05)
    cable.symlink_to(near)

    async def write() -> None:
        while True:
            os.write(far, b"telegram")
            await asyncio.sleep(0.05)

    writer = asyncio.create_task(write())
    await collector.until(lambda: b"telegram" in collector.data)
    writer.cancel()
    await collector.stop()
    assert [type(error) for error in collector.losses] == [PortNotFoundError]


async def test_a_fast_sender_does_not_keep_others_waiting() -> None:
    """Each byte costs 3 µs, with far more bytes at once than one call may take."""
    flood = bytes(range(250)) * 800

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(flood)
        await reader.read()

    received = bytearray()
    most_at_once = 0

    def take(data: bytes) -> None:
        received.extend(data)
        time.sleep(len(data) * 3e-6)

    loop = asyncio.get_running_loop()
    async with gateway(serve) as port:
        link = ReconnectingPort(f"socket://127.0.0.1:{port}", take, lambda _: None)
        task = asyncio.create_task(link.run())
        while not received:
            await asyncio.sleep(0)
        started = loop.time()
        while len(received) < len(flood):
            before = len(received)
            await asyncio.sleep(0.001)
            most_at_once = max(most_at_once, len(received) - before)
        took = loop.time() - started
        task.cancel()
        await asyncio.wait([task])

    assert received == flood
    assert most_at_once * 3e-6 < 0.1
    # Ten times the speed of a port, so a share of the time remains for everything else.
    assert took > 0.9 * len(flood) / 115_200


async def test_a_cable_that_is_pulled_is_missing_from_then_on(tmp_path: Path) -> None:
    cable = tmp_path / "cable"
    cable.touch()
    losses: list[type[LinkError]] = []
    is_told = asyncio.Event()

    class Pulled:
        async def read(self, _n: int, /) -> bytes:
            cable.unlink()
            raise PortClosedError

    @asynccontextmanager
    async def opened() -> AsyncIterator[Pulled]:
        yield Pulled()

    def on_lost(error: LinkError) -> None:
        losses.append(type(error))
        if len(losses) == 2:
            is_told.set()

    link = ReconnectingPort(str(cable), lambda _data: None, on_lost, opener=opened)
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(10):
        await is_told.wait()
    task.cancel()
    await asyncio.wait([task])
    assert losses == [PortClosedError, PortNotFoundError]


async def test_a_silent_port_is_tried_again_soon_after_any_number_of_silences() -> None:
    async with reading(stay, silence_timeout=0.05) as collector:
        await collector.until(lambda: len(collector.losses) == 5)
    assert {type(error) for error in collector.losses} == {PortSilentError}
    # With a delay that doubles each time, it would be 0.32 s.
    assert collector.link._backoff.next_delay() < 0.05


async def test_each_byte_ends_the_silence_of_a_port() -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(8):
            writer.write(b"x")
            await asyncio.sleep(0.1)

    async with reading(serve, silence_timeout=0.3) as collector:
        await collector.until(lambda: bool(collector.data))
        begin = asyncio.get_running_loop().time()
        await collector.until(lambda: bool(collector.losses))
        assert asyncio.get_running_loop().time() - begin >= 0.8
    assert isinstance(collector.losses[0], PortClosedError)
    assert collector.data.startswith(8 * b"x")
