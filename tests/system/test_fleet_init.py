"""What `fleet init` makes and says: its commands run, and a fleet with TLS and users is there."""

import asyncio
import base64
import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from dev.demo.home_assistant import ROOT
from dev.demo.processes import running
from dev.encoder import KEY, TITLE, frame, telegram
from dev.fleet.cluster import connect
from dev.fleet.nats_server import recommended
from dev.ports import free_ports
from tests.system.sealed_gateway import Line
from tests.system.support import PATIENCE, TIMEOUT, program, until

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]

HOST = "127.0.0.1"
OTHER_TITLE = b"SAGgp\x04\x10\x2f"
STREAM = "smarty_p1_frames"
# The programs as they are called where they are installed; an editor is somebody who types a key.
PROGRAMS = {
    "smarty-p1": 'exec {python} -P -m smarty_p1_cli "$@"',
    "editor": 'sed -i "s/^# \\([0-9A-F]\\{{16\\}}\\) .*/\\1 {key}/" "$1"',
    "nats-server": 'exec {nats} "$@"',
}


class MadeFleet:
    """A fleet on this machine, made by the command, whose printed commands are run."""

    def __init__(self, tmp_path: Path, line: Line) -> None:
        self.directory = tmp_path / "fleet"
        self.port, routes, store, self.http_port = map(free_ports, (3, 3, 2, 3))
        self._store = f"https://{HOST}:{store}"
        self.metrics_port, prometheus = free_ports(), free_ports(4)
        self._inputs = tmp_path / "fleet.toml"
        self._bin = tmp_path / "bin"
        self._line = line
        nodes = [
            f"{HOST}:{self.port + number}:{routes + number}:{self.http_port + number}"
            for number in range(3)
        ]
        self._head = (
            f'here = true\nnodes = {nodes}\nstore = "{self._store}"\n'
            f"prometheus_port = {prometheus}\n"
            'collectors = ["one"]\nlisteners = ["display"]\n'
            f'[[gateway]]\nname = "cellar"\nmetrics_port = {self.metrics_port}\n'
        )
        self._bin.mkdir()
        for name, script in PROGRAMS.items():
            text = script.format(python=sys.executable, nats=program(recommended()), key=KEY.hex())
            (self._bin / name).write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
            (self._bin / name).chmod(0o755)

    @property
    def _environment(self) -> dict[str, str]:
        path = f"{self._bin}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}

    def init(self, *titles: bytes) -> str:
        """Make the files for a gateway with these meters; return what is said."""
        meters = "".join(
            f'{{ title = "{title.hex()}", address = "{HOST}:{self._line.port + number}" }},'
            for number, title in enumerate(titles)
        )
        self._inputs.write_text(f"{self._head}meters = [{meters}]\n", encoding="utf-8")
        command: list[str | Path] = [self._bin / "smarty-p1", "fleet", "init", self._inputs]
        end = subprocess.run(
            [*command, "--to", self.directory],
            env=self._environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (end.returncode, end.stderr) == (0, "")
        return end.stdout

    @contextlib.asynccontextmanager
    async def running(self, commands: str) -> AsyncIterator[None]:
        """Run what was said as long as this lasts."""
        chosen = [block for block in commands.split("\n\n") if block.startswith("# ")]
        script = "\n".join([*chosen, "wait"])
        command: list[str | Path] = ["sh", "-c", script]
        async with running(
            "steps",
            command,
            log=self.directory / "steps.log",
            directory=self.directory,
            environment=self._environment,
        ):
            yield

    @contextlib.asynccontextmanager
    async def connected(self, user: str, password: str) -> AsyncIterator[Client]:
        """Log in with a user's files, and with TLS that checks all that there is to check."""
        urls = [f"nats://{HOST}:{self.port + number}" for number in range(3)]
        chosen = (self.directory / password).read_text(encoding="ascii").strip()
        async with await connect(urls, user, password=chosen, tls=self.tls()) as client:
            yield client

    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.directory / "gateway-cellar" / "ca.pem")
        assert context.verify_flags & ssl.VERIFY_X509_STRICT
        return context

    def stored(self, name: str, *, password: str | None = None) -> list[float]:
        """Return the values of a name. Raises HTTPError."""
        password = password or (self.directory / "passwords/store").read_text("ascii").strip()
        login = base64.b64encode(f"smarty_p1:{password}".encode()).decode()
        query = urllib.parse.urlencode({"match[]": name})
        request = urllib.request.Request(  # noqa: S310
            f"{self._store}/api/v1/export?{query}",
            headers={"Authorization": f"Basic {login}"},
        )
        with urllib.request.urlopen(request, timeout=5, context=self.tls()) as answer:  # noqa: S310
            lines = answer.read().splitlines()
        return [value for line in lines for value in json.loads(line)["values"]]

    def forget(self, title: bytes) -> str:
        """Delete a meter as the runbook says, without its key; return what is said."""
        keys = self.directory / "collector-one" / "meter-keys"
        keys.write_text(f"{OTHER_TITLE.hex()} {KEY.hex()}\n", encoding="ascii")
        end = subprocess.run(
            [
                *(self._bin / "smarty-p1", "fleet", "forget", title.hex(), "--yes"),
                *("--config", self.directory / "operator" / "operator.toml"),
            ],
            env=self._environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert end.returncode == 0, end.stdout + end.stderr
        return end.stdout

    async def until_total(self, name: str, wanted: float) -> None:
        """Wait until the gateway's metrics add up to a number."""
        url = f"http://{HOST}:{self.metrics_port}/metrics"

        async def has_it() -> bool:
            with contextlib.suppress(OSError):
                text = (await asyncio.to_thread(read, url)).decode()
                found = re.findall(rf"(?m)^smarty_p1_gateway_{name}{{.*}} (\S+)$", text)
                return bool(found) and sum(map(float, found)) == wanted
            return False

        await until(has_it, within=PATIENCE)


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of this machine
        content: bytes = answer.read()
        return content


async def test_a_fleet_that_is_made_stores_what_its_meters_send(tmp_path: Path) -> None:
    program("victoria-metrics")
    line = Line()
    fleet = MadeFleet(tmp_path, line)
    heard: list[Msg] = []

    async def hear(message: Msg) -> None:
        heard.append(message)

    async def is_stored() -> bool:
        with contextlib.suppress(OSError):
            return bool(await asyncio.to_thread(fleet.stored, "smarty_p1_active_energy_imported"))
        return False

    async with line.serving(), fleet.running(fleet.init(TITLE)):
        await fleet.until_total("broker_connected", 1)
        async with fleet.connected("display", "listener-display/nats-password") as display:
            await display.subscribe("smarty_p1.readings.*", cb=hear)
            await display.flush()
            now = datetime.now(ZoneInfo("Europe/Luxembourg"))
            clock = f"0-0:1.0.0({now:%y%m%d%H%M%S}{'S' if now.dst() else 'W'})"
            await line.send(frame(1, telegram(clock, "1-0:1.8.0(000001.000*kWh)")))
            await until(is_stored, within=PATIENCE)

            async def is_heard() -> bool:
                return bool(heard)

            await until(is_heard, within=PATIENCE)
        # Nobody who has the title alone goes into the wrong cellar.
        port = f"socket://{HOST}:{line.port}"
        labels = f'title="{TITLE.hex().upper()}",gateway="cellar",port="{port}"'
        assert await asyncio.to_thread(fleet.stored, f"smarty_p1_last_seen{{{labels}}}")
        # The commands of the runbooks that need nodes and a collector.
        for number in range(3):
            url = f"http://{HOST}:{fleet.http_port + number}/healthz"
            assert b'"ok"' in await asyncio.to_thread(read, url)
        said = await asyncio.to_thread(fleet.forget, TITLE)
        assert "STILL THERE" not in said
        assert not fleet.stored("smarty_p1_active_energy_imported")
        with pytest.raises(urllib.error.HTTPError, match="400"):
            fleet.stored("smarty_p1_active_energy_imported", password="guessed")
    assert heard[0].subject == f"smarty_p1.readings.{TITLE.hex().upper()}"
