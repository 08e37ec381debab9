"""Stored topics at which the broker retains a message of a meter. They can be cleared later."""

from typing import override

from homeassistant.core import HomeAssistant, callback

from ..coordinator.throttled_store import ThrottledStore
from ..lib.stored_values import Stored, checked_list, checked_text

_SAVE_INTERVAL_S = 5.0
_MAX_TOPICS = 1_000_000


def _parse(stored: Stored) -> set[str]:
    return {checked_text(topic) for topic in checked_list(stored, _MAX_TOPICS)}


class RetainedTopics(ThrottledStore):
    """Stored set of the topics at which the broker retains a message of one entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, f"{entry_id}.retained", interval=_SAVE_INTERVAL_S, private=True)
        self.topics: set[str] = set()

    async def async_load(self) -> None:
        """Load the topics from the disk."""
        self.topics = await self._async_read(_parse) or set()

    @callback
    def add(self, topic: str) -> None:
        """Record that the broker retains a message at `topic`."""
        if topic not in self.topics:
            self.topics.add(topic)
            self.schedule()

    @callback
    def discard(self, topic: str) -> None:
        """Record that the broker no longer retains a message at `topic`."""
        if topic in self.topics:
            self.topics.remove(topic)
            self.schedule()

    @override
    def _content(self) -> list[str]:
        return sorted(self.topics)
