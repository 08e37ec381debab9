"""How Prometheus asks a gateway, and what it is told."""

import asyncio
import socket
import urllib.request

import pytest

from dev.ports import free_ports
from smarty_p1_gateway import UnavailableError
from smarty_p1_gateway.health import Health
from smarty_p1_gateway.metrics import Metrics, serve

HOST = "127.0.0.1"


@pytest.fixture
def verify_cleanup() -> None:
    """Let Home Assistant's test kit accept the server's thread, which ends with the process."""


def ask(port: int) -> str:
    with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=60) as answer:
        return str(answer.read(), "utf-8")


def test_metrics_are_served_at_a_port_that_is_free_or_not_at_all() -> None:
    registry = Metrics().registry
    serve(registry, Health(), HOST, None)
    message = r"\[metrics\] address and port cannot be used: "
    with socket.create_server((HOST, 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=message):
            serve(registry, Health(), HOST, number)


async def test_what_is_asked_is_answered_whoever_else_asks() -> None:
    metrics, port = Metrics(), free_ports()
    serve(metrics.registry, Health(), HOST, port)
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
        'smarty_p1_gateway_last_frame_age_seconds{port="house"} NaN',
    ):
        assert f"{line}\n" in told
    last["at"] = 0.0
    assert "last_frame_age_seconds" in await asyncio.to_thread(ask, port)
