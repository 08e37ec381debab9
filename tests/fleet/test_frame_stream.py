"""Messages are fetched although NATS does not answer for a new consumer at once."""

from typing import cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.errors import ServiceUnavailableError

from smarty_p1_fleet import jetstream_objects


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
