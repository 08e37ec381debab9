"""Frames to a NATS cluster, whatever its servers answer: without any server."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from nats.errors import Error, TimeoutError as NoAnswerError
from nats.js.errors import NoStreamResponseError

from dev.encoder import TITLE, frame
from smarty_p1_gateway import nats_publisher
from smarty_p1_gateway.frame_queue import NewFrame
from smarty_p1_gateway.frame_queue_writer import FrameStore
from smarty_p1_gateway.metrics import Metrics
from smarty_p1_gateway.nats_config import NatsConfig
from smarty_p1_gateway.nats_publisher import NatsPublisher
from tests.gateway.loopback import until

OTHER_TITLE = b"KFMgp\x00\x00\x01"
MINE, OTHER = (f"smarty_p1.sealed.{title.hex().upper()}" for title in (TITLE, OTHER_TITLE))


class Cluster:
    """A cluster with a stream. What is in `answers` is raised first, one at each frame."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, bytes]] = []
        self.ids: list[str] = []
        self.origins: list[tuple[str, str]] = []
        self.answers: list[Exception] = []
        self.denied: set[str] = set()
        self.inboxes: list[str | None] = []
        self.refuses_login: list[Exception] = []
        self.denied_inbox: str | None = None

    def client(self, _: NatsConfig) -> Client:
        """Make a client, as the library does."""
        self.last = Client(self)
        return self.last


class Client:
    """A connection, and what JetStream is there."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

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
        self._is_deaf = inbox_prefix == self.cluster.denied_inbox
        if self._is_deaf:
            text = f'nats: permissions violation for subscription to "{inbox_prefix}.x.*"'
            await on_error(Error(text))

    def jetstream(self, *, timeout: float) -> Client:
        assert timeout > 0
        return self

    async def publish(
        self, subject: str, data: bytes, *, stream: str, headers: dict[str, str]
    ) -> None:
        assert stream == "smarty_p1_frames"
        if self._is_deaf:
            await asyncio.Event().wait()
        if subject in self.cluster.denied:
            text = f'nats: permissions violation for publish to "{subject.lower()}"'
            await self.on_error(Error(text))
            await asyncio.Event().wait()
        if self.cluster.answers:
            raise self.cluster.answers.pop(0)
        self.cluster.stored.append((subject, data))
        self.cluster.ids.append(headers["Nats-Msg-Id"])
        self.cluster.origins.append((headers["Smarty-Gateway"], headers["Smarty-Port"]))

    async def close(self) -> None:
        pass


class Publishing:
    """A publisher of a port, its queue, and what is told of them."""

    def __init__(self, store: FrameStore, metrics: Metrics, publisher: NatsPublisher) -> None:
        self.store, self.metrics, self.publisher = store, metrics, publisher

    def put(self, *frames: bytes) -> None:
        for data in frames:
            self.store.put(NewFrame("house", "unused", data))

    def metric(self, name: str) -> float | None:
        sample = f"smarty_p1_gateway_{name}"
        return self.metrics.registry.get_sample_value(sample, {"port": "house"})


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster()
    monkeypatch.setattr(nats_publisher, "NatsClient", cluster.client)
    for name in ("_FIRST_DELAY", "_LONGEST_DELAY", "_ASIDE_INTERVAL"):
        monkeypatch.setattr(nats_publisher, name, 0.02)
    return cluster


@pytest.fixture
async def publishing(
    cluster: Cluster,  # noqa: ARG001 - before the publisher connects
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Publishing]:
    caplog.set_level(logging.INFO, "smarty_p1_gateway")
    metrics = Metrics()
    store = FrameStore(["house"], metrics)
    await store.open(tmp_path / "queue", 1_000_000)
    config = NatsConfig(("nats://node1:4222",), "cellar", "x", None, None, "_INBOX_cellar")
    publisher = NatsPublisher(config, ["house"], store, metrics)
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
    ("error", "text"),
    [
        (NoStreamResponseError(), f"No stream takes {MINE}: there is none named smarty_p1_frames"),
        (NoAnswerError(), f"No acknowledgement of {MINE} within 3.0 s"),
        (Error("maximum\nbytes"), f"The NATS cluster refuses {MINE}: maximum bytes"),
        (KeyError("seq"), f"The NATS cluster refuses {MINE}: 'seq'"),
    ],
)
async def test_what_is_not_acknowledged_is_sent_again_and_that_is_said_once(
    cluster: Cluster,
    publishing: Publishing,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    text: str,
) -> None:
    cluster.answers = [error] * 3
    frames = [frame(1), frame(2)]
    publishing.put(*frames)
    await until(lambda: "The NATS cluster acknowledges frames again" in caplog.text)
    await until(publishing.store.is_empty)
    assert [data for _, data in cluster.stored] == frames
    assert caplog.text.count(text) == 1


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
