"""Retained messages of one publisher, and decisions about what others do at their topics.

Two programs can publish the same meter at one broker: two Home Assistants, two gateways, or one of
each. A message that one of them deletes, or its `offline`, then also concerns the other one.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from random import uniform
from typing import Self

from ..stored_values import Stored, checked_list, checked_mapping, checked_text
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


class RetainedMessages:
    """Retained messages of one publisher, by topic. All times are seconds of a monotonic clock.

    The caller subscribes to `topics`, and passes on what it sends and what the broker delivers. It
    publishes the messages of `take` at the time `due`:

    - messages that another publisher has deleted, and `online` in place of another's `offline`.
      Other texts of another publisher stay. Nothing is repaired while the meter is offline.
    - empty messages, for the topics in `clear`. A message stays if its text differs from the text
      that this publisher has sent last, because another publisher has sent it.
    """

    def __init__(self, jitter: Callable[[], float] = lambda: uniform(*_JITTER_S)) -> None:  # noqa: S311
        self._jitter = jitter
        # Digest of the text that was sent last. It is "" for an unknown text.
        self._digests: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        # Topics whose text has changed since the start, such as those of values.
        self._moving: set[str] = set()
        self._lost: set[str] = set()
        self._repair_at = self._next_repair_at = 0.0
        self._retained: dict[str, str] = {}
        self._clear_at: dict[str, float] = {}

    @classmethod
    def from_stored(cls, stored: Stored, max_topics: int) -> Self:
        """Return the object from the result of `as_stored`. Raises ValueError for malformed data.

        Commit 0df108e1 stored a list of topics, without texts.
        """
        self = cls()
        if isinstance(stored, list):
            stored = dict.fromkeys(map(checked_text, checked_list(stored, max_topics)), "")
        digests = checked_mapping(stored, max_topics)
        self._digests = {topic: checked_text(digest) for topic, digest in digests.items()}
        return self

    def as_stored(self, *, is_final: bool) -> dict[str, str]:
        """Return the topics with the digests of their texts, as JSON values.

        Unless `is_final` is True, further texts can follow that are not stored. So the digests of
        texts that change are left out.
        """
        return {
            topic: digest if is_final or topic not in self._moving else ""
            for topic, digest in sorted(self._digests.items())
        }

    def join(self, earlier: RetainedMessages) -> None:
        """Add the topics of an earlier run that could not be read before."""
        self._digests = earlier._digests | self._digests

    @property
    def topics(self) -> frozenset[str]:
        """Return the topics at which the broker retains messages of this publisher."""
        return frozenset(self._digests)

    def __contains__(self, topic: str) -> bool:
        """Return whether `topic` is one of `topics`."""
        return topic in self._digests

    def note_sent(self, topic: str, payload: str) -> bool:
        """Note a retained message of this publisher. Return whether `as_stored` has changed.

        Note a text before it is sent, and a deletion after it. If the sending is interrupted, the
        broker may still retain a message.
        """
        self._lost.discard(topic)
        self._clear_at.pop(topic, None)
        if not payload:
            return self.forget(topic)
        digest, before = _digest(payload), self._digests.get(topic)
        was_sent, was_moving = topic in self._sent, topic in self._moving
        self._digests[topic], self._sent[topic] = digest, payload
        self._retained[topic] = digest
        if was_sent and digest != before:
            self._moving.add(topic)
        return digest != before and not was_moving

    def forget(self, topic: str) -> bool:
        """Forget a topic without deleting its message. Return whether `as_stored` has changed."""
        self._sent.pop(topic, None)
        self._retained.pop(topic, None)
        self._clear_at.pop(topic, None)
        self._moving.discard(topic)
        self._lost.discard(topic)
        return self._digests.pop(topic, None) is not None

    def note_received(self, topic: str, payload: str, now: float) -> None:
        """Note a message that the broker delivers at one of `topics`. It may be an own message."""
        if topic in self._digests:
            self._retained[topic] = _digest(payload)
        if topic in self._clear_at:
            self._clear_at[topic] = min(self._clear_at[topic], now)
        own = self._sent.get(topic)
        if own and own != OFFLINE and (not payload or (payload == OFFLINE and own == ONLINE)):
            if not self._lost:
                self._repair_at = max(now, self._next_repair_at) + self._jitter()
            self._lost.add(topic)
        else:
            self._lost.discard(topic)

    def clear(self, topics: Iterable[str], now: float) -> None:
        """Delete the messages at these topics, after a look at what the broker retains there."""
        for topic in self._digests.keys() & topics:
            self._sent.pop(topic, None)
            self._lost.discard(topic)
            self._clear_at[topic] = now if topic in self._retained else now + _MAX_LOOK_S

    def due(self, *, is_online: bool) -> float | None:
        """Return when `take` has messages. Return None if no time is known."""
        times = [*self._clear_at.values()]
        if is_online and self._lost:
            times.append(self._repair_at)
        return min(times, default=None)

    def take(self, now: float, *, is_online: bool) -> Iterator[Message]:
        """Yield the messages that are due. The caller notes each of them with `note_sent`."""
        for topic in self._due_deletions(now):
            if self._retained.get(topic, own := self._digests[topic]) == own or not own:
                yield Message(topic, "", retain=True)
            self.forget(topic)
        if is_online and self._lost and self._repair_at <= now:
            self._repair_at = self._next_repair_at = now + _MIN_PAUSE_S
            for topic in sorted(self._lost):
                yield Message(topic, self._sent[topic], retain=True)

    def _due_deletions(self, now: float) -> list[str]:
        """Return the topics to delete now: discovery messages, and a second later all others.

        Entities that another Home Assistant has not removed yet cannot read an empty state.
        """
        discovery = {topic for topic in self._clear_at if topic.endswith(DISCOVERY_END)}
        if discovery:
            for topic in self._clear_at.keys() - discovery:
                self._clear_at[topic] = max(self._clear_at[topic], now + _REMOVAL_S)
        return sorted(topic for topic, at in self._clear_at.items() if at <= now)
