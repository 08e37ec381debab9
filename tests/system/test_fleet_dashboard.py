"""The dashboard and the alerts of a fleet, asked of a real VictoriaMetrics.

It scrapes the metrics of the gateway and of the collector, and gets what a collector writes.
"""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
import yaml
from nats.js.api import ClusterInfo, PeerInfo, StreamConfig, StreamInfo, StreamState

from dev.demo.home_assistant import HOST, ROOT
from dev.encoder import KEY, frame, telegram
from dev.fleet.storage import VictoriaMetrics
from dev.ports import free_ports
from smarty_p1_fleet.store_config import StoreConfig
from smarty_p1_fleet.store_writer import Store
from smarty_p1_gateway import Keys
from smarty_p1_gateway.encrypted_port import EncryptedPort, TopicRoot
from smarty_p1_gateway.frame_queue_writer import FrameStore
from smarty_p1_gateway.health import Health
from smarty_p1_gateway.metrics import Metrics as GatewayMetrics, serve
from tests.fleet.made_up import Fleet as Worker
from tests.system.support import PATIENCE, program, until

pytestmark = [pytest.mark.asyncio]

FLEET = ROOT / "fleet"
WINTER = timezone(timedelta(hours=1))
SENDING, SILENT, NO_KEY = (b"SAG" + bytes([0, 0, 0, 0, number]) for number in (1, 2, 3))


@pytest.fixture
def verify_cleanup() -> None:
    """Let Home Assistant's test kit accept the servers' threads, which end with the process."""


def sealed(title: bytes, counter: int, when: datetime, key: bytes = KEY) -> bytes:
    lines = (
        f"0-0:1.0.0({when.astimezone(WINTER):%y%m%d%H%M%S}W)",
        f"1-0:1.8.0({counter:06}.500*kWh)",
        f"1-0:2.8.0({counter:06}.250*kWh)",
        "1-0:1.7.0(01.500*kW)",
        "1-0:2.7.0(00.000*kW)",
        "1-0:32.7.0(230.1*V)",
        "0-1:24.1.0(003)",
        "0-1:96.1.0(4741532031)",
        f"0-1:24.2.1({when.astimezone(WINTER):%y%m%d%H%M%S}W)(00112.384*m3)",
    )
    text = telegram(*lines, name=f"METER{title[-1]}")
    return frame(counter, text, key=key, title=title)


class Fleet:
    """A gateway with two ports, and a collector, without anything between them."""

    def __init__(self, url: str) -> None:
        self.gateway = GatewayMetrics()
        self.worker = Worker(Keys(dict.fromkeys((SENDING, SILENT), KEY), None))
        self.collector = self.worker.metrics
        self.store = Store(StoreConfig((url,)), self.collector)
        self.worker.store = cast("Any", self.store)
        queue = FrameStore(["cellar", "attic"], self.gateway)
        self._port = EncryptedPort("cellar", TopicRoot(None, "p"), queue, self.gateway)
        self._counter = 0
        worker = self.worker.start()
        self.collector.watch_oldest(lambda: worker.oldest)
        self.collector.nats_connected.set(1)
        state = StreamState(1, 500, 1, 1, 1)
        nodes = ClusterInfo(leader="node1", replicas=[PeerInfo("node2", current=True)])
        config = StreamConfig(name="smarty_p1_frames", max_bytes=1000)
        self.collector.show_stream(StreamInfo(config=config, state=state, cluster=nodes))
        for port, is_open in (("cellar", 1), ("attic", 0)):
            self.gateway.port_open.labels(port).set(is_open)
            for metric in (self.gateway.published, self.gateway.port_losses):
                metric.labels(port).inc(0)
            for metric in (self.gateway.dropped, self.gateway.broker_losses):
                metric.labels(port).inc(0)
            for gauge in (self.gateway.queue_length, self.gateway.set_aside):
                gauge.labels(port).set(0)
        last = self.gateway.start_age(self.gateway.last_frame_age, "attic")
        last["at"] = time.monotonic() - 1000
        self.gateway.show_meter("attic", SILENT)
        now = datetime.now(WINTER)
        for counter in (1, 2):
            self._add(sealed(SILENT, counter, now - timedelta(minutes=21 - counter)), SILENT)

    def _add(self, data: bytes, title: bytes) -> None:
        self.worker.nats.came = time.time_ns()
        headers = {"Smarty-Gateway": "cellar", "Smarty-Port": "meter 2"}
        self.worker.nats.add(data, f"smarty_p1.sealed.{title.hex().upper()}", headers)

    def go_on(self) -> None:
        """Let a second go by."""
        self._counter += 1
        now = datetime.now(WINTER)
        data = sealed(SENDING, self._counter, now)
        self._add(data, SENDING)
        self._add(sealed(SENDING, self._counter, now, key=bytes(16)), SENDING)
        self._add(sealed(NO_KEY, self._counter, now), NO_KEY)
        self._port.feed(data)
        self._port.feed(data[: len(data) // 2] + data)
        self.gateway.rejected.labels("cellar", "too_many").inc()
        self.collector.count_ignored("objects", 1)


def scraping(directory: Path, targets: Mapping[str, int]) -> Path:
    """Return a file by which the store asks what is here; nobody answers for what is missing."""
    jobs = ("smarty_p1_gateway", "smarty_p1_collector", "victoria_metrics", "machine")
    content = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"{HOST}:{targets.get(job, 1)}"]}]}
            for job in jobs
        ],
    }
    file = directory / "scrape.yml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


