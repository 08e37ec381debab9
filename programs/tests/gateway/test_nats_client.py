"""Differences from the library, through its private methods, at a server of this test.

pyproject.toml names the versions of the library that these tests have passed with.
"""

import asyncio
import asyncio.sslproto
import json
import socket
import ssl
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import nkeys
import pytest
from nats.aio.msg import Msg
from nats.aio.transport import TcpTransport

from dev.fleet.certificates import Certificates
from smarty_p1_fleet.collector_client import CollectorClient
from smarty_p1_gateway.nats.nats_client import NatsClient, NoTlsError, publish_command
from smarty_p1_gateway.nats.nats_config import NatsConfig
from tests.gateway.loopback import HOST, PATIENCE

SEED = nkeys.encode_seed(bytes(range(32)), nkeys.PREFIX_BYTE_USER)
GOOD = b"MSG frames 1 4\r\ngood\r\n"
# A client with a credentials file signs the nonce.
INFO = (
    b'INFO {"server_id": "x", "version": "2.15.0", "headers": true, "max_payload": 9000000,'
    b' "nonce": "any text"}\r\n'
)


async def ignore(*_: object) -> None:
    pass


class NatsServer:
    """A server without TLS and users. `received` are the lines that came."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.url = ""
        self._writer: asyncio.StreamWriter | None = None

    def send(self, data: bytes) -> None:
        """Send bytes to the client that came last."""
        assert self._writer
        self._writer.write(data)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        writer.write(INFO)
        while line := await reader.readline():
            self.received.append(line)
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[NatsServer]:
    server = NatsServer()
    async with await asyncio.start_server(server.serve, HOST, 0) as serving:
        server.url = f"nats://{HOST}:{serving.sockets[0].getsockname()[1]}"
        yield server
        serving.close_clients()


def config(server: NatsServer, tls: ssl.SSLContext | None = None) -> NatsConfig:
    return NatsConfig((server.url,), "cellar", "s3cret", None, tls)


@asynccontextmanager
async def listening(server: NatsServer) -> AsyncIterator[asyncio.Queue[Msg]]:
    """Yield the messages that a collector's client receives."""
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


async def test_a_server_without_tls_receives_nothing(server: NatsServer) -> None:
    client = NatsClient(config(server, ssl.create_default_context()))
    with pytest.raises(NoTlsError):
        await client.open(ignore)
    client.abort()
    assert server.received == []


async def test_an_aborted_connection_drops_the_unsent_bytes_of_a_slow_line() -> None:
    received, is_reading = bytearray(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(INFO)
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


async def test_a_server_receives_user_and_password_where_no_tls_is_wanted(
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
    ("message", "subject"),
    [
        (b"HMSG frames 1 15 18\r\nNATS/1.0 \xff\xff\r\n\r\nbad\r\n", "frames"),
        (b"HMSG frames 1 14 17\r\nNATS/1.0\xff\xff\r\n\r\nbad\r\n", "frames"),
        (b"HMSG frames 1 8 11\r\nNATS/1.0bad\r\n", "frames"),
        (b"MSG frames.\xff 1 3\r\nbad\r\n", "frames.\ufffd"),
    ],
)
async def test_headers_and_subjects_that_are_no_text_stop_nothing(
    server: NatsServer, message: bytes, subject: str
) -> None:
    async with listening(server) as messages:
        server.send(message + GOOD)
        bad, good = [await next_of(messages) for _ in range(2)]
    assert (bad.data, bad.headers, bad.subject) == (b"bad", None, subject)
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


def serve(listener: socket.socket, certificates: Certificates) -> list[bytes]:
    """Serve one client; return the bytes after its login, record by record."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.pem, certificates.key)
    plain, _ = listener.accept()
    plain.sendall(INFO.replace(b"{", b'{"tls_required": true, '))
    with context.wrap_socket(plain, server_side=True) as connection:
        while b"PING" not in connection.recv(65536):
            pass
        connection.sendall(b"PONG\r\n")
        records = []
        while record := connection.recv(65536):
            records.append(record)
            if b"the end" in record:
                return records
    return records


async def test_messages_sent_together_are_one_record(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    with socket.create_server((HOST, 0)) as listener:
        serving = asyncio.create_task(asyncio.to_thread(serve, listener, certificates))
        server = f"nats://{HOST}:{listener.getsockname()[1]}"
        config = NatsConfig((server,), "cellar", "x", None, certificates.context, "_INBOX_cellar")
        client = NatsClient(config)
        await client.open(ignore)
        frames = [b"frame %d" % number for number in range(5)]
        headers = {"Nats-Msg-Id": "1"}
        commands = [publish_command("s", frame, "_INBOX_cellar.1", headers) for frame in frames]
        await client.send([*commands, publish_command("s", b"the end", "")])
        records = await serving
        await client.close()
    assert [b"frame 0" in record and b"the end" in record for record in records] == [True]
