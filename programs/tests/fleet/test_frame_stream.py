"""Fetching from a new consumer for which NATS does not answer at once; limits of the stream."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import (
    ClusterInfo,
    ConsumerConfig,
    ConsumerInfo,
    PeerInfo,
    SequenceInfo,
    StreamConfig,
    StreamInfo,
    StreamState,
)
from nats.js.errors import ServiceUnavailableError

from smarty_p1_fleet import acknowledgement_watch, jetstream_objects, stream_setup
from smarty_p1_fleet.acknowledgement_watch import AcknowledgementWatch
from smarty_p1_fleet.jetstream_objects import StreamSettings
from smarty_p1_fleet.metrics import CollectorMetrics
from smartyp1.json_types import JsonDict
from tests.fleet.made_up import value

pytestmark = pytest.mark.usefixtures("without_pauses")

TEN, WEEK = 10 * 1024**3, 604_800.0


class NewConsumer:
    """A consumer for whose first requests there is a 503, or nothing at all."""

    def __init__(self, *answers: list[Msg] | None) -> None:
        self._answers = list(answers)
        self.limits: list[int] = []

    async def fetch(self, batch: int, timeout: float) -> list[Msg]:  # noqa: ASYNC109
        assert timeout > 0
        self.limits.append(batch)
        answer = self._answers.pop(0) if self._answers else None
        if answer is None:
            raise ServiceUnavailableError
        return answer


async def fetch(consumer: NewConsumer, limit: int) -> list[Msg]:
    return await jetstream_objects.fetch_messages(
        cast("JetStreamContext.PullSubscription", consumer), limit
    )


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jetstream_objects, "_FETCH_PAUSE_S", 0)


async def test_a_consumer_is_asked_until_its_node_answers() -> None:
    message = Msg(Client(), "frames", "", b"frame")
    consumer = NewConsumer(None, [], None, [message])
    assert await fetch(consumer, 7) == [message]
    assert consumer.limits == [7] * 4


async def test_a_consumer_that_never_answers_is_given_up() -> None:
    consumer = NewConsumer()
    with pytest.raises(NoAnswerError):
        await fetch(consumer, 1)
    assert len(consumer.limits) < 100


@pytest.mark.parametrize(
    ("settings", "before", "after", "warnings"),
    [
        # Settings: gigabytes, days and replicas. Limits: bytes, seconds, replicas, and messages of
        # a meter. A day has 9,504 messages: 8,640 telegrams, and a tenth more.
        ((20, 14, 5), (TEN, WEEK, 3, 66_528), (2 * TEN, 2 * WEEK, 5, 133_056), 0),
        ((10, 7, 3), (TEN, WEEK, 3, 90_000), (TEN, WEEK, 3, 90_000), 0),
        ((5, 2, 1), (TEN, WEEK, 3, 1), (TEN, WEEK, 3, 66_528), 3),
        ((10, None, None), (TEN, 21_600.0, 3, 1), (TEN, 21_600.0, 3, 9_504), 0),
        # Bytes and days without a limit.
        ((5, 2, None), (-1, 0.0, 3, 90_000), (-1, 0.0, 3, 90_000), 2),
    ],
)
async def test_the_limits_of_a_stream_are_raised_and_never_lowered(
    settings: tuple[int, int | None, int | None],
    before: tuple[int, float, int, int],
    after: tuple[int, float, int, int],
    warnings: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = ("max_bytes", "max_age", "num_replicas", "max_msgs_per_subject")
    limits: JsonDict = dict(zip(names, before, strict=True))
    info = StreamInfo(StreamConfig(**limits), StreamState(0, 0, 1, 0, 0))

    async def update_stream(config: StreamConfig) -> StreamInfo:
        return StreamInfo(config, info.state)

    js = cast("JetStreamContext", SimpleNamespace(update_stream=update_stream))
    found = await stream_setup.change_frames(js, info, StreamSettings(*settings))
    assert tuple(getattr(found.config, name) for name in names) == after
    assert caplog.text.count("and keeps it: less could lose frames") == warnings
    # The second time, the stream already has the wanted settings.
    assert await stream_setup.change_frames(js, found, StreamSettings(*settings)) is found
    assert caplog.text.count("is changed as the configuration wants it") == 1


class Nats:
    """Record of the consumers that are put back, and the time in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.resets: list[tuple[float, str, str]] = []

    async def reset_consumer(self, stream: str, consumer: str) -> None:
        self.resets.append((self.now, stream, consumer))


