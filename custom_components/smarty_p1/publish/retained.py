"""Which messages of a meter the broker keeps: they must be taken back one day."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..const import DOMAIN

_STORAGE_VERSION = 1
_SAVE_DELAY = 5.0


class RetainedTopics:
    """The topics on which the broker keeps a message of one config entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Start without any."""
        self._store = Store[list[str]](
            hass, _STORAGE_VERSION, f"{DOMAIN}.{entry_id}.retained", private=True
        )
        self.topics: set[str] = set()

    async def async_load(self) -> None:
        """Remember those of the last run of Home Assistant."""
        self.topics = set(await self._store.async_load() or ())

    @callback
    def add(self, topic: str) -> None:
        """Note that the broker keeps a message."""
        if topic not in self.topics:
            self.topics.add(topic)
            self._store.async_delay_save(self._sorted, _SAVE_DELAY)

    @callback
    def discard(self, topic: str) -> None:
        """Note that it does not any more."""
        if topic in self.topics:
            self.topics.remove(topic)
            self._store.async_delay_save(self._sorted, _SAVE_DELAY)

    async def async_save(self) -> None:
        """Write at once what is known."""
        await self._store.async_save(self._sorted())

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()

    @callback
    def _sorted(self) -> list[str]:
        return sorted(self.topics)
