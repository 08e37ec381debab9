"""Meters served in this process: on TCP and on pseudo terminals, with readers of all kinds."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dev.ports import free_ports
from dev.simulator import Clock, Meter, Pieces, PortInUseError, Server, serve
from dev.simulator.line import BYTES_PER_SECOND
from tests.dev.simulator.support import HEAD_SIZE, KEY, Opened, field, open_frame, size

FAST = 0.02
NEVER = 3600
HOST = "127.0.0.1"


@asynccontextmanager
async def connection(server: Server, index: int = 0) -> AsyncIterator[asyncio.StreamReader]:
    """Connect to the port of a meter."""
    reader, writer = await asyncio.open_connection(HOST, server.ports[index])
    try:
        yield reader
    finally:
        writer.close()


async def next_frame(reader: asyncio.StreamReader) -> Opened:
    """Read one healthy frame."""
    head = await reader.readexactly(HEAD_SIZE)
    return open_frame(head + await reader.readexactly(size(head) - HEAD_SIZE))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not condition():
        await asyncio.sleep(FAST)


async def test_first_frame_comes_without_waiting_for_the_interval() -> None:
    async with serve([Meter(1, KEY)], interval=NEVER) as server, connection(server) as reader:
        frame = await next_frame(reader)
        assert bytes.fromhex(field(frame.text, "0-0:42.0.0")) == b"SAG1030790002574"


async def test_frames_follow_with_rising_counters() -> None:
    meter = Meter(1, KEY, counter=5)
    async with serve([meter], interval=FAST) as server, connection(server) as reader:
        assert [(await next_frame(reader)).counter for _ in range(20)] == list(range(5, 25))


async def test_every_meter_has_its_port() -> None:
    meters = [Meter(number, KEY) for number in (1, 2, 3)]
    async with serve(meters, interval=NEVER) as server:
        assert len(set(server.ports)) == 3
        assert [addresses for _, addresses in server.addresses()] == [
            [f"socket://127.0.0.1:{port}"] for port in server.ports
        ]
        for index, meter in enumerate(meters):
            async with connection(server, index) as reader:
                assert (await next_frame(reader)).title == meter.system_title


async def test_clients_share_the_frames() -> None:
    meter = Meter(1, KEY, counter=100)
    async with (
        serve([meter], interval=FAST) as server,
        connection(server) as one,
        connection(server) as two,
    ):
        counters = [
            [(await next_frame(reader)).counter for _ in range(10)] for reader in (one, two)
        ]
        assert counters == [sorted(set(seen)) for seen in counters]
        assert len(set(counters[0]) & set(counters[1])) >= 7


async def test_client_that_does_not_read_holds_nobody_up() -> None:
    meter = Meter(1, KEY, counter=0)
    async with serve([meter], interval=NEVER) as server:
        lazy = socket.socket()
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.settimeout(0)
        await asyncio.get_running_loop().sock_connect(lazy, (HOST, server.ports[0]))
        async with connection(server) as reader:
            await next_frame(reader)
            for _ in range(200):
                server.push(bytes(65536))
                assert len(await reader.readexactly(65536)) == 65536
            assert server.connections() == 2
        lazy.close()


async def test_meter_counts_no_frames_while_nobody_listens() -> None:
    meter = Meter(1, KEY, counter=9)
    async with serve([meter], interval=FAST) as server:
        await asyncio.sleep(10 * FAST)
        assert meter.next_counter == 9
        async with connection(server) as reader:
            assert (await next_frame(reader)).counter == 9


async def test_meter_at_the_end_of_its_counter_falls_silent() -> None:
    meter = Meter(1, KEY, counter=0xFFFF_FFFF)
    async with serve([meter], interval=FAST) as server, connection(server) as reader:
        assert (await next_frame(reader)).counter == 0xFFFF_FFFF
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 10 * FAST)


async def test_clock_runs_fast() -> None:
    clock = Clock(datetime(2026, 1, 31, 17, tzinfo=UTC), speed=1e6)
    meter = Meter(1, KEY)
    async with serve([meter], interval=FAST, clock=clock) as server, connection(server) as reader:
        days = [field((await next_frame(reader)).text, "0-0:1.0.0")[:6] for _ in range(30)]
        assert days == sorted(days)
        assert days[0] < days[-1]


async def test_pieces_arrive_in_order() -> None:
    pieces = Pieces(7)
    async with (
        serve([Meter(1, KEY)], interval=FAST, pieces=pieces) as server,
        connection(server) as reader,
    ):
        counters = [(await next_frame(reader)).counter for _ in range(5)]
        assert counters == sorted(set(counters))


def test_pieces_are_of_their_size_and_paced_like_a_uart() -> None:
    assert list(Pieces().of(b"frame")) == [(b"frame", 0)]
    assert list(Pieces().of(b"")) == []
    assert [piece for piece, _ in Pieces(2).of(b"frame")] == [b"fr", b"am", b"e"]
    pauses = [pause for _, pause in Pieces(at_uart_speed=True).of(bytes(1500))]
    assert sum(pauses) == pytest.approx(1500 / BYTES_PER_SECOND)


async def test_faults_can_be_changed_while_serving() -> None:
    meter = Meter(1, KEY)
    async with (
        serve([meter], interval=FAST, faults=["plain"]) as server,
        connection(server) as reader,
    ):
        assert await reader.readexactly(5) == b"/Lux5"
        server.set_faults("no-p1")
        await reader.readuntil(b"node=8")
        server.set_faults()
        await reader.readuntil(b"\xdb\x08" + meter.system_title)


async def test_faults_of_one_meter_leave_the_others_alone() -> None:
    meters = [Meter(1, KEY), Meter(2, KEY)]
    async with serve(meters, interval=FAST) as server:
        server.set_faults("no-p1", meter=1)
        async with connection(server, 0) as one, connection(server, 1) as two:
            assert await one.readexactly(5) == b"node="
            assert (await next_frame(two)).title == meters[1].system_title


async def test_connection_is_closed_behind_a_whole_frame() -> None:
    async with serve([Meter(1, KEY, counter=1)], interval=FAST, faults=["close=1/3"]) as server:
        for _ in range(2):
            async with connection(server) as reader:
                data = await reader.read()
                while data:
                    frame = open_frame(data)
                    data = frame.rest
                # Not always three: the meter goes on while the connection is being closed.
                assert frame.counter % 3 == 0


async def test_silence_keeps_the_connection() -> None:
    async with (
        serve([Meter(1, KEY)], interval=FAST, faults=["silence"]) as server,
        connection(server) as reader,
    ):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 10 * FAST)
        server.set_faults()
        await next_frame(reader)


async def test_pushed_bytes_arrive() -> None:
    meters = [Meter(1, KEY), Meter(2, KEY)]
    async with (
        serve(meters, interval=NEVER) as server,
        connection(server, 0) as one,
        connection(server, 1) as two,
    ):
        await next_frame(one)
        await next_frame(two)
        server.push(b"both")
        server.push(b"second", meter=2)
        assert await one.readexactly(4) == b"both"
        assert await two.readexactly(10) == b"bothsecond"


async def test_disconnect_leaves_the_port_open() -> None:
    async with serve([Meter(1, KEY)], interval=NEVER) as server:
        async with connection(server) as reader:
            await next_frame(reader)
            server.disconnect(meter=1)
            assert await ended(reader)
        async with connection(server) as reader:
            await next_frame(reader)


async def test_stop_and_start_again_on_the_same_port() -> None:
    async with serve([Meter(1, KEY)], port=free_ports(), interval=FAST) as server:
        ports = list(server.ports)
        async with connection(server) as reader:
            before = (await next_frame(reader)).counter
            await server.stop()
            assert await ended(reader)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, ports[0])
        await server.start()
        assert server.ports == ports
        async with connection(server) as reader:
            assert (await next_frame(reader)).counter > before


async def test_clients_that_leave_are_forgotten() -> None:
    async with serve([Meter(1, KEY)], interval=NEVER) as server:
        for _ in range(3):
            async with connection(server) as reader:
                await next_frame(reader)
        await until(lambda: not server.connections())


async def test_busy_port_is_named_and_nothing_stays_open() -> None:
    first = free_ports(2)
    with socket.create_server((HOST, first + 1)):
        meters = [Meter(1, KEY), Meter(2, KEY)]
        with pytest.raises(PortInUseError, match=f"port {first + 1} "):
            await Server(meters, HOST, first).start()
        with socket.create_server((HOST, first)):
            pass


async def ended(reader: asyncio.StreamReader) -> bool:
    """Return whether the connection ends, after what was still on its way."""
    try:
        await reader.read()
    except ConnectionResetError:
        return True
    return reader.at_eof()


@asynccontextmanager
async def serial_port(path: Path) -> AsyncIterator[asyncio.StreamReader]:
    """Open a terminal as a program does that trusts it to be raw."""
    loop = asyncio.get_running_loop()
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    reader = asyncio.StreamReader()

    def take() -> None:
        try:
            data = os.read(terminal, 65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            reader.feed_data(data)
        else:
            loop.remove_reader(terminal)
            reader.feed_eof()

    loop.add_reader(terminal, take)
    try:
        yield reader
    finally:
        loop.remove_reader(terminal)
        os.close(terminal)


async def test_terminal_brings_frames_unchanged(tmp_path: Path) -> None:
    links = [tmp_path / "meter", tmp_path / "meter2"]
    meters = [Meter(1, KEY), Meter(2, KEY)]
    async with serve(meters, port=None, links=links, interval=FAST) as server:
        assert [addresses for _, addresses in server.addresses()] == [[str(link)] for link in links]
        for meter, link in zip(meters, links, strict=True):
            async with serial_port(link) as reader:
                frames = [await next_frame(reader) for _ in range(20)]
                assert {frame.title for frame in frames} == {meter.system_title}
    assert not any(link.is_symlink() for link in links)


async def test_terminal_brings_any_byte_and_more_than_it_holds(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    data = bytes(range(256)) * 300
    async with (
        serve([Meter(1, KEY)], port=None, links=[link], interval=NEVER) as server,
        serial_port(link) as reader,
    ):
        await next_frame(reader)
        server.push(data)
        assert await reader.readexactly(len(data)) == data


async def test_terminal_keeps_nothing_for_the_next_reader(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    meter = Meter(1, KEY, counter=0)
    async with serve([meter], port=None, links=[link], interval=FAST) as server:
        async with serial_port(link) as reader:
            await next_frame(reader)
        await until(lambda: not server.connections())
        await asyncio.sleep(10 * FAST)
        sent = meter.next_counter
        async with serial_port(link) as reader:
            assert (await next_frame(reader)).counter == sent


async def test_terminal_whose_reader_sleeps_drops_frames(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    meter = Meter(1, KEY, counter=0)
    async with serve([meter], port=None, links=[link], interval=FAST):
        terminal = os.open(link, os.O_RDWR | os.O_NOCTTY)
        await until(lambda: meter.next_counter > 20)
        data = os.read(terminal, 65536)
        frame = open_frame(data)
        assert frame.counter == 0
        # On a busy machine, the kernel may not have passed the first on when the second comes.
        assert len(frame.rest) <= len(data) - len(frame.rest)
        os.close(terminal)


async def test_terminal_takes_what_its_reader_writes(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    async with (
        serve([Meter(1, KEY)], port=None, links=[link], interval=FAST),
        serial_port(link) as reader,
    ):
        for _ in range(50):
            terminal = os.open(link, os.O_RDWR | os.O_NOCTTY)
            os.write(terminal, bytes(200))
            os.close(terminal)
            await next_frame(reader)


async def test_terminal_is_unplugged_by_the_fault(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    meter = Meter(1, KEY)
    async with serve([meter], port=None, links=[link], interval=FAST, faults=["close=1/2"]):
        for _ in range(2):
            async with serial_port(link) as reader:
                assert open_frame(await reader.read()).title == meter.system_title


async def test_terminal_replaces_a_dead_link_but_no_file(tmp_path: Path) -> None:
    link, other = tmp_path / "meter", tmp_path / "file"
    link.symlink_to("/dev/pts/987654")
    other.write_text("mine")
    async with (
        serve([Meter(1, KEY)], port=None, links=[link], interval=NEVER),
        serial_port(link) as reader,
    ):
        await next_frame(reader)
    with pytest.raises(FileExistsError):
        await Server([Meter(1), Meter(2)], port=None, links=[link, other]).start()
    assert other.read_text() == "mine"
    assert not link.is_symlink()
