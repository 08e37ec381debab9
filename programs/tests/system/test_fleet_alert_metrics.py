"""The alerts of a fleet, asked of a real VictoriaMetrics.

It has the metrics of gateways and collectors, and the lines that collectors write.
"""

import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp
import pytest
import yaml
from nats.js.api import ClusterInfo, PeerInfo, StreamConfig, StreamInfo, StreamState
from prometheus_client import generate_latest
from yarl import URL

from dev.checkout import PROGRAMS
from dev.encoder import KEY, frame, telegram
from dev.fleet.storage import VictoriaMetrics
from dev.testing.real_programs import program, until
from smarty_p1_fleet.frames.meter_sources import Source
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_fleet.store.series_line_protocol import make_sample
from smarty_p1_gateway.metrics import GatewayMetrics
from smartyp1.json_types import JsonDict
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram

FLEET = PROGRAMS / "smarty_p1_fleet"
WINTER = timezone(timedelta(hours=1))
SENDING, SILENT, NO_KEY = (b"SAG" + bytes([0, 0, 0, 0, number]) for number in (1, 2, 3))

NATS = b"""\
up 1
smarty_p1_nats_up{node="node1"} 1
smarty_p1_nats_user_connections{node="node1",user="cellar"} 1
"""


@dataclass
class Asked:
    """A VictoriaMetrics that has something of everything."""

    url: str
    session: aiohttp.ClientSession

    async def post(self, path: str, data: bytes = b"") -> bytes:
        async with self.session.post(URL(f"{self.url}{path}", encoded=True), data=data) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.read()

    async def ask(self, path: str, **query: str) -> list[Any]:
        async with self.session.get(f"{self.url}/api/v1/{path}", params=query) as answer:
            assert answer.status == 200, (query, await answer.text())
            data = (await answer.json())["data"]
        return cast("list[Any]", data if isinstance(data, list) else data["result"])

    async def evaluate(self, expression: str) -> list[Any]:
        return await self.ask("query", query=expression, time=f"{time.time():.0f}", nocache="1")


class Fleet:
    """The metrics of a fleet's programs, and the stored lines of three meters."""

    def __init__(self) -> None:
        self.gateway, self.collector = GatewayMetrics(), CollectorMetrics()
        for port, is_open in (("cellar", 1), ("attic", 0)):
            self.gateway.port_open.labels(port).set(is_open)
            self.gateway.queue_length.labels(port).set(0)
            self.gateway.set_aside.labels(port).set(0)
            self.gateway.start_age(self.gateway.last_frame_age, port)["at"] = (
                time.monotonic() - 1000
            )
        self.gateway.show_meter("attic", SILENT)
        for gauge in (self.collector.nats_connected, self.collector.keys):
            gauge.set(1)
        self.collector.store_answers.set(1)
        self.collector.watch_oldest(lambda: None)
        state = StreamState(1, 500, 1, 1, 1)
        nodes = ClusterInfo(leader="node1", replicas=[PeerInfo("node2", current=True)])
        config = StreamConfig(name="smarty_p1_frames", max_bytes=1000)
        self.collector.show_stream(StreamInfo(config=config, state=state, cluster=nodes))

    def go_on(self) -> None:
        """Count the events of some seconds."""
        for port in ("cellar", "attic"):
            for counter in (
                *(self.gateway.frames, self.gateway.bytes, self.gateway.published),
                *(self.gateway.port_losses, self.gateway.broker_losses, self.gateway.dropped),
            ):
                counter.labels(port).inc(port == "cellar")
            for reason in ("too_many", "overlapping"):
                self.gateway.rejected.labels(port, reason).inc()
        self.gateway.batches.labels("accepted").inc()
        title = SENDING.hex().upper()
        outcomes = {("", "telegram"): 2, (title, "tag"): 1, (NO_KEY.hex().upper(), "no_key"): 1}
        self.collector.count(Counter(outcomes))
        self.collector.count_ignored("objects", 1)
        self.collector.delay.observe(1.0)