@pytest.fixture
def nats(monkeypatch: pytest.MonkeyPatch) -> Nats:
    nats = Nats()
    clock = SimpleNamespace(monotonic=lambda: nats.now)
    monkeypatch.setattr(acknowledgement_watch, "time", clock)
    return nats


async def look(
    watch: AcknowledgementWatch,
    nats: Nats,
    floor: int,
    *,
    pending: int = 1,
    is_working: bool = True,
) -> None:
    """Let a minute pass, and look at a consumer."""
    nats.now += 60
    consumer = ConsumerInfo(
        "store",
        "smarty_p1_frames",
        ConsumerConfig(),
        created=datetime.now(UTC),
        ack_floor=SequenceInfo(floor, floor),
        num_ack_pending=pending,
    )
    await watch.check_consumer(cast("JetStreamContext", nats), consumer, is_working=is_working)


async def test_a_stuck_consumer_is_put_back(nats: Nats) -> None:
    watch = AcknowledgementWatch()
    for _ in range(9):
        await look(watch, nats, 7)
    assert nats.resets == [(at * 60, "smarty_p1_frames", "store") for at in (5, 9)]


@pytest.mark.parametrize("reason", ["it advances", "nothing is pending", "the store is away"])
async def test_any_other_consumer_stays(nats: Nats, reason: str) -> None:
    watch = AcknowledgementWatch()
    for number in range(9):
        await look(
            watch,
            nats,
            number // 2 if reason == "it advances" else 7,
            pending=reason != "nothing is pending",
            is_working=reason != "the store is away",
        )
    assert nats.resets == []


LEADS, FOLLOWS = "node1", PeerInfo("node2", current=True)
IS_AWAY = PeerInfo("node3", current=True, offline=True)


@pytest.mark.parametrize(
    ("cluster", "nodes"),
    [
        (ClusterInfo(leader=LEADS, replicas=[FOLLOWS, PeerInfo("c", current=True)]), 3),
        (ClusterInfo(leader=LEADS, replicas=[FOLLOWS, PeerInfo("c", current=False)]), 2),
        (ClusterInfo(leader=LEADS, replicas=[FOLLOWS, IS_AWAY]), 2),
        (ClusterInfo(leader=None, replicas=[FOLLOWS]), 1),
        (None, 0),
    ],
)
def test_the_stream_and_its_nodes(
    metrics: CollectorMetrics, cluster: ClusterInfo | None, nodes: int
) -> None:
    config = StreamConfig(name="frames", max_bytes=10 * 1024**3, num_replicas=3)
    state = StreamState(messages=1, bytes=500, first_seq=1, last_seq=1, consumer_count=1)
    metrics.show_stream(StreamInfo(config=config, state=state, cluster=cluster))
    assert value(metrics, "stream_replicas") == nodes
    assert value(metrics, "stream_wanted_replicas") == 3
    sizes = value(metrics, "stream_bytes"), value(metrics, "stream_max_bytes")
    assert sizes == (500, 10_737_418_240)


def test_a_stream_without_a_limit(metrics: CollectorMetrics) -> None:
    state = StreamState(messages=1, bytes=500, first_seq=1, last_seq=1, consumer_count=1)
    metrics.show_stream(StreamInfo(config=StreamConfig(max_bytes=-1), state=state))
    assert value(metrics, "stream_max_bytes") == 0


def test_the_number_and_the_age_of_waiting_frames(metrics: CollectorMetrics) -> None:
    consumer = ConsumerInfo("store", "frames", ConsumerConfig(), datetime.now(UTC))
    consumer.num_pending, consumer.num_ack_pending = 7, 3
    metrics.show_consumer(consumer)
    assert (value(metrics, "pending"), value(metrics, "not_acknowledged")) == (7, 3)
    oldest: list[float | None] = [None, time.time() + 60, time.time() - 1000]
    metrics.watch_oldest(lambda: oldest[0])
    assert value(metrics, "oldest_age_seconds") == 0
    oldest.pop(0)
    assert value(metrics, "oldest_age_seconds") == 0
    oldest.pop(0)
    assert 1000 <= value(metrics, "oldest_age_seconds") < 1600
