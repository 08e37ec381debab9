"""Retained messages of one publisher, and decisions about what others do at their topics.

Two programs can publish the same meter at one broker: two Home Assistants, two gateways, or one of
each. A message that one of them deletes, or its `offline`, then also concerns the other one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from random import uniform
from typing import Self

from ..entities.reception_sensors import CONNECTION
from ..stored_values import Stored, checked_mapping, checked_text
from .mqtt_messages import OFFLINE, ONLINE, Message
from .topics import DISCOVERY_END

# Minimum seconds between two repairs. So two publishers that contradict each other stay quiet.
_MIN_PAUSE_S = 10.0
# Seconds that a repair waits in addition. If several publishers miss the same message, the first
# one sends it, and the others see it in time.
_JITTER_S = (0.5, 3.0)
# Seconds to wait for the message that the broker retains, before it is deleted.
_MAX_LOOK_S = 2.0
# Seconds in which another Home Assistant removes the entities of a deleted discovery message.
_REMOVAL_S = 1.0


def _digest(payload: str) -> str:
    return sha256(payload.encode()).hexdigest()[:16] if payload else ""


@dataclass(slots=True)
class _Topic:
    """Retained message of this publisher at one topic."""

    digest: str = ""
    """Digest of the text that was sent last. It is "" for an unknown text."""
    sent: str = ""
    """Text that was sent since the start, "" if there is none."""
    retained: str | None = None
    """Digest of the text that the broker retains, None if it is unknown."""
    is_moving: bool = False
    """Whether the text has changed since the start, as texts of values do."""
    is_lost: bool = False
    """Whether another publisher has deleted the message, or is offline."""
    clear_at: float = inf
    """Time at which the message is to be deleted."""


class RetainedMessages:
    """Retained messages of one publisher, by topic. All times are seconds of a monotonic clock.

    The caller subscribes to `topics`, and passes on what it sends and what the broker delivers. It
    publishes the messages of `take_messages` at the time `due`:

    - messages that another publisher has deleted, and `online` in place of another's `offline`.
      Other texts of another publisher stay. Nothing is repaired while the meter is offline.
    - empty messages, for the topics in `clear`. A message stays if its text differs from the text
      that this publisher has sent last, because another publisher has sent it.
    """

    def __init__(self, jitter: Callable[[], float] = lambda: uniform(*_JITTER_S)) -> None:  # noqa: S311
        self._jitter = jitter
        self._topics: dict[str, _Topic] = {}
        self._repair_at = self._next_repair_at = 0.0

    @classmethod
    def from_stored(cls, stored: Stored, max_topics: int) -> Self:
        """Return the object from the result of `as_stored`. Raises ValueError if malformed."""
        self = cls()
        for topic, digest in checked_mapping(stored, max_topics).items():
            self._topics[topic] = _Topic(checked_text(digest))
        return self

    def as_stored(self, *, is_final: bool) -> dict[str, str]:
        """Return the topics with the digests of their texts, as JSON values.

        Unless `is_final` is True, further texts can follow that are not stored. So the digests of
        texts that change are left out.
        """
        return {
            name: topic.digest if is_final or not topic.is_moving else ""
            for name, topic in sorted(self._topics.items())
        }

    def join(self, earlier: RetainedMessages) -> None:
        """Add the topics of an earlier run that could not be read before."""
        self._topics = earlier._topics | self._topics

    @property
    def topics(self) -> frozenset[str]:
        """Return the topics at which the broker retains messages of this publisher."""
        return frozenset(self._topics)

    def __contains__(self, topic: str) -> bool:
        """Return whether `topic` is one of `topics`."""
        return topic in self._topics

    def note_sent(self, topic: str, payload: str) -> bool:
        """Note a retained message of this publisher. Return whether `as_stored` has changed.

        Note a text before it is sent, and a deletion after it. If the sending is interrupted, the
        broker may still retain a message.
        """
        if not payload:
            return self.forget(topic)
        known, digest = self._topics.setdefault(topic, _Topic()), _digest(payload)
        is_new, was_moving = digest != known.digest, known.is_moving
        known.is_moving |= is_new and bool(known.sent)
        known.digest = known.retained = digest
        known.sent, known.is_lost, known.clear_at = payload, False, inf
        return is_new and not was_moving

    def forget(self, topic: str) -> bool:
        """Forget a topic without deleting its message. Return whether `as_stored` has changed."""
        return self._topics.pop(topic, None) is not None

    def note_received(self, topic: str, payload: str, now: float) -> None:
        """Note a message that the broker delivers at one of `topics`. It may be an own message."""
        if (known := self._topics.get(topic)) is None:
            return
        known.retained = _digest(payload)
        if known.clear_at < inf:
            known.clear_at = min(known.clear_at, now)
        # A publisher of the same meter that ends leaves `offline` at these topics.
        is_shared = known.sent == ONLINE or topic.endswith(f"/{CONNECTION.key}")
        is_lost = known.sent not in {"", OFFLINE} and (
            not payload or (payload == OFFLINE and is_shared)
        )
        if is_lost and not self._lost():
            self._repair_at = max(now, self._next_repair_at) + self._jitter()
        known.is_lost = is_lost

    def _lost(self) -> list[str]:
        return sorted(name for name, topic in self._topics.items() if topic.is_lost)

    def clear(self, topics: Iterable[str], now: float) -> None:
        """Delete the messages at these topics, after a look at what the broker retains there."""
        for name in self._topics.keys() & topics:
            topic = self._topics[name]
            topic.sent, topic.is_lost = "", False
            topic.clear_at = now + (_MAX_LOOK_S if topic.retained is None else 0)

    def due(self, *, is_online: bool) -> float | None:
        """Return when `take_messages` has messages. Return None if no time is known."""
        due = min((topic.clear_at for topic in self._topics.values()), default=inf)
        if is_online and self._lost():
            due = min(due, self._repair_at)
        return None if due == inf else due

    def take_messages(self, now: float, *, is_online: bool) -> Iterator[Message]:
        """Yield the messages that are due. The caller notes each of them with `note_sent`."""
        for name in self._due_deletions(now):
            topic = self._topics[name]
            if topic.retained in {None, topic.digest} or not topic.digest:
                yield Message(name, "", retain=True)
            self.forget(name)
        if is_online and self._repair_at <= now and (lost := self._lost()):
            self._repair_at = self._next_repair_at = now + _MIN_PAUSE_S
            for name in lost:
                yield Message(name, self._topics[name].sent, retain=True)

    def _due_deletions(self, now: float) -> list[str]:
        """Return the topics to delete now: discovery messages, and a second later all others.

        Entities that another Home Assistant has not removed yet cannot read an empty state.
        """
        topics = self._topics.items()
        if any(topic.clear_at < inf and name.endswith(DISCOVERY_END) for name, topic in topics):
            for name, topic in topics:
                if not name.endswith(DISCOVERY_END):
                    topic.clear_at = max(topic.clear_at, now + _REMOVAL_S)
        return sorted(name for name, topic in topics if topic.clear_at <= now)
