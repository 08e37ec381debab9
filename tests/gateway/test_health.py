"""What /health and /ready answer."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dev.ports import free_ports
from smarty_p1_fleet.metrics import CollectorMetrics
from smarty_p1_gateway.health import Health, gateway_problems
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.metrics_and_health_server import serve

HOST = "127.0.0.1"


@pytest.fixture
def verify_cleanup() -> None:
    """Let Home Assistant's test kit accept the server's thread, which ends with the process."""


@pytest.fixture
def metrics() -> GatewayMetrics:
    """Return those of a gateway with two ports that has just begun."""
    metrics = GatewayMetrics()
    for port in ("cellar", "attic"):
        metrics.broker_connected.labels(port).set(0)
        metrics.port_open.labels(port).set(0)
    return metrics


def asking(metrics: GatewayMetrics | CollectorMetrics) -> Callable[[str], tuple[int, Any]]:
    """Serve a program's metrics and health; return what asks at a path."""
    port = free_ports()
    if isinstance(metrics, CollectorMetrics):
        health = Health(metrics.current_problems)
    else:
        health = Health(partial(gateway_problems, metrics))
    serve(metrics.registry, health, HOST, port)

    def ask(path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
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
        },
    )
    metrics.broker_connected.labels("attic").set(2)
    assert ask("/ready")[1]["wrong"][0] == "no port is open"
    metrics.port_open.labels("attic").set(1)
    assert ask("/ready") == (200, {"ok": True, "wrong": []})


def test_not_more_is_told_than_somebody_reads(metrics: GatewayMetrics) -> None:
    for number in range(100):
        metrics.port_open.labels(f"port{number}").set(0)
    wrong = asking(metrics)("/ready")[1]["wrong"]
    assert len(wrong) == 21
    assert wrong[-1] == "and 84 more"


def test_a_collector_is_ready_with_nats_and_a_store() -> None:
    metrics = CollectorMetrics()
    ask = asking(metrics)
    assert ask("/ready")[1]["wrong"] == [
        "NATS is not reached, or has no stream; the log says why",
        "VictoriaMetrics does not answer",
    ]
    metrics.nats_connected.set(1)
    metrics.store_answers.set(1)
    assert ask("/ready") == (200, {"ok": True, "wrong": []})


async def test_whoever_hangs_is_neither_healthy_nor_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smarty_p1_gateway.health._MAX_SILENCE_S", -1.0)
    health = Health()
    beating = asyncio.create_task(health.beat())
    await asyncio.sleep(0)
    [text] = health.liveness_problems()
    assert text == "the program has hung for 0 s: it is to be restarted"
    assert health.readiness_problems() == [text]
    beating.cancel()
