"""Alerts that inhibit others, and alerts that are inhibited: with each cause, and with its cure.

VictoriaMetrics, vmauth, Prometheus and Alertmanager are real, and minutes are seconds. The test
sets the metrics of the gateway, the collector and their machine.
"""

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from dev.demo.home_assistant import HOST
from dev.ports import free_ports
from dev.testing.real_programs import until
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_gateway.metrics import GatewayMetrics
from tests.system.watched_fleet import METERS, WatchedFleet, answering

pytestmark = pytest.mark.slow


class Program:
    """Program that answers with metrics, unless it is away. Prometheus has it as `target`."""

    def __init__(self, job: str, registry: CollectorRegistry, **labels: str) -> None:
        self.is_away = False
        port, program = free_ports(), self
        self.target = {"targets": [f"{HOST}:{port}"], "labels": {"job": job, **labels}}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(503 if program.is_away else 200)
                self.end_headers()
                self.wfile.write(generate_latest(registry))

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer((HOST, port), Handler)

    def serving(self) -> AbstractContextManager[None]:
        return answering(self._server)


class Causes:
    """A watched fleet, and what is wrong in it now."""

    def __init__(self, tmp_path: Path) -> None:
        self.fleet = WatchedFleet(tmp_path)
        self.gateway, self.collector = GatewayMetrics(), CollectorMetrics()
        self.age = 0.0
        # The last meter has never sent anything.
        self.silent = {METERS - 1}
        self.programs = {
            "gateway": Program("smarty_p1_gateway", self.gateway.registry, gateway="cellar"),
            "machine": Program("machine", CollectorRegistry(), gateway="cellar"),
            "collector": Program("smarty_p1_collector", self.collector.registry),
        }
        self._is_over = threading.Event()
        self._shorten()
        for number in range(METERS):
            self.gateway.port_open.labels(f"p{number}").set(1)
            self.gateway.queue_length.labels(f"p{number}").set(0)
            self.gateway.set_aside.labels(f"p{number}").set(0)
        self.collector.watch_oldest(lambda: time.time() - self.age)
        for gauge in (self.collector.nats_connected, self.collector.store_answers):
            gauge.set(1)
        self.set_nodes(3)

    def _shorten(self) -> None:
        """Let seconds be enough for what waits minutes in a real fleet."""
        fleet = self.fleet
        seconds = (r"(scrape|evaluation)_interval: 10s", r"\1_interval: 1s")
        fleet.change("prometheus/prometheus.yml", seconds)
        fleet.change(
            "prometheus/alerts.yml",
            (r"interval: 1m", "interval: 1s"),
            (r"for: (\d+)m", r"for: \1s"),
            (r"for: 1h", "for: 3s"),
            (r"last_seen > 300\b", "last_seen > 20"),
            (r"offset 10m", "offset 10s"),
            (r"10m:30s", "10s:1s"),
            (r"10m:1m", "10s:1s"),
        )
        fleet.change("prometheus/meters.yml", (r"interval: 1m", "interval: 1s"))
        fleet.change(
            "prometheus/alertmanager.yml",
            (r"group_wait: 10s", "group_wait: 8s"),
            (r"group_interval: 5m", "group_interval: 2s"),
        )
        targets = [program.target for program in self.programs.values()]
        (fleet.directory / "prometheus" / "targets.json").write_text(json.dumps(targets), "ascii")

    def set_nodes(self, count: int) -> None:
        self.collector.stream_wanted_replicas.set(3)
        self.collector.stream_replicas.set(count)

    def send(self) -> None:
        """Store readings of all meters that send, every second."""
        while not self._is_over.wait(1):
            now = time.time()
            lines = (
                f"smarty_p1,meter=M{number},title={title},gateway=cellar,port=p{number}"
                f" last_seen={now:.0f} {now:.0f}000\n"
                for number, title in enumerate(self.fleet.titles)
                if number not in self.silent
            )
            try:
                data = "".join(lines).encode()
                self.fleet.ask("/vm/write?precision=ms", "collector", data=data)
            except OSError:
                continue

    @contextmanager
    def sending(self) -> Iterator[None]:
        thread = threading.Thread(target=self.send)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def told(self) -> set[str]:
        """Return the names of the alerts that receivers were told, without ends of alerts."""
        receiver = self.fleet.receiver
        told = (alert for path in ("pages", "tickets") for alert in receiver.alerts(path))
        return {name for name, state, _ in told if state == "firing"}

    async def until_only(self, active: set[str], inhibited: set[str]) -> None:
        """Wait until these alerts fire, and receivers are told only those not inhibited."""
        wanted = {name: {"active"} for name in active | {"Heartbeat"}}
        wanted |= {name: {"suppressed"} for name in inhibited}

        async def are_right() -> bool:
            return self.fleet.states() == wanted and self.told() >= active

        try:
            await until(are_right)
        except AssertionError:
            assert (self.fleet.states(), self.told()) == (wanted, active)
        assert self.told() == active

    async def until_cured(self) -> None:
        async def is_cured() -> bool:
            return self.fleet.firing() == {"Heartbeat": 1} and self.fleet.states().keys() == {
                "Heartbeat"
            }

        try:
            await until(is_cured)
        except AssertionError:
            assert self.fleet.states() == {"Heartbeat": {"active"}}
        self.fleet.receiver.told.clear()


