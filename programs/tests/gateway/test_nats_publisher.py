"""Frames to a NATS cluster with any answers of its servers, without a server."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest.mock import AsyncMock

import pytest
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.errors import Error

from dev.encoder import TITLE, frame
from smarty_p1_gateway.metrics import GatewayMetrics
from smarty_p1_gateway.nats import nats_acknowledged_publishing, nats_frames_publisher
from smarty_p1_gateway.nats.nats_config import NatsConfig
from smarty_p1_gateway.nats.nats_frames_publisher import NatsPublisher
from smarty_p1_gateway.queue.async_frame_queue import AsyncFrameQueue
from smarty_p1_gateway.queue.frame_queue_on_disk import NewFrame
from tests.gateway.loopback import until

OTHER_TITLE = b"KFMgp\x00\x00\x01"
INCOMPLETE = (
    b'{"error": {"code": 400, "err_code": 10176, "description": "atomic publish batch is'
    b' incomplete"}, "stream": "smarty_p1_frames", "seq": 0}'
)
TOO_MANY = (
    b'{"error": {"code": 429, "err_code": 10174, "description": "too many"}, "seq": 0,'
    b' "stream": "smarty_p1_frames"}'
)
MINE, OTHER = (f"smarty_p1.sealed.{title.hex().upper()}" for title in (TITLE, OTHER_TITLE))


class Cluster:
    """A cluster with a stream. `answers` are given first, one to each frame.

    An answer is its bytes, "503" when no stream takes frames, None for none, or an error of the
    library.
    """

    def __init__(self) -> None:
        self.stored: list[tuple[str, bytes]] = []
        self.origins: list[tuple[str, str]] = []
        self.answers: list[bytes | str | Exception | None] = []
        # The size of each whole batch, and the answers to the next batches.
        self.batches: list[int] = []
        self.batch_answers: list[bytes | str | Exception | None] = []
        self.denied: set[str] = set()
        # How often a frame of each subject was denied.
        self.denials = Counter[str]()
        self.connections = 0
        self.refuses_login: list[Exception] = []
        # While the event is set, stored frames are acknowledged.
        self.acknowledges = asyncio.Event()
        self.acknowledges.set()
        # The seconds that each answer takes by the clock `now`, independent of the machine. The
        # last ones repeat.
        self.delays: list[float] = []
        self.now = 0.0

    def client(self, _: NatsConfig) -> Client:
        self.last = Client(self)
        return self.last


class Client:
    """A connection, and the stream behind it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.ended = asyncio.Event()
        self._answering = set[asyncio.Task[None]]()
        self._batches: dict[str, list[tuple[str, bytes, dict[str, str]]]] = {}

    async def open(self, on_error: Callable[[Exception], Awaitable[None]]) -> None:
        self.on_error = on_error
        self.cluster.connections += 1
        if self.cluster.refuses_login:
            raise self.cluster.refuses_login.pop()

    def new_inbox(self) -> str:
        return "_INBOX_cellar.x"

    async def subscribe(self, subject: str, *, cb: Callable[[Msg], Awaitable[None]]) -> None:
        assert subject == "_INBOX_cellar.x.*"
        self._on_message = cb

    max_payload = 1024 * 1024

    async def send(self, commands: Iterable[bytes]) -> None:
        for command in commands:
            line, _, rest = command.partition(b"\r\n")
            _, subject, *reply, head, _ = line.decode().split(" ")
            lines = rest[: int(head)].decode().splitlines()[1:-1]
            headers = dict(one.split(": ") for one in lines)
            data = rest[int(head) :].removesuffix(b"\r\n")
            await self.publish(subject, data, "".join(reply), headers)

    async def publish(self, subject: str, data: bytes, reply: str, headers: dict[str, str]) -> None:
        cluster = self.cluster
        if subject in cluster.denied:
            cluster.denials[subject] += 1
            text = f'nats: permissions violation for publish to "{subject.lower()}"'
            await self.on_error(Error(text))
            return
        if "Nats-Batch-Id" in headers:
            answer = self._add_to_batch(subject, data, headers)
        else:
            answer = self._store(
                [(subject, data, headers)], b'{"stream": "smarty_p1_frames", "seq": 1}'
            )
        if isinstance(answer, Exception):
            raise answer
        if answer is not None and reply:
            task = asyncio.create_task(self._answer(reply, answer))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    def _add_to_batch(
        self, subject: str, data: bytes, headers: dict[str, str]
    ) -> bytes | str | Exception | None:
        """Return the answer to a batch of ADR-50, as the server gives it to the last message."""
        batch = headers["Nats-Batch-Id"]
        part = self._batches.setdefault(batch, [])
        part.append((subject, data, headers))
        if "Nats-Batch-Commit" not in headers:
            return None
        del self._batches[batch]
        if int(headers["Nats-Batch-Sequence"]) != len(part):
            return INCOMPLETE
        self.cluster.batches.append(len(part))
        if self.cluster.batch_answers:
            return self.cluster.batch_answers.pop(0)
        count = f'"batch": "{batch}", "count": {len(part)}'
        answer = f'{{"stream": "smarty_p1_frames", "seq": 1, {count}}}'
        return self._store(part, answer.encode())

    def _store(
        self, messages: list[tuple[str, bytes, dict[str, str]]], answer: bytes
    ) -> bytes | str | Exception | None:
        if self.cluster.answers:
            return self.cluster.answers.pop(0)
        for subject, data, headers in messages:
            self.cluster.stored.append((subject, data))
            self.cluster.origins.append((headers["Smarty-Gateway"], headers["Smarty-Port"]))
        return answer

    async def _answer(self, reply: str, answer: bytes | str) -> None:
        await self.cluster.acknowledges.wait()
        delays = self.cluster.delays
        self.cluster.now += delays.pop(0) if len(delays) > 1 else sum(delays)
        client = cast("NatsClient", self)
        if isinstance(answer, str):
            message = Msg(client, reply, headers={"Status": answer})
        else:
            message = Msg(client, reply, data=answer)
        await self._on_message(message)

    @property
    def has_answered(self) -> bool:
        return not self._answering

    def abort(self) -> None:
        pass

    async def close(self) -> None:
        pass


