"""Frames unchanged: each to the broker, in order, until it has acknowledged the frame."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from dev.encoder import TITLE, frame, telegram
from dev.meter_port import MeterPort
from tests.gateway.loopback import Broker, Gateway, until

FRAME, STATUS = "smarty_p1/house/frame", "smarty_p1/house/status"
OTHER_TITLE = b"KFMgp\x00\x00\x01"
FRAMES = [frame(counter) for counter in range(1, 10)]
LONG = frame(3, telegram(f"0-0:96.13.0({'4C' * 1000})"))


@pytest.fixture
def gateway(tmp_path: Path, broker: Broker, line: MeterPort) -> Gateway:
    return Gateway(tmp_path, broker, line)


def waiting(gateway: Gateway) -> int:
    with closing(sqlite3.connect(gateway.path.with_name("smarty-p1-queue.sqlite3"))) as queue:
        return int(queue.execute("SELECT count(*) FROM frames").fetchone()[0])


async def test_frames_come_unchanged_and_the_status_is_retained(
    gateway: Gateway, broker: Broker, line: MeterPort
) -> None:
    async with broker.serving():
        async with gateway.running():
            await line.send(b"noise", *FRAMES[:2], FRAMES[2][:40])
            await line.send(FRAMES[2][40:])
            await broker.until(FRAME, *FRAMES[:3])
            assert broker.kept == {STATUS: b"online"}
        assert broker.kept == {STATUS: b"offline"}


async def test_a_gateway_that_is_gone_without_a_word_is_offline(
    gateway: Gateway, broker: Broker
) -> None:
    async with broker.serving(), gateway.running():
        await broker.until(STATUS, b"online")
    # The connection broke without a goodbye.
    assert broker.kept == {STATUS: b"offline"}


async def test_waiting_frames_come_in_order_after_a_restart(
    gateway: Gateway, broker: Broker, line: MeterPort, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with gateway.running():
        await line.send(*FRAMES[:2])
        await until(lambda: waiting(gateway) == 2)
        await until(lambda: "the broker is away" in caplog.text)
    async with broker.serving(), gateway.running():
        await line.send(*FRAMES[2:4])
        await broker.until(FRAME, *FRAMES[:4])
    assert caplog.text.count("house: the broker is away") == 1


async def test_a_broker_that_is_away_is_tried_after_a_second_and_then_less_often(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr("smartyp1.connection_outage.asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr("smartyp1.connection_outage.uniform", lambda *_: 1.0)
    async with gateway.running():
        await until(lambda: len(delays) >= 7)
    assert delays[:7] == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.usefixtures("short_delays")
@pytest.mark.parametrize(
    ("frames", "at_once", "reason"),
    [
        (FRAMES[:3], 0, "the broker refuses what is published: Not authorized"),
        ([*FRAMES[:2], LONG, FRAMES[3]], 2, "packets of more than 2000 bytes"),
    ],
)
async def test_frames_that_the_broker_refuses_go_on_waiting(  # noqa: PLR0913, PLR0917
    gateway: Gateway,
    broker: Broker,
    line: MeterPort,
    caplog: pytest.LogCaptureFixture,
    frames: list[bytes],
    at_once: int,
    reason: str,
) -> None:
    if at_once:
        broker.largest = 2000
    else:
        broker.refuses = FRAME.__eq__
    async with gateway.running():
        async with broker.serving():
            await line.send(*frames)
            await until(lambda: reason in caplog.text)
            assert broker.at(FRAME) == frames[:at_once]
        broker.largest, broker.refuses = 0xFFFF, lambda _: False
        async with broker.serving():
            await broker.until(FRAME, *frames)


async def test_without_a_name_a_port_has_the_title_of_its_meter(
    gateway: Gateway, broker: Broker, line: MeterPort
) -> None:
    gateway.remove_names()
    mine, other = (f"smarty_p1/{title.hex().upper()}" for title in (TITLE, OTHER_TITLE))
    async with broker.serving(), gateway.running():
        await line.send(*FRAMES[:2])
        await broker.until(f"{mine}/frame", *FRAMES[:2])
        # The meter was exchanged.
        others = [frame(counter, title=OTHER_TITLE) for counter in range(1, 6)]
        await line.send(*others)
        await until(lambda: broker.kept.get(f"{other}/status") == b"online")
        await until(lambda: broker.at(f"{other}/frame") == others[3:])
        assert broker.kept[f"{mine}/status"] == b"offline"


async def test_a_meter_whose_cable_is_moved_to_another_port_stays_online(
    tmp_path: Path, broker: Broker, line: MeterPort, shed: MeterPort
) -> None:
    mine, other = (f"smarty_p1/{title.hex().upper()}" for title in (TITLE, OTHER_TITLE))
    others = [frame(counter, title=OTHER_TITLE) for counter in range(1, 7)]
    gateway = Gateway(tmp_path, broker, line, shed)
    gateway.remove_names()
    async with broker.serving(), gateway.running():
        await line.send(*FRAMES[:2])
        await shed.send(*others[:2])
        await until(lambda: len(broker.at(f"{mine}/frame") + broker.at(f"{other}/frame")) == 4)
        await shed.send(*FRAMES[2:6])
        await broker.until(f"{mine}/status", b"online", b"online")
        await line.send(*others[2:])
        await until(lambda: broker.at(f"{other}/status")[-2:] == [b"offline", b"online"])
        assert {*broker.at(f"{mine}/status")} == {b"online"}
