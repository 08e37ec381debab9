"""Stored data of a config entry in a file that is seldom written, because memory cards wear out."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util.json import load_json_object

from ...const import DOMAIN, LOGGER
from ...lib.min_interval import MinInterval
from ..repair_issues import Problem, raise_issue

_STORAGE_VERSION = 1
_ASIDE = ".unreadable"

type Content = dict[str, Any] | list[str]


class ThrottledStore(ABC):
    """File of an entry, written at most once in `interval` seconds, and when Home Assistant stops.

    `name` is the last part of the file's name, after the entry's id. `is_waiting` is True while
    there is a change that is not written yet.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str, name: str, *, interval: float) -> None:
        self._hass = hass
        self._entry_id = entry_id
        key = f"{DOMAIN}.{entry_id}.{name}"
        # The files show when a household uses energy, and have the grid operator's texts to it. So
        # other users of the machine must not read them.
        self._store = Store[Content](hass, _STORAGE_VERSION, key, private=True)
        self._turns = MinInterval(hass.loop, interval)
        self.is_waiting = False

    @abstractmethod
    def _content(self) -> Content:
        """Return the content to write to the file, as JSON values."""

    async def _async_read[T](self, parse: Callable[[Any], T]) -> T | None:
        """Return the result of `parse` for the stored content. Return None if there is no file.

        If `parse` raises an exception, the content is malformed. The file is then renamed, and None
        is returned, so that the entry starts with empty data.
        """
        try:
            stored: Any = await self._store.async_load()
            if stored is None and not await self._hass.async_add_executor_job(self._holds_null):
                return None
            return await self._hass.async_add_executor_job(parse, stored)
        except Exception as err:  # noqa: BLE001 - a file may hold anything
            # Log only the error's type, because its text may contain private data.
            await self._async_complain(type(err).__name__)
            return None

    async def _async_complain(self, what: str) -> None:
        """Rename the unreadable file, and tell the user. `what` is the reason or damaged part."""
        aside = await self._hass.async_add_executor_job(self._put_aside)
        LOGGER.warning(
            "What is stored in %s cannot be read (%s), and is begun anew; %s",
            self._store.path,
            what,
            f"it is kept as {aside}" if aside else "it cannot be kept",
        )
        if entry := self._hass.config_entries.async_get_entry(self._entry_id):
            raise_issue(self._hass, entry, Problem.STORED_UNREADABLE, file=self._store.path)

    @callback
    def schedule(self, *, max_delay: float | None = None) -> None:
        """Schedule the writing of the content for the end of the interval.

        With `max_delay`, the content is written at the latest after this number of seconds.
        """
        if self.is_waiting and max_delay is None:
            return
        self.is_waiting = True
        delay = self._turns.remaining
        if max_delay is not None:
            delay = min(delay, max_delay)
        # If Home Assistant stops before the delay has passed, it writes the content immediately.
        self._store.async_delay_save(self._content_when_due, delay)

    async def async_save(self) -> None:
        """Write the content at once."""
        self.is_waiting = False
        await self._store.async_save(self._content())

    async def async_remove(self) -> None:
        """Remove the file. If an unreadable file was renamed earlier, remove that file, too."""
        await self._store.async_remove()
        await self._hass.async_add_executor_job(self._remove_aside)

    @callback
    def _content_when_due(self) -> Content:
        self.is_waiting = False
        self._turns.restart()
        return self._content()

    @property
    def _aside(self) -> Path:
        """Return the path to which an unreadable file is renamed.

        Only the last such file is kept.
        """
        return Path(f"{self._store.path}{_ASIDE}")

    def _holds_null(self) -> bool:
        """Return whether the file contains null.

        `Store.async_load` returns None both for null and for a missing file.
        """
        try:
            return load_json_object(self._store.path)["data"] is None
        except HomeAssistantError, KeyError, ValueError:
            return False

    def _put_aside(self) -> str | None:
        try:
            return str(Path(self._store.path).replace(self._aside))
        except OSError:
            return None

    def _remove_aside(self) -> None:
        with suppress(OSError):
            self._aside.unlink(missing_ok=True)