class Publishing:
    """A publisher of some ports, their queue, and their metrics."""

    def __init__(
        self, queue: AsyncFrameQueue, metrics: GatewayMetrics, publisher: NatsPublisher
    ) -> None:
        self.queue, self.metrics, self.publisher = queue, metrics, publisher

    def put(self, *frames: bytes, port: str = "house") -> None:
        for data in frames:
            self.queue.put_frame(NewFrame(port, "unused", data))

    def metric(self, name: str) -> float | None:
        sample, registry = f"smarty_p1_gateway_{name}", self.metrics.registry
        of_port = registry.get_sample_value(sample, {"port": "house"})
        # A value that is the same for all ports is given once.
        return registry.get_sample_value(sample, {"port": ""}) if of_port is None else of_port


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    cluster = Cluster()
    monkeypatch.setattr(nats_frames_publisher, "NatsClient", cluster.client)
    monkeypatch.setattr(nats_frames_publisher, "gethostname", lambda: "machine7")
    # A busy machine is no cluster that does not answer.
    monkeypatch.setattr(nats_acknowledged_publishing, "LATE_S", 60.0)
    for name in ("FIRST_DELAY", "MAX_DELAY", "_ASIDE_INTERVAL"):
        monkeypatch.setattr(nats_frames_publisher, name, 0.02)
    return cluster


@pytest.fixture
def ports() -> list[str]:
    return ["house"]


@pytest.fixture
def username() -> str | None:
    return "cellar"


@pytest.fixture
async def publishing(
    cluster: Cluster,  # noqa: ARG001 - before the publisher connects
    ports: list[str],
    username: str | None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Publishing]:
    caplog.set_level(logging.INFO)
    metrics = GatewayMetrics()
    queue = AsyncFrameQueue(ports, metrics)
    await queue.open(tmp_path / "queue", 1_000_000)
    config = NatsConfig(("nats://node1:4222",), username, "x", None, None, "_INBOX_cellar", 0.02)
    publisher = NatsPublisher(config, ports, queue, metrics)
    tasks = [asyncio.ensure_future(work) for work in (queue.write(), publisher.run())]
    yield Publishing(queue, metrics, publisher)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await queue.close()


async def test_frames_go_in_order_under_the_title_of_their_meter(
    cluster: Cluster, publishing: Publishing
) -> None:
    frames = [frame(counter) for counter in range(1, 21)]
    publishing.put(*frames[:10], b"no frame", *frames[10:])
    await until(lambda: publishing.metric("published_total") == 20)
    await until(publishing.queue.is_empty)
    assert cluster.stored == [(MINE, data) for data in frames]
    assert {*cluster.origins} == {("cellar", "house")}
    # Data that is no frame was counted as lost.
    assert publishing.metric("dropped_total") == 1


