"""A cluster of three nats-server, each of which can be killed and started again."""

import asyncio
import contextlib
import re
import shutil
import ssl
from pathlib import Path
from typing import Self

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client

from dev.demo.home_assistant import HOST, ROOT
from dev.ports import free_ports
from dev.reliability.parts import Part
from dev.reliability.process import is_served
from dev.reliability.result import MissedError

NODES = 3
_EXAMPLE = ROOT / "fleet" / "nats-server.conf"
_START_TIMEOUT = 120.0


class NatsCluster:
    """Three nodes with the configuration of the example, in directories of their own.

    `extra` is added to the configuration of each; `login` (user:password) and `tls` are for those
    who connect.
    """

    def __init__(
        self,
        directory: Path,
        extra: str = "",
        *,
        login: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        ports = [free_ports() for _ in range(NODES)]
        routes = [free_ports() for _ in range(NODES)]
        self.urls = tuple(f"nats://{HOST}:{port}" for port in ports)
        self.nodes = tuple(
            _node(directory / f"nats{number}", ports[number], routes, number, extra)
            for number in range(NODES)
        )
        self._login = login
        self._tls = tls
        self._running = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start all nodes."""
        async with contextlib.AsyncExitStack() as running:
            await asyncio.gather(*(running.enter_async_context(node) for node in self.nodes))
            self._running = running.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them."""
        await self._running.aclose()

    async def connect(self) -> Client:
        """Connect to a node. Raises OSError and nats.errors.Error."""

        async def ignore(_: Exception) -> None:
            pass

        at = f"//{self._login}@" if self._login else "//"
        urls = [url.replace("//", at) for url in self.urls]
        return await nats.connect(urls, tls=self._tls, allow_reconnect=False, error_cb=ignore)

    async def until_ready(self) -> None:
        """Wait until JetStream answers. Raises MissedError when it does not for long."""
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                while not await self._answers():
                    await asyncio.sleep(0.1)
        except TimeoutError:
            message = f"the NATS cluster is not ready within {_START_TIMEOUT:.0f} s"
            raise MissedError(message) from None

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError, nats.errors.Error, nats.js.errors.Error):
            async with await self.connect() as client:
                await client.jetstream(timeout=1).account_info()
                return True
        return False


def _node(directory: Path, port: int, routes: list[int], number: int, extra: str) -> Part:
    directory.mkdir(parents=True, exist_ok=True)
    text = _EXAMPLE.read_text(encoding="utf-8")
    urls = ", ".join(f'"nats://{HOST}:{route}"' for route in routes)
    for line, value in (
        (r"^server_name: .*", f"server_name: node{number + 1}"),
        (r'^listen: ".*', f'listen: "{HOST}:{port}"'),
        (r"^  store_dir: .*", f'  store_dir: "{directory}"'),
        (r"^  listen: .*", f'  listen: "{HOST}:{routes[number]}"'),
        (r"^  routes: .*", f"  routes: [{urls}]"),
    ):
        text, count = re.subn(line, value, text, flags=re.MULTILINE)
        if count != 1:
            message = f"{_EXAMPLE} has no line, or several, with {line}"
            raise LookupError(message)
    configuration = directory / "nats-server.conf"
    configuration.write_text(text + extra, encoding="utf-8")
    program = shutil.which("nats-server") or "/usr/sbin/nats-server"
    return Part([program, "--config", configuration], directory, lambda: is_served(port))
