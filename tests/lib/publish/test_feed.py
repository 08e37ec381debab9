"""What is told of a meter next, while readings come, stop and wait."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from dev.encoder import KEY, frame, telegram
from smartyp1.meter import MeterReader, Reading, Reception
from smartyp1.p1 import Decoder, Telegram
from smartyp1.publish import Format, Message, MeterMessages, Published, PublishFeed

NOW = datetime(2025, 7, 3, 8, 30, tzinfo=UTC)
RECEPTION = Reception(1, Counter(), Counter(), Counter(), Counter())
ONLINE = Message("house/availability", "online", retain=True)
OFFLINE = ONLINE._replace(payload="offline")


def reading(counter: int, *lines: str) -> Reading:
    [read] = Decoder(KEY).feed(frame(counter, telegram(*lines)))
    assert isinstance(read, Telegram)
    return MeterReader().read(read, NOW)


OLD, NEW = reading(1), reading(2)
WITH_TEXT = reading(3, "0-0:96.13.0(48616C6C6F)")


class Feed(PublishFeed):
    """A feed of telegrams, and how often somebody was woken."""

    def __init__(self, interval: float = 0.0) -> None:
        messages = MeterMessages(Published("house", Format.TELEGRAM), json.dumps)
        self.woken = 0
        super().__init__(messages, interval, self._count, lambda: RECEPTION)

    def _count(self) -> None:
        self.woken += 1

    def told(self) -> list[int | str]:
        """Take what is due: frame counters, and what is said of the meter."""
        messages = [*self.take(None), *self.take(self.claim())]
        return [
            message.payload
            if message in (ONLINE, OFFLINE)
            else json.loads(message.payload)["frame_counter"]
            for message in messages
        ]


@pytest.fixture
async def feed() -> Feed:
    return Feed()


async def test_the_newest_reading_is_told_once(feed: Feed) -> None:
    assert feed.told() == ["offline"]
    feed.on_reading(OLD)
    feed.on_reading(NEW)
    assert feed.woken
    assert feed.told() == ["online", 2]
    assert feed.told() == []


async def test_what_waits_is_not_told_any_more_of_a_meter_that_is_silent(feed: Feed) -> None:
    feed.on_reading(OLD)
    feed.on_stale()
    feed.on_stale()
    assert feed.woken == 3
    assert feed.told() == ["offline"]
    feed.on_connected()
    assert feed.told() == ["offline"]
    feed.on_reading(NEW)
    assert feed.told() == ["online", 2]


async def test_what_could_not_be_told_makes_room_for_what_is_newer(feed: Feed) -> None:
    feed.on_reading(OLD)
    claimed = feed.claim()
    assert claimed is OLD
    feed.put_back(claimed)
    assert feed.claim() is OLD
    feed.on_reading(NEW)
    feed.put_back(claimed)
    assert feed.claim() is NEW
    feed.on_stale()
    feed.put_back(claimed)
    assert feed.claim() is None


async def test_while_it_is_held_a_meter_is_told_to_be_away(feed: Feed) -> None:
    feed.on_reading(OLD)
    assert feed.told() == ["online", 1]
    feed.is_held = True
    feed.on_reading(NEW)
    assert feed.told() == ["offline"]
    assert not feed.is_online
    feed.is_held = False
    feed.on_reading(NEW)
    assert feed.told() == ["online", 2]


async def test_everything_is_told_again_to_a_broker_that_is_back(feed: Feed) -> None:
    feed.on_reading(OLD)
    assert feed.told() == ["online", 1]
    feed.on_connected()
    assert feed.told() == ["online", 1]


async def test_readings_have_turns() -> None:
    seldom = Feed(3600.0)
    seldom.on_reading(OLD)
    assert seldom.told() == ["online", 1]
    seldom.on_reading(NEW)
    assert seldom.told() == []
    # A text could be gone when its turn has come.
    seldom.on_reading(WITH_TEXT)
    assert seldom.told() == [3]