def every(*works: Callable[[], object]) -> Callable[[], None]:
    """Return a function that does all works."""

    def do() -> None:
        for work in works:
            work()

    return do


async def test_each_cause_sends_its_own_alert_and_each_cure_ends_all(tmp_path: Path) -> None:
    causes = Causes(tmp_path)
    fleet, gateway, collector = causes.fleet, causes.gateway, causes.collector
    ports, away = gateway.port_open.labels, causes.programs

    def be_away(*names: str, is_away: bool = True) -> None:
        for name in names:
            away[name].is_away = is_away

    def cluster(is_there: int) -> None:
        collector.nats_connected.set(is_there)
        causes.set_nodes(3 * is_there)
        gateway.queue_length.labels("p0").set(200 * (1 - is_there))

    def age(seconds: float) -> None:
        causes.age = seconds

    # A cause, the alerts of which receivers are told, those that are inhibited, and the cure.
    silent = causes.silent
    cases: list[tuple[Callable[[], object], set[str], set[str], Callable[[], object]]] = [
        (partial(ports("p29").set, 0), {"PortClosed"}, {"MeterNeverSent"}, every()),
        # The port is mended, and the meter at it has never sent.
        (partial(ports("p29").set, 1), {"MeterNeverSent"}, set(), silent.clear),
        (
            every(partial(ports("p0").set, 0), partial(silent.update, {0})),
            {"PortClosed"},
            {"MeterSilent"},
            every(partial(ports("p0").set, 1), silent.clear),
        ),
        (partial(silent.update, {0, 1}), {"MeterSilent"}, set(), silent.clear),
        (
            every(partial(be_away, "gateway", "machine"), partial(silent.update, {0, 1})),
            {"GatewayDown"},
            {"MachineDown", "MeterSilent"},
            every(partial(be_away, "gateway", "machine", is_away=False), silent.clear),
        ),
        (
            partial(silent.update, range(10)),
            {"ManyMetersSilent"},
            {"MeterSilent"},
            silent.clear,
        ),
        (
            partial(cluster, 0),
            {"ClusterAway"},
            {"CollectorDown", "NodeAway", "QueueStuck"},
            partial(cluster, 1),
        ),
        (
            partial(be_away, "collector"),
            {"NoCollectorWorks"},
            {"CollectorDown"},
            partial(be_away, "collector", is_away=False),
        ),
        (partial(causes.set_nodes, 2), {"NodeAway"}, {"Degraded"}, partial(causes.set_nodes, 3)),
        (
            partial(collector.keys_unreadable.set, 1),
            {"KeysUnreadable"},
            {"Degraded"},
            partial(collector.keys_unreadable.set, 0),
        ),
        (partial(age, 1000.0), {"NothingStored"}, set(), partial(age, 0.0)),
        (partial(collector.clock_difference.set, 61), {"Degraded"}, set(),
         partial(collector.clock_difference.set, 0)),
    ]  # fmt: skip
    async with AsyncExitStack() as stack:
        stack.enter_context(fleet.receiver.serving())
        for program in causes.programs.values():
            stack.enter_context(program.serving())
        for part in fleet.parts.values():
            await stack.enter_async_context(part)
        # The first port is closed before anything of its meter could be told.
        ports("p29").set(0)
        stack.enter_context(causes.sending())
        # The first case is not cured: the second one begins by mending its port.
        for number, (cause, active, inhibited, cure) in enumerate(cases):
            cause()
            await causes.until_only(active, inhibited)
            cure()
            if number:
                await causes.until_cured()
            else:
                fleet.receiver.told.clear()

        # The store itself ends; what the collector says of it follows from that.
        await fleet.parts["victoria-metrics"].kill()
        collector.store_answers.set(0)
        causes.age = 1000.0
        await causes.until_only({"StoreAway"}, {"CollectorDown", "NothingStored"})
        await fleet.parts["victoria-metrics"].start()
        collector.store_answers.set(1)
        causes.age = 0.0
        await causes.until_cured()
