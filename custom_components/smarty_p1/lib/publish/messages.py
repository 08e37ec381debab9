"""The messages about one meter, in their order: which ones, and what the broker is to keep."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from ..entities import DISTURBANCE
from ..meter import MAX_MBUS_METERS, Reading, Reception
from ..p1 import MESSAGES, Telegram
from .mqtt_discovery import (
    Announcer,
    event_topic,
    new_disturbances,
    new_texts,
    states_payload,
    states_topic,
)
from .publish_format import Format
from .smartyreader_names import smartyreader_items, smartyreader_summary
from .topics import items

ONLINE = "online"
OFFLINE = "offline"
# Brokers and subscribers remember topics. Units are part of some names, and may vary without end.
MAX_TOPICS = 4096
LIFETIME = 90.0
"""States are good for so many seconds longer than the time between two of them."""


class Message(NamedTuple):
    """A message; with `retain`, an empty one has the broker forget what it kept."""

    topic: str
    payload: str
    retain: bool


class Published(NamedTuple):
    """What is published of a meter, and below which topic."""

    root: str
    form: Format
    retain: bool = False
    """Whether the broker keeps the values."""


def availability_topic(root: str) -> str:
    """Return the topic that says whether a meter is read."""
    return f"{root}/availability"


def _texts(reading: Reading | None) -> list[Any]:
    return [*map(reading.telegram.objects.get, MESSAGES)] if reading else []


class MeterMessages:
    """Makes the messages about one meter.

    A message is thought to be sent when the next one is asked for, so whoever cannot send one asks
    for no more. A value with a topic to itself is sent when it differs from what was sent there,
    and everything else with each reading. `stale` are the topics on which the broker keeps
    something of earlier runs. `on_full` is called when there are as many topics as there may be;
    further ones are left out.
    """

    def __init__(
        self,
        published: Published,
        to_json: Callable[[object], str],
        announcer: Announcer | None = None,
        stale: Iterable[str] = (),
        on_full: Callable[[], None] = lambda: None,
    ) -> None:
        self._root, self._form, self._retain = published
        self._to_json = to_json
        self._announcer = announcer
        self._stale = set(stale)
        self._on_full = on_full
        self._topics: set[str] = set()
        self._published: Reading | None = None
        self._counts: dict[str, int] = {}
        self._is_online: bool | None = None
        self._shapes: dict[str, object] = {}
        self._sent: dict[str, str] = {}

    def begin_anew(self) -> None:
        """Say everything again: a broker that was restarted may keep nothing."""
        self._is_online = None
        self._shapes.clear()

    def repeat_values(self) -> None:
        """Say all values with the next reading, also those that have not changed."""
        self._sent.clear()

    def has_news(self, reading: Reading) -> bool:
        """Return whether texts differ from those published: they could be gone by the next turn."""
        return _texts(reading) != _texts(self._published)

    def availability(self, *, is_online: bool) -> Iterator[Message]:
        """Yield whether the meter is read, unless that was said last."""
        if is_online == self._is_online:
            return
        state = ONLINE if is_online else OFFLINE
        yield from self._placed(Message(availability_topic(self._root), state, retain=True))
        self._is_online = is_online
        # Who listens may have given up the values of a meter, or of a broker, that was away.
        self.repeat_values()
        if self._announcer:
            self._announcer.begin_anew()

    def reading(self, reading: Reading, reception: Reception) -> Iterator[Message]:
        """Yield all about a reading."""
        before, self._published = self._published, reading
        yield from self._values(reading.telegram)
        for message in self._whole(reading.telegram):
            yield from self._placed(message)
        if self._announcer:
            yield from self._states(self._announcer, reading, reception)
            counts = self._counts | DISTURBANCE.value_fn(reading)
            events = (*new_texts(reading, before), *new_disturbances(self._counts, counts))
            self._counts = counts
            for event, payload in events:
                topic = event_topic(self._root, event)
                yield from self._placed(Message(topic, self._to_json(payload), retain=False))
        yield from self._cleared()

    def _values(self, telegram: Telegram) -> Iterator[Message]:
        """Yield the values that have a topic each, and another value than was sent there."""
        if self._form not in {Format.VALUES, Format.BOTH}:
            return
        for item in items(telegram):
            topic = f"{self._root}/{item.name}"
            if self._sent.get(topic) != item.text:
                for message in self._placed(Message(topic, item.text, self._retain)):
                    yield message
                    self._sent[topic] = item.text

    def _whole(self, telegram: Telegram) -> Iterator[Message]:
        """Yield what is the whole telegram. A SmartyReader sends all its topics each time, too."""
        root, retain = self._root, self._retain
        if self._form in {Format.TELEGRAM, Format.BOTH}:
            yield Message(f"{root}/telegram", self._to_json(telegram.as_dict()), retain)
        if self._form is Format.SMARTYREADER:
            for name, text in smartyreader_items(telegram):
                yield Message(f"{root}/{name}", text, retain)
            yield Message(root, self._to_json(smartyreader_summary(telegram)), retain)

    def _states(
        self, announcer: Announcer, reading: Reading, reception: Reception
    ) -> Iterator[Message]:
        for device in announcer.devices(reading, reception):
            topic = announcer.topic(device)
            if self._shapes.get(topic) != device.shape:
                message = announcer.message(device, availability_topic(self._root))
                yield from self._placed(Message(topic, self._to_json(message), retain=True))
                self._shapes[topic] = device.shape
            payload = self._to_json(states_payload(device))
            topic = states_topic(self._root, device)
            yield from self._placed(Message(topic, payload, self._retain))

    def _placed(self, message: Message) -> Iterator[Message]:
        """Yield a message if its topic has a place, and what must come before it."""
        topic = message.topic
        if not self._has_place(topic):
            return
        if topic in self._stale and not message.retain:
            # First: whoever listens would take the empty message for the newer one.
            yield Message(topic, "", retain=True)
        yield message
        self._stale.discard(topic)

    def _has_place(self, topic: str) -> bool:
        if topic not in self._topics and len(self._topics) < MAX_TOPICS:
            self._topics.add(topic)
            if len(self._topics) == MAX_TOPICS:
                self._on_full()
        return topic in self._topics

    def _cleared(self) -> Iterator[Message]:
        """Clear what earlier options had the broker keep, once all that is wanted is there."""
        places = MAX_MBUS_METERS
        for topic in sorted(self._stale):
            # A meter on the M-Bus that is away keeps its place there, as it does here.
            if places and self._announcer and self._announcer.owns(topic):
                places -= 1
            else:
                yield Message(topic, "", retain=True)
        self._stale.clear()
