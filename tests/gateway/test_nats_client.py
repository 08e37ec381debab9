"""What is other than in the library, through its private methods: a server of this test shows it.

pyproject.toml names the versions of the library that these tests have passed with.
"""

import asyncio
import asyncio.sslproto
import json
import ssl
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from unittest.mock import Mock

import nkeys
import pytest
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport

from smarty_p1_fleet.collector_client import CollectorClient
from smarty_p1_gateway.nats.nats_client import NatsClient, NoTlsError
from smarty_p1_gateway.nats.nats_config import NatsConfig
from tests.gateway.loopback import HOST, PATIENCE
from tests.gateway.nats_loopback import NatsServer

SEED = nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER)
GOOD = b"MSG frames 1 4\r\ngood\r\n"


async def ignore(*_: object) -> None:
    pass


@pytest.fixture
async def server() -> AsyncIterator[NatsServer]:
    server = NatsServer()
    async with server.serving():
        yield server


def config(server: NatsServer, tls: ssl.SSLContext | None = None) -> NatsConfig:
    return NatsConfig((server.url,), "cellar", "s3cret", None, tls)


@asynccontextmanager
async def listening(server: NatsServer) -> AsyncIterator[asyncio.Queue[Msg]]:
    """Yield what a collector's client is sent."""
    client = CollectorClient(config(server))
    messages: asyncio.Queue[Msg] = asyncio.Queue()
    await client.open(ignore)
    try:
        await client.subscribe("frames", cb=messages.put)
        await client.flush()
        yield messages
    finally:
        await client.close()


async def next_of(messages: asyncio.Queue[Msg]) -> Msg:
    async with asyncio.timeout(PATIENCE):
        return await messages.get()


async def test_a_server_without_tls_is_told_nothing(server: NatsServer) -> None:
    client = NatsClient(config(server, ssl.create_default_context()))
    with pytest.raises(NoTlsError):
        await client.open(ignore)
    assert server.received == []


async def test_an_aborted_connection_drops_what_a_slow_line_has_not_sent() -> None:
    received, is_reading = bytearray(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id": "slow", "version": "2.15.0", "max_payload": 9000000}\r\n')
        while b"PING" not in received:
            received.extend(await reader.readline())
        writer.write(b"PONG\r\n")
        await is_reading.wait()
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                received.extend(data)
        writer.close()
        is_done.set()

    is_done = asyncio.Event()
    async with await asyncio.start_server(serve, HOST, 0) as slow:
        url = f"nats://{HOST}:{slow.sockets[0].getsockname()[1]}"
        client = NatsClient(NatsConfig((url,), "cellar", "s3cret", None, None))
        await client.open(ignore)
        publishing = asyncio.create_task(client.publish("frames", bytes(8_000_000)))
        await asyncio.sleep(0.1)
        client.abort()
        async with asyncio.timeout(PATIENCE):
            await client.close()
            is_reading.set()
            await is_done.wait()
            await publishing
    assert len(received) < 8_000_000


async def test_a_tls_connection_that_is_closed_can_be_aborted() -> None:
    # asyncio's transport of a TLS connection has no socket after it was closed twice.
    transports: Any = asyncio.sslproto
    closed = transports._SSLProtocolTransport(asyncio.get_running_loop(), None)
    closed._closed = True
    client: Any = NatsClient(NatsConfig((f"nats://{HOST}:1",), "cellar", "s3cret", None, None))
    client._transport = Mock(spec=TcpTransport, _io_writer=Mock(transport=closed))
    client.abort()


async def test_a_server_is_told_user_and_password_where_no_tls_is_wanted(
    server: NatsServer,
) -> None:
    client = NatsClient(config(server))
    await client.open(ignore)
    await client.close()
    assert b'"pass": "s3cret"' in server.received[0]


async def test_a_credentials_file_signs_and_is_not_sent(server: NatsServer) -> None:
    credentials = (
        "-----BEGIN NATS USER JWT-----\nabc.def\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{SEED.decode()}\n------END USER NKEY SEED------\n"
    )
    client = NatsClient(NatsConfig((server.url,), None, None, credentials, None))
    await client.open(ignore)
    await client.close()
    connect = json.loads(server.received[0].partition(b" ")[2])
    signature = urlsafe_b64decode(connect["sig"] + "==")
    assert nkeys.from_seed(bytearray(SEED)).verify(b"any text", signature)
    assert connect["jwt"] == "abc.def"
    assert SEED not in server.received[0]


@pytest.mark.parametrize(
    "headers", [b"NATS/1.0 \xff\xff\xff\r\n\r\n", b"NATS/1.0\xff\xff\xff\r\n\r\n", b"NATS/1.0"]
)
async def test_headers_that_are_no_text_stop_nothing(server: NatsServer, headers: bytes) -> None:
    async with listening(server) as messages:
        sizes = b"%d %d" % (len(headers), len(headers) + 3)
        server.send(b"HMSG frames 1 %s\r\n%sbad\r\n%s" % (sizes, headers, GOOD))
        bad, good = [await next_of(messages) for _ in range(2)]
    assert (bad.data, bad.headers) == (b"bad", None)
    assert good.data == b"good"


async def test_a_subject_that_is_no_text_stops_nothing(server: NatsServer) -> None:
    async with listening(server) as messages:
        server.send(b"MSG frames.\xff 1 3\r\nbad\r\n" + GOOD)
        bad, good = [await next_of(messages) for _ in range(2)]
    assert (bad.data, bad.subject) == (b"bad", "frames.\ufffd")
    assert good.data == b"good"


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (b"$JS.ACK.smarty_p1_frames.x.1.1.1.1.0", {"Smarty-Port": "p"}),
        (b"", {"Status": "503", "Description": "x", "Smarty-Port": "p"}),
    ],
)
async def test_a_stored_message_passes_for_no_status_of_the_server(
    server: NatsServer, reply: bytes, shown: dict[str, str]
) -> None:
    headers = b"NATS/1.0\r\nStatus: 503\r\nDescription: x\r\nSmarty-Port: p\r\n\r\n"
    async with listening(server) as messages:
        sizes = b"%d %d" % (len(headers), len(headers) + 3)
        server.send(b"HMSG frames 1 %s %s\r\n%sbad\r\n" % (reply, sizes, headers))
        message = await next_of(messages)
    assert (message.data, message.headers) == (b"bad", shown)
