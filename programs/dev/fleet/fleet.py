"""Programs of a fleet on this machine.

They are a NATS cluster, VictoriaMetrics, collectors, gateways and simulated meters.
"""

import asyncio
import json
import math
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path
from typing import Self, override

import aiohttp

from dev.demo.home_assistant import HOST
from dev.ports import free_ports
from dev.reliability.killable_program import Part
from dev.reliability.process_measurements import is_served
from dev.reliability.result import MissedError, wait_until
from dev.simulator import Meter
from smartyp1.p1.frame_header import title_text

from .certificates import Certificates
from .cluster import NatsCluster, login
from .faults.intruder import USER as INTRUDER
from .faults.key_changes import KeyFiles
from .sent_telegrams import digest_of
from .storage import VictoriaMetrics
from .village import DONE, PORTS, RECORD

COLLECTORS = 2
_MAX_PORTS = 1000
_MIN_GATEWAYS = 2
_BEGINNING = 180.0
_QUEUE = "queue.sqlite3"

_GATEWAY = """\
[nats]
servers = {servers}
{login}\
ca_file = "{ca_file}"
[queue]
path = "{queue}"
[metrics]
port = {metrics}
"""
_PORT = """\
[[port]]
address = "socket://{host}:{port}"
name = "meter{number}"
title = "{title}"
"""
_COLLECTOR = """\
[nats]
servers = {servers}
{login}\
ca_file = "{ca_file}"
[store]
url = "{store}"
[keys]
file = "{keys}"
[collector]
name = "collector{number}"
[metrics]
port = {metrics}
"""


class Program(Part):
    """Program that runs as `smarty-p1 VERB --config FILE`. It serves metrics on a TCP port."""

    def __init__(self, verb: str, configuration: Path, metrics_port: int) -> None:
        command: list[str | Path] = [sys.executable, "-P", "-m", "smarty_p1_cli", verb]
        command += ["--config", configuration]
        super().__init__(command, configuration.parent, lambda: is_served(metrics_port))
        self.configuration = configuration
        self.metrics_port = metrics_port
        self._metrics_url = f"http://{HOST}:{metrics_port}/metrics"

    async def metrics(self, session: aiohttp.ClientSession) -> list[tuple[str, str, float]]:
        """Return each metric of the program as a tuple: name, text of the labels, and value."""
        async with session.get(self._metrics_url) as answer:
            text = await answer.text()
        matches = re.findall(r"(?m)^(\w+)(?:\{(.*)\})? (\S+)$", text)
        return [(name, labels, float(value)) for name, labels, value in matches]


class Gateway(Program):
    """Gateway program of the fleet.

    `kept` has the digests of frames. After each kill of the gateway, the digests of all frames in
    its queue file are added.
    """

    def __init__(self, configuration: Path, metrics_port: int) -> None:
        super().__init__("gateway", configuration, metrics_port)
        self.kept: set[str] = set()

    @override
    async def kill(self) -> None:
        await super().kill()
        self.kept |= await asyncio.to_thread(frames_in, self.directory / _QUEUE)


def frames_in(queue: Path) -> set[str]:
    """Return the digests of the frames in the queue file of a gateway."""
    with tempfile.TemporaryDirectory() as directory:
        for name in (queue.name, f"{queue.name}-wal"):
            with suppress(FileNotFoundError):
                shutil.copy(queue.with_name(name), directory)
        with closing(sqlite3.connect(Path(directory) / queue.name)) as copy:
            return {digest_of(data) for (data,) in copy.execute("SELECT data FROM frames")}


def title_of(meter: int) -> str:
    """Return the system title of the meter with this number, in hexadecimal digits."""
    return title_text(Meter(meter).system_title)


