"""MQTT messages about one meter, in the order of sending, each with its retain flag."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..entities.events import DISTURBANCE, disturbances
from ..entities.reception_sensors import CONNECTION
from ..meter.meter_reader import Reading, Reception
from ..meter.object_count_and_rate_limits import MAX_MBUS_METERS
from ..p1.telegram import Telegram
from .mqtt_discovery import (
    MqttAnnouncer,
    event_topic,
    new_texts,
    states_payload,
    states_topic,
    texts_of,
)
from .publish_format import Format
from .smartyreader_names import smartyreader_items, smartyreader_summary
from .topics import items

ONLINE = "online"
OFFLINE = "offline"
# Maximum number of topics of a meter, because brokers and subscribers remember all topics. A topic
# may contain a unit, so a forged meter could otherwise cause any number of topics.
MAX_TOPICS = 4096
LIFETIME = 90.0
"""Seconds for which a state stays valid in addition to the interval between two states."""


class Message(NamedTuple):
    """MQTT message. With `retain`, an empty payload deletes the message that the broker retains."""

    topic: str
    payload: str
    retain: bool


class Published(NamedTuple):
    """Root topic and format in which a meter is published."""

    root: str
    form: Format
    retain: bool = False
    """Whether the broker retains messages with values."""


@dataclass
class LastEvents:
    """Counts of disturbances and messages of the grid operator in the last published reading.

    Their changes in the next reading are sent as events. `texts` is None before the first reading.
    """

    counts: dict[str, int] = field(default_factory=dict[str, int])
    texts: dict[str, str | None] | None = None


def availability_topic(root: str) -> str:
    """Return the topic of a meter's availability. `root` is the root topic of the meter."""
    return f"{root}/availability"


def connection_topic(root: str) -> str:
    """Return the topic of the publisher's connection to the meter, `offline` after its end."""
    return f"{root}/{CONNECTION.key}"


