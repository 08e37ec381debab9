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
    def note(self, topic: str, payload: str) -> None:
        """Note what was sent to be kept; nothing takes a message back."""
        is_kept = topic in self.topics
        if payload and not is_kept:
            self.topics.add(topic)
        elif is_kept and not payload:
            self.topics.remove(topic)
        else:
            return
        self._store.async_delay_save(lambda: sorted(self.topics), _SAVE_DELAY)

    async def async_save(self) -> None:
        """Write at once what is known."""
        await self._store.async_save(sorted(self.topics))

    async def async_remove(self) -> None:
        """Forget everything."""
        await self._store.async_remove()
