"""Context manager that ends a wait when Home Assistant stops."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback

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
