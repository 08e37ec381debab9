"""Meters served in this process: on TCP and on pseudo terminals, with readers of all kinds."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dev.ports import free_ports
from dev.simulator import Meter, Server, serve
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


async def test_first_frame_comes_without_waiting_for_the_interval() -> None:
    async with serve([Meter(1, KEY)], interval=NEVER) as server, connection(server) as reader:
        frame = await next_frame(reader)
        assert bytes.fromhex(field(frame.text, "0-0:42.0.0")) == b"SAG1030790002574"


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