@dataclass
class Asked:
    """A VictoriaMetrics that has something of everything."""

    url: str
    session: aiohttp.ClientSession
    fleet: Fleet

    async def ask(self, path: str, **query: str) -> list[Any]:
        async with self.session.get(f"{self.url}/api/v1/{path}", params=query) as answer:
            assert answer.status == 200, (query, await answer.text())
            data = (await answer.json())["data"]
        return cast("list[Any]", data if isinstance(data, list) else data["result"])

    async def evaluate(self, expression: str, *, instant: bool) -> list[Any]:
        now = time.time()
        if instant:
            return await self.ask("query", query=expression, time=f"{now:.0f}", nocache="1")
        span = {"start": f"{now - 1800:.0f}", "end": f"{now:.0f}", "step": "5", "nocache": "1"}
        return await self.ask("query_range", query=expression, **span)


@pytest.fixture
async def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asked]:
    program("victoria-metrics")
    monkeypatch.setattr("smarty_p1_fleet.store_writer.KEPT_AFTER", 0.0)
    monkeypatch.setattr("smarty_p1_fleet.worker._ACKNOWLEDGE_INTERVAL", 0.01)
    port = free_ports(2)
    targets = {"smarty_p1_gateway": port, "smarty_p1_collector": port + 1}
    file = scraping(tmp_path, targets)
    # Its own metrics are at a port that is not known before.
    store = VictoriaMetrics(tmp_path / "store", f"-promscrape.config={file}")
    scraping(tmp_path, targets | {"victoria_metrics": int(store.url.rpartition(":")[2])})
    fleet = Fleet(store.url)
    serve(fleet.gateway.registry, Health(), HOST, port)
    serve(fleet.collector.registry, Health(), HOST, port + 1)
    async with store, aiohttp.ClientSession() as session:
        serving = asyncio.create_task(fleet.store.serve())
        yield Asked(store.url, session, fleet)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await fleet.worker.stop()


def queries() -> Iterator[tuple[str, str, bool]]:
    """Yield each query of the dashboard with its panel, and whether it is for one moment."""
    dashboard = json.loads((FLEET / "grafana" / "smarty_p1.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"].replace("$meter", "METER1"), "instant" in target


def rules() -> list[dict[str, Any]]:
    content = yaml.safe_load((FLEET / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"] if "alert" in rule]


async def check_panels(asked: Asked) -> None:
    """Check that each panel has data, and the silent meter its port."""
    missing = list(queries())
    assert len(missing) > 40

    async def have_data() -> bool:
        asked.fleet.go_on()
        found = [await asked.evaluate(query, instant=instant) for _, query, instant in missing]
        missing[:] = [one for one, data in zip(missing, found, strict=True) if not data]
        return not missing

    with contextlib.suppress(AssertionError):
        await until(have_data, within=PATIENCE, every=0.5)
    assert missing == []

    # What the operator came for.
    [silent] = [
        query
        for panel, query, instant in queries()
        if panel == "Silent meters" and instant and "topk" in query
    ]
    [row] = await asked.evaluate(silent, instant=True)
    assert row["metric"] == {
        "meter": "METER2",
        "title": SILENT.hex().upper(),
        "gateway": "cellar",
        "port": "meter 2",
    }
    assert 1100 < float(row["value"][1]) < 1100 + PATIENCE + 100


async def check_alerts(asked: Asked) -> None:
    """Check that each alert can be asked, and knows its metrics."""
    wanted = {
        name for rule in rules() for name in re.findall(r"\b(?:smarty_p1|vm)_\w+", rule["expr"])
    } - {"smarty_p1_gateway", "smarty_p1_collector", "smarty_p1_"}
    # Files of the machines say these, and a collector that gets old frames.
    wanted -= {"smarty_p1_backup_end_seconds", "smarty_p1_certificate_end_seconds"}
    wanted -= {"smarty_p1_collector_meter_earlier_total"}
    assert len(wanted) > 12

    async def are_known() -> bool:
        asked.fleet.go_on()
        wanted.difference_update(await asked.ask("label/__name__/values"))
        return not wanted

    with contextlib.suppress(AssertionError):
        await until(are_known, within=PATIENCE, every=0.5)
    assert wanted == set()
    quiet = {"GatewayDown", "CollectorDown", "StoreAway", "NoCollectorWorks", "NodeAway"}

    async def are_right() -> bool:
        fire = {one["alert"] for one in rules() if await asked.evaluate(one["expr"], instant=True)}
        return {"PortClosed", "MachineDown"} <= fire and not fire & quiet

    # The names of metrics are known before their newest values.
    await until(are_right, within=PATIENCE, every=0.5)


async def test_each_panel_has_data_and_each_alert_knows_its_metrics(asked: Asked) -> None:
    await check_panels(asked)
    await check_alerts(asked)
