"""Fetching from a new consumer for which NATS does not answer at once; limits of the stream."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import StreamConfig, StreamInfo, StreamState
from nats.js.errors import ServiceUnavailableError

from smarty_p1_fleet import jetstream_objects
from smarty_p1_fleet.jetstream_objects import StreamSettings

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


@pytest.fixture(autouse=True)
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
        # 14 days of 9,504 messages.
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
    limits: dict[str, Any] = dict(zip(names, before, strict=True))
    info = StreamInfo(StreamConfig(**limits), StreamState(0, 0, 1, 0, 0))

    async def update_stream(config: StreamConfig) -> StreamInfo:
        return StreamInfo(config, info.state)

    js = cast("JetStreamContext", SimpleNamespace(update_stream=update_stream))
    found = await jetstream_objects.change_stream(js, info, StreamSettings(*settings))
    assert tuple(getattr(found.config, name) for name in names) == after
    assert caplog.text.count("and keeps it: less could lose frames") == warnings
