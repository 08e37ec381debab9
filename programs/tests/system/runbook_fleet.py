"""A fleet as `fleet init` makes it, whose programs are ended and started one by one.

The record of its meters is compared with the stored values.
"""

import asyncio
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from itertools import batched
from pathlib import Path
from typing import Self

import aiohttp
import pytest
from nats.aio.client import Client

from dev.checkout import PROGRAMS
from dev.demo.home_assistant import HOST
from dev.fleet.cluster import connect
from dev.fleet.comparison import STORAGE_DELAY, Sample, compare
from dev.fleet.meters import key_of, make_meters
from dev.fleet.nats_server import recommended
from dev.fleet.sent_telegrams import Record, Sent, read_record, time_of, values_of
from dev.fleet.stored_samples import Export
from dev.fleet.stream import ERRORS, not_acknowledged
from dev.fleet.village import Village
from dev.ports import free_ports
from dev.reliability.killable_program import Part
from dev.reliability.process_measurements import is_served
from dev.simulator import Server
from dev.testing.real_programs import program, until

NODES = ("node1", "node2", "node3")
COLLECTORS = ("collector-one", "collector-two")
GATEWAYS = ("gateway-cellar", "gateway-attic")
METERS_EACH = 10
# Seconds that a step may take on a machine that does other things, too.
LONG = 90.0
SEED = 28
_INTERVAL = 2.0
# Frames that an ended collector had not acknowledged reach another collector after 90 s.
_SETTLED_WITHIN = 150.0
# Frames on their way to a gateway that is ended: it may have no time for them.
_IN_HANDS = 1.0


