"""What a partition's reader makes of what the servers send it."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from smarty_p1_fleet.frame_reader import FrameReader, GapError

# Seconds that never pass, whatever the clock says when they begin.
LONG = 1e9


class FakeServers:
    """Takes what the reader asks for, and sends it messages."""

    max_payload = 1024 * 1024

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.consumers: list[Any] = []

    def new_inbox(self) -> str:
        return "_INBOX.1"

    async def publish(self, subject: str, *_: object) -> None:
        self.asked.append(subject)

    async def subscribe(self, _: str, cb: Callable[[Msg], Awaitable[None]]) -> None:
        self.send = cb

    async def add_consumer(self, _: str, config: Any) -> None:  # noqa: ANN401
        self.consumers.append(config)

    async def deliver(self, *numbers: tuple[int, int], **headers: str) -> None:
        """Send messages with numbers in the stream, and of the consumer."""
        for sequence, delivered in numbers:
            ack = f"$JS.ACK.smarty_p1_frames.partition_3_7.1.{sequence}.{delivered}.1500000000.0"
            await self.send(Msg(cast("Client", self), "s", ack, b"frame", headers or None))

    async def say(self, status: str) -> None:
        await self.send(Msg(cast("Client", self), "s", "", b"", {"Status": status}))


@pytest.fixture
def servers() -> FakeServers:
    return FakeServers()


@pytest.fixture
async def reader(servers: FakeServers, monkeypatch: pytest.MonkeyPatch) -> FrameReader:
    monkeypatch.setattr("smarty_p1_fleet.frame_reader._GATHER_TIME", 0.01)
    reader = FrameReader(cast("Client", servers), cast("JetStreamContext", servers), 3, 7)
    await reader.open(40)
    return reader


async def sequences(reader: FrameReader, within: float = 0.01) -> list[int]:
    return [message.sequence for message in await reader.read(within)]


async def test_it_begins_behind_what_is_committed(
    servers: FakeServers, reader: FrameReader
) -> None:
    assert await sequences(reader) == []
    [config] = servers.consumers
    assert (config.durable_name, config.opt_start_seq) == ("partition_3_7", 41)
    assert config.filter_subject == "smarty_p1.frames.3.*"
    assert servers.asked == ["$JS.API.CONSUMER.MSG.NEXT.smarty_p1_frames.partition_3_7"]


async def test_messages_come_in_the_order_of_the_stream(
    servers: FakeServers, reader: FrameReader
) -> None:
    await servers.deliver((45, 1), (50, 2))
    [first, second] = await reader.read(0.01)
    assert (first.sequence, first.arrived, first.data) == (45, 1.5, b"frame")
    assert second.sequence == 50
    await servers.deliver((51, 3))
    assert await sequences(reader) == [51]


async def let_others_work() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_comes_meanwhile_is_read_together(
    servers: FakeServers, reader: FrameReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_fleet.frame_reader._GATHER_TIME", LONG)
    monkeypatch.setattr("smarty_p1_fleet.frame_reader._BATCH", 3)
    reading = asyncio.create_task(sequences(reader, LONG))
    await let_others_work()
    for number in ((45, 1), (50, 2)):
        await servers.deliver(number)
        await let_others_work()
        assert not reading.done()
    # All that was asked for is there: a backlog is not slowed down.
    await servers.deliver((51, 3))
    assert await reading == [45, 50, 51]
    reading = asyncio.create_task(sequences(reader, LONG))
    await let_others_work()
    await servers.deliver((52, 4))
    await let_others_work()
    assert not reading.done()
    # There will be no more.
    await servers.say("408")
    assert await reading == [52]


async def test_a_message_that_got_lost_on_the_way_is_noticed(
    servers: FakeServers, reader: FrameReader
) -> None:
    await servers.deliver((45, 1), (50, 3))
    with pytest.raises(GapError):
        await reader.read(0.01)


async def test_what_is_delivered_again_is_left_out(
    servers: FakeServers, reader: FrameReader
) -> None:
    await servers.deliver((45, 1), (50, 2), (55, 3))
    assert await sequences(reader) == [45, 50, 55]
    # Not acknowledged for long.
    await servers.deliver((45, 4), (61, 5))
    assert await sequences(reader) == [61]


async def test_a_consumer_that_begins_anew_is_noticed(
    servers: FakeServers, reader: FrameReader
) -> None:
    await servers.deliver((45, 1), (50, 2))
    assert await sequences(reader) == [45, 50]
    # Its server was started again, and has forgotten what was delivered and acknowledged.
    await servers.deliver((45, 1), (50, 2))
    with pytest.raises(GapError):
        await reader.read(0.01)


async def test_a_header_of_a_message_is_no_status(
    servers: FakeServers, reader: FrameReader
) -> None:
    await servers.deliver((45, 1), Status="503")
    assert await sequences(reader) == [45]


async def test_it_asks_again_when_the_servers_give_up(
    servers: FakeServers, reader: FrameReader
) -> None:
    await reader.read(0.01)
    await reader.read(0.01)
    assert len(servers.asked) == 1
    await servers.say("408")
    await reader.read(0.01)
    await reader.read(0.01)
    assert len(servers.asked) == 2


async def test_a_consumer_that_is_gone_is_an_error(
    servers: FakeServers, reader: FrameReader
) -> None:
    await servers.say("503")
    with pytest.raises(NatsError):
        await reader.read(0.01)


async def test_a_consumer_that_is_silent_is_an_error(
    servers: FakeServers, reader: FrameReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("smarty_p1_fleet.frame_reader.time", SimpleNamespace(monotonic=lambda: now))
    # A request is answered when its 2 seconds are over: each of them, however late.
    for _ in range(5):
        assert await sequences(reader) == []
        now += 60
        assert await sequences(reader) == []
        await servers.say("408")
        assert await sequences(reader) == []
    assert await sequences(reader) == []
    now += 3.1
    assert await sequences(reader) == []
    # This one is to be answered at once.
    now += 1.1
    with pytest.raises(NatsError):
        await reader.read(0.01)
