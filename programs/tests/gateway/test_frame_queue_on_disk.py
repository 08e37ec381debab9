"""Frames that wait on disk."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from smarty_p1_gateway import disk_writer
from smarty_p1_gateway.json_storage import JsonStorage
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.queue import frame_queue_on_disk
from smarty_p1_gateway.queue.async_frame_queue import AsyncFrameQueue
from smarty_p1_gateway.queue.frame_queue_on_disk import FrameQueue, NewFrame, QueueInUseError
from tests.gateway.loopback import full

type OpenQueue = Callable[..., FrameQueue]


@pytest.fixture
def open_queue(tmp_path: Path) -> Iterator[OpenQueue]:
    queues = []

    def opened(*ports: str, most_bytes: int = 1_000_000) -> FrameQueue:
        queue = FrameQueue(tmp_path / "queue", ports or ("a", "b"), most_bytes)
        queues.append(queue)
        return queue

    yield opened
    for queue in queues:
        with suppress(sqlite3.ProgrammingError):  # closed already
            queue.close()


def frames(port: str, *numbers: int, size: int = 100) -> list[NewFrame]:
    return [NewFrame(port, f"{port}/frame", number.to_bytes(4) * (size // 4)) for number in numbers]


def waiting(queue: FrameQueue, port: str) -> list[int]:
    return [int.from_bytes(frame.data[:4]) for frame in queue.oldest(port, 10_000)]


def test_each_port_has_its_own_order(open_queue: OpenQueue) -> None:
    queue = open_queue()
    queue.add_frames([*frames("a", 1, 2), *frames("b", 3), *frames("a", 4)])
    assert waiting(queue, "a") == [1, 2, 4]
    assert waiting(queue, "b") == [3]
    assert [frame.topic for frame in queue.oldest("a", 2)] == ["a/frame", "a/frame"]
    queue.remove("a", queue.oldest("a", 2) * 2)
    assert waiting(queue, "a") == [4]
    assert (queue.length("a"), queue.size("a")) == (1, 164)


def test_waiting_frames_are_there_after_a_restart_in_order(open_queue: OpenQueue) -> None:
    queue = open_queue()
    queue.add_frames(frames("a", 1, 2, 3))
    queue.remove("a", queue.oldest("a", 1))
    queue.close()
    queue = open_queue()
    queue.add_frames(frames("a", 4))
    assert waiting(queue, "a") == [2, 3, 4]
    assert (queue.length("a"), queue.size("a")) == (3, 3 * 164)
    assert queue.last_topic("a") == "a/frame"
    assert queue.last_topic("b") is None


def test_the_oldest_frames_go_first_and_only_those_of_the_full_port(
    open_queue: OpenQueue,
) -> None:
    queue = open_queue(most_bytes=2 * 164 * 10)
    assert queue.add_frames([*frames("b", 1), *frames("a", *range(10))]) == {}
    assert queue.add_frames(frames("a", 10, 11, 12)) == {"a": 3}
    assert waiting(queue, "a") == list(range(3, 13))
    assert waiting(queue, "b") == [1]
    assert queue.size("a") <= 1640


def test_frames_of_a_port_that_is_gone_are_not_lost(open_queue: OpenQueue) -> None:
    queue = open_queue()
    queue.add_frames([*frames("b", 1), *frames("a", 2), *frames("b", 3)])
    queue.close()
    queue = open_queue("c", "a")
    queue.add_frames([*frames("c", 4), *frames("a", 5)])
    assert waiting(queue, "c") == [1, 3, 4]
    assert waiting(queue, "a") == [2, 5]
    queue.close()
    queue = open_queue("b")
    assert sorted(waiting(queue, "b")) == [1, 2, 3, 4, 5]
    assert queue.length("b") == 5


def test_ports_with_new_labels_share_the_waiting_frames_of_the_old_ones(
    open_queue: OpenQueue,
) -> None:
    old, new = ("a", "b", "c"), ("d", "b", "e")
    queue = open_queue(*old, most_bytes=3 * 164 * 10)
    queue.add_frames([frame for port in old for frame in frames(port, *range(9))])
    queue.close()
    queue = open_queue(*new, most_bytes=3 * 164 * 10)
    assert queue.add_frames([frame for port in new for frame in frames(port, 9)]) == {}
    assert [waiting(queue, port) for port in new] == [[*range(10)]] * 3


def test_a_frame_removed_while_it_makes_room_counts_once(open_queue: OpenQueue) -> None:
    queue = open_queue("a", most_bytes=164 * 10)
    queue.add_frames(frames("a", *range(10)))
    in_flight = queue.oldest("a", 5)
    assert queue.add_frames(frames("a", 10, 11, 12)) == {"a": 3}
    queue.remove("a", in_flight)
    assert waiting(queue, "a") == list(range(5, 13))
    assert (queue.length("a"), queue.size("a")) == (8, 8 * 164)


def test_removed_frames_leave_the_disk_although_nothing_is_added(
    open_queue: OpenQueue, tmp_path: Path
) -> None:
    queue = open_queue("a")
    queue.add_frames(frames("a", *range(300), size=2000))
    while len(some := queue.oldest("a", 10)) == 10 and queue.length("a") > 20:
        queue.remove("a", some)
    assert waiting(queue, "a") == list(range(280, 300))
    # A kill would leave some frames; the file is small again.
    with closing(sqlite3.connect(tmp_path / "queue")) as database:
        (left,) = database.execute("SELECT count(*) FROM frames").fetchone()
        (pages,) = database.execute("PRAGMA page_count").fetchone()
    assert 20 <= left < 40
    assert pages < 200


def test_removed_frames_stay_removed_although_the_disk_refused_the_next_one(
    open_queue: OpenQueue, tmp_path: Path
) -> None:
    queue = open_queue("a")
    queue.add_frames(frames("a", 1, 2, 3))
    queue.remove("a", queue.oldest("a", 2))
    with full(tmp_path / "queue", "frames"), pytest.raises(sqlite3.Error, match="full"):
        queue.add_frames(frames("a", 4))
    queue.close()
    assert waiting(open_queue("a"), "a") == [3]


def test_a_nearly_full_disk_gets_no_more_frames_so_that_it_can_lose_some(
    open_queue: OpenQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = open_queue("a")
    queue.add_frames(frames("a", 1, 2, 3))
    queue.remove("a", queue.oldest("a", 2))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=8 * 1024**2 - 1))
    with pytest.raises(sqlite3.Error, match="less than 8 MiB"):
        queue.add_frames(frames("a", 4))
    with closing(sqlite3.connect(tmp_path / "queue")) as database:
        assert database.execute("SELECT count(*) FROM frames").fetchone() == (1,)
    assert waiting(queue, "a") == [3]


def test_two_gateways_cannot_share_a_queue(open_queue: OpenQueue) -> None:
    open_queue()
    with pytest.raises(QueueInUseError):
        open_queue()


def test_a_damaged_file_is_put_aside(open_queue: OpenQueue, tmp_path: Path) -> None:
    (tmp_path / "queue").write_bytes(b"This is no database." * 1000)
    queue = open_queue()
    queue.add_frames(frames("a", 1))
    assert waiting(queue, "a") == [1]
    assert (tmp_path / "queue.damaged").read_bytes().startswith(b"This is no database.")


async def opened(path: Path) -> tuple[AsyncFrameQueue, JsonStorage]:
    queue = AsyncFrameQueue(["a"], GatewayMetrics())
    await queue.open(path, 1_000_000)
    memory = JsonStorage(queue)
    await memory.open()
    return queue, memory


@pytest.mark.timeout(300)
async def test_a_gateway_starts_with_a_file_damaged_at_any_place(tmp_path: Path) -> None:
    path = tmp_path / "queue"
    queue, memory = await opened(path)
    memory.put_content("meter", lambda: {"serial_number": "SAG1030790002574" * 40})
    for number in range(9):
        queue.put_frame(NewFrame("a", "smarty_p1/house/frame", bytes([number]) * 900))
    await memory.close()
    await queue.close()
    whole = path.read_bytes()
    damaged = [whole[:at] for at in (*range(0, 100, 24), *range(101, len(whole), 3511))]
    damaged += [
        whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        for at in (*range(16, 100, 2), *range(101, len(whole), 5503))
    ]
    for at in range(0, len(whole), 4096):  # a card loses whole pages
        damaged.append(whole[:at] + bytes(4096) + whole[at + 4096 :])
    for text in (b"smarty_p1/house", b"CREATE TABLE frames", b"SAG103"):
        at = whole.index(text) + 4
        damaged.append(whole[:at] + b"\x96" + whole[at + 1 :])
    for number, content in enumerate(damaged):
        again = tmp_path / f"{number}"
        again.write_bytes(content)
        queue, memory = await opened(again)
        memory.take_content("meter", str)
        await queue.oldest("a", 100)
        [frame] = frames("a", 1)
        queue.put_frame(frame)
        await memory.close()
        await queue.close()
        on_disk = FrameQueue(again, ["a"], 1_000_000)
        assert waiting(on_disk, "a")[-1] == 1
        on_disk.close()


def test_a_file_that_is_not_damaged_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0.0))
    FrameQueue(tmp_path / "queue", ["a"], 1000).close()
    with closing(sqlite3.connect(tmp_path / "queue")) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            FrameQueue(tmp_path / "queue", ["a"], 1000)
    assert not (tmp_path / "queue.damaged").exists()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_NOMEM])
def test_a_disk_that_cannot_be_read_now_has_no_damaged_file(tmp_path: Path, code: int) -> None:
    FrameQueue(tmp_path / "queue", ["a"], 1000).close()
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    with (
        patch.object(frame_queue_on_disk, "_connect", side_effect=error),
        pytest.raises(sqlite3.OperationalError, match="I/O") as refused,
    ):
        FrameQueue(tmp_path / "queue", ["a"], 1000)
    assert not (tmp_path / "queue.damaged").exists()
    # The queue is not in use: the error that is kept here keeps no lock.
    FrameQueue(tmp_path / "queue", ["a"], 1000).close()
    assert refused.value is error


def test_files_of_the_queue_are_private(open_queue: OpenQueue, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        open_queue().add_frames(frames("a", 1))
    finally:
        os.umask(before)
    modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.glob("queue*")}
    del modes["queue.lock"]  # it is empty
    assert modes == dict.fromkeys(("queue", "queue-shm", "queue-wal"), 0o600)


TITLES = [f"{number:016X}" for number in range(1, 7)]


def aside(queue: FrameQueue, port: str, title: str) -> list[int]:
    return [int.from_bytes(frame.data[:4]) for frame in queue.oldest(port, 10_000, title)]


def set_aside(queue: FrameQueue, port: str, title: str, count: int = 1) -> int:
    return sum(queue.set_aside(port, title, frame) for frame in queue.oldest(port, count))


def test_frames_set_aside_wait_in_order_and_stop_nothing(open_queue: OpenQueue) -> None:
    queue = open_queue()
    queue.add_frames([*frames("a", 1, 2, 3, 4), *frames("b", 5)])
    assert set_aside(queue, "a", TITLES[0], 2) == 0
    assert waiting(queue, "a") == [3, 4]
    queue.remove("a", queue.oldest("a", 1))
    set_aside(queue, "a", TITLES[0])
    queue.close()
    queue = open_queue()
    assert queue.titles_aside("a") == (TITLES[0],)
    assert queue.titles_aside("b") == ()
    assert aside(queue, "a", TITLES[0]) == [1, 2, 4]
    assert (waiting(queue, "a"), waiting(queue, "b")) == ([], [5])
    assert (queue.length("a"), queue.size("a"), queue.length_aside("a")) == (3, 3 * 164, 3)
    queue.remove("a", queue.oldest("a", 2, TITLES[0]), TITLES[0])
    queue.end_aside("a", TITLES[0])
    assert aside(queue, "a", TITLES[0]) == [4]
    queue.remove("a", queue.oldest("a", 1, TITLES[0]), TITLES[0])
    queue.end_aside("a", TITLES[0])
    assert queue.titles_aside("a") == ()
    queue.close()
    assert open_queue().titles_aside("a") == ()


def test_the_title_with_the_fewest_frames_makes_way_for_a_fifth(open_queue: OpenQueue) -> None:
    queue = open_queue()
    queue.add_frames(frames("a", *range(20)))
    for title, count in zip(TITLES, (4, 3, 2, 5), strict=False):
        assert set_aside(queue, "a", title, count) == 0
    # Two frames are noise, and not lost.
    assert set_aside(queue, "a", TITLES[4], 3) == 0
    assert queue.length("a") == 18
    assert set_aside(queue, "a", TITLES[5]) == 3
    assert queue.titles_aside("a") == (TITLES[0], TITLES[3], TITLES[4], TITLES[5])
    assert queue.titles_aside("a", 4) == (TITLES[0], TITLES[3])
    assert aside(queue, "a", TITLES[5]) == [17]
    assert queue.length("a") == 15


def test_frames_set_aside_are_dropped_before_publishable_frames(open_queue: OpenQueue) -> None:
    queue = open_queue(most_bytes=2 * 164 * 10)
    queue.add_frames(frames("a", *range(10)))
    set_aside(queue, "a", TITLES[0], 4)
    assert queue.add_frames(frames("a", 10, 11, 12)) == {"a": 3}
    assert aside(queue, "a", TITLES[0]) == [3]
    assert waiting(queue, "a") == [*range(4, 13)]
    assert queue.add_frames(frames("a", 13, 14)) == {"a": 2}
    assert (aside(queue, "a", TITLES[0]), waiting(queue, "a")) == ([], [*range(5, 15)])
    assert queue.size("a") == 1640


def test_frames_of_a_title_that_is_no_longer_configured_are_dropped(
    open_queue: OpenQueue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left, stays, unknown = (f"534147677004103{digit}" for digit in "012")

    def counts(ports: str, *titles: str) -> dict[str, int]:
        """Open the queue again; return by title the number of frames that wait at any port."""
        known = [bytes.fromhex(title) for title in titles]
        queue = FrameQueue(tmp_path / "queue", [*ports], 1_000_000, known)
        queued = [
            frame.data[2:10].hex()
            for port in ports
            for title in (None, *queue.titles_aside(port))
            for frame in queue.oldest(port, 100, title)
        ]
        queue.close()
        return {title: queued.count(title) for title in {*queued}}

    assert counts("ab", left, stays) == {}
    queue = open_queue()
    new = [
        (port, title)
        for port, title in zip("aabbb", (left, left, left, stays, unknown), strict=True)
    ]
    queue.add_frames([NewFrame(port, "", bytes.fromhex(f"DB08{title}82")) for port, title in new])
    [oldest] = queue.oldest("b", 1)
    queue.set_aside("b", left.upper(), oldest)
    queue.close()
    everything = {left: 3, stays: 1, unknown: 1}
    # A port that has only another name keeps its frames, and so does a gateway without titles.
    assert counts("cb", left, stays) == counts("ab") == everything
    assert caplog.messages == []
    assert counts("b", stays) == {stays: 1, unknown: 1}
    [message] = caplog.messages
    assert message.startswith(f"3 waiting frames of {left} are dropped: ")
    # A title that was removed too early is back, with its later frames.
    assert counts("ab", left, stays) == {stays: 1, unknown: 1}


def test_dropped_frames_leave_the_disk(tmp_path: Path) -> None:
    left, stays = (bytes.fromhex(f"534147677004103{digit}") for digit in "01")
    path = tmp_path / "queue"
    with closing(FrameQueue(path, ["a"], 1_000_000, [left, stays])) as queue:
        queue.add_frames([NewFrame("a", "", b"\xdb\x08" + left + bytes(2000))] * 300)
    with closing(FrameQueue(path, ["a"], 1_000_000, [stays])) as queue:
        queue.add_frames(frames("a", 1))
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA page_count").fetchone() < (20,)


def test_a_frame_that_made_room_is_not_set_aside(open_queue: OpenQueue) -> None:
    queue = open_queue(most_bytes=2 * 164 * 2)
    queue.add_frames(frames("a", 1, 2))
    [oldest] = queue.oldest("a", 1)
    queue.add_frames(frames("a", 3))
    assert queue.set_aside("a", TITLES[0], oldest) == 0
    assert (queue.titles_aside("a"), waiting(queue, "a")) == ((), [2, 3])


async def test_frames_being_written_at_the_end_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "queue"
    async_queue = AsyncFrameQueue(["a"], GatewayMetrics())
    await async_queue.open(path, 1_000_000)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")  # no other connection can write now
        writing = asyncio.create_task(async_queue.write())
        for number in range(3):
            async_queue.put_frame(NewFrame("a", "a/frame", bytes([number])))
        # The write that waits for the other connection has taken the frames.
        for _ in range(3):
            await asyncio.sleep(0)
        writing.cancel()
        end = asyncio.create_task(async_queue.close())
        await asyncio.sleep(0)
        other.rollback()
        await end
    queue = FrameQueue(path, ["a"], 1_000_000)
    assert [frame.data for frame in queue.oldest("a", 10)] == [b"\0", b"\1", b"\2"]
    queue.close()


async def test_beyond_the_limit_of_memory_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    metrics = GatewayMetrics()
    async_queue = AsyncFrameQueue(["a", "b"], metrics)
    await async_queue.open(tmp_path / "queue", 100_000_000)
    mebibyte = bytes(1024 * 1024 - 1)
    async_queue.put_frame(NewFrame("b", "b/frame", b"b" + mebibyte))
    for number in range(9):
        async_queue.put_frame(NewFrame("a", "a/frame", bytes([number]) + mebibyte))
    name = "smarty_p1_gateway_dropped_total"
    lost = [metrics.registry.get_sample_value(name, {"port": port}) for port in "ab"]
    assert lost == [1, 1]
    await async_queue.close()
    queue = FrameQueue(tmp_path / "queue", ["a", "b"], 100_000_000)
    assert [frame.data[0] for frame in queue.oldest("a", 10)] == [*range(1, 9)]
    assert queue.oldest("b", 10) == []
    queue.close()


async def test_frames_that_the_disk_refuses_are_published_from_memory_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(disk_writer, "_RETRY_DELAY_S", 0.01)
    path = tmp_path / "queue"
    metrics = GatewayMetrics()
    async_queue = AsyncFrameQueue(["a", "b"], metrics)
    await async_queue.open(path, 1_000_000)
    await async_queue.wait("a")
    with full(path, "frames"):
        for number in range(3):
            async_queue.put_frame(NewFrame("a", "a/frame", bytes([number])))
        writing = asyncio.create_task(async_queue.write())
        await async_queue.wait("a")
        sent = await async_queue.oldest("a", 2)
        assert [frame.data for frame in sent] == [b"\0", b"\1"]
        assert await async_queue.oldest("b", 2) == []
        await async_queue.remove("a", sent)
        assert [frame.data for frame in await async_queue.oldest("a", 2)] == [b"\2"]
        assert not metrics.is_queue_writable()
        waiting = "smarty_p1_gateway_queue_length"
        assert metrics.registry.get_sample_value(waiting, {"port": "a"}) == 1
        assert not async_queue.is_empty()
    # The frame is written without a further one. Frames on the disk have positive numbers.
    async with asyncio.timeout(10):
        while (await async_queue.oldest("a", 1))[0].number < 0:
            await async_queue.wait("a")
    assert metrics.is_queue_writable()
    writing.cancel()
    await async_queue.close()
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
        async_queue = AsyncFrameQueue(ports, GatewayMetrics())
        await async_queue.open(path, 1_000_000)
        assert {*await async_queue.wait_for_any()} == {*ports}
        writing = asyncio.create_task(async_queue.write())
        for port in ports:
            async_queue.put_frame(NewFrame(port, "frame", port.encode()))
        assert {*await async_queue.wait_for_any(len(ports))} == {*ports}
        found = await async_queue.exchange({}, ports, 10)
        assert {port: [one.data for one in some] for port, some in found.items()} == {
            port: [port.encode()] for port in ports
        }
        gone = {port: some for port, some in found.items() if port != "b"}
        left = await async_queue.exchange(gone, ports, 10)
        assert [port for port, some in left.items() if some] == ["b"] * (len(ports) > 1)
        # Too few frames have come, although one is written.
        async_queue.put_frame(NewFrame("a", "frame", b"a"))
        while not (await async_queue.exchange({}, ["a"], 10))["a"]:
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await async_queue.wait_for_any(len(ports) + 2)
        assert {*await async_queue.wait_for_any()} == {"a"}
        writing.cancel()
        await async_queue.close()
