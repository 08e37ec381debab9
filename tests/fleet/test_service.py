"""A collector whose cluster is away."""

import asyncio
import contextlib
import logging
from pathlib import Path

import pytest

from dev.ports import free_ports
from smarty_p1_fleet import read_config, run

CONFIGURATION = """\
nats = {{ servers = ["nats://127.0.0.1:{port}", "nats://127.0.0.1:{other}"] }}
store = {{ url = "http://127.0.0.1:{port}" }}
keys = {{ file = "{keys}" }}
collector = {{ name = "one" }}
"""


async def test_a_cluster_that_is_not_reached_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "smarty_p1_fleet")
    keys = tmp_path / "keys"
    keys.touch(mode=0o600)
    keys.write_text("* 000102030405060708090A0B0C0D0E0F\n", encoding="ascii")
    file = tmp_path / "collect.toml"
    port = free_ports(2)
    file.write_text(CONFIGURATION.format(port=port, other=port + 1, keys=keys), encoding="utf-8")

    running = asyncio.create_task(run(read_config(file)))
    # The second server, and the first one again.
    async with asyncio.timeout(20):
        while caplog.text.count("NATS: ConnectionRefusedError") < 3:
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    told = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert (
        told.count("The connection to NATS failed (ConnectionRefusedError), and is tried again")
        == 1
    )


@pytest.mark.parametrize(
    ("version", "times"),
    [("2.9.10", 1), ("2.9.20", 1), ("2.9.21", 0), ("2.10.0", 0), ("2.15.1", 0)],
)
async def test_servers_that_a_gateway_can_end_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, version: str, times: int
) -> None:
    logins = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal logins
        writer.write(b'INFO {"version":"%s","max_payload":1048576}\r\n' % version.encode())
        # It is also taken for a store, by who hangs up at once.
        with contextlib.suppress(OSError):
            while (line := await reader.readline()) and not line.startswith(b"SUB"):
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
            logins += line.startswith(b"SUB")
        writer.close()

    keys = tmp_path / "keys"
    keys.touch(mode=0o600)
    keys.write_text("* 000102030405060708090A0B0C0D0E0F\n", encoding="ascii")
    file = tmp_path / "collect.toml"
    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        file.write_text(CONFIGURATION.format(port=port, other=port, keys=keys), encoding="utf-8")
        running = asyncio.create_task(run(read_config(file)))
        async with asyncio.timeout(20):
            while logins < 2:
                await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert caplog.text.count("can be ended by whoever may publish: take 2.15") == times
