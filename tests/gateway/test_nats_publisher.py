"""Frames to a NATS cluster, whatever its servers answer: without any server."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.errors import Error

from dev.encoder import TITLE, frame
from smarty_p1_gateway import nats_publisher, nats_requests, nats_rows
from smarty_p1_gateway.frame_queue import NewFrame
from smarty_p1_gateway.frame_queue_writer import FrameStore
from smarty_p1_gateway.metrics import Metrics
from smarty_p1_gateway.nats_config import NatsConfig
from smarty_p1_gateway.nats_publisher import NatsPublisher
from tests.gateway.loopback import until

OTHER_TITLE = b"KFMgp\x00\x00\x01"
MINE, OTHER = (f"smarty_p1.sealed.{title.hex().upper()}" for title in (TITLE, OTHER_TITLE))


class Cluster:
    """A cluster with a stream. What is in `answers` is said first, one at each frame.

    That is an answer's bytes, "503" when nobody takes frames, None for none, or what the library
    raises.
    """

    def __init__(self) -> None:
        self.stored: list[tuple[str, bytes]] = []
        self.ids: list[str] = []
        self.origins: list[tuple[str, str]] = []
        self.answers: list[bytes | str | Exception | None] = []
        self.denied: set[str] = set()
        self.inboxes: list[str | None] = []
        self.refuses_login: list[Exception] = []
        self.denied_inbox: str | None = None
        # As long as it is set, what is stored is acknowledged.
        self.acknowledges = asyncio.Event()
        self.acknowledges.set()

    def client(self, _: NatsConfig) -> Client:
        """Make a client, as the library does."""
        self.last = Client(self)
        return self.last


class Client:
    """A connection, and the stream behind it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._answering = set[asyncio.Task[None]]()

    async def open(
        self,
        on_error: Callable[[Exception], Awaitable[None]],
        on_closed: Callable[[], Awaitable[None]],
        *,
        reconnect: bool,
        inbox_prefix: str | None,
    ) -> None:
        assert not reconnect
        self.on_error, self.on_closed = on_error, on_closed
        self.cluster.inboxes.append(inbox_prefix)
        if self.cluster.refuses_login:
            raise self.cluster.refuses_login.pop()
        self._inbox = inbox_prefix

    def new_inbox(self) -> str:
        return f"{self._inbox}.x"

    async def subscribe(self, subject: str, *, cb: Callable[[Msg], Awaitable[None]]) -> None:
        assert subject == f"{self._inbox}.x.*"
        self._on_message = cb
        if self._inbox == self.cluster.denied_inbox:
            text = f'nats: permissions violation for subscription to "{subject.lower()}"'
            await self.on_error(Error(text))

    async def publish(self, subject: str, data: bytes, reply: str, headers: dict[str, str]) -> None:
        assert headers["Nats-Expected-Stream"] == "smarty_p1_frames"
        cluster = self.cluster
        if subject in cluster.denied:
            text = f'nats: permissions violation for publish to "{subject.lower()}"'
            await self.on_error(Error(text))
            return
        answer: bytes | str | Exception | None = b'{"stream": "smarty_p1_frames", "seq": 1}'
        if cluster.answers:
            answer = cluster.answers.pop(0)
        elif self._inbox != cluster.denied_inbox:
            cluster.stored.append((subject, data))
            cluster.ids.append(headers["Nats-Msg-Id"])
            cluster.origins.append((headers["Smarty-Gateway"], headers["Smarty-Port"]))
        if isinstance(answer, Exception):
            raise answer
        if answer is not None and self._inbox != cluster.denied_inbox:
            task = asyncio.create_task(self._answer(reply, answer))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, reply: str, answer: bytes | str) -> None:
        await self.cluster.acknowledges.wait()
        client = cast("NatsClient", self)
        if isinstance(answer, str):
            message = Msg(client, reply, headers={"Status": answer})
        else:
            message = Msg(client, reply, data=answer)
        await self._on_message(message)

    @property
    def has_answered(self) -> bool:
        return not self._answering

    async def close(self) -> None:
        pass


class Publishing:
    """A publisher of some ports, their queue, and what is told of them."""

    def __init__(self, store: FrameStore, metrics: Metrics, publisher: NatsPublisher) -> None:
        self.store, self.metrics, self.publisher = store, metrics, publisher

    def put(self, *frames: bytes, port: str = "house") -> None:
        for data in frames:
            self.store.put(NewFrame(port, "unused", data))

    def metric(self, name: str) -> float | None:
        sample = f"smarty_p1_gateway_{name}"
        return self.metrics.registry.get_sample_value(sample, {"port": "house"})


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster()
    monkeypatch.setattr(nats_publisher, "NatsClient", cluster.client)
    for name in ("FIRST_DELAY", "LONGEST_DELAY", "_ASIDE_INTERVAL"):
        monkeypatch.setattr(nats_publisher, name, 0.02)
    for name in ("FIRST_DELAY", "LONGEST_DELAY"):
        monkeypatch.setattr(nats_rows, name, 0.02)
    monkeypatch.setattr(nats_requests, "_LOOK_INTERVAL", 0.02)
    return cluster