class MeterMessages:
    """Messages about one meter.

    A message counts as sent when the caller requests the next message. So a caller that cannot send
    a message must stop the iteration. A value with its own topic is sent only if it differs from
    the last value sent on this topic. All other messages with values are sent with every reading. A
    topic whose value is missing in a reading gets one empty message.

    `stale` has the topics on which the broker retains messages of earlier runs. `on_full` is called
    when the number of topics reaches MAX_TOPICS. Then messages on further topics are dropped.

    After a reading, `outdated` has the topics of earlier runs that are no longer used. The caller
    deletes the messages there.

    A caller may store `last_events`, and set it again after a restart. Then the events that
    happened during the restart are sent, too.
    """

    def __init__(
        self,
        published: Published,
        to_json: Callable[[object], str],
        announcer: MqttAnnouncer | None = None,
        stale: Iterable[str] = (),
        on_full: Callable[[], None] = lambda: None,
    ) -> None:
        self._root, self._form, self._retain = published
        self._to_json = to_json
        self._announcer = announcer
        self._stale = set(stale)
        self.outdated: set[str] = set()
        self._on_full = on_full
        self._topics: set[str] = set()
        self.last_events = LastEvents()
        self._is_online: bool | None = None
        self._shapes: dict[str, object] = {}
        self._sent: dict[str, str | None] = {}

    def begin_anew(self) -> None:
        """Forget the sent messages, so that all messages are sent again.

        Call this method after a restart of the broker, because the broker may have lost all
        retained messages.
        """
        self._is_online = None
        self._shapes.clear()

    def repeat_values(self) -> None:
        """Send all values with the next reading, even if they have not changed."""
        self._sent = dict.fromkeys(self._sent)

    def has_news(self, reading: Reading) -> bool:
        """Return whether the grid operator's messages differ from those published last.

        A new message is urgent, because the next reading may lack it.
        """
        before = self.last_events.texts or {}
        return before | texts_of(reading) != before

    def availability(self, *, is_online: bool) -> Iterator[Message]:
        """Yield a message with the meter's availability. Yield nothing without a change."""
        if is_online == self._is_online:
            return
        state = ONLINE if is_online else OFFLINE
        yield from self._placed(Message(availability_topic(self._root), state, retain=True))
        self._is_online = is_online
        # Subscribers may have dropped the values while the meter or the broker was unavailable. So
        # send all values again.
        self.repeat_values()
        if self._announcer:
            self._announcer.begin_anew()

    def reading(self, reading: Reading, reception: Reception) -> Iterator[Message]:
        """Yield all messages to send for a new reading, such as values, states and events."""
        last = self.last_events
        texts = (last.texts or {}) | texts_of(reading)
        counts = last.counts | DISTURBANCE.value_fn(reading)
        yield from self._values(reading.telegram)
        for message in self._whole(reading.telegram):
            yield from self._placed(message)
        if self._announcer:
            yield from self._states(self._announcer, reading, reception)
            # The first reading tells only which messages there are.
            events = list(new_texts(texts if last.texts is None else last.texts, texts))
            for kind, details in disturbances(last.counts, counts):
                events.append((DISTURBANCE, {"event_type": kind, **details}))
            for event, payload in events:
                topic = event_topic(self._root, event)
                yield from self._placed(Message(topic, self._to_json(payload), retain=False))
        # Set both only after all events were sent. If the caller cannot send an event, it stops the
        # iteration. The next call of this method then yields the event again.
        last.counts, last.texts = counts, texts
        self._find_outdated()

    def _values(self, telegram: Telegram) -> Iterator[Message]:
        """Yield a message for each changed value, if the format has a topic for each value.

        In the SmartyReader's format, yield a message for every value.
        """
        if self._form is Format.TELEGRAM:
            return
        if self._form is Format.SMARTYREADER:
            self.repeat_values()
        texts = self._texts_by_topic(telegram)
        # If the telegram lacks an object, send an empty text on its topic. Otherwise, a subscriber
        # would still use the object's last value as the present value.
        missing = dict.fromkeys((topic for topic in self._sent if topic not in texts), "")
        for topic, text in (texts | missing).items():
            if self._sent.get(topic) != text:
                for message in self._placed(Message(topic, text, self._retain)):
                    yield message
                    self._sent[topic] = text
        for topic in missing:
            del self._sent[topic]

    def _texts_by_topic(self, telegram: Telegram) -> dict[str, str]:
        convert = smartyreader_items if self._form is Format.SMARTYREADER else items
        return {f"{self._root}/{item.name}": item.text for item in convert(telegram)}

    def _whole(self, telegram: Telegram) -> Iterator[Message]:
        """Yield the message with the whole telegram, if the format has such a message.

        In the SmartyReader's format, the message has a JSON object with the telegram's values.
        """
        root, retain = self._root, self._retain
        if self._form in {Format.TELEGRAM, Format.BOTH}:
            yield Message(f"{root}/telegram", self._to_json(telegram.as_dict()), retain)
        if self._form is Format.SMARTYREADER:
            yield Message(root, self._to_json(smartyreader_summary(telegram)), retain)

    def _states(
        self, announcer: MqttAnnouncer, reading: Reading, reception: Reception
    ) -> Iterator[Message]:
        for device in announcer.devices(reading, reception):
            topic = announcer.topic(device)
            if self._shapes.get(topic) != device.shape:
                message = announcer.message(
                    device, availability_topic(self._root), connection_topic(self._root)
                )
                yield from self._placed(Message(topic, self._to_json(message), retain=True))
                self._shapes[topic] = device.shape
            payload = self._to_json(states_payload(device))
            topic = states_topic(self._root, device)
            yield from self._placed(Message(topic, payload, self._retain))

    def _placed(self, message: Message) -> Iterator[Message]:
        """Yield `message` unless the number of topics would exceed MAX_TOPICS.

        The broker may retain a message of an earlier run on the same topic. If `message` has no
        retain flag, an empty message is yielded first. It deletes the earlier message.
        """
        topic = message.topic
        if not self._has_place(topic):
            return
        if topic in self._stale and not message.retain:
            # The broker still retains a message of an earlier run. Delete it before `message` is
            # sent. If the empty message came after `message`, it would look like a newer, empty
            # value.
            yield Message(topic, "", retain=True)
        yield message
        self._stale.discard(topic)

    def _has_place(self, topic: str) -> bool:
        if topic not in self._topics and len(self._topics) < MAX_TOPICS:
            self._topics.add(topic)
            if len(self._topics) == MAX_TOPICS:
                self._on_full()
        return topic in self._topics

    def _find_outdated(self) -> None:
        """Add the topics of earlier runs that this reading did not use to `outdated`."""
        places = MAX_MBUS_METERS
        for topic in sorted(self._stale):
            # This discovery message may announce an M-Bus meter that is absent only for a while. So
            # keep the discovery messages of up to MAX_MBUS_METERS meters.
            if places and self._announcer and self._announcer.owns(topic):
                places -= 1
            elif not self._announcer or topic != connection_topic(self._root):
                self.outdated.add(topic)
        self._stale.clear()
