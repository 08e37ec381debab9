"""Background tasks of an entry. Their errors do not end them, and a stop of Home Assistant does."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback

from ..lib.fault_log import FaultLog
from .entry_types import AnyConfigEntry

# Maximum number of seconds that Home Assistant's shutdown waits for a task inside `until_shutdown`.
# The task may still have to close a port.
_MAX_STOP_S = 10.0


@asynccontextmanager
async def until_shutdown(hass: HomeAssistant) -> AsyncGenerator[None]:
    """End a wait inside the context when Home Assistant stops: TimeoutError is raised there.

    A stopping Home Assistant cancels background tasks, and logs each cancelled task as an error of
    its integration. A task that ends by TimeoutError is not logged.
    """
    task = asyncio.current_task()
    assert task  # noqa: S101 - only tasks wait
    async with asyncio.timeout(0 if hass.is_stopping else None) as limit:

        @callback
        def on_stop(_event: Event) -> None:
            # When Home Assistant stops, it cancels background tasks, but waits for new tasks. So
            # create a new task that waits until `task` has ended.
            hass.async_create_task(asyncio.wait([task], timeout=_MAX_STOP_S), "end of a wait")
            if not limit.expired() and not task.cancelling():
                limit.reschedule(hass.loop.time())

        end_listening = hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, on_stop)
        try:
            yield
        except asyncio.CancelledError:
            if limit.expired() or not hass.is_stopping:
                raise
            task.uncancel()
            raise TimeoutError from None
        finally:
            end_listening()


class SupervisedTask:
    """Background task of an entry. It calls its work again after an unexpected error.

    The task does not delay the start of Home Assistant. It ends when the entry is unloaded.
    """

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        entry: AnyConfigEntry,
        work: Callable[[], Awaitable[None]],
        part: str,
        *,
        first: float = 1.0,
        longest: float = 60.0,
    ) -> None:
        """Prepare the task.

        `part` is its name in the log. `first` and `longest` are the shortest and the longest delay
        in seconds after an error.
        """
        self._hass = hass
        self._entry = entry
        self._work = work
        self._part = part
        self._first, self._longest = first, longest
        self._faults = FaultLog(entry.title)
        self._is_due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @callback
    def start(self) -> None:
        """Call the work. If it runs already, call it once more when it has ended or failed."""
        self._is_due.set()
        if self._task is None or self._task.done():
            self._task = self._entry.async_create_background_task(
                self._hass, self._run(), f"{self._entry.title} {self._part}"
            )

    async def async_stop(self, within: float) -> None:
        """End the task, and wait for its end, at most `within` seconds."""
        if self._task and self._task.cancel():
            await asyncio.wait([self._task], timeout=within)

    @callback
    def cancel(self) -> None:
        """End the task."""
        if self._task:
            self._task.cancel()

    async def _run(self) -> None:
        while self._is_due.is_set():
            await self._faults.until_done(
                self._part,
                self._call,
                first=self._first,
                longest=self._longest,
                pause=self._pause,
            )

    async def _call(self) -> None:
        self._is_due.clear()
        await self._work()

    async def _pause(self, delay: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._is_due.wait()
