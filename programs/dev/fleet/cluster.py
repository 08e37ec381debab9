"""Cluster of three NATS nodes. A test can kill a node and start it again."""

import asyncio
import re
import ssl
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Self

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client

from dev.checkout import PROGRAMS
from dev.demo.home_assistant import HOST
from dev.ports import free_ports
from dev.reliability.killable_program import Part
from dev.reliability.process_measurements import is_served
from dev.reliability.result import wait_until
from smarty_p1_fleet.jetstream_objects import StreamSettings
from smarty_p1_fleet.stream_setup import make_objects
from smarty_p1_gateway import UnavailableError

from .nats_server import recommended

NODES = 3
_EXAMPLE = PROGRAMS / "smarty_p1_fleet" / "nats-server.conf"
_START_TIMEOUT = 120.0
_FLEET_USERS = "    users: [\n      { user: collector,"
_GATEWAY = re.compile(r"      \{ user: cellar,.*?\} \}\n", re.DOTALL)
_CLUSTER = "cluster {\n"
_LOGIN = re.compile(r'user: (\w+), password: "\$2a\$11\$…"')
_ACCOUNTS = re.compile(r"(.*^accounts \{\n)(.*?)(^\}.*)", re.DOTALL | re.MULTILINE)
_TITLES = re.compile(r"publish: \[.*\]")
# User with all rights. It is added here, because the example configuration has no such user.
ADMIN = "admin"


def login(directory: Path, user: str) -> str:
    """Write a password file for a NATS user into `directory`. The password is the user's name."""
    password = directory / "nats-password"
    password.write_text(user, "ascii")
    return f'username = "{user}"\npassword_file = "{password}"\n'


def as_operator(configuration: Path) -> Path:
    """Write a copy of a collector's configuration, with the operator's login. Return its path."""
    file = configuration.with_name("operator.toml")
    (file.parent / "operator").mkdir(exist_ok=True)
    text = configuration.read_text("utf-8")
    begin, end = text.index("username ="), text.index("password_file")
    end = text.index("\n", end) + 1
    own = login(file.parent / "operator", "operator")
    file.write_text(text[:begin] + own + text[end:], "utf-8")
    return file


class NatsCluster:
    """Cluster of three NATS nodes, configured from `smarty_p1_fleet/nats-server.conf`.

    The keys of `gateways` are the NATS users of the gateways. The values are the system titles of
    the meters whose frames the gateway may publish. "*" stands for all system titles. The text
    `extra` is added to the configuration of each node. The text `routes` is added to the table
    `cluster` in this configuration. `tls` is the TLS context of clients.

    `regions` is the number of regions. Each region has accounts of its own. The function `user_of`
    returns the name that a user has in a region.
    """

    def __init__(  # noqa: PLR0913
        self,
        directory: Path,
        gateways: Mapping[str, Iterable[str]],
        extra: str = "",
        *,
        routes: str = "",
        tls: ssl.SSLContext | None = None,
        regions: int = 1,
    ) -> None:
        program = recommended()
        ports = [free_ports() for _ in range(NODES)]
        route_ports = [free_ports() for _ in range(NODES)]
        self.urls = tuple(f"nats://{HOST}:{port}" for port in ports)
        example = _with_users(_EXAMPLE.read_text("utf-8"), gateways)
        example = _with_regions(example, regions) + extra
        example = example.replace(_CLUSTER, _CLUSTER + routes)
        self.nodes = tuple(
            _node(program, directory / f"nats{number}", ports[number], route_ports, number, example)
            for number in range(NODES)
        )
        self._tls = tls
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start all NATS nodes."""
        async with AsyncExitStack() as running:
            await asyncio.gather(*(running.enter_async_context(node) for node in self.nodes))
            self._running = running.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all NATS nodes."""
        await self._running.aclose()

    async def connect(self, user: str = ADMIN, *, outlasts_nodes: bool = False) -> Client:
        """Return a client that is connected to one of the nodes as `user`.

        With `outlasts_nodes`, the client reconnects after a lost connection. Raises OSError and
        nats.errors.Error.
        """
        return await connect(self.urls, user, tls=self._tls, outlasts_nodes=outlasts_nodes)

    async def make_stream(self, region: int = 1) -> None:
        """Make the stream of frames and the bucket of a region, when the cluster is ready for it.

        Raises MissedError after _START_TIMEOUT seconds.
        """

        async def is_made() -> bool:
            # A cluster that answers has perhaps not heard of all its nodes yet.
            with suppress(OSError, nats.errors.Error, UnavailableError):
                async with await self.connect(user_of(ADMIN, region)) as client:
                    await make_objects(client.jetstream(timeout=20), StreamSettings())
                    return True
            return False

        otherwise = f"the NATS cluster is not ready within {_START_TIMEOUT:.0f} s"
        await wait_until(is_made, otherwise, _START_TIMEOUT)


