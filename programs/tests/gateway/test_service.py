"""Process for all ports, from its start to its end."""

import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from selectors import EVENT_READ

import pytest

from dev.encoder import frame, telegram
from dev.meter_port import MeterPort
from smarty_p1_gateway import UnavailableError, new_loop, read_config, run
from smarty_p1_gateway.batching_event_loop import BatchingSelector
from smarty_p1_gateway.queue.frame_queue_on_disk import open_file
from tests.gateway.loopback import PATIENCE, Broker, Gateway, keys, until

VALUE = "smarty_p1/house/active_energy_imported"


async def test_a_signal_stops_the_gateway_and_sets_its_status(
    tmp_path: Path, broker: Broker, line: MeterPort
) -> None:
    async with broker.serving():
        gateway = Gateway(tmp_path, broker, line)
        for number in (signal.SIGTERM, signal.SIGINT):
            async with gateway.running() as task:
                await until(lambda: b"online" in broker.kept.values())
                os.kill(os.getpid(), number)
                await task
            assert broker.kept == {"smarty_p1/house/status": b"offline"}


async def test_sealed_frames_and_values_side_by_side(
    tmp_path: Path, broker: Broker, line: MeterPort
) -> None:
    frames = [frame(counter) for counter in (1, 2)]
    async with broker.serving():
        gateway = Gateway(tmp_path, broker, line, options=keys(tmp_path))
        with gateway.path.open("a", encoding="utf-8") as file:
            file.write("sealed = true\n")
        async with gateway.running():
            for data in frames:
                await line.send(data)
                await broker.until_last("smarty_p1/house/frame", data)
            await broker.until_last(VALUE, b"2.000")
    assert broker.at("smarty_p1/house/frame") == frames


async def test_the_running_quarter_hour_is_stored_at_the_end(
    tmp_path: Path, broker: Broker, line: MeterPort
) -> None:

    def at(second: int, kwh: float) -> bytes:
        return telegram(f"0-0:1.0.0(25070310000{second}S)", f"1-0:1.8.0({kwh:010.3f}*kWh)")

    stored = []
    async with broker.serving():
        gateway = Gateway(tmp_path, broker, line, options=keys(tmp_path))
        for counter in (1, 2):
            async with gateway.running():
                await line.send(frame(2 * counter, at(counter, counter)))
                await line.send(frame(2 * counter + 1, at(counter + 4, counter + 0.5)))
                await broker.until_last(VALUE, b"%d.500" % counter)
            with closing(sqlite3.connect(tmp_path / "smarty-p1-queue.sqlite3")) as memory:
                rows = memory.execute("SELECT content FROM memory WHERE name LIKE 'demand %'")
                stored += rows.fetchall()
    # The second telegram of a run is stored by its end alone.
    assert "1500" in stored[0][0]
    assert "2500" in stored[1][0]


@pytest.mark.parametrize("error", [None, sqlite3.OperationalError("disk I/O error")])
async def test_ports_are_read_while_a_large_queue_is_checked(
    tmp_path: Path,
    broker: Broker,
    line: MeterPort,
    monkeypatch: pytest.MonkeyPatch,
    error: sqlite3.Error | None,
) -> None:
    is_checked = threading.Event()

    def check_slowly(path: Path) -> sqlite3.Connection:
        is_checked.wait(PATIENCE)
        if error:
            raise error
        return open_file(path)

    monkeypatch.setattr("smarty_p1_gateway.queue.frame_queue_on_disk.open_file", check_slowly)
    monkeypatch.setattr("smarty_p1_gateway.service._OPEN_TIMEOUT_S", 0.0)
    # The gateway's context begins when the port is open.
    async with broker.serving(), Gateway(tmp_path, broker, line).running() as task:
        await line.send(frame(1))
        is_checked.set()
        if error:
            with pytest.raises(UnavailableError, match="cannot be used: disk I/O error"):
                await task
        else:
            await broker.until_last("smarty_p1/house/frame", frame(1))


async def test_a_fault_that_may_be_mended_later_is_named(
    tmp_path: Path, broker: Broker, line: MeterPort
) -> None:
    gateway = Gateway(tmp_path, broker, line)
    async with gateway.running() as first:
        with pytest.raises(UnavailableError, match="is in use by another gateway"):
            await run(read_config(gateway.path))
        assert not first.done()
    with gateway.path.open("a", encoding="utf-8") as file:
        file.write('[queue]\npath = "/proc/queue"\n')
    with pytest.raises(UnavailableError, match=r"\[queue\] path cannot be used: "):
        await run(read_config(gateway.path))


PORT = '[[port]]\naddress = "127.0.0.1:{}"\ntitle = "534147677004{}"\n'


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    with ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(2)]
        for one in [one for pair in pairs for one in pair]:
            stack.enter_context(one)
        yield pairs


def test_events_in_the_pause_after_the_first_one_are_handled_with_it(
    pairs: list[tuple[socket.socket, socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        pairs[1][0].send(b"second")

    monkeypatch.setattr("smarty_p1_gateway.batching_event_loop.time.sleep", sleep)
    with BatchingSelector() as selector:
        for _, there in pairs:
            selector.register(there, EVENT_READ)
        assert selector.select(0.01) == []
        pairs[0][0].send(b"first")
        # Work that waits already is not held up.
        assert len(selector.select(0)) == 1
        assert pauses == []
        assert {key.fileobj for key, _ in selector.select()} == {there for _, there in pairs}
    assert pauses == [0.25]


@pytest.mark.parametrize(
    ("broker", "ports", "gathers"), [("nats", 2, True), ("nats", 1, False), ("mqtt", 2, False)]
)
def test_a_gateway_with_several_ports_gathers_for_nats(
    tmp_path: Path, broker: str, ports: int, *, gathers: bool
) -> None:
    addresses = {"nats": 'servers = ["nats://127.0.0.1:4222"]', "mqtt": 'host = "127.0.0.1"'}
    file = tmp_path / "gateway.toml"
    text = "".join(PORT.format(20000 + n, f"100{n}") for n in range(ports))
    file.write_text(f"[{broker}]\n{addresses[broker]}\n{text}", "ascii")
    loop = new_loop(read_config(file))
    assert isinstance(loop._selector, BatchingSelector) is gathers  # type: ignore[attr-defined]
    loop.close()
