"""Two publishers of one meter at one broker: repaired, deleted and remaining messages."""

import itertools
from collections.abc import Iterator
from random import Random

import pytest

from smartyp1.publish.mqtt_messages import OFFLINE, ONLINE
from smartyp1.publish.retained_messages import RetainedMessages

AVAILABILITY, DISCOVERY, VALUE = "house/availability", "ha/device/house/config", "house/power"
MAX_TOPICS = 100


class Broker:
    """A broker that keeps retained messages, and passes them on at once, also to the publisher."""

    def __init__(self) -> None:
        self.now = 0.0
        self.kept: dict[str, str] = {}
        self.publishers: list[Publisher] = []
        self.sent: list[tuple[float, str, str, str]] = []

    def publish(self, name: str, topic: str, payload: str) -> None:
        self.sent.append((self.now, name, topic, payload))
        self.kept[topic] = payload
        if not payload:
            del self.kept[topic]
        for publisher in self.publishers:
            publisher.retained.note_received(topic, payload, self.now)

    def pass_time(self, seconds: float) -> None:
        """Let time pass in small steps, in which each publisher does its due work."""
        for _ in range(round(seconds * 10)):
            self.now = round(self.now + 0.1, 1)
            for publisher in [*self.publishers]:
                publisher.work()


class Publisher:
    """A publisher with a reading of now, until it stops."""

    def __init__(self, broker: Broker, name: str, text: str = "a house", seed: int = 0) -> None:
        self._broker, self._name = broker, name
        self.is_online = False
        self._texts = {DISCOVERY: text, VALUE: "1.000"}
        random = Random(f"{name}{seed}")  # noqa: S311
        self.retained = RetainedMessages(lambda: random.uniform(0.5, 3.0))

    def start(self) -> None:
        self._broker.publishers.append(self)
        self.send(AVAILABILITY, OFFLINE)
        self.go_online()

    def go_online(self) -> None:
        self.is_online = True
        self.send(AVAILABILITY, ONLINE)
        for topic, text in self._texts.items():
            self.send(topic, text)

    def send(self, topic: str, payload: str) -> None:
        if payload:
            self.retained.note_sent(topic, payload)
        self._broker.publish(self._name, topic, payload)
        if not payload:
            self.retained.note_sent(topic, payload)

    def work(self) -> None:
        due = self.retained.due(is_online=self.is_online)
        if due is not None and due <= self._broker.now:
            for message in self.retained.take_messages(self._broker.now, is_online=self.is_online):
                self.send(message.topic, message.payload)

    def fall_silent(self) -> None:
        self.is_online = False
        self.send(AVAILABILITY, OFFLINE)

    def stop(self) -> None:
        self.fall_silent()
        self._broker.publishers.remove(self)

    def remove(self) -> None:
        """Stop; delete the retained messages, as another program does with the stored topics."""
        self.stop()
        stored = self.retained.as_stored(is_final=True)
        self.retained = RetainedMessages.from_stored(stored, MAX_TOPICS)
        for topic in self.retained.topics:
            self.retained.note_received(topic, self._broker.kept.get(topic, ""), self._broker.now)
        self.retained.clear(self.retained.topics, self._broker.now)
        for topic in self.retained.topics:
            if topic in self._broker.kept:
                self.retained.note_received(topic, self._broker.kept[topic], self._broker.now)
        self._broker.publishers.append(self)
        self._broker.pass_time(2.5)
        self._broker.publishers.remove(self)
        assert not self.retained.topics


def kept(text: str = "a house", **others: str) -> dict[str, str]:
    return {AVAILABILITY: ONLINE, DISCOVERY: text, VALUE: "1.000", **others}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("texts", [("a house", "a house"), ("a house", "another house")])
@pytest.mark.parametrize("how", ["stop", "remove", "fall_silent"])
@pytest.mark.parametrize("leaver", [0, 1])
def test_the_remaining_publisher_looks_untouched_after_30_seconds(
    texts: tuple[str, str], how: str, leaver: int, seed: int
) -> None:
    broker = Broker()
    two = [Publisher(broker, name, text, seed) for name, text in zip("AB", texts, strict=True)]
    for publisher in two:
        publisher.start()
        broker.pass_time(20)
    assert broker.kept == kept(texts[1])
    quiet = len(broker.sent)
    broker.pass_time(60)
    assert len(broker.sent) == quiet  # two with different texts do not fight
    getattr(two[leaver], how)()
    broker.pass_time(30)
    # The text of the leaver is deleted only if it is its own, and only by a removal.
    is_own = how == "remove" and leaver == 1
    assert broker.kept == kept(texts[0] if is_own else texts[1])
    quiet = len(broker.sent)
    broker.pass_time(60)
    assert len(broker.sent) == quiet


@pytest.mark.parametrize("order", itertools.permutations("ABC"))
def test_the_last_one_leaves_nothing(order: tuple[str, ...]) -> None:
    broker = Broker()
    three = {name: Publisher(broker, name) for name in "ABC"}
    for publisher in three.values():
        publisher.start()
    for name in order:
        assert broker.kept == kept()
        three[name].remove()
        broker.pass_time(30)
    assert broker.kept == {}


