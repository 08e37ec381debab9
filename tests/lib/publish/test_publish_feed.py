"""The next message about a meter, while readings come, stop and wait."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from dev.encoder import KEY, frame, telegram
from dev.testing.times import utc
from smartyp1.meter.meter_reader import MeterReader, Reading, Reception
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from smartyp1.publish.mqtt_messages import Message, MeterMessages, Published
from smartyp1.publish.publish_feed import PublishFeed
from smartyp1.publish.publish_format import Format

NOW = utc("2025-07-03 08:30")
RECEPTION = Reception(1, Counter(), Counter(), Counter(), Counter(), Counter())
ONLINE = Message("house/availability", "online", retain=True)
OFFLINE = ONLINE._replace(payload="offline")


def reading(counter: int, *lines: str) -> Reading:
    [read] = Decoder(KEY).feed(frame(counter, telegram(*lines)))
    assert isinstance(read, Telegram)
    return MeterReader().read_telegram(read, NOW)


OLD, NEW = reading(1), reading(2)
READINGS = {"old": OLD, "new": NEW, "text": reading(3, "0-0:96.13.0(48616C6C6F)")}


class Feed(PublishFeed):
    """A feed of telegrams, and the number of its wake-ups."""

    def __init__(
        self, interval: float = 0.0, form: Format = Format.TELEGRAM, repeat_every: float = 60.0
    ) -> None:
        messages = MeterMessages(Published("house", form), json.dumps)
        self.woken = 0
        super().__init__(messages, interval, self._count, lambda: RECEPTION, repeat_every)

    def _count(self) -> None:
        self.woken += 1

    def values_of(self, reading: Reading) -> set[str]:
        """Return the names of the published values of a reading."""
        self.on_reading(reading)
        return {
            message.topic.removeprefix("house/") for message in self.take_messages(self.claim())
        }

    def told(self) -> str:
        """Take the due messages: frame counters, and the availability of the meter."""
        return " ".join(
            message.payload
            if message in (ONLINE, OFFLINE)
            else str(json.loads(message.payload)["frame_counter"])
            for message in [*self.take_messages(None), *self.take_messages(self.claim())]
        )


@pytest.fixture
async def feed() -> Feed:
    return Feed()


# Events, and the messages after them.
STORIES = {
    "the newest reading is told once": [
        *(("", "offline"), ("old new", "online 2"), ("", ""), ("stale", "offline")),
    ],
    "what waits is not told any more of a meter that is silent": [
        *(("old stale stale", "offline"), ("connected", "offline"), ("new", "online 2")),
    ],
    "while it is held, a meter is told to be away": [
        *(("old", "online 1"), ("held new", "offline"), ("free new", "online 2")),
    ],
    "everything is told again to a broker that is back": [
        *(("old", "online 1"), ("connected", "online 1"), ("new connected", "online 2")),
    ],
}
# A text could be gone when its turn has come, and subscribers may have no values after an outage.
SELDOM = [
    *(("old", "online 1"), ("new", ""), ("text", "3"), ("stale", "offline")),
    ("new", "online 2"),
]


@pytest.mark.parametrize(
    ("interval", "story"),
    [*((0.0, story) for story in STORIES.values()), (3600.0, SELDOM)],
    ids=[*STORIES, "readings have turns, but texts and the first after an outage"],
)
async def test_the_messages_after_events(interval: float, story: list[tuple[str, str]]) -> None:
    feed = Feed(interval)
    events: dict[str, Callable[[], None]] = {
        "stale": feed.on_stale,
        "connected": feed.on_connected,
        "held": lambda: setattr(feed, "is_held", True),
        "free": lambda: setattr(feed, "is_held", False),
        **{name: partial(feed.on_reading, read) for name, read in READINGS.items()},
    }
    for happens, told in story:
        for event in happens.split():
            events[event]()
        assert feed.told() == told
        assert not feed.is_online or "offline" not in told


async def test_the_publisher_is_woken_when_a_message_may_be_due(feed: Feed) -> None:
    feed.on_reading(OLD)
    assert feed.woken == 2
    feed.on_stale()
    feed.on_stale()
    assert feed.woken == 3


async def test_an_unpublished_reading_makes_room_for_a_newer_one(feed: Feed) -> None:
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


LOW, HIGH = (reading(number, f"1-0:1.7.0(00.{number}00*kW)") for number in (4, 5))
CHANGED = {"active_power_imported"}
ALL = {*CHANGED, "identification", "p1_version", "logical_device_name"}


async def test_unchanged_values_are_published_again_after_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    feed = Feed(form=Format.VALUES)
    assert feed.values_of(LOW) == {*ALL, "availability"}
    now += 59
    assert feed.values_of(HIGH) == CHANGED
    now += 1
    assert feed.values_of(HIGH) == ALL
    now += 59
    assert feed.values_of(LOW) == CHANGED


async def test_a_reading_each_interval_is_due_after_any_delay_of_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    now = start = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    feed = Feed(interval=0.9)
    for number in range(3):
        now = start + number
        feed.on_reading(OLD)
        now += 0.7
        assert "1" in feed.told()


@pytest.mark.parametrize("happens", ["connected", "stale", "held", "somebody else"])
async def test_all_values_are_published_after_a_possible_loss(happens: str) -> None:
    feed = Feed(form=Format.VALUES, repeat_every=3600.0)
    feed.values_of(LOW)
    assert feed.values_of(HIGH) == CHANGED
    match happens:
        case "connected":
            feed.on_connected()
        case "stale":
            feed.on_stale()
            assert feed.told() == "offline"
        case "held":
            feed.is_held = True
            assert feed.told() == "offline"
            feed.is_held = False
        case _:
            feed.repeat_values()
    assert feed.values_of(HIGH) - {"availability"} == ALL
    assert feed.values_of(LOW) == CHANGED


async def test_each_telegram_is_published_with_all_values_if_wanted() -> None:
    feed = Feed(form=Format.VALUES, repeat_every=0.0)
    feed.values_of(LOW)
    assert feed.values_of(HIGH) == ALL
    assert feed.values_of(HIGH) == ALL
