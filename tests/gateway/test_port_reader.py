"""A port: how much came, whether it is open, and when a line is told to be no meter's."""

import asyncio
import logging
from functools import partial

import pytest
from prometheus_client import CollectorRegistry

from dev.meter_port import MeterPort
from smarty_p1_gateway.gateway_config import PortConfig
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.port_reader import PortReader
from tests.gateway.loopback import until


class Taker:
    """Accepts what has an `!` in it."""

    def feed(self, data: bytes) -> bool:
        return b"!" in data


def value(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value(f"smarty_p1_gateway_{name}", {"port": "house"})


def has(registry: CollectorRegistry, name: str, wanted: float) -> bool:
    return value(registry, name) == wanted


async def test_a_port_that_is_read_lost_and_read_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "smarty_p1_gateway")
    metrics = GatewayMetrics()
    registry = metrics.registry
    async with MeterPort() as line:
        port = PortConfig(line.url, "house", "house", None, "smarty_p1", sealed=True)
        reading = asyncio.create_task(PortReader(port, [Taker(), Taker()], metrics).run())
        await line.wait_for_clients(1)
        await until(partial(has, registry, "port_open", 1))
        # Said once, and only of as much as eleven telegrams.
        for size, total, said in ((16_383, 16_383, 0), (1, 16_384, 1), (65_536, 81_920, 1)):
            await line.send(bytes(size))
            await until(partial(has, registry, "bytes_total", total))
            assert caplog.text.count("16 KiB came without a frame that is accepted") == said
        line.drop()
        await until(partial(has, registry, "port_losses_total", 1))
        await line.wait_for_connections(2)
        await until(partial(has, registry, "port_open", 1))
        assert "frames are coming again" not in caplog.text
        await line.send(b"!")
        await until(lambda: "house: frames are coming again" in caplog.text)
        reading.cancel()
        await asyncio.wait([reading])
    assert caplog.text.count("(PortClosedError)") == 1


async def test_a_port_that_another_client_uses(caplog: pytest.LogCaptureFixture) -> None:
    metrics = GatewayMetrics()
    async with MeterPort(b"Port already in use\r\n") as line:
        port = PortConfig(line.url, "house", "house", None, "smarty_p1", sealed=True)
        reading = asyncio.create_task(PortReader(port, [Taker()], metrics).run())
        await until(partial(has, metrics.registry, "port_losses_total", 2))
        reading.cancel()
        await asyncio.wait([reading])
    assert "house: Port already in use (PortBusyError)" in caplog.text
    # The text is no data of the line.
    assert value(metrics.registry, "bytes_total") == 0
