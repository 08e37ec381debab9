"""Which messages of a meter the broker keeps: they must be taken back one day."""

import re

from homeassistant.core import HomeAssistant, callback

from ..coordinator.throttled_store import SparingStore
from ..lib.stored_values import Stored, a_list, a_text

_SAVE_INTERVAL = 5.0
_MAX_TOPICS = 1_000_000
# Earlier versions noted topics that no broker takes.
_IMPOSSIBLE = re.compile(r"[+#\0]")


def _parse(stored: Stored) -> set[str]:
    topics = {a_text(topic) for topic in a_list(stored, _MAX_TOPICS)}
    return {topic for topic in topics if topic and not _IMPOSSIBLE.search(topic)}


class RetainedTopics:
    """The topics on which the broker keeps a message of one config entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Start without any."""
        self._store = SparingStore(
            hass, f"{entry_id}.retained", self._sorted, interval=_SAVE_INTERVAL, private=True
        )
        self.topics: set[str] = set()

    async def async_load(self) -> None:
        """Remember those of the last run of Home Assistant."""
        self.topics = await self._store.async_load(_parse) or set()

    @callback
    def add(self, topic: str) -> None:
        """Note that the broker keeps a message."""
        if topic not in self.topics:
            self.topics.add(topic)
            self._store.schedule()

    @callback
    def discard(self, topic: str) -> None:
        """Note that it does not any more."""
        if topic in self.topics:
            self.topics.remove(topic)
            self._store.schedule()

    async def async_save(self) -> None:
        """Write at once what is known."""
        await self._store.async_save()

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()

    @callback
    def _sorted(self) -> list[str]:
        return sorted(self.topics)
