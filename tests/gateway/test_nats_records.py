"""What leaves for a server: whole, and only with TLS where that is wanted."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from dev.fleet.certificates import Certificates
from smarty_p1_gateway.nats.nats_client import NatsClient
from smarty_p1_gateway.nats.nats_config import NatsConfig

_INFO = (
    b'INFO {"server_id": "x", "version": "2.10.0", "max_payload": 1048576, "tls_required": true}'
)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def serve(listener: socket.socket, certificates: Certificates) -> list[bytes]:
    """Be a server for one client; return what comes after its login, record by record."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.pem, certificates.key)
    plain, _ = listener.accept()
    plain.sendall(_INFO + b"\r\n")
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


async def test_what_is_sent_together_is_one_record(certificates: Certificates) -> None:
    async def ignore(_: Exception | None = None) -> None:
        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(asyncio.to_thread(serve, listener, certificates))
        server = f"nats://127.0.0.1:{listener.getsockname()[1]}"
        config = NatsConfig((server,), "cellar", "x", None, certificates.context, "_INBOX_cellar")
        client = NatsClient(config)
        await client.open(ignore)
        for number in range(5):
            await client.publish("s", b"frame %d" % number, "_INBOX_cellar.1", {"Nats-Msg-Id": "1"})
        await client.publish("s", b"the end")
        records = await serving
        await client.close()
    assert [b"frame 0" in record and b"the end" in record for record in records] == [True]