async def test_waiting_frames_go_in_batches_and_a_batch_counts_whole(
    cluster: Cluster, publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: publishing.metric("broker_connected") == 1)
    monkeypatch.setattr(nats_frames_publisher, "_BATCH_PAUSE", 0.0)
    publishing.put(frame(1))
    await until(lambda: len(cluster.stored) == 1)
    cluster.batch_answers = [
        TOO_MANY,
        # Answers of a server that knows no batches, and of a server that has stored another batch.
        b'{"stream": "smarty_p1_frames", "seq": 1}',
        b'{"stream": "smarty_p1_frames", "seq": 1, "batch": "x", "count": 1}',
    ]
    for counter in (2, 3, 4, 5):
        publishing.put(frame(counter))
        await until(lambda: publishing.metric("published_total") == counter)  # noqa: B023
    assert cluster.batches == [1] * 5
    assert cluster.stored == [(MINE, frame(counter)) for counter in (1, 2, 3, 4, 5)]

    def batches(result: str) -> float | None:
        name = "smarty_p1_gateway_batches_total"
        return publishing.metrics.registry.get_sample_value(name, {"result": result})

    assert (batches("accepted"), batches("refused")) == (2, 3)


async def test_after_a_refused_batch_frames_go_one_by_one_for_a_while(
    cluster: Cluster, publishing: Publishing
) -> None:
    cluster.batch_answers = [TOO_MANY]
    frames = [frame(counter) for counter in range(1, 31)]
    for data in frames:
        publishing.put(data)
        await asyncio.sleep(0.005)
    await until(publishing.queue.is_empty)
    assert [data for _, data in cluster.stored] == frames
    assert len(cluster.batches) == 1


async def test_gateways_that_start_together_do_not_send_together(
    cluster: Cluster, publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[float] = []

    def uniform(low: float, high: float) -> float:
        parts.append(low)
        return high

    monkeypatch.setattr("smarty_p1_gateway.nats.nats_frames_publisher.uniform", uniform)
    for number in range(1, 4):
        publishing.put(frame(number))
        await until(lambda: len(cluster.stored) == number)  # noqa: B023
    # A random part of the time is left out each time.
    assert len(parts) >= 2
    assert max(parts) < 1


@pytest.mark.parametrize("ports", [[f"port{number}" for number in range(60)]])
async def test_a_small_gateway_waits_for_as_many_frames_as_it_has_ports(
    cluster: Cluster, publishing: Publishing
) -> None:
    publishing.put(frame(1), port="port0")
    await until(lambda: len(cluster.stored) == 1)
    publisher, queue = publishing.publisher, publishing.queue
    # Wait, because a batch that is being gathered could take some of the next frames early.
    await until(lambda: not (publisher._gathering or publisher._wanted or queue._has_news.is_set()))
    publisher._batch_seconds = 1000.0
    # The first batch may have counted before its only frame came.
    publisher._enough_at = 61
    for number in range(59):
        publishing.put(frame(2), port=f"port{number}")
        await asyncio.sleep(0.001)
    assert cluster.batches == [1]
    publishing.put(frame(2), port="port59")
    await until(lambda: len(cluster.stored) == 61)
    assert cluster.batches == [1, 60]
    # The end of the gateway does not wait for the pause between batches.
    publishing.put(frame(3), port="port0")
    await publishing.publisher.finish(60)
    assert len(cluster.stored) == 62


async def test_a_gateway_ends_although_its_connection_was_lost_while_frames_were_gathered(
    cluster: Cluster, publishing: Publishing
) -> None:
    publisher, queue = publishing.publisher, publishing.queue
    # The first batch gathers nothing, as there may be frames of an earlier run.
    publishing.put(frame(1))
    await until(lambda: len(cluster.stored) == 1)
    await until(lambda: not (publisher._gathering or publisher._wanted or queue._has_news.is_set()))
    publisher._batch_seconds, publisher._enough_at = 1000.0, queue.written + 60
    publishing.put(frame(2))
    await until(lambda: publisher._gathering is not None)
    cluster.refuses_login = [OSError("refused")] * 1000
    cluster.last.ended.set()
    await until(lambda: publishing.metric("broker_connected") == 0)
    await publisher.finish(60)
    assert len(cluster.stored) == 1


async def test_a_frame_that_the_stream_never_takes_is_dropped_and_counted(
    cluster: Cluster, publishing: Publishing
) -> None:
    long = frame(1, b"/" + bytes(16_000))
    publishing.put(long, frame(2))
    await until(lambda: publishing.metric("published_total") == 1)
    assert cluster.stored == [(MINE, frame(2))]
    assert publishing.metric("dropped_total") == 1


@pytest.mark.parametrize("ports", [[f"/dev/zähler\r\n{'x' * 100}"]])
# A gateway with a credentials file has no user name here.
@pytest.mark.parametrize("username", [None])
async def test_the_origin_of_a_frame_is_written_in_signs_that_a_header_may_have(
    cluster: Cluster, publishing: Publishing, ports: list[str]
) -> None:
    publishing.put(frame(1), port=ports[0])
    await until(lambda: len(cluster.origins) == 1)
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
        (b'{"stream": "other", "seq": 1}', f"The NATS cluster refuses {MINE}: the answer is no"),
        (b"no JSON", f"The NATS cluster refuses {MINE}: "),
        (b"[" * 100_000, f"The NATS cluster refuses {MINE}: "),
    ],
    ids=range(8),
)
async def test_unacknowledged_frames_are_sent_again_and_logged_once(
    cluster: Cluster,
    publishing: Publishing,
    caplog: pytest.LogCaptureFixture,
    answer: bytes | str | Exception,
    text: str,
) -> None:
    cluster.batch_answers = [TOO_MANY]
    cluster.answers = [answer] * 3
    frames = [frame(1), frame(2)]
    publishing.put(*frames)
    await until(lambda: "The NATS cluster acknowledges frames again" in caplog.text)
    await until(publishing.queue.is_empty)
    assert {data for _, data in cluster.stored} == {*frames}
    assert caplog.text.count(text) == 1