@pytest.fixture
def ports() -> list[str]:
    return ["house"]


@pytest.fixture
async def publishing(
    cluster: Cluster,  # noqa: ARG001 - before the publisher connects
    ports: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Publishing]:
    caplog.set_level(logging.INFO, "smarty_p1_gateway")
    metrics = Metrics()
    store = FrameStore(ports, metrics)
    await store.open(tmp_path / "queue", 1_000_000)
    config = NatsConfig(("nats://node1:4222",), "cellar", "x", None, None, "_INBOX_cellar")
    publisher = NatsPublisher(config, ports, store, metrics)
    tasks = [asyncio.ensure_future(work) for work in (store.write(), publisher.run())]
    yield Publishing(store, metrics, publisher)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.close()


async def test_frames_go_in_order_under_the_title_of_their_meter(
    cluster: Cluster, publishing: Publishing
) -> None:
    frames = [frame(counter) for counter in range(1, 21)]
    publishing.put(*frames[:10], b"no frame", *frames[10:])
    await until(lambda: publishing.metric("published_total") == 20)
    await until(publishing.store.is_empty)
    assert cluster.stored == [(MINE, data) for data in frames]
    # The same frame has the same id, and one with the same header another one.
    forged = frames[0][:-1] + bytes([frames[0][-1] ^ 1])
    publishing.put(frames[0], forged)
    await until(lambda: len(cluster.ids) == 22)
    assert cluster.ids[20] == cluster.ids[0]
    assert len({*cluster.ids}) == 21
    assert all(one.startswith(f"{TITLE.hex().upper()}-") for one in cluster.ids)
    assert {*cluster.origins} == {("cellar", "house")}


async def test_where_a_frame_came_from_is_said_in_what_a_header_may_have(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_publisher, "gethostname", lambda: "machine7")
    metrics, port = Metrics(), f"/dev/zähler\r\n{'x' * 100}"
    store = FrameStore([port], metrics)
    await store.open(tmp_path / "queue", 1_000_000)
    # Whoever logs in with a credentials file has no name here.
    config = NatsConfig(("nats://node1:4222",), None, None, "credentials", None)
    publisher = NatsPublisher(config, [port], store, metrics)
    tasks = [asyncio.ensure_future(work) for work in (store.write(), publisher.run())]
    store.put(NewFrame(port, "unused", frame(1)))
    await until(lambda: len(cluster.origins) == 1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.close()
    assert cluster.origins == [("machine7", f"/dev/z_hler__{'x' * 51}")]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("503", f"No stream takes {MINE}: there is none named smarty_p1_frames"),
        (Error("maximum\nbytes"), f"The NATS cluster refuses {MINE}: maximum bytes"),
        (
            b'{"error": {"code": 400, "err_code": 10060, "description": "expected stream"}}',
            f"The NATS cluster refuses {MINE}: nats: BadRequestError: code=400",
        ),
        (b'{"error": 400}', f"The NATS cluster refuses {MINE}: "),
        (b"[]", f"The NATS cluster refuses {MINE}: "),
        (b"no JSON", f"The NATS cluster refuses {MINE}: "),
        (b"[" * 100_000, f"The NATS cluster refuses {MINE}: "),
    ],
)
async def test_what_is_not_acknowledged_is_sent_again_and_that_is_said_once(
    cluster: Cluster,
    publishing: Publishing,
    caplog: pytest.LogCaptureFixture,
    answer: bytes | str | Exception,
    text: str,
) -> None:
    cluster.answers = [answer] * 3
    frames = [frame(1), frame(2)]
    publishing.put(*frames)
    await until(lambda: "The NATS cluster acknowledges frames again" in caplog.text)
    await until(publishing.store.is_empty)
    assert [data for _, data in cluster.stored] == frames
    assert caplog.text.count(text) == 1


async def test_what_nobody_answers_is_sent_again(
    cluster: Cluster,
    publishing: Publishing,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nats_requests, "TIMEOUT", 0.0)
    cluster.answers = [None, None]
    publishing.put(frame(1))
    await until(lambda: "The NATS cluster acknowledges frames again" in caplog.text)
    # A machine that is busy is too late for an answer, too: the stream drops what comes twice.
    assert {*cluster.stored} == {(MINE, frame(1))}
    assert caplog.text.count(f"No acknowledgement of {MINE} within 3.0 s") == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(9, "the connection was closed"), (11, "no answer within 10 s")]
)
async def test_a_node_has_ten_seconds_for_an_answer(
    publishing: Publishing, monkeypatch: pytest.MonkeyPatch, seconds: float, text: str
) -> None:
    closed = asyncio.Event()
    clock = SimpleNamespace(monotonic=lambda: 1000.0 + seconds)
    monkeypatch.setattr(nats_publisher, "time", clock)
    publishing.publisher._no_answer_since = 1000.0
    waiting = asyncio.create_task(publishing.publisher._wait_for_end(closed))
    await asyncio.sleep(0)
    closed.set()
    with pytest.raises(Error, match=text):
        await waiting


MANY = [f"port{number}" for number in range(300)]