def lines_of(title: bytes, counter: int, when: datetime) -> str:
    """Return the lines that a collector writes of a telegram."""
    local = when.astimezone(WINTER)
    text = telegram(
        f"0-0:1.0.0({local:%y%m%d%H%M%S}W)",
        f"1-0:1.8.0({counter:06}.500*kWh)",
        f"1-0:2.8.0({counter:06}.250*kWh)",
        "1-0:1.7.0(01.500*kW)",
        "1-0:2.7.0(00.000*kW)",
        "1-0:32.7.0(230.1*V)",
        "0-1:24.1.0(003)",
        "0-1:96.1.0(4741532031)",
        f"0-1:24.2.1({local:%y%m%d%H%M%S}W)(00112.384*m3)",
        name=f"METER{title[-1]}",
    )
    [event] = Decoder(KEY).feed(frame(counter, text, title=title))
    assert isinstance(event, Telegram)
    source, arrived = Source("cellar", f"meter {title[-1]}"), when.timestamp() + 1
    return make_sample(event, source=source, key="print", arrived=arrived).text


async def fill(asked: Asked) -> None:
    """Store the last minutes of a fleet: one meter sends, another one is silent for 19 minutes."""
    fleet, now = Fleet(), datetime.now(WINTER)
    values = lines_of(SILENT, 1, now - timedelta(minutes=20))
    values += lines_of(SILENT, 2, now - timedelta(minutes=19))
    for number in range(61):
        when = now - timedelta(seconds=300 - 5 * number)
        values += lines_of(SENDING, number, when)
        fleet.go_on()
        for job, text in (
            ("smarty_p1_gateway", generate_latest(fleet.gateway.registry) + b"up 1\n"),
            ("smarty_p1_collector", generate_latest(fleet.collector.registry) + b"up 1\n"),
            ("victoria_metrics", await asked.post("/metrics") + b"up 1\n"),
            ("machine", b"up 0\n"),
            ("nats", NATS),
        ):
            place = {"extra_label": [f"job={job}", f"instance={job}:1"]}
            query = urlencode({**place, "timestamp": f"{when.timestamp():.0f}000"}, doseq=True)
            await asked.post(f"/api/v1/import/prometheus?{query}", text)
    await asked.post("/write?precision=ms", values.encode())
    # Prometheus records these series by the first rule of alerts.yml.
    recorded = (
        (SENDING, "METER1", "meter 1", now),
        (SILENT, "METER2", "meter 2", now - timedelta(minutes=19)),
    )
    for title, meter, port, when in recorded:
        labels = f'meter="{meter}",title="{title.hex().upper()}",gateway="cellar",port="{port}"'
        line = f"smarty_p1:last_seen{{{labels}}} {when.timestamp()}\n"
        await asked.post("/api/v1/import/prometheus", line.encode())


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    program("victoria-metrics")
    store = VictoriaMetrics(tmp_path / "store", "-search.latencyOffset=0s")
    async with store, aiohttp.ClientSession() as session:
        asked = Asked(store.url, session)
        await fill(asked)
        yield asked


def rules() -> list[JsonDict]:
    content = yaml.safe_load((FLEET / "alerts.yml").read_text("utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"] if "alert" in rule]


async def test_each_alert_can_be_asked_and_knows_its_metrics(asked: Asked) -> None:
    wanted = {
        name for rule in rules() for name in re.findall(r"\b(?:smarty_p1|vm)_\w+", rule["expr"])
    } - {"smarty_p1_gateway", "smarty_p1_collector", "smarty_p1_"}
    # Files of the machines have these series, and a collector that gets old frames.
    wanted -= {"smarty_p1_backup_end_seconds", "smarty_p1_certificate_end_seconds"}
    wanted -= {"smarty_p1_collector_meter_earlier_total"}
    # No frame of this test waits for a key.
    wanted -= {"smarty_p1_collector_waiting_seconds"}
    assert len(wanted) > 12

    async def are_known() -> bool:
        wanted.difference_update(await asked.ask("label/__name__/values"))
        return not wanted

    with suppress(AssertionError):
        await until(are_known, every=0.5)
    assert wanted == set()
    quiet = {"GatewayDown", "CollectorDown", "StoreAway", "NoCollectorWorks", "NodeAway"}

    async def are_right() -> bool:
        fire = {one["alert"] for one in rules() if await asked.evaluate(one["expr"])}
        return {"PortClosed", "MachineDown"} <= fire and not fire & quiet

    # The names of metrics are known before their newest values.
    await until(are_right, every=0.5)