@pytest.mark.parametrize(
    ("batch_answers", "answers"),
    [([None], []), ([TOO_MANY], [None])],
    ids=["batch", "one by one"],
)
async def test_a_node_that_never_answers_is_left(  # noqa: PLR0913, PLR0917
    cluster: Cluster,
    publishing: Publishing,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    batch_answers: list[bytes | str | Exception | None],
    answers: list[bytes | str | Exception | None],
) -> None:
    monkeypatch.setattr(nats_acknowledged_publishing, "LATE_S", 0.02)
    monkeypatch.setattr(nats_acknowledged_publishing, "PATIENCE_S", 0.05)
    cluster.batch_answers, cluster.answers = batch_answers, answers
    publishing.put(frame(1))
    await until(lambda: "The NATS cluster acknowledges frames again" in caplog.text)
    await until(publishing.queue.is_empty)
    # A machine that is busy is too late for an answer, too.
    assert {*cluster.stored} == {(MINE, frame(1))}
    assert cluster.connections >= 2
    assert caplog.text.count(f"No acknowledgement of {MINE} within 3.0 s") == 1
    assert caplog.text.count("no answer within 30 s: another node is tried") == 1


@pytest.mark.parametrize("refusals", [[], [TOO_MANY]], ids=["batch", "one by one"])
async def test_a_late_acknowledgement_counts(
    cluster: Cluster,
    publishing: Publishing,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    refusals: list[bytes],
) -> None:
    """The cluster stores the frames at once, and acknowledges them when they are long late."""
    monkeypatch.setattr(nats_acknowledged_publishing, "LATE_S", 0.01)
    cluster.acknowledges.clear()
    cluster.batch_answers = [*refusals]
    frames = [frame(counter) for counter in range(1, 41)]
    publishing.put(*frames)
    await until(lambda: "No acknowledgement" in caplog.text)
    await asyncio.sleep(0.2)
    cluster.acknowledges.set()
    await until(publishing.queue.is_empty)
    assert (cluster.stored, cluster.connections) == ([(MINE, data) for data in frames], 1)


async def test_frames_behind_a_refused_one_are_not_sent_again(
    cluster: Cluster, publishing: Publishing
) -> None:
    """A busy stream refuses some frames, and acknowledges others of the same port."""
    await until(lambda: publishing.metric("broker_connected") == 1)
    cluster.batch_answers = [TOO_MANY]
    cluster.answers = [TOO_MANY] * 2
    frames = [frame(counter) for counter in range(1, 31)]
    publishing.put(*frames)
    await until(publishing.queue.is_empty)
    assert sorted(data for _, data in cluster.stored) == sorted(frames)
    assert publishing.metric("published_total") == 30
    assert publishing.publisher._acknowledged == set()


