"""Telegrams of a line, through the gateway that has the key, on a real mosquitto."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dev.encoder import AUTHENTICATION_KEY, KEY, frame, telegram
from tests.system.broker import Broker
from tests.system.decoded_gateway import DecodedGateway
from tests.system.sealed_gateway import Line, Listener
from tests.system.support import TIMEOUT

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(TIMEOUT)]

ROOT = DecodedGateway.root
AVAILABILITY = f"{ROOT}/availability"
IMPORTED = f"{ROOT}/active_energy_imported"


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    async with line.serving():
        yield line


def parts(
    directory: Path, line: Line, publish: str = "", port: str = "", key: bytes | None = None
) -> tuple[Broker, DecodedGateway, Listener]:
    """Return a broker, a gateway that reads the line, and a listener; none of them runs yet."""
    broker = Broker(directory)
    address = f"socket://127.0.0.1:{line.port}"
    gateway = DecodedGateway(directory, broker.port, address, publish=publish, port=port, key=key)
    return broker, gateway, Listener(broker.port, "#")


def with_import(counter: int, kwh: float) -> bytes:
    power = f"1-0:1.7.0({counter:06.3f}*kW)"
    return frame(counter, telegram(f"1-0:1.8.0({kwh:010.3f}*kWh)", power))


async def test_a_kill_is_noticed_and_a_replay_refused_after_it(tmp_path: Path, line: Line) -> None:
    broker, gateway, listener = parts(tmp_path, line)
    async with broker.serving(), listener.listening():
        async with gateway.running() as process:
            assert await listener.until(AVAILABILITY, 1) == [b"offline"]
            await line.send(b"noise" + with_import(1, 100.5) + with_import(2, 101.25))
            assert (await listener.until(IMPORTED, 1))[-1] in (b"100.500", b"101.250")
            await gateway.until_metric("telegrams_total", 2)
            assert await listener.until(AVAILABILITY, 2) == [b"offline", b"online"]
            # Lower, but not yet confirmed.
            await line.send(with_import(3, 90))
            # By then its counter is stored, too, which is not yet so when it is counted.
            await listener.until_last(f"{ROOT}/active_power_imported", b"3.000")
            os.kill(process.pid, signal.SIGKILL)
            assert (await listener.until(AVAILABILITY, 3))[-1] == b"offline"
        listener.messages.clear()
        async with gateway.running() as process:
            assert await listener.until(AVAILABILITY, 1) == [b"offline"]
            await line.send(with_import(2, 101.25) + with_import(3, 90))
            await gateway.until_metric('rejected_total{port="house",reason="replay"}', 2)
            assert listener.at(IMPORTED) == []
            assert listener.at(AVAILABILITY) == [b"offline"]
            # The total that was accepted before the kill is still the one.
            await line.send(with_import(4, 90.5))
            assert await listener.until(IMPORTED, 1) == [b"101.250"]
            await line.send(with_import(5, 102))
            assert (await listener.until(IMPORTED, 2))[-1] == b"102.000"
            assert await listener.until(AVAILABILITY, 2) == [b"offline", b"online"]
            await process.stop()
            assert (await listener.until(AVAILABILITY, 3))[-1] == b"offline"


async def test_no_secret_gets_out(tmp_path: Path, line: Line) -> None:
    broker, gateway, listener = parts(tmp_path, line, "discovery = true\nformat = 'both'")
    wrong = bytes(range(16))
    async with broker.serving(), listener.listening(), gateway.running() as process:
        await line.send(frame(1, key=wrong) + frame(2, key=wrong) + frame(3, key=wrong))
        await gateway.until_metric('rejected_total{port="house",reason="tag"}', 3)
        await line.send(frame(4) + frame(5))
        await gateway.until_metric("telegrams_total", 2)
        await listener.until(f"{ROOT}/telegram", 1)
        metrics = await gateway.metrics()
        await process.stop()
    log = (tmp_path / "gateway.log").read_text(encoding="utf-8")
    assert "the key of the meter 534147677004102E does not fit its frames" in log
    queue = (tmp_path / "smarty-p1-queue.sqlite3").read_bytes()
    published = repr(listener.messages)
    for secret in (KEY, AUTHENTICATION_KEY):
        assert secret not in queue
        for text in (log, metrics, published, queue.decode("latin-1")):
            assert secret.hex() not in text.lower()


async def test_nothing_is_published_before_its_counter_is_stored(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, listener = parts(tmp_path, line)
    async with broker.serving(), listener.listening(), gateway.running():
        await line.send(frame(1))
        await listener.until(IMPORTED, 1)
        with contextlib.closing(sqlite3.connect(tmp_path / "smarty-p1-queue.sqlite3")) as other:
            other.execute("BEGIN IMMEDIATE")  # nobody else can write meanwhile
            await line.send(frame(2))
            await gateway.until_metric("telegrams_total", 2)
            await asyncio.sleep(1)
            assert listener.at(IMPORTED) == [b"1.000"]
            other.rollback()
        assert await listener.until(IMPORTED, 2) == [b"1.000", b"2.000"]


async def test_while_the_disk_is_full_no_values_are_published_and_sealed_frames_are(
    tmp_path: Path, line: Line
) -> None:
    broker, gateway, listener = parts(tmp_path, line, "discovery = true", "sealed = true")
    queue = tmp_path / "smarty-p1-queue.sqlite3"
    frames = [frame(counter) for counter in range(1, 7)]

    def make_full(table: str) -> str:
        return (
            f"CREATE TRIGGER full_{table} BEFORE INSERT ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )

    async with broker.serving(), listener.listening():
        async with gateway.running() as process:
            await line.send(frames[0])
            await listener.until(IMPORTED, 1)
            await listener.until_last(AVAILABILITY, b"online")
            with contextlib.closing(sqlite3.connect(queue)) as other:
                for table in ("memory", "frames"):
                    other.execute(make_full(table))
            for counter in (2, 3):
                await line.send(frames[counter - 1])
                await listener.until(f"{ROOT}/frame", counter)
            await listener.until_last(AVAILABILITY, b"offline")
            count = len(listener.at(AVAILABILITY))
            # It stays so while telegrams come, and is said once.
            await line.send(frames[3])
            await gateway.until_metric("telegrams_total", 4)
            await listener.until(f"{ROOT}/frame", 4)
            os.kill(process.pid, signal.SIGKILL)
        assert listener.at(IMPORTED) == [b"1.000"]
        async with gateway.running() as process:
            # Recorded meanwhile: it counts as new, and is not published either.
            await line.send(frames[2])
            await gateway.until_metric("telegrams_total", 1)
            await listener.until(f"{ROOT}/frame", 5)
            assert listener.at(IMPORTED) == [b"1.000"]
            # Each of the two gateways says so once.
            await gateway.until_logged("so no values are published: database or", 2)
            with contextlib.closing(sqlite3.connect(queue)) as other:
                for table in ("memory", "frames"):
                    other.execute(f"DROP TRIGGER full_{table}")
            # Nobody has to wait for the next telegram.
            assert await listener.until(IMPORTED, 2) == [b"1.000", b"3.000"]
            await line.send(frames[5])
            assert (await listener.until(IMPORTED, 3))[-1] == b"6.000"
            said = listener.at(AVAILABILITY)
            assert said[count:].count(b"online") == 1
            assert said[-1] == b"online"
            await process.stop()
    log = (tmp_path / "gateway.log").read_text(encoding="utf-8")
    assert log.count("Nothing can be stored, so no values are published: database or") == 2
    assert log.count("It can be stored again, and values are published") == 1
