"""What a config entry remembers, written seldom: memory cards wear out."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN

_STORAGE_VERSION = 1


class SparingStore:
    """A file that is written at most once in `interval` seconds, and when Home Assistant stops.

    `is_waiting` tells whether something waits to be written.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        content: Callable[[], dict[str, Any]],
        *,
        interval: float,
        private: bool = False,
    ) -> None:
        """Take the end of the file's name, and what tells the content when it is written."""
        self._hass = hass
        self._store = Store[dict[str, Any]](
            hass, _STORAGE_VERSION, f"{DOMAIN}.{name}", private=private
        )
        self._content = content
        self._interval = interval
        self._next_save = 0.0
        self.is_waiting = False

    async def async_load(self) -> dict[str, Any] | None:
        """Return what was written last, None when nothing was."""
        return await self._store.async_load()

    @callback
    def schedule(self, *, at_once: bool = False) -> None:
        """Write when it is time again, or at once."""
        if self.is_waiting and not at_once:
            return
        self.is_waiting = True
        delay = 0.0 if at_once else max(0.0, self._next_save - self._hass.loop.time())
        # Home Assistant also saves what is waiting when it stops.
        self._store.async_delay_save(self._content_when_due, delay)

    async def async_save(self) -> None:
        """Write now."""
        self.is_waiting = False
        await self._store.async_save(self._content())

    async def async_remove(self) -> None:
        """Remove the file."""
        await self._store.async_remove()

    @callback
    def _content_when_due(self) -> dict[str, Any]:
        self.is_waiting = False
        self._next_save = self._hass.loop.time() + self._interval
        return self._content()