def test_entities_are_removed_before_their_states() -> None:
    broker = Broker()
    publisher = Publisher(broker, "A")
    publisher.start()
    publisher.remove()
    (removed_at, first), *others = [
        (at, topic) for at, _name, topic, payload in broker.sent if not payload
    ]
    assert first == DISCOVERY
    assert {topic for _, topic in others} == {AVAILABILITY, VALUE}
    assert min(at for at, _ in others) >= removed_at + 1


@pytest.mark.parametrize(
    ("topic", "payload", "after"),
    [
        (AVAILABILITY, OFFLINE, ONLINE),
        (AVAILABILITY, "", ONLINE),
        (AVAILABILITY, "away", "away"),
        (DISCOVERY, "", "a house"),
        (DISCOVERY, "somebody's house", "somebody's house"),
        (VALUE, "", "1.000"),
        (VALUE, "2.000", "2.000"),
        (VALUE, OFFLINE, OFFLINE),
    ],
)
def test_only_a_missing_message_is_repaired(topic: str, payload: str, after: str) -> None:
    broker = Broker()
    publisher = Publisher(broker, "A")
    publisher.start()
    broker.publish("other", topic, payload)
    broker.pass_time(0.4)
    assert broker.kept.get(topic, "") == payload
    broker.pass_time(3)
    assert broker.kept == kept() | {topic: after}


def test_without_a_reading_of_now_nothing_is_repaired() -> None:
    broker = Broker()
    publisher = Publisher(broker, "A")
    publisher.start()
    publisher.fall_silent()
    for topic in (AVAILABILITY, DISCOVERY):
        broker.publish("other", topic, "")
    assert publisher.retained.due(is_online=False) is None
    broker.pass_time(60)
    assert broker.kept == {VALUE: "1.000"}
    # A reading repairs the values.
    publisher.go_online()
    assert broker.kept == kept()


def test_a_repair_comes_every_ten_seconds_at_most() -> None:
    broker = Broker()
    Publisher(broker, "A").start()
    began = len(broker.sent)
    for _ in range(600):
        broker.publish("other", AVAILABILITY, OFFLINE)
        broker.pass_time(0.1)
    times = [at for at, name, *_ in broker.sent[began:] if name == "A"]
    assert 4 <= len(times) <= 6
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 10


def test_several_publishers_repair_once() -> None:
    broker = Broker()
    publishers = [Publisher(broker, name) for name in "ABCDE"]
    for publisher in publishers:
        publisher.start()
    broker.pass_time(20)
    began = len(broker.sent)
    publishers[0].stop()
    broker.pass_time(30)
    assert [message[2:] for message in broker.sent[began:]] == [
        (AVAILABILITY, OFFLINE),
        (AVAILABILITY, ONLINE),
    ]


def _cases() -> Iterator[tuple[str, bool, str | None, bool]]:
    """Yield the texts that are stored and retained, and whether the message is deleted."""
    for is_final in (False, True):
        yield "1.000", is_final, "1.000", True
        yield "1.000", is_final, "2.000", False
    # The retained message is not known, or does not exist: no other publisher's message is at risk.
    yield "1.000", True, None, True
    yield "1.000", True, "", False


@pytest.mark.parametrize(("own", "is_final", "retained", "is_deleted"), _cases())
def test_only_a_message_with_the_own_text_is_deleted(
    own: str, retained: str | None, *, is_final: bool, is_deleted: bool
) -> None:
    messages = RetainedMessages()
    assert messages.note_sent(VALUE, own)
    assert not messages.note_sent(VALUE, own)
    messages = RetainedMessages.from_stored(messages.as_stored(is_final=is_final), MAX_TOPICS)
    messages.clear([VALUE, "of another"], 5.0)
    assert messages.due(is_online=False) == 7.0
    if retained is not None:
        messages.note_received(VALUE, retained, 5.5)
        assert messages.due(is_online=False) == 5.5
    assert [message.topic for message in messages.take_messages(7.0, is_online=False)] == [
        VALUE
    ] * is_deleted
    assert not messages.topics


def test_after_a_crash_a_text_that_changes_is_not_known() -> None:
    messages = RetainedMessages()
    assert messages.note_sent(VALUE, "1.000")
    assert messages.note_sent(VALUE, "2.000")
    assert not messages.note_sent(VALUE, "3.000")
    assert messages.as_stored(is_final=False) == {VALUE: ""}
    assert messages.as_stored(is_final=True)[VALUE]
    crashed = RetainedMessages.from_stored({VALUE: ""}, MAX_TOPICS)
    crashed.clear([VALUE], 0.0)
    crashed.note_received(VALUE, "4.000", 0.1)
    assert [message.topic for message in crashed.take_messages(0.1, is_online=False)] == [VALUE]


@pytest.mark.parametrize("stored", [None, 1, "x", {VALUE: 1}, [1], {1: ""}, dict.fromkeys("abcd")])
def test_malformed_topics_are_refused(stored: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        RetainedMessages.from_stored(stored, 3)
