"""A real NATS cluster, a real VictoriaMetrics and real collectors, with meters that are made up."""

import asyncio
import json
import re
import signal
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError

import pytest
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from dev.checkout import PROGRAMS
from dev.encoder import frame, telegram
from dev.fleet.cluster import ADMIN, NatsCluster, as_operator, connect, login, user_of
from dev.fleet.nats_server import recommended
from dev.fleet.storage import VictoriaMetrics
from dev.ports import free_ports
from dev.reliability.killable_program import Part
from dev.reliability.process_measurements import is_served
from dev.testing.real_programs import PATIENCE, program, until
from smarty_p1_fleet import meter_exchange, read_config
from tests.system.locked_store import LockedStore

KEY = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
WINTER = timezone(timedelta(hours=1))

# The values of VictoriaMetrics: (name, meter, other tags), time in ms -> value.
type Stored = dict[tuple[str, str, str], dict[int, float]]


class MadeUpMeter:
    """A meter with a gas meter behind it, and the values that it has sent: `expected`."""

    def __init__(self, number: int, begin: datetime) -> None:
        self.title = b"SAG" + number.to_bytes(5)
        self.name = f"METER{number:04}"
        self.subject = f"smarty_p1.sealed.{self.title.hex().upper()}"
        self.key = KEY
        self.counter = 0
        self.last_frame = b""
        self.expected: Stored = {}
        self._number = number
        self._begin = begin

    def next_frame(self) -> bytes:
        """Return the next frame, whose values are expected from now on."""
        self.counter += 1
        count = self.counter
        when = self._begin + timedelta(seconds=count)
        milliseconds = int(when.timestamp()) * 1000
        imported, gas = f"{self._number:04}{count:02}.{count % 1000:03}", f"{count:05}.{count:03}"
        text = telegram(
            f"0-0:1.0.0({when:%y%m%d%H%M%S}W)",
            f"1-0:1.8.0({imported}*kWh)",
            f"1-0:1.7.0(00.{count:03}*kW)",
            "1-0:32.7.0(230.1*V)",
            "0-0:96.7.21(00012)",
            "1-1:31.4.0(100*A)(-063*A)",
            "0-1:24.1.0(003)",
            "0-1:96.1.0(4741532031)",
            f"0-1:24.2.1({when:%y%m%d%H%M%S}W)({gas}*m3)",
            name=self.name,
        )
        for name, value, tags in (
            ("active_energy_imported", float(imported), ""),
            ("active_power_imported", count / 1000, ""),
            ("voltage_l1", 230.1, ""),
            ("power_failures", 12.0, ""),
            ("current_limit_imported", 100.0, ""),
            ("current_limit_exported", -63.0, ""),
            ("index", float(gas), "1 gas GAS 1"),
        ):
            series = self.expected.setdefault((f"smarty_p1_{name}", self.name, tags), {})
            series[milliseconds] = value
        self.last_frame = frame(count, text, key=self.key, title=self.title)
        return self.last_frame