class RunbookFleet:
    """Three nodes, VictoriaMetrics, two collectors, and two gateways with ten meters each.

    Programs and their folders are called alike.
    """

    def __init__(self, tmp_path: Path, *, disk: str = "") -> None:
        """Put a folder on a disk of its own."""
        self._disk = tmp_path / "fleet" / disk if disk else None
        self.directory = tmp_path / "fleet"
        self.inputs = tmp_path / "fleet.toml"
        self.record = tmp_path / "record.jsonl"
        self.meters = make_meters(SEED, 1, len(GATEWAYS) * METERS_EACH)
        self.parts: dict[str, Part] = {}
        self._ports = {name: free_ports() for name in NODES}
        self._ports["vmauth"] = free_ports(2)
        self._ports["store"] = self._ports["vmauth"] + 1
        self._ports |= {name: free_ports() for name in (*COLLECTORS, *GATEWAYS)}
        self.http_ports = [free_ports() for _ in NODES]
        self._routes = [f"{free_ports()}:{port}" for port in self.http_ports]
        self.store_url = f"https://{HOST}:{self._ports['vmauth']}"
        self._sending: asyncio.Future[list[None]] | None = None
        # Names of ended gateways, with begin and end.
        self._ended: list[tuple[str, float, float]] = []
        program("victoria-metrics")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run everything, with sending meters, as long as the context lasts."""
        server = Server(self.meters)
        server.silence()
        async with server:
            record_file = ExitStack()
            self._write_inputs(server.ports)
            self.init()
            for name in COLLECTORS:
                self._write_keys(self.directory / name)
            self._move_queue()
            try:
                self._mount()
                for name in self._ports:
                    await self.start(name)
                await self.make_stream()
                await self.until_collecting()
                await until(lambda: _all_read(server, len(self.meters)), within=LONG)
                record = record_file.enter_context(closing(Record(self.record)))
                villages = [
                    Village(SEED, list(own), server, record).send(1e9, _INTERVAL)
                    for own in batched(self.meters, METERS_EACH, strict=True)
                ]
                self._sending = asyncio.gather(*villages)
                yield self
            finally:
                await self.end_sending()
                for name in reversed(self.parts):
                    await self.stop(name)
                record_file.close()
                self._unmount()

    async def make_stream(self) -> None:
        """Make the stream as `site.yml` does when the nodes run."""
        operator = self.directory / "operator" / "operator.toml"
        await self.command("fleet", "stream", "--config", operator)

    def _write_inputs(self, meter_ports: list[int]) -> None:
        nodes = [
            f"{HOST}:{self._ports[name]}:{route}"
            for name, route in zip(NODES, self._routes, strict=True)
        ]
        text = f'here = true\nnodes = {nodes}\nstore = "{self.store_url}"\nstream_gigabytes = 1\n'
        text += f"collectors = {[name.partition('-')[2] for name in COLLECTORS]}\n"
        text += 'listeners = ["display"]\n'
        lines = [
            f'{{ title = "{meter.system_title.hex()}", address = "{HOST}:{port}" }},\n'
            for meter, port in zip(self.meters, meter_ports, strict=True)
        ]
        for number, name in enumerate(GATEWAYS):
            own = lines[number * METERS_EACH : (number + 1) * METERS_EACH]
            text += f'[[gateway]]\nname = "{name.partition("-")[2]}"\n'
            text += f"metrics_port = {self._ports[name]}\nmeters = [\n{''.join(own)}]\n"
        self.inputs.write_text(text, "utf-8")

    def init(self, *options: str, to: Path | None = None) -> str:
        """Make the files, or make them again; return the output."""
        command: list[str | Path] = [PROGRAMS / "scripts" / "p1", "fleet", "init", self.inputs]
        command += ["--to", to or self.directory, *options]
        end = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert (end.returncode, end.stderr) == (0, "")
        return end.stdout

    def _write_keys(self, directory: Path) -> None:
        keys = directory / "meter-keys"
        lines = (
            f"{meter.system_title.hex()} {key_of(SEED, meter.number).hex()}\n"
            for meter in self.meters
        )
        keys.write_text("".join(lines), "ascii")
        # Another fleet on this machine may use the ports that `fleet init` gives.
        port = self._ports[directory.name]
        text = (directory / "collect.toml").read_text("utf-8")
        text, count = re.subn(r"(?m)^port = \d+$", f"port = {port}", text)
        assert count == 1
        (directory / "here.toml").write_text(text, "utf-8")

    def _move_queue(self) -> None:
        """Move the queue of the first gateway to a folder for a disk of its own."""
        file = self.directory / GATEWAYS[0] / "gateway.toml"
        text = file.read_text("utf-8")
        moved = text.replace("/queue.sqlite3", "/queue/queue.sqlite3")
        assert moved != text
        file.write_text(moved, "utf-8")

    def _mount(self) -> None:
        if self._disk:
            self._disk.mkdir(mode=0o700)
            mount: list[str | Path] = [
                program("mount"),
                "-t",
                "tmpfs",
                "-o",
                "size=3g",
                "smarty_p1",
                self._disk,
            ]
            if subprocess.run(mount, check=False, capture_output=True).returncode:
                self._disk = None
                pytest.skip("only root can make a disk that is full")

    def _unmount(self) -> None:
        if self._disk:
            subprocess.run([program("umount"), "--lazy", self._disk], check=True)

    def resize_disk(self, free: int) -> None:
        """Let the disk have `free` free bytes."""
        assert self._disk
        size = shutil.disk_usage(self._disk).used + free
        subprocess.run([program("mount"), "-o", f"remount,size={size}", self._disk], check=True)

    def collector_toml(self) -> Path:
        """Return the configuration for a collector's commands."""
        return self.directory / COLLECTORS[0] / "here.toml"

    async def start(self, name: str) -> None:
        if name not in self.parts:
            port = self._ports[name]
            command = self._command(name)
            directory = self.directory / ("store" if name == "vmauth" else name)
            self.parts[name] = Part(command, directory, lambda: is_served(port))
        await self.parts[name].start()

    async def stop(self, name: str) -> None:
        """End a program as systemd does."""
        begun = time.time()
        await self.parts[name].stop()
        self._ended.append((name, begun, time.time()))

    async def kill(self, name: str) -> None:
        begun = time.time()
        await self.parts[name].kill()
        self._ended.append((name, begun, time.time()))

    def _was_in_hands(self, sent: Sent) -> bool:
        gateway = GATEWAYS[(sent.meter - 1) // METERS_EACH]
        return any(
            name == gateway and begun - _IN_HANDS <= sent.moment <= ended
            for name, begun, ended in self._ended
        )

    async def restart_all(self, *names: str) -> None:
        for name in names:
            await self.restart(name)

    async def restart(self, name: str) -> None:
        """End a program and start it again."""
        await self.stop(name)
        await self.start(name)

    def _command(self, name: str) -> list[str | Path]:
        directory = self.directory / name
        if name in NODES:
            return [program(recommended()), "--config", directory / "nats-server.conf"]
        if name == "store":
            script = f"set -a; . {directory}/victoria-metrics; exec victoria-metrics $ARGS"
            return ["sh", "-c", script]
        if name == "vmauth":
            text = (self.directory / "start.sh").read_text("utf-8")
            return [*re.findall(r"(?m)^(vmauth .*?) >", text)[0].split()]
        verb, file = ("collect", "here") if name in COLLECTORS else ("gateway", "gateway")
        return [PROGRAMS / "scripts" / "p1", verb, "--config", directory / f"{file}.toml"]

    def log(self, name: str) -> str:
        logs = (self.directory / name).glob("*.log")
        return "".join(path.read_text("utf-8") for path in logs)

    async def until_told(self, name: str, what: str) -> None:
        """Wait until a program's log has a pattern."""
        await until(lambda: re.search(what, self.log(name)) is not None, within=LONG)

    def reload_nodes(self) -> None:
        """Reload each node as `systemctl reload nats-server` does."""
        for name in NODES:
            signal = f"reload={self.directory}/{name}/nats-server.pid"
            subprocess.run([program(recommended()), "--signal", signal], check=True)

    async def command(self, *words: str | Path, status: int = 0) -> str:
        """Run `smarty-p1`; return its output. It must end with `status`."""
        process = await asyncio.create_subprocess_exec(
            PROGRAMS / "scripts" / "p1",
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == status, output
        return output.decode()

    async def metric(self, name: str, *programs: str) -> dict[str, float]:
        """Return a metric by program, added up over its labels. A silent program is left out."""
        found = {}
        async with aiohttp.ClientSession() as session:
            for one in programs:
                with suppress(OSError, aiohttp.ClientError):
                    async with session.get(f"http://{HOST}:{self._ports[one]}/metrics") as answer:
                        text = await answer.text()
                    values = re.findall(rf"(?m)^smarty_p1_{name}(?:{{.*}})? (\S+)$", text)
                    found[one] = sum(map(float, values))
        return found

    async def until_metric(self, name: str, *wanted: float, programs: tuple[str, ...]) -> None:
        async def has_them() -> bool:
            return list((await self.metric(name, *programs)).values()) == [*wanted]

        await until(has_them, within=LONG)

    async def until_collecting(self) -> None:
        await self.until_metric("collector_nats_connected", 1.0, 1.0, programs=COLLECTORS)

    def tls(self, ca: str = "ca/ca.pem") -> ssl.SSLContext:
        """Return a TLS context that trusts this authority."""
        return ssl.create_default_context(cafile=self.directory / ca)

    async def serial_number(self, name: str, ca: str = "ca/ca.pem") -> str:
        """Return the number of the certificate that a node shows, or the store. Raises OSError."""
        reader, writer = await asyncio.open_connection(HOST, self._ports[name])
        try:
            if name in NODES:
                await reader.readline()
            await writer.start_tls(self.tls(ca), server_hostname=HOST)
            shown = writer.get_extra_info("ssl_object").getpeercert()
            return str(shown["serialNumber"])
        finally:
            writer.close()

    @asynccontextmanager
    async def connected(
        self, user: str = "collector", password: str = "", *nodes: str
    ) -> AsyncIterator[Client]:
        """Log in with a user's password, or another one. Raises OSError and nats' errors."""
        known = (self.directory / "passwords" / "nats" / user).read_text("ascii").strip()
        urls = [f"nats://{HOST}:{self._ports[name]}" for name in nodes or NODES]
        attempts_left = 5
        while True:
            attempts_left -= 1
            try:
                client = await connect(urls, user, password=password or known, tls=self.tls())
                break
            except ConnectionResetError:
                # A node that has just started may end a connection while it joins the others.
                if not attempts_left:
                    raise
                await asyncio.sleep(1)
        async with client:
            yield client

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[aiohttp.ClientSession]:
        password = (self.directory / "passwords" / "store").read_text("ascii").strip()
        async with aiohttp.ClientSession(
            headers={"Authorization": aiohttp.encode_basic_auth("smarty_p1", password)},
            connector=aiohttp.TCPConnector(ssl=self.tls()),
            raise_for_status=True,
        ) as session:
            yield session

    async def stored(self, matching: str) -> bytes:
        """Return the store's export of the matching series; empty without any."""
        async with self.asking() as session:
            query = {"match[]": matching}
            async with session.get(f"{self.store_url}/api/v1/export", params=query) as answer:
                return await answer.read()

    async def end_sending(self) -> None:
        if self._sending:
            self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending

    async def until_fresh(self) -> None:
        """Wait until something is stored of each meter that it sends from now on."""
        now = time.time()

        async def is_fresh() -> bool:
            with suppress(OSError, aiohttp.ClientError):
                async with self.asking() as session:
                    known = await Export(self.store_url, session).telegrams(now)
                return len({name for name, at in known if at >= now * 1000}) == len(self.meters)
            return False

        await until(is_fresh, within=LONG)

    async def until_settled(self) -> None:
        """Wait until nothing waits at a gateway, and everything is acknowledged."""

        async def is_settled() -> bool:
            # Titles that no meter has are noise.
            aside = await self.metric("gateway_set_aside", *GATEWAYS)
            if await self.metric("gateway_queue_length", *GATEWAYS) != aside:
                return False
            with suppress(*ERRORS):
                async with self.connected() as client:
                    return not await not_acknowledged(client.jetstream(timeout=5))
            return False

        await until(is_settled, within=_SETTLED_WITHIN, every=0.5)

    async def compare(self) -> dict[int, list[Sent]]:
        """Let the meters end; return by meter the read telegrams that the store lacks.

        Assert that no stored value differs from its telegram. Telegrams from a gateway's outage do
        not count.
        """
        await self.end_sending()
        await self.until_settled()
        sent: dict[int, dict[int, Sent]] = {meter.number: {} for meter in self.meters}
        for event in read_record([self.record]):
            if isinstance(event, Sent):
                sent[event.meter][time_of(event.text)] = event
        lost: dict[int, list[Sent]] = {}
        async with self.asking() as session:
            export = Export(self.store_url, session)
            for meter in self.meters:
                telegrams = sent[meter.number]
                truth = {at: values_of(one.text) for at, one in telegrams.items()}
                samples = await export.samples(meter.device_name)
                # A value that is written again has no storage delay.
                values = [sample for sample in samples if sample.series != STORAGE_DELAY]
                values += [Sample(STORAGE_DELAY, at, 0.0) for at in truth]
                found = compare(truth, values)
                assert (found.wrong, found.foreign, found.doubled) == ([], [], [])
                missing = [one for at, one in telegrams.items() if at not in found.stored]
                lost[meter.number] = [
                    one for one in missing if one.was_read and not self._was_in_hands(one)
                ]
        return {number: one for number, one in lost.items() if one}


async def _all_read(server: Server, count: int) -> bool:
    return all(server.connections(meter=number) for number in range(1, count + 1))
