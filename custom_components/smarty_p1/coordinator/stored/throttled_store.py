"""Stored data of a config entry in a file that is seldom written, because memory cards wear out.

Reading has three outcomes. A file may be absent. It may be malformed: then it is renamed, and its
owner begins anew. Or it cannot be read now, because the disk, its rights or the number of open
files refuse it: then it may be whole, so nothing is written over it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import json_loads_object

from ...const import DOMAIN, LOGGER
from ...lib.json_types import JsonDict
from ...lib.min_interval import MinInterval
from ...lib.problem import Problem
from ...lib.stored_json import dump, load
from ..repair_issues import raise_issue
from .unreadable_file_retry import async_retry_hourly

_STORAGE_VERSION = 1
_ASIDE = ".unreadable"

type Content = JsonDict | list[str]

_STORES: HassKey[WeakSet[ThrottledStore]] = HassKey(f"{DOMAIN}_stores")


class UnreadableNowError(ConfigEntryNotReady):
    """Error for a stored file that exists, but cannot be read now. It may be whole."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(
            translation_domain=DOMAIN,
            translation_key="stored_not_read",
            translation_placeholders={"file": str(path)},
        )


class ThrottledStore:
    """File of an entry, written at most once in `interval` seconds, and when Home Assistant stops.

    `name` is the last part of the file's name, after the entry's id. `is_waiting` is True while
    there is a change that is not written yet. `loaded` is set when the file was read. Before that,
    and once it `is_closed`, nothing is written.

    The content is `state`, an object of the class `_type` that `lib/stored_json.py` can store. A
    store that has other data overrides `_content` and `_parse`.
    """

    state: Any
    _type: ClassVar[Any]

    def __init__(self, hass: HomeAssistant, entry_id: str, name: str, *, interval: float) -> None:
        self._hass = hass
        self._entry_id = entry_id
        key = f"{DOMAIN}.{entry_id}.{name}"
        # The files show when a household uses energy, and have the grid operator's texts to it. So
        # other users of the machine must not read them.
        self._store = Store[Content](hass, _STORAGE_VERSION, key, private=True)
        self._turns = MinInterval(hass.loop, interval)
        self.is_waiting = False
        self.loaded = asyncio.Event()
        self.is_closed = False
        self._end_retries: CALLBACK_TYPE | None = None
        self._writing: asyncio.Task[None] | None = None
        hass.data.setdefault(_STORES, WeakSet()).add(self)

    @property
    def path(self) -> str:
        """Return the path of the file."""
        return str(self._store.path)

    def _content(self) -> Content:
        """Return the content to write to the file, as JSON values."""
        content: Content = dump(self.state)
        return content

    def _parse(self, stored: Any) -> Any:  # noqa: ANN401 - JSON values, to data of the store
        """Return the data in the content of the file. Raises an exception if it is malformed."""
        return load(self._type, stored)

    async def _async_join(self, parsed: Any) -> None:  # noqa: ANN401 - data of the store
        """Add the data of the file, from `_parse`, to those that came before it could be read."""
        raise NotImplementedError

    async def async_load(self) -> None:
        """Add the content of the file. If it cannot be read now, begin without it.

        It is then read again every hour, and nothing is written before that.
        """
        if not await self._async_has_joined():
            self._end_retries = async_retry_hourly(
                self._hass, self._entry_id, self._store.path, self._async_retry
            )

    async def _async_has_joined(self) -> bool:
        try:
            parsed = await self._async_read(self._parse)
            if parsed is not None:
                await self._async_join(parsed)
        except UnreadableNowError:
            return False
        self.loaded.set()
        return True

    async def _async_retry(self, _now: datetime | None = None) -> None:
        if self._end_retries and await self._async_has_joined():
            self._forget_retries()
            self.schedule()

    @callback
    def _forget_retries(self) -> None:
        if self._end_retries:
            self._end_retries()
            self._end_retries = None

    async def _async_read[T](self, parse: Callable[[Any], T]) -> T | None:
        """Return the result of `parse` for the stored content. Return None if there is no file.

        If `parse` raises an exception, the content is malformed. The file is then renamed, and None
        is returned, so that the entry starts with empty data. Raises UnreadableNowError if the file
        cannot be read or renamed now.
        """
        run = self._hass.async_add_executor_job
        try:
            await run(self._check)
            stored: Any = await self._store.async_load()
            return None if stored is None else await run(parse, stored)
        except Exception as err:
            if isinstance(err, OSError | MemoryError) or isinstance(err.__cause__, OSError):
                raise UnreadableNowError(self._store.path) from err
            # Log only the error's type, because its text may contain private data.
            await self._async_complain(type(err).__name__)
            return None

    async def _async_complain(self, what: str) -> None:
        """Rename the unreadable file, and tell the user. `what` is the reason or damaged part.

        Raises UnreadableNowError if it cannot be renamed: it would be overwritten.
        """
        try:
            aside = await self._hass.async_add_executor_job(self._put_aside)
        except OSError as err:
            raise UnreadableNowError(self._store.path) from err
        LOGGER.warning(
            "What is stored in %s cannot be read (%s), and is begun anew; it is kept as %s",
            self._store.path,
            what,
            aside,
        )
        if entry := self._hass.config_entries.async_get_entry(self._entry_id):
            raise_issue(self._hass, entry, Problem.STORED_UNREADABLE, file=self._store.path)

    @callback
    def schedule(self, *, max_delay: float | None = None) -> None:
        """Schedule the writing of the content for the end of the interval.

        With `max_delay`, the content is written at the latest after this number of seconds.
        """
        if not self._may_write or (self.is_waiting and max_delay is None):
            return
        self.is_waiting = True
        delay = self._turns.remaining
        if max_delay is not None:
            delay = min(delay, max_delay)
        # If Home Assistant stops before the delay has passed, it writes the content immediately.
        self._store.async_delay_save(self._content_when_due, delay)

    @property
    def _may_write(self) -> bool:
        return self.loaded.is_set() and not self.is_closed

    async def async_save(self) -> None:
        """Write the content at once."""
        if self._may_write:
            await self._async_write()

    @callback
    def write_now(self) -> asyncio.Task[None]:
        """Return the task that writes what waits to be written. It never raises an exception."""
        if self._writing is None or self._writing.done():
            self._writing = self._hass.async_create_task(
                self._async_attempt_to_write(), f"{DOMAIN} write {self._store.key}"
            )
        return self._writing

    async def _async_attempt_to_write(self) -> None:
        try:
            await self.async_write_waiting()
        except Exception as err:  # noqa: BLE001 - the store may raise any
            # Log only the error's type, because its text may contain private data.
            LOGGER.warning("%s was not written: %s", self._store.path, type(err).__name__)
            self.schedule()

    async def async_write_waiting(self) -> None:
        """Write the content if a change waits to be written."""
        if self.is_waiting:
            await self.async_save()

    async def _async_write(self) -> None:
        self.is_waiting = False
        await self._store.async_save(self._content())

    async def async_close(self) -> None:
        """Write the content for the last time. Later changes are ignored.

        The next owner of the file may have begun by then.
        """
        if self.is_closed:
            return
        # The data that came since would be lost: nothing may be written over the unread file.
        await self._async_retry()
        self._forget_retries()
        is_last_write = self._may_write
        self.is_closed = True
        if is_last_write:
            await self._async_write()

    async def async_remove(self) -> None:
        """Remove the file. If an unreadable file was renamed earlier, remove that file, too."""
        self.is_closed = True
        self._forget_retries()
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

    def _check(self) -> None:
        """Raise an exception if the file exists, and is malformed or cannot be read.

        `Store.async_load` returns None for null and for text that is not JSON, as for a missing
        file. It renames the latter to a name that nobody removes.
        """
        with suppress(FileNotFoundError):
            if json_loads_object(Path(self._store.path).read_bytes())["data"] is None:
                raise ValueError

    def _put_aside(self) -> str | None:
        with suppress(FileNotFoundError):
            return str(Path(self._store.path).replace(self._aside))
        return None

    def _remove_aside(self) -> None:
        with suppress(OSError):
            self._aside.unlink(missing_ok=True)


async def async_write_waiting(hass: HomeAssistant, timeout_s: float) -> None:
    """Write what waits to be written in all stores, in at most `timeout_s` seconds.

    A store that takes longer is still written, but not waited for. A store that fails is logged.
    """
    stores = {store.write_now(): store for store in hass.data.get(_STORES, ())}
    if not stores:
        return
    # Do not cancel a task that takes too long: its thread would write an old content later.
    _, left = await asyncio.wait(stores, timeout=timeout_s)
    for task in left:
        LOGGER.warning("%s is not written yet: the disk does not answer", stores[task].path)