async def _ignore(_: Exception) -> None:
    pass


async def connect(
    servers: Iterable[str],
    user: str,
    *,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
    outlasts_nodes: bool = False,
) -> Client:
    """Return a client that is connected to one of `servers` as `user`.

    If `password` is None, the user's name is the password. With `outlasts_nodes`, the client
    reconnects after a lost connection. Raises OSError and nats.errors.Error.
    """
    return await nats.connect(
        [*servers],
        user=user,
        password=user if password is None else password,
        inbox_prefix=f"_INBOX_{user}",
        error_cb=_ignore,
        tls=tls,
        # A node that stores hashes of passwords must hash the client's password. On a busy machine,
        # this takes seconds. So wait longer than the default of 2 s.
        connect_timeout=20,
        allow_reconnect=outlasts_nodes,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.2,
    )


def _with_users(text: str, gateways: Mapping[str, Iterable[str]]) -> str:
    """Return the example configuration `text` with the users of the test.

    These are the collector, the operator, `gateways`, ADMIN and the listener. The password of each
    user is its name. Raises LookupError if the example has unexpected users.
    """
    [gateway] = _GATEWAY.findall(text)
    users = ""
    for user, titles in gateways.items():
        subjects = ", ".join(f'"smarty_p1.sealed.{title}"' for title in titles)
        users += _TITLES.sub(f"publish: [{subjects}]", gateway).replace("cellar", user)
    text = text.replace(gateway, users)
    text, count = _LOGIN.subn(r"user: \1, password: \1", text)
    admin = f"{{ user: {ADMIN}, password: {ADMIN} }}"
    text = text.replace(_FLEET_USERS, _FLEET_USERS.replace("[\n", f"[\n      {admin}\n"))
    if count != len(gateways) + 3 or admin not in text:
        raise LookupError(f"{_EXAMPLE} has other users than expected")
    # The example has the listener's user in comments. Remove the comment marks.
    return re.sub(r"^( +)# (\{ user: listener.*\n +)# ", r"\1\2", text, flags=re.MULTILINE)


def user_of(name: str, region: int) -> str:
    """Return the name that the user `name` has in `region`. Regions are numbered from 1."""
    return name if region == 1 else f"{name}_{region}"


def _with_regions(text: str, count: int) -> str:
    """Return the configuration `text` with separate accounts for each of `count` regions."""
    match = _ACCOUNTS.fullmatch(text)
    if not match:
        raise LookupError(f"{_EXAMPLE} has no accounts where they are expected")
    begin, accounts, end = match.groups()
    more = ""
    for region in range(2, count + 1):
        block = re.sub(r"\b(FLEET|GATEWAYS)\b", rf"\1_{region}", accounts)
        block = re.sub(
            r"user: (\w+), password: \w+", rf"user: \1_{region}, password: \1_{region}", block
        )
        more += re.sub(r"_INBOX_(\w+)\.", rf"_INBOX_\1_{region}.", block)
    return f"{begin}{accounts}{more}{end}"


def _node(  # noqa: PLR0913, PLR0917
    program: str, directory: Path, port: int, routes: list[int], number: int, text: str
) -> Part:
    directory.mkdir(parents=True, exist_ok=True)
    urls = ", ".join(f'"nats://{HOST}:{route}"' for route in routes)
    for line, value in (
        (r"^server_name: .*", f"server_name: node{number + 1}"),
        (r'^listen: ".*', f'listen: "{HOST}:{port}"'),
        # Drop the fixed HTTP port, so that two clusters can run on one machine.
        (r"^http: .*", ""),
        (r"^  store_dir: .*", f'  store_dir: "{directory}"'),
        (r"^  listen: .*", f'  listen: "{HOST}:{routes[number]}"'),
        (r"^  routes: .*", f"  routes: [{urls}]"),
    ):
        text, count = re.subn(line, value, text, flags=re.MULTILINE)
        if count != 1:
            raise LookupError(f"{_EXAMPLE} has no line, or several, with {line}")
    configuration = directory / "nats-server.conf"
    configuration.write_text(text, "utf-8")
    return Part([program, "--config", configuration], directory, lambda: is_served(port))
