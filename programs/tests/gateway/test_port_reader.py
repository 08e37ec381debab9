"""A port: how much came, whether it is open, and when a line is told to be no meter's."""

import asyncio
import logging
from functools import partial

import pytest
from prometheus_client import CollectorRegistry

from dev.meter_port import MeterPort
from smarty_p1_gateway.encrypted_port import EncryptedTopicRoot, FrameLimit
from smarty_p1_gateway.gateway_config import PortConfig
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.port_reader import PortReader
from smartyp1.p1.frame_header import Frame
from tests.gateway.loopback import until


def is_accepted(data: bytes) -> bool:
    """Accept data with an `!` in it."""
    return b"!" in data


def value(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value(f"smarty_p1_gateway_{name}", {"port": "house"})


def has(registry: CollectorRegistry, name: str, wanted: float) -> bool:
    return value(registry, name) == wanted


async def test_a_port_that_is_read_lost_and_read_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    metrics = GatewayMetrics()
    registry = metrics.registry
    async with MeterPort() as line:
        port = PortConfig(line.url, "house", "house", None, "smarty_p1", sealed=True)
        reading = asyncio.create_task(PortReader(port, [is_accepted, is_accepted], metrics).run())
        await line.wait_for_clients(1)
        await until(partial(has, registry, "port_open", 1))
        # The log has a single line, about as much as eleven telegrams.
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


def fail(data: bytes) -> bool:
    raise KeyError(data)


async def test_a_failing_listener_costs_only_its_own_frames(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = GatewayMetrics()
    async with MeterPort() as line:
        port = PortConfig(line.url, "house", "house", None, "smarty_p1", sealed=True)
        reader = PortReader(port, [fail, is_accepted], metrics)
        reading = asyncio.create_task(reader.run())
        await line.wait_for_clients(1)
        for count in range(1, 12):
            await line.send(b"!")
            await until(partial(has, metrics.registry, "bytes_total", count))
        assert has(metrics.registry, "port_open", 1)
        reading.cancel()
        await asyncio.wait([reading])
    assert line.connections == 1
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [bool(record.exc_info) for record in errors] == [True, False]
    assert [record.getMessage() for record in errors] == [
        "house: error in fail (KeyError); all else goes on",
        "house: error in fail (KeyError), 10 times; all else goes on",
    ]


async def test_a_port_that_another_client_uses(caplog: pytest.LogCaptureFixture) -> None:
    metrics = GatewayMetrics()
    async with MeterPort(b"Port already in use\r\n") as line:
        port = PortConfig(line.url, "house", "house", None, "smarty_p1", sealed=True)
        reading = asyncio.create_task(PortReader(port, [is_accepted], metrics).run())
        await until(partial(has, metrics.registry, "port_losses_total", 2))
        reading.cancel()
        await asyncio.wait([reading])
    assert "house: Port already in use (PortBusyError)" in caplog.text
    # The text is no data of the line.
    assert value(metrics.registry, "bytes_total") == 0


MINE = bytes.fromhex("5341476770041020")
OTHER = bytes.fromhex("5341476770041030")


def frame(title: bytes, *, is_expected: bool = True) -> Frame:
    return Frame(b"", title, 1, is_expected)


def test_a_flood_is_bounded_and_expected_frames_still_pass() -> None:
    now = 0.0
    limit = FrameLimit(lambda: now)
    passed = sum(limit.allows(30, is_expected=False) for _ in range(100_000))
    assert passed == 2 * 1024 * 1024 // 1024
    expected = sum(limit.allows(1500, is_expected=True) for _ in range(100_000))
    assert expected == 2 * 1024 * 1024 // 1500
    now = 10.0
    again = sum(limit.allows(1500, is_expected=True) for _ in range(1000))
    assert again == 32 * 1024 * 10 // 1500


def test_the_frames_of_a_meter_are_never_too_much() -> None:
    now = 0.0
    limit = FrameLimit(lambda: now)
    for second in range(5000):
        now = float(second)
        assert limit.allows(2500, is_expected=True)
        assert limit.allows(30_000, is_expected=True)


def test_the_root_is_as_configured() -> None:
    root = EncryptedTopicRoot("a/b", "smarty_p1")
    root.note_frame(frame(MINE))
    root.restore("c")
    assert root.topic == "a/b"
    assert not root.changed.is_set()


def test_the_root_has_the_title_of_the_first_frame_and_follows_another_meter() -> None:
    root = EncryptedTopicRoot(None, "smarty_p1")
    root.restore("smarty_p1/AAAA")
    assert root.topic == "smarty_p1/AAAA"
    root.note_frame(frame(MINE, is_expected=False))
    assert root.topic == "smarty_p1/5341476770041020"
    assert root.changed.is_set()
    for _ in range(10):
        # Noise, and a second meter on the line.
        root.note_frame(frame(bytes(8), is_expected=False))
        root.note_frame(frame(OTHER))
        assert root.topic == "smarty_p1/5341476770041020"
        root.note_frame(frame(MINE))
    for _ in range(3):
        assert root.topic == "smarty_p1/5341476770041020"
        root.note_frame(frame(OTHER))
    assert root.topic == "smarty_p1/5341476770041030"
    root.note_frame(frame(MINE))
    assert root.topic == "smarty_p1/5341476770041030"