class Collectors:
    """A cluster, a store and collectors. A collector is started with `start`, under a name."""

    def __init__(
        self,
        directory: Path,
        *,
        store: LockedStore | None = None,
        regions: int = 1,
    ) -> None:
        """Take a store that is locked, if there is one."""
        program(recommended())
        program("victoria-metrics")
        self.store = store.part if store else VictoriaMetrics(directory / "store")
        self._locked = store
        self._store_table = store.table() if store else f'[store]\nurl = "{self.store.url}"\n'
        self._cluster = NatsCluster(directory, {"gateway": ["*"]}, regions=regions)
        self._regions = regions
        self._directory = directory
        self._collectors: dict[str, tuple[Part, int]] = {}
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the cluster and the store."""
        async with AsyncExitStack() as running:
            await running.enter_async_context(self._cluster)
            await running.enter_async_context(self.store)
            for region in range(1, self._regions + 1):
                await self._cluster.make_stream(region)
            self.nats = await connect(self._cluster.urls, ADMIN, outlasts_nodes=True)
            running.push_async_callback(self.nats.close)
            self.js = self.nats.jetstream(timeout=5)
            self._running = running.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        await self._running.aclose()

    async def make_stream(self) -> None:
        await self._cluster.make_stream()

    def write_keys(self, *meters: MadeUpMeter, more: str = "", file: str = "keys") -> None:
        """Replace the file of keys; `more`: other lines."""
        lines = (f"{meter.title.hex()} {meter.key.hex()}\n" for meter in meters)
        keys = self._directory / file
        new = keys.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text("".join(lines) + more, "ascii")
        new.replace(keys)

    async def start(
        self, name: str, *, region: int = 1, store: str = "", more: str = "", keys: str = "keys"
    ) -> Part:
        """Start a collector, or start it again; `more` is for [collector], `store` its [store]."""
        if name not in self._collectors:
            self._collectors[name] = self._collector(name, region, store, more, keys)
            return await self._running.enter_async_context(self._collectors[name][0])
        part = self._collectors[name][0]
        await part.start()
        return part

    async def stop(self, name: str) -> None:
        await self._collectors[name][0].kill()

    def _collector(
        self, name: str, region: int, store: str, more: str, keys: str
    ) -> tuple[Part, int]:
        directory = self._directory / name
        directory.mkdir()
        port = free_ports()
        configuration = directory / "collect.toml"
        configuration.write_text(
            f"[nats]\nservers = {json.dumps(list(self._cluster.urls))}\n"
            f"{login(directory, user_of('collector', region))}{store or self._store_table}"
            f'[keys]\nfile = "{self._directory / keys}"\n[collector]\nname = "{name}"\n{more}'
            f"[metrics]\nport = {port}\n",
            encoding="utf-8",
        )
        command: list[str | Path] = [
            PROGRAMS / "scripts" / "p1",
            *("collect", "--config", configuration),
        ]
        return Part(command, directory, lambda: is_served(port)), port

    async def run_once(self, name: str, *arguments: str | Path, is_operator: bool = False) -> str:
        """Run a command with a collector's configuration to its end; return its output.

        `is_operator`: the command has the operator's login.
        """
        configuration = self._directory / name / "collect.toml"
        if is_operator:
            configuration = as_operator(configuration)
        process = await asyncio.create_subprocess_exec(
            *(PROGRAMS / "scripts" / "p1", *arguments, "--config", configuration),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return output.decode()

    async def exchange(
        self,
        name: str,
        old: MadeUpMeter,
        new: MadeUpMeter,
        monkeypatch: pytest.MonkeyPatch,
        *,
        silence_s: float = 3,
    ) -> str:
        """Exchange two meters as the command does, but after a shorter silence of the old one."""
        monkeypatch.setattr(meter_exchange, "_MIN_SILENCE_S", silence_s)
        await asyncio.sleep(min(silence_s, 4))
        config = read_config(as_operator(self._directory / name / "collect.toml"))
        return await meter_exchange.exchange_meter(config, old.title, new.title)

    async def until_connected(self, *names: str) -> None:
        """Wait until these collectors are connected.

        A collector that starts again refuses questions.
        """

        def are_connected() -> bool:
            try:
                return all(self.metrics(name).get("nats_connected") == 1 for name in names)
            except URLError:
                return False

        await until(are_connected)

    async def until_acknowledged(self) -> None:
        """Wait until collectors have nothing of the stream to do."""

        async def is_worked_off() -> bool:
            info = await self.ask(self.js.consumer_info, "smarty_p1_frames", "store")
            return info is not None and not info.num_pending and not info.num_ack_pending

        await until(is_worked_off)

    @property
    def collectors(self) -> tuple[str, ...]:
        return (*self._collectors,)

    @property
    def urls(self) -> tuple[str, ...]:
        return self._cluster.urls

    @property
    def nodes(self) -> tuple[Part, ...]:
        return self._cluster.nodes

    async def ask[**P, T](
        self, question: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Ask the cluster until it answers; return None when it has no such thing."""
        while True:
            try:
                return await question(*args, **kwargs)
            except NotFoundError:
                return None
            except NatsError:
                await asyncio.sleep(0.2)

    async def publish(self, subject: str, data: bytes, **headers: str) -> None:
        """Publish a message to the stream, until it is acknowledged; it may be there twice."""
        await self.ask(self.js.publish, subject, data, headers=headers or None)

    async def publish_raw(self, subject: bytes, header: bytes, data: bytes) -> None:
        """Publish a message as no client would."""
        host, _, port = self._cluster.urls[0].removeprefix("nats://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        await reader.readline()
        sizes = b"%d %d" % (len(header), len(header) + len(data))
        login = {"user": ADMIN, "pass": ADMIN, "headers": True, "verbose": False}
        # NATS 2.9 may lose a message that arrives together with a login.
        for text in (
            b"CONNECT %s\r\n" % json.dumps(login).encode(),
            b"HPUB %s %s\r\n%s%s\r\n" % (subject, sizes, header, data),
        ):
            writer.write(text + b"PING\r\n")
            while await reader.readline() != b"PONG\r\n":
                pass
        writer.close()

    async def send(self, *meters: MadeUpMeter) -> None:
        """Let each meter send its next frame."""
        for meter in meters:
            await self.publish(meter.subject, meter.next_frame())

    def stored(self, store: VictoriaMetrics | None = None) -> Stored:
        """Return everything that a VictoriaMetrics has of meters, but for how it came there."""
        everything = '{__name__=~"smarty_p1_.+",meter!=""}'
        if self._locked:
            lines = self._locked.export(everything)
        else:
            lines = self._export(everything, (store or self.store).url)
        found: Stored = {}
        for line in lines:
            tags = line["metric"]
            name, meter = tags.pop("__name__"), tags.pop("meter")
            others = " ".join(tags[key] for key in ("channel", "type", "device") if key in tags)
            values = dict(zip(line["timestamps"], line["values"], strict=True))
            if name.removeprefix("smarty_p1_") not in _OF_THE_WAY:
                found[name, meter, others] = values
        return found

    def _export(self, matching: str, url: str) -> list[Any]:
        query = urllib.parse.urlencode({"match[]": matching})
        url = f"{url}/api/v1/export?{query}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310
            return [json.loads(line) for line in answer.read().splitlines()]

    def metrics(self, name: str) -> dict[str, float]:
        """Return the metrics of a collector, by name without the prefix."""
        port = self._collectors[name][1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            text = answer.read().decode()
        lines = re.findall(r"^smarty_p1_collector_(\S+) (\S+)$", text, re.MULTILINE)
        return {key: float(value) for key, value in lines}


def expected_of(*meters: MadeUpMeter) -> Stored:
    found: Stored = {}
    for meter in meters:
        found |= meter.expected
    return found


def missing(expected: Mapping[tuple[str, str, str], dict[int, float]], stored: Stored) -> list[str]:
    """Return the values that are absent, differ, or should not exist."""
    return sorted(
        f"{key} {at}: {expected.get(key, {}).get(at)} / {stored.get(key, {}).get(at)}"
        for key in expected.keys() | stored.keys()
        for at in expected.get(key, {}).keys() | stored.get(key, {}).keys()
        if expected.get(key, {}).get(at) != stored.get(key, {}).get(at)
    )


_OF_THE_WAY = {"storage_delay", "last_seen", "frame_counter"}
STOP = signal.SIGSTOP
GO_ON = signal.SIGCONT
TERMINATE = signal.SIGTERM


def meters(count: int, *, age: timedelta = timedelta(hours=1)) -> list[MadeUpMeter]:
    """Return meters that have been there for a given time. Their frames are a second apart."""
    begin = datetime.now(WINTER).replace(microsecond=0) - age
    return [MadeUpMeter(number, begin) for number in range(1, count + 1)]


async def until_stored(fleet: Collectors, *sent: MadeUpMeter) -> None:
    expected = expected_of(*sent)
    try:
        await until(lambda: not missing(expected, fleet.stored()))
    except AssertionError:
        assert missing(expected, fleet.stored())[:10] == []
