"""Waiting that ends when Home Assistant stops, which would otherwise wait too, or complain."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback

# Closing a port may take some seconds.
_MAX_STOP_S = 10.0


@asynccontextmanager
async def timeout_or_stop(hass: HomeAssistant, seconds: float | None) -> AsyncGenerator[None]:
    """Raise TimeoutError after so many seconds, as asyncio does, or when Home Assistant stops.

    Home Assistant cancels tasks in the background by itself then, which it logs as an error of
    whoever was waiting there: that is a TimeoutError, too.
    """
    task = asyncio.current_task()
    assert task  # noqa: S101 - nothing else waits
    async with asyncio.timeout(0 if hass.is_stopping else seconds) as limit:

        @callback
        def on_stop(_event: Event) -> None:
            # Home Assistant waits for what begins now, but not for what it finds at work.
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
