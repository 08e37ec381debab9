"""The gateway's answers to Prometheus, at /health and at /ready."""

import asyncio
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.client import HTTPException
from typing import Any
from unittest.mock import AsyncMock

import pytest
from prometheus_client.exposition import ThreadingWSGIServer

from dev.checkout import ROOT
from dev.ports import free_ports
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.health import Health
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.metrics_and_health_server import serve

HOST = "127.0.0.1"


@pytest.fixture
def verify_cleanup() -> None:
    """Let Home Assistant's test kit accept the server's thread, which ends with the process."""


def ask(port: int) -> str:
    with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=60) as answer:
        return str(answer.read(), "utf-8")


def test_metrics_are_served_at_a_port_that_is_free_or_not_at_all() -> None:
    health = Health(GatewayMetrics())
    serve(health, HOST, None)
    message = r"\[metrics\] address and port cannot be used: "
    with socket.create_server((HOST, 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=message):
            serve(health, HOST, number)


async def test_a_request_is_answered_beside_any_other_requests() -> None:
    metrics, port = GatewayMetrics(), free_ports()
    serve(Health(metrics), HOST, port)
    metrics.frames.labels("house").inc(3)
    metrics.port_open.labels("house").set(1)
    metrics.rejected.labels("house", "replay").inc()
    last = metrics.start_age(metrics.last_frame_age, "house")
    for junk in (b"", b"GET /metrics HTTP/1.0\r\n\r\n", b"\0" * 999, b"GET " + b"a" * 70_000):
        for _ in range(20):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.write(junk)
            # With a reset, so that no answer can be written.
            writer.transport.abort()
    told = await asyncio.to_thread(ask, port)
    for line in (
        'smarty_p1_gateway_frames_total{port="house"} 3.0',
        'smarty_p1_gateway_port_open{port="house"} 1.0',
        'smarty_p1_gateway_rejected_total{port="house",reason="replay"} 1.0',
    ):
        assert f"{line}\n" in told
    assert "python_info{" in told
    # A port that is silent since the start is as silent as a port that was heard then.
    for silence in (0.0, 1000.0):
        last["at"] -= silence
        [age] = re.findall(
            r'_last_frame_age_seconds\{port="house"\} (\S+)\n', await asyncio.to_thread(ask, port)
        )
        assert silence <= float(age) < silence + 600


async def test_a_client_outside_of_the_local_network_gets_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port, accept = free_ports(), ThreadingWSGIServer.get_request
    peers = iter(["8.8.8.8", "2606:4700::1111", "192.168.1.30"])
    monkeypatch.setattr(
        ThreadingWSGIServer,
        "get_request",
        lambda server: (accept(server)[0], (next(peers), 50_000)),
    )
    serve(Health(GatewayMetrics()), HOST, port)
    for _ in range(2):
        with pytest.raises((OSError, HTTPException)):
            await asyncio.to_thread(ask, port)
    assert "python_info{" in await asyncio.to_thread(ask, port)


async def test_connections_that_ask_nothing_are_bounded_in_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_gateway.metrics_and_health_server._REQUEST_TIMEOUT_S", 3600.0)
    port = free_ports()
    serve(Health(GatewayMetrics()), HOST, port)
    idle = [await asyncio.open_connection(HOST, port) for _ in range(60)]
    ends = [asyncio.ensure_future(reader.read()) for reader, _ in idle]
    refused, waiting = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    assert {end.result() for end in refused} == {b""}
    # Soon, idle connections make room for a request.
    async with asyncio.timeout(10):
        while True:
            with suppress(OSError, HTTPException):
                assert "python_info{" in await asyncio.to_thread(ask, port)
                break
    for _, writer in idle:
        writer.close()
    await asyncio.wait(waiting)


async def test_a_connection_that_asks_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smarty_p1_gateway.metrics_and_health_server._REQUEST_TIMEOUT_S", 0.01)
    port = free_ports()
    serve(Health(GatewayMetrics()), HOST, port)
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(b"GET /metrics HTTP/1.1\r\nX-Endless: ")
    assert await reader.read() == b""
    writer.close()


def shown(metrics: GatewayMetrics) -> list[dict[str, str]]:
    """Return which meters are shown at which ports."""
    [metric] = [one for one in metrics.registry.collect() if one.name.endswith("_meter_info")]
    return [sample.labels for sample in metric.samples]


def test_the_verified_meter_of_a_port_is_shown_if_known() -> None:
    metrics = GatewayMetrics()
    metrics.show_meter("house", b"SAG00001")
    assert shown(metrics) == [{"port": "house", "title": "5341473030303031", "meter": ""}]
    # Another meter is at the port now.
    metrics.show_meter("house", b"SAG00002")
    assert shown(metrics) == [{"port": "house", "title": "5341473030303032", "meter": ""}]
    metrics.show_meter("house", b"SAG00002", "METER2")
    metrics.show_meter("house", b"SAG00003")
    metrics.show_meter("attic", b"SAG00003")
    assert shown(metrics) == [
        {"port": "house", "title": "5341473030303032", "meter": "METER2"},
        {"port": "attic", "title": "5341473030303033", "meter": ""},
    ]


def test_the_version_is_that_of_the_integration() -> None:
    manifest = ROOT / "custom_components" / "smarty_p1" / "manifest.json"
    labels = {"version": json.loads(manifest.read_text("utf-8"))["version"]}
    assert GatewayMetrics().registry.get_sample_value("smarty_p1_gateway_build_info", labels) == 1
    collector = CollectorMetrics().registry
    assert collector.get_sample_value("smarty_p1_collector_build_info", labels) == 1


@pytest.fixture
def metrics() -> GatewayMetrics:
    """Return the metrics of a gateway with two ports that has just begun."""
    metrics = GatewayMetrics()
    for port in ("cellar", "attic"):
        metrics.broker_connected.labels(port).set(0)
        metrics.port_open.labels(port).set(0)
    return metrics


def test_a_connection_is_shown_while_it_lasts(metrics: GatewayMetrics) -> None:
    shown = partial(
        metrics.registry.get_sample_value, "smarty_p1_gateway_broker_connected", {"port": "attic"}
    )
    assert shown() == 0
    with suppress(OSError), metrics.broker_connected.labels("attic").track_inprogress():
        assert shown() == 1
        raise OSError
    assert shown() == 0


def asking(metrics: GatewayMetrics | CollectorMetrics) -> Callable[[str], tuple[int, Any]]:
    """Serve a program's metrics and health; return a function that requests a path."""
    port = free_ports()
    serve(Health(metrics), HOST, port)

    def ask(path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return ask


def test_a_gateway_is_ready_with_a_broker_and_a_port(metrics: GatewayMetrics) -> None:
    ask = asking(metrics)
    assert ask("/health") == (200, {"ok": True, "wrong": []})
    assert ask("/ready") == (
        503,
        {
            "ok": False,
            "wrong": [
                "there is no connection to the broker",
                "no port is open",
                "the port cellar is not open",
                "the port attic is not open",
            ],
            "degraded": [],
        },
    )
    metrics.broker_connected.labels("attic").set(2)
    assert ask("/ready")[1]["wrong"][0] == "no port is open"
    metrics.port_open.labels("attic").set(1)
    assert ask("/ready") == (200, {"ok": True, "wrong": [], "degraded": []})


def test_a_gateway_that_cannot_write_is_ready_and_degraded(metrics: GatewayMetrics) -> None:
    metrics.broker_connected.labels("attic").set(1)
    metrics.port_open.labels("attic").set(1)
    writable = {"queue": True, "counters": True}
    for name in writable:
        metrics.watch_writable(partial(writable.__getitem__, name))
    ask = asking(metrics)

    def shown(name: str) -> float | None:
        return metrics.registry.get_sample_value(f"smarty_p1_gateway_{name}")

    assert (shown("queue_writable"), shown("degraded")) == (1, 0)
    for name in writable:
        writable[name] = False
        assert (shown("queue_writable"), shown("degraded")) == (0, 1)
        status, said = ask("/ready")
        assert (status, said["ok"]) == (200, True)
        [line] = said["degraded"]
        assert line.startswith("the queue cannot be written: frames wait in memory only")
        writable[name] = True
    assert ask("/ready")[1]["degraded"] == []


def test_the_list_of_problems_is_short_enough_to_read(metrics: GatewayMetrics) -> None:
    def problems_of(ports: int) -> list[str]:
        for number in range(ports):
            metrics.port_open.labels(f"port{number}").set(0)
        wrong: list[str] = asking(metrics)("/ready")[1]["wrong"]
        return wrong

    assert problems_of(16)[-1] == "the port port15 is not open"
    wrong = problems_of(100)
    assert len(wrong) == 21
    assert wrong[-1] == "and 84 more"


def test_a_collector_is_ready_with_nats_and_a_store() -> None:
    metrics = CollectorMetrics()
    ask = asking(metrics)
    assert ask("/ready")[1]["wrong"] == [
        "NATS does not answer, or has no stream; the log says why",
        "VictoriaMetrics does not answer",
    ]
    metrics.nats_connected.set(1)
    metrics.store_answers.set(1)
    assert ask("/ready") == (200, {"ok": True, "wrong": [], "degraded": []})


def test_a_collector_is_degraded_with_old_keys_or_fewer_nodes() -> None:
    metrics = CollectorMetrics()
    ask = asking(metrics)
    degraded = partial(metrics.registry.get_sample_value, "smarty_p1_collector_degraded")
    for gauge in (metrics.nats_connected, metrics.store_answers, metrics.keys_unreadable):
        gauge.set(1)
    metrics.stream_wanted_replicas.set(3)
    metrics.stream_replicas.set(2)
    status, said = ask("/ready")
    assert (status, said["ok"], degraded()) == (200, True, 1)
    keys, nodes = said["degraded"]
    assert keys.startswith("the keys cannot be read")
    assert nodes == "only 2 of 3 nodes have the whole stream"
    metrics.keys_unreadable.set(0)
    assert degraded() == 1
    metrics.stream_replicas.set(3)
    assert (ask("/ready")[1]["degraded"], degraded()) == ([], 0)


@pytest.mark.parametrize(("difference", "is_degraded"), [(-3700, 1), (61, 1), (60, 0), (-60, 0)])
def test_a_collector_whose_clock_differs_from_that_of_nats_is_ready_and_degraded(
    difference: float, *, is_degraded: int
) -> None:
    metrics = CollectorMetrics()
    for gauge in (metrics.nats_connected, metrics.store_answers):
        gauge.set(1)
    metrics.clock_difference.set(difference)
    status, said = asking(metrics)("/ready")
    assert (status, said["ok"]) == (200, True)
    clock = f"clock: it differs by {abs(difference)} s from that of NATS"
    assert said["degraded"] == [clock] * is_degraded
    shown = metrics.registry.get_sample_value("smarty_p1_collector_degraded")
    assert shown == is_degraded


async def test_a_hanging_program_is_neither_healthy_nor_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_gateway.health._MAX_SILENCE_S", -1.0)
    health = Health(GatewayMetrics())
    beating = asyncio.create_task(health.beat())
    await asyncio.sleep(0)
    [text] = health.liveness_problems()
    assert text == "the program has hung for 0 s: it is to be restarted"
    assert health.readiness_problems() == [text]
    beating.cancel()


@pytest.mark.parametrize(("told", "interval"), [("", 5.0), ("6000000", 2.0), ("60000000", 5.0)])
async def test_systemd_is_notified_three_times_within_its_interval(
    monkeypatch: pytest.MonkeyPatch, told: str, interval: float
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", told)
    sleep = AsyncMock(side_effect=asyncio.CancelledError)
    monkeypatch.setattr("smarty_p1_gateway.health.asyncio.sleep", sleep)
    with suppress(asyncio.CancelledError):
        await Health(GatewayMetrics()).beat()
    sleep.assert_awaited_once_with(interval)