class Fleet:
    """Fleet with all its programs, each in its own directory. `count` is the number of gateways."""

    def __init__(self, directory: Path, meters: int, seconds: float, seed: int) -> None:
        self.directory = directory
        # A gateway needs at least one meter. So start at most as many gateways as there are meters.
        self.count = max(min(_MIN_GATEWAYS, meters), math.ceil(meters / _MAX_PORTS))
        self.seed = seed
        paths = [directory / f"keys{number}" for number in range(COLLECTORS)]
        self.keys = KeyFiles(paths, seed, meters)
        self._key_paths = paths
        self._meters = meters
        gateways = {f"gateway{number}": self._titles(number) for number in range(self.count)}
        certificates = Certificates(directory / "certificates")
        self._ca_file = certificates.ca_file
        self.cluster = NatsCluster(
            directory,
            {**gateways, INTRUDER: ["*"]},
            certificates.nodes,
            routes=certificates.routes,
            tls=certificates.context,
        )
        # Switch the deduplication of VictoriaMetrics off. It would drop repeated writes when files
        # are merged, and the test counts repeated writes.
        self.store = VictoriaMetrics(directory / "victoria-metrics", shows_doubles=True)
        self.villages = [self._village(number, seconds) for number in range(self.count)]
        self.gateways: list[Gateway] = []
        self.collectors = [self._collector(number) for number in range(COLLECTORS)]
        self._running = AsyncExitStack()

    @property
    def parts(self) -> dict[str, list[Part]]:
        """Return the programs that a run can kill, by kind of program."""
        return {
            "NATS node": [*self.cluster.nodes],
            "VictoriaMetrics": [self.store],
            "collector": [*self.collectors],
            "gateway": [*self.gateways],
        }

    @property
    def records(self) -> list[Path]:
        """Return the paths of the files in which the simulators record telegrams and attacks."""
        return [self.directory / f"village{number}" / RECORD for number in range(self.count)]

    @property
    def kept(self) -> set[str]:
        """Return the digests of all frames that killed gateways had in their queue files."""
        return {digest for gateway in self.gateways for digest in gateway.kept}

    def gateway_of(self, meter: int) -> int:
        """Return the number of the gateway that reads the meter with this number."""
        return next(k for k in range(self.count) if meter < self._first(k + 1))

    async def __aenter__(self) -> Self:
        """Start all programs."""
        async with AsyncExitStack() as running:
            await running.enter_async_context(self.cluster)
            await self.cluster.make_stream()
            self.keys.write()
            parts: list[Part] = [self.store, *self.collectors, *self.villages]
            await asyncio.gather(*map(running.enter_async_context, parts))
            otherwise = "the collectors have not reached NATS"
            await wait_until(self._is_ready, otherwise, _BEGINNING)
            self.gateways = [self._gateway(number) for number in range(self.count)]
            await asyncio.gather(*map(running.enter_async_context, self.gateways))
            self._running = running.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all programs."""
        await self._running.aclose()

    async def until_begun(self) -> None:
        """Wait until all simulators begin to send. Raises MissedError after _BEGINNING seconds."""

        async def have_begun() -> bool:
            return all(path.exists() for path in self.records)

        await wait_until(have_begun, "the meters have not begun to send", _BEGINNING)

    async def until_done(self) -> None:
        """Wait until all meters have sent their last telegram."""
        size, grew = 0, time.monotonic()
        while not all(path.with_name(DONE).exists() for path in self.records):
            await asyncio.sleep(0.1)
            if size != (size := sum(path.stat().st_size for path in self.records)):
                grew = time.monotonic()
            if time.monotonic() > grew + _BEGINNING:
                raise MissedError("the meters send no more")

    async def _is_ready(self) -> bool:
        with suppress(OSError, aiohttp.ClientError):
            name = "smarty_p1_collector_nats_connected"
            return await self.metric(self.collectors, name) == {"": float(COLLECTORS)}
        return False

    async def metric(self, programs: Sequence[Program], name: str) -> dict[str, float]:
        """Add up the metric `name` of all `programs`, for each value of the label `reason`.

        Return a dict: the keys are the values of the label, and the values are the sums. For a
        metric without this label, the only key is "". Raises OSError and the errors of aiohttp.
        """
        sums: dict[str, float] = {}
        async with aiohttp.ClientSession() as session:
            for program in programs:
                for metric_name, labels, value in await program.metrics(session):
                    if metric_name == name:
                        reason = re.search(r'reason="(.*?)"', labels)
                        key = reason[1] if reason else ""
                        sums[key] = sums.get(key, 0.0) + value
        return sums

    def _first(self, number: int) -> int:
        return 1 + self._meters * number // self.count

    def _titles(self, number: int) -> list[str]:
        """Return the system titles of the meters that gateway `number` reads."""
        meters = range(self._first(number), self._first(number + 1))
        return [title_of(meter) for meter in meters]

    def _make_directory(self, name: str) -> Path:
        directory = self.directory / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def _village(self, number: int, seconds: float) -> Part:
        directory = self._make_directory(f"village{number}")
        first = self._first(number)
        arguments = {
            "directory": directory,
            "seed": self.seed,
            "first": first,
            "count": self._first(number + 1) - first,
            "all": self._meters,
            "seconds": seconds,
        }
        words = [f"--{name}={value}" for name, value in arguments.items()]
        command: list[str | Path] = [sys.executable, "-P", "-m", "dev.fleet.village", *words]

        async def has_ports() -> bool:
            return (directory / PORTS).exists()

        return Part(command, directory, has_ports)

    def _gateway(self, number: int) -> Gateway:
        metrics_port = free_ports()
        directory = self._make_directory(f"gateway{number}")
        ports = json.loads((self.directory / f"village{number}" / PORTS).read_bytes())
        text = _GATEWAY.format(
            servers=[*self.cluster.urls],
            login=login(directory, f"gateway{number}"),
            ca_file=self._ca_file,
            queue=_QUEUE,
            metrics=metrics_port,
        )
        for meter, port in enumerate(ports, self._first(number)):
            title = title_of(meter)
            text += _PORT.format(host=HOST, port=port, number=meter, title=title)
        configuration = directory / "gateway.toml"
        configuration.write_text(text, "utf-8")
        return Gateway(configuration, metrics_port)

    def _collector(self, number: int) -> Program:
        directory = self._make_directory(f"collector{number}")
        metrics_port = free_ports()
        configuration = directory / "collect.toml"
        configuration.write_text(
            _COLLECTOR.format(
                servers=[*self.cluster.urls],
                login=login(directory, "collector"),
                ca_file=self._ca_file,
                store=self.store.url,
                keys=self._key_paths[number],
                number=number + 1,
                metrics=metrics_port,
            ),
            encoding="utf-8",
        )
        return Program("collect", configuration, metrics_port)