async def test_no_busy_node_is_left(
    cluster: Cluster, publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that refuses frames answers: its node has its connection."""
    monkeypatch.setattr(nats_frames_publisher, "_NO_STREAM_S", 0.0)
    monkeypatch.setattr(nats_frames_publisher, "_BATCH_PAUSE", 0.0)
    cluster.batch_answers = [TOO_MANY] * 60
    cluster.answers = [TOO_MANY] * 60
    publishing.put(frame(1))
    await until(lambda: len(cluster.stored) == 1)
    assert cluster.connections == 1


@pytest.mark.parametrize(
    ("delays", "refusals", "batches"),
    [
        # The third batch is answered in half of the time, so the batches grow by half.
        ([70, 70, 30], [], [1000, 500, 250, 375, 375]),
        # Batches also grow, by one frame, if each answer is nearly too late.
        ([70, 70, 45, 45, 45, 45], [], [1000, 500, 250, 251, 252, 247]),
        # Answered at once, they double. The frames of a refused batch go one by one, and count.
        ([70, *[0] * 1000, 70, 0], [TOO_MANY], [1000, 500, 250, 500, 250]),
    ],
)
async def test_a_slow_line_is_sent_smaller_batches_until_answers_come_in_time(  # noqa: PLR0913, PLR0917
    cluster: Cluster,
    publishing: Publishing,
    monkeypatch: pytest.MonkeyPatch,
    delays: list[float],
    refusals: list[bytes],
    batches: list[int],
) -> None:
    monkeypatch.setattr(nats_frames_publisher, "LATE_S", 60.0)
    monkeypatch.setattr(nats_frames_publisher, "_BATCH_PAUSE", 0.0)
    clock = SimpleNamespace(monotonic=lambda: cluster.now)
    monkeypatch.setattr(nats_frames_publisher, "time", clock)
    cluster.delays = delays
    cluster.batch_answers = [*refusals]
    frames = [frame(counter) for counter in range(1, sum(batches) + 1)]
    publishing.put(*frames)
    await until(publishing.queue.is_empty)
    assert cluster.batches == batches
    assert cluster.stored == [(MINE, data) for data in frames]


@pytest.mark.parametrize(
    ("seconds", "text"), [(9, "the connection was closed"), (11, "no stream for 10 s")]
)
async def test_a_node_has_ten_seconds_for_a_stream(
    publishing: Publishing, monkeypatch: pytest.MonkeyPatch, seconds: float, text: str
) -> None:
    closed = asyncio.Event()
    clock = SimpleNamespace(monotonic=lambda: 1000.0 + seconds)
    monkeypatch.setattr(nats_frames_publisher, "time", clock)
    publishing.publisher._no_answer_since = 1000.0
    waiting = asyncio.create_task(publishing.publisher._wait_for_end(closed))
    await asyncio.sleep(0)
    closed.set()
    with pytest.raises(Error, match=text):
        await waiting


MANY = [f"port{number}" for number in range(300)]


@pytest.mark.parametrize("ports", [MANY])
async def test_of_many_ports_all_go_together_and_none_twice(
    cluster: Cluster, publishing: Publishing
) -> None:
    titles = {port: number.to_bytes(8) for number, port in enumerate(MANY, 1)}
    frames = {
        port: [frame(counter, title=title) for counter in range(1, 12)]
        for port, title in titles.items()
    }
    for port, some in frames.items():
        publishing.put(*some, port=port)
    await until(lambda: len(cluster.stored) == 300 * 11 and cluster.last.has_answered)
    assert max(cluster.batches) <= 1000
    assert len(cluster.batches) < 20
    await until(publishing.queue.is_empty)
    # Acknowledged frames are not sent again, not even on another connection.
    cluster.last.ended.set()
    await until(lambda: cluster.connections == 2)
    publishing.put(frame(1), port=MANY[0])
    await until(publishing.queue.is_empty)
    assert cluster.stored[300 * 11 :] == [(MINE, frame(1))]
    for port, title in titles.items():
        subject = f"smarty_p1.sealed.{title.hex().upper()}"
        assert [data for to, data in cluster.stored if to == subject] == frames[port]


@pytest.mark.parametrize("ports", [["house", "barn"]])
async def test_a_meter_that_may_not_be_published_waits_apart_and_holds_up_no_other(
    cluster: Cluster,
    publishing: Publishing,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smartyp1.connection_outage.Backoff.wait", wait := AsyncMock())
    cluster.denied = {OTHER}
    others = [frame(counter, title=OTHER_TITLE) for counter in range(1, 20)]
    mine = [frame(counter) for counter in range(1, 20)]
    publishing.put(*others, mine[0], port="house")
    publishing.put(*mine[1:], port="barn")
    await until(publishing.queue.is_empty)
    assert sorted({*cluster.stored}) == sorted((MINE, data) for data in mine)
    wait.assert_not_awaited()
    assert publishing.metric("set_aside") == publishing.metric("queue_length") == 19
    assert caplog.text.count("frames of this meter are set aside until it does") == 1
    cluster.denied.clear()
    await until(lambda: publishing.queue.titles_aside("house") == ())
    assert [data for to, data in cluster.stored if to == OTHER] == others
    assert publishing.metric("queue_length") == 0


async def test_a_title_that_is_probably_noise_is_seldom_tried_again(
    cluster: Cluster, publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_frames_publisher, "_NOISE_INTERVALS", 50)
    noise = b"\x9e" * 8
    subject = f"smarty_p1.sealed.{noise.hex().upper()}"
    cluster.denied = {subject, OTHER}
    others = [frame(counter, title=OTHER_TITLE) for counter in range(1, 4)]
    publishing.put(frame(1, title=noise), *others)
    await until(lambda: publishing.metric("set_aside") == 4)
    cluster.denials.clear()
    await until(lambda: cluster.denials[OTHER] == 10)
    assert cluster.denials[subject] <= 1
    cluster.denied.clear()
    await until(lambda: publishing.metric("set_aside") == 0)
    assert [data for _, data in cluster.stored] == [*others, frame(1, title=noise)]


@pytest.mark.parametrize("ports", [["house", "barn"]])
async def test_titles_without_end_on_a_line_block_nothing(
    cluster: Cluster, publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_frames_publisher, "_MAX_DENIED", 1)
    monkeypatch.setattr(nats_frames_publisher, "_ASIDE_INTERVAL", 1000.0)
    monkeypatch.setattr(nats_frames_publisher, "_BATCH_PAUSE", 0.0)
    forged = [bytes([*b"SAGgp", 0, 0, number]) for number in range(3)]
    cluster.denied = {f"smarty_p1.sealed.{title.hex().upper()}" for title in forged}
    publishing.put(*(frame(1, title=title) for title in forged), frame(1), port="house")
    publishing.put(frame(2), port="barn")
    await until(publishing.queue.is_empty)
    assert {*cluster.stored} == {(MINE, frame(1)), (MINE, frame(2))}


async def test_a_connection_that_is_lost_or_refused_is_made_anew(
    cluster: Cluster, publishing: Publishing, caplog: pytest.LogCaptureFixture
) -> None:
    await until(lambda: publishing.metric("broker_connected") == 1)
    expired = OSError("certificate verify failed: certificate has expired")
    cluster.refuses_login = [OSError("refused"), Error("Authorization Violation"), expired]
    cluster.last.ended.set()
    await until(lambda: cluster.connections == 5)
    publishing.put(frame(1))
    await until(lambda: len(cluster.stored) == 1)
    assert publishing.metric("broker_losses_total") == 1
    assert caplog.text.count("A server of the NATS cluster is away: the connection was closed") == 1
    assert "refused" not in caplog.text  # one loss, one line
    # Only faults that waiting does not mend are logged, too.
    assert caplog.text.count("Authorization Violation") == 1
    assert caplog.text.count("certificate has expired") == 1


async def test_an_error_of_the_connection_is_logged_once(
    cluster: Cluster, publishing: Publishing, caplog: pytest.LogCaptureFixture
) -> None:
    await until(lambda: publishing.metric("broker_connected") == 1)
    for text in ("stale connection", 'permissions violation for subscription to "x"') * 2:
        await cluster.last.on_error(Error(f"nats: {text}"))
    assert [message for message in caplog.messages if "NATS cluster" in message] == [
        "A server of the NATS cluster is away: nats: stale connection",
        'The NATS cluster does not allow it: nats: permissions violation for subscription to "x"',
    ]


async def test_the_end_waits_for_frames_that_can_still_go(
    cluster: Cluster, publishing: Publishing
) -> None:
    await until(lambda: publishing.metric("broker_connected") == 1)
    cluster.answers = [Error("busy")] * 3
    cluster.batch_answers = [TOO_MANY]
    publishing.put(frame(1))
    await publishing.publisher.finish(60)
    assert len(cluster.stored) == 1
    cluster.answers = [Error("busy")] * 1000
    publishing.put(frame(2))
    await publishing.publisher.finish(0.1)
    assert len(cluster.stored) == 1
