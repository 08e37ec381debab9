"""Messages that stay unacknowledged, because the clock of a former leader was fast."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, ConsumerInfo, SequenceInfo

from smarty_p1_fleet import acknowledgement_watch
from smarty_p1_fleet.acknowledgement_watch import AcknowledgementWatch


class Nats:
    """Notes which consumers are put back, and the time in seconds."""

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
    await watch.look(cast("JetStreamContext", nats), consumer, is_working=is_working)


async def test_a_consumer_that_stands_still_is_put_back(nats: Nats) -> None:
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
