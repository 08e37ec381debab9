"""What waits in memory for the disk, and is written once."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.queue import frame_queue_memory_and_writer
from smarty_p1_gateway.queue.frame_queue_memory_and_writer import FrameStore
from smarty_p1_gateway.queue.frame_queue_on_disk import FrameQueue, NewFrame


async def test_what_is_being_written_at_the_end_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "queue"
    store = FrameStore(["a"], GatewayMetrics())
    await store.open(path, 1_000_000)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else can write meanwhile
        writing = asyncio.create_task(store.write())
        for number in range(3):
            store.put(NewFrame("a", "a/frame", bytes([number])))
        # Once it waits for the other, it has taken them.
        for _ in range(3):
            await asyncio.sleep(0)
        writing.cancel()
        closing_store = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        other.rollback()
        await closing_store
    queue = FrameQueue(path, ["a"], 1_000_000)
    assert [frame.data for frame in queue.oldest("a", 10)] == [b"\0", b"\1", b"\2"]
    queue.close()


async def test_beyond_what_memory_may_hold_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    metrics = GatewayMetrics()
    store = FrameStore(["a", "b"], metrics)
    await store.open(tmp_path / "queue", 100_000_000)
    mebibyte = bytes(1024 * 1024 - 1)
    store.put(NewFrame("b", "b/frame", b"b" + mebibyte))
    for number in range(9):
        store.put(NewFrame("a", "a/frame", bytes([number]) + mebibyte))
    name = "smarty_p1_gateway_dropped_total"
    lost = [metrics.registry.get_sample_value(name, {"port": port}) for port in "ab"]
    assert lost == [1, 1]
    await store.close()
    queue = FrameQueue(tmp_path / "queue", ["a", "b"], 100_000_000)
    assert [frame.data[0] for frame in queue.oldest("a", 10)] == [*range(1, 9)]
    assert queue.oldest("b", 10) == []
    queue.close()


async def test_what_the_disk_does_not_take_is_published_from_memory_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(frame_queue_memory_and_writer, "_RETRY_DELAY", 0.01)
    path = tmp_path / "queue"
    metrics = GatewayMetrics()
    store = FrameStore(["a", "b"], metrics)
    await store.open(path, 1_000_000)
    await store.wait("a")
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON frames BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        for number in range(3):
            store.put(NewFrame("a", "a/frame", bytes([number])))
        writing = asyncio.create_task(store.write())
        await store.wait("a")
        sent = await store.oldest("a", 2)
        assert [frame.data for frame in sent] == [b"\0", b"\1"]
        assert await store.oldest("b", 2) == []
        await store.remove("a", sent)
        assert [frame.data for frame in await store.oldest("a", 2)] == [b"\2"]
        waiting = "smarty_p1_gateway_queue_length"
        assert metrics.registry.get_sample_value(waiting, {"port": "a"}) == 1
        assert not store.is_empty()
        other.execute("DROP TRIGGER full")
    # The frame is written without a further one. Frames on the disk have positive numbers.
    async with asyncio.timeout(10):
        while (await store.oldest("a", 1))[0].number < 0:
            await store.wait("a")
    writing.cancel()
    await store.close()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "The queue cannot be written: full"),
        ("INFO", "The queue can be written again"),
    ]
    queue = FrameQueue(path, ["a"], 1_000_000)
    assert [frame.data for frame in queue.oldest("a", 10)] == [b"\2"]
    queue.close()


async def test_frames_of_several_ports_are_written_and_removed_together(tmp_path: Path) -> None:
    for ports in (["a"], ["a", "b", "c"]):
        path = tmp_path / ports[-1]
        store = FrameStore(ports, GatewayMetrics())
        await store.open(path, 1_000_000)
        assert {*await store.wait_for_any()} == {*ports}
        writing = asyncio.create_task(store.write())
        for port in ports:
            store.put(NewFrame(port, "frame", port.encode()))
        assert {*await store.wait_for_any(len(ports))} == {*ports}
        found = await store.exchange({}, ports, 10)
        assert {port: [one.data for one in some] for port, some in found.items()} == {
            port: [port.encode()] for port in ports
        }
        gone = {port: some for port, some in found.items() if port != "b"}
        left = await store.exchange(gone, ports, 10)
        assert [port for port, some in left.items() if some] == ["b"] * (len(ports) > 1)
        # Too few frames have come, although one is written.
        store.put(NewFrame("a", "frame", b"a"))
        while not (await store.exchange({}, ["a"], 10))["a"]:
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await store.wait_for_any(len(ports) + 2)
        assert {*await store.wait_for_any()} == {"a"}
        writing.cancel()
        await store.close()
