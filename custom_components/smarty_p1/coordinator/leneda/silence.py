"""Watch of the download from Leneda. It looks every hour, even if each download fails."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ...lib.fault_log import FaultLog
from ...lib.history.luxembourg_time import local_day
from ...lib.problem import Problem
from ..entry_types import AnyConfigEntry
from ..repair_issues import is_raised, raise_issue, withdraw_issues

LATE = timedelta(days=100)
"""Maximum delay of Leneda's quarter-hours. The operator can deliver all days of some months late.
"""
_SILENCE = timedelta(days=7)
_INTERVAL = timedelta(hours=1)

type NewestRow = Callable[[datetime | None], Awaitable[datetime | None]]
"""Function that returns the time of the newest stored quarter-hour after a time, None without one.

Without a time, all stored quarter-hours count.
"""


class LenedaSilence:
    """Watch that raises a repair issue if Leneda has sent no new day for a week."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry, newest: NewestRow) -> None:
        self._hass = hass
        self._entry = entry
        self._newest = newest
        self._faults = FaultLog(entry.title)
        self._began_at = dt_util.utcnow()
        self._last: datetime | None = None

    def start(self) -> None:
        """Look every hour, until the entry is unloaded."""
        self._entry.async_on_unload(
            async_track_time_interval(
                self._hass, self.async_look, _INTERVAL, cancel_on_shutdown=True
            )
        )

    async def async_look(self, _now: datetime | None = None) -> None:
        """Raise the repair issue, or withdraw it if Leneda has sent a new day."""
        now, last = dt_util.utcnow(), self._last
        # The clock may have been ahead.
        self._began_at = min(self._began_at, now)
        if last is None or now - last > _SILENCE:
            last = await self._faults.attempt(self._async_last_row, now)
            if last is None:  # the files cannot be read now, so nothing is known
                return
        # Reading may take long, and another look may have ended before.
        if dt_util.utcnow() - last <= _SILENCE:
            withdraw_issues(self._hass, self._entry, [Problem.LENEDA_SILENT])
        # A refused key has an issue of its own.
        elif not is_raised(self._hass, self._entry, Problem.LENEDA_KEY):
            day = str(local_day(last))
            raise_issue(self._hass, self._entry, Problem.LENEDA_SILENT, day=day)

    async def _async_last_row(self, now: datetime) -> datetime:
        """Return the time of the newest stored quarter-hour.

        Without one, return the time since which Leneda was asked.
        """
        # Nearly always, a few files have it.
        newest = await self._newest(self._last or now - LATE)
        self._last = newest or self._last or await self._newest(None)
        return self._last or self._began_at