@pytest.mark.parametrize("ports", [MANY])
async def test_of_many_ports_each_sends_a_frame_when_the_one_before_is_acknowledged(
    cluster: Cluster, publishing: Publishing
) -> None:
    titles = {port: number.to_bytes(8) for number, port in enumerate(MANY, 1)}
    frames = {
        port: [frame(counter, title=title) for counter in range(1, 12)]
        for port, title in titles.items()
    }
    cluster.acknowledges.clear()
    for port, some in frames.items():
        publishing.put(*some, port=port)
    # So many are under way at most, each of another port.
    await until(lambda: len(cluster.stored) >= 256)
    assert {data for _, data in cluster.stored} < {some[0] for some in frames.values()}
    assert len({*cluster.stored}) == 256
    cluster.acknowledges.set()
    await until(lambda: len(cluster.stored) == 300 * 11 and cluster.last.has_answered)
    # What is acknowledged is not sent again, not even on another connection.
    await cluster.last.on_closed()
    await until(lambda: len(cluster.inboxes) == 2)
    publishing.put(frame(1), port=MANY[0])
    await until(publishing.store.is_empty)
    assert cluster.stored[300 * 11 :] == [(MINE, frame(1))]
    for port, title in titles.items():
        subject = f"smarty_p1.sealed.{title.hex().upper()}"
        assert [data for to, data in cluster.stored if to == subject] == frames[port]


@pytest.mark.parametrize("ports", [["house", "barn"]])
async def test_a_port_whose_meter_may_not_be_published_holds_up_no_other(
    cluster: Cluster, publishing: Publishing
) -> None:
    cluster.denied = {OTHER}
    others = [frame(counter, title=OTHER_TITLE) for counter in range(1, 20)]
    mine = [frame(counter) for counter in range(1, 20)]
    publishing.put(*others, mine[0], port="house")
    publishing.put(*mine[1:], port="barn")
    await until(publishing.store.is_empty)
    assert sorted(cluster.stored) == sorted((MINE, data) for data in mine)
    assert [data for _, data in cluster.stored if data != mine[0]] == mine[1:]
    assert publishing.metric("set_aside") == publishing.metric("queue_length") == 19
    cluster.denied.clear()
    await until(lambda: publishing.store.titles_aside("house") == ())
    assert cluster.stored[19:] == [(OTHER, data) for data in others]
    assert publishing.metric("queue_length") == 0


async def test_a_connection_that_is_lost_or_refused_is_made_anew(
    cluster: Cluster, publishing: Publishing, caplog: pytest.LogCaptureFixture
) -> None:
    await until(lambda: publishing.metric("broker_connected") == 1)
    cluster.refuses_login = [OSError("refused"), Error("Authorization Violation")]
    await cluster.last.on_closed()
    await until(lambda: len(cluster.inboxes) == 4)
    publishing.put(frame(1))
    await until(lambda: len(cluster.stored) == 1)
    assert publishing.metric("broker_losses_total") == 1
    assert caplog.text.count("A server of the NATS cluster is away: the connection was closed") == 1
    assert "refused" not in caplog.text  # one loss, one line
    # But for what waiting does not mend.
    assert caplog.text.count("Authorization Violation") == 1


async def test_a_meter_that_may_not_be_published_waits_apart_until_it_may(
    cluster: Cluster, publishing: Publishing, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.denied = {OTHER}
    others = [frame(counter, title=OTHER_TITLE) for counter in (1, 2, 3)]
    publishing.put(others[0], frame(1), *others[1:], frame(2))
    await until(lambda: publishing.metric("set_aside") == 3)
    await until(publishing.store.is_empty)
    assert cluster.stored == [(MINE, frame(1)), (MINE, frame(2))]
    assert caplog.text.count("frames of this meter are set aside until it does") == 1
    cluster.denied.clear()
    await until(lambda: publishing.store.titles_aside("house") == ())
    assert cluster.stored[2:] == [(OTHER, data) for data in others]


async def test_an_inbox_that_is_not_allowed_gives_way_to_the_common_one(
    cluster: Cluster, publishing: Publishing
) -> None:
    await until(lambda: publishing.metric("broker_connected") == 1)
    cluster.denied_inbox = "_INBOX_cellar"
    await cluster.last.on_closed()
    # The old connection may still be there for a moment, and take it.
    await until(lambda: len(cluster.inboxes) > 1)
    publishing.put(frame(1))
    await until(lambda: len(cluster.stored) == 1)
    assert cluster.inboxes == ["_INBOX_cellar", "_INBOX_cellar", "_INBOX"]


async def test_the_end_waits_for_what_can_still_go(
    cluster: Cluster, publishing: Publishing
) -> None:
    await until(lambda: publishing.metric("broker_connected") == 1)
    cluster.answers = [Error("busy")] * 3
    publishing.put(frame(1))
    await publishing.publisher.finish(60)
    assert len(cluster.stored) == 1
    cluster.answers = [Error("busy")] * 1000
    publishing.put(frame(2))
    await publishing.publisher.finish(0.1)
    assert len(cluster.stored) == 1
