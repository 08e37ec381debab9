"""Somebody who asks a gateway for its metrics, and never ends."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.system.broker import HOST
from tests.system.sealed_gateway import SealedGateway
from tests.system.support import PATIENCE, TIMEOUT, until

CONNECTIONS = 40

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]


async def ask_without_end(port: int) -> None:
    """Send a byte now and then, until the connection is closed."""
    reader, writer = await asyncio.open_connection(HOST, port)
    closed = asyncio.create_task(reader.read())
    with contextlib.suppress(OSError):
        for byte in b"GET /" + b"x" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            done, _ = await asyncio.wait([closed], timeout=0.3)
            if done:
                break
    closed.cancel()
    await asyncio.gather(closed, return_exceptions=True)
    writer.close()


async def test_it_is_closed_and_holds_sixteen_threads_at_most(tmp_path: Path) -> None:
    # Neither of them answers: nothing else goes on in the gateway.
    gateway = SealedGateway(tmp_path, 1, f"socket://{HOST}:1")

    async def answers() -> bool:
        return await gateway.metric("port_open") == 0

    async with gateway.running() as process:
        await until(answers, within=PATIENCE)
        tasks = Path(f"/proc/{process.pid}/task")

        def threads() -> int:
            return len([*tasks.iterdir()])

        # Whatever else it needs one for is there by then.
        idle = threads()
        most = idle
        async with asyncio.TaskGroup() as group:
            asking = [
                group.create_task(ask_without_end(gateway.metrics_port)) for _ in range(CONNECTIONS)
            ]
            while not all(one.done() for one in asking):
                most = max(most, threads())
                # The gateway's own work may need another one or two.
                assert most <= idle + 16 + 2
                await asyncio.sleep(0.05)
        assert most > idle
        await until(answers, within=PATIENCE)
