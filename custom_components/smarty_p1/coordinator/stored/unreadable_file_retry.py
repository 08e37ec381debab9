"""File that exists, but cannot be read now. It may be whole, so it is read again every hour."""

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from ...const import LOGGER
from ..repair_issues import name_unread_file

RETRY_INTERVAL = timedelta(hours=1)
"""Time between two attempts to read a file that cannot be read now."""

type Retry = Callable[[datetime], Coroutine[Any, Any, None]]


@callback
def async_retry_hourly(
    hass: HomeAssistant, entry_id: str, path: str | Path, retry: Retry
) -> CALLBACK_TYPE:
    """Call `retry` every hour, and name the file in an issue. Return a callback that ends both."""
    LOGGER.warning("%s cannot be read now. It is read again every hour", path)
    name_unread_file(hass, entry_id, str(path), is_unread=True)
    end_retries = async_track_time_interval(hass, retry, RETRY_INTERVAL, cancel_on_shutdown=True)

    @callback
    def end() -> None:
        end_retries()
        name_unread_file(hass, entry_id, str(path), is_unread=False)

    return end
