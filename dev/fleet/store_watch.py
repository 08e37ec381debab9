"""Observer of VictoriaMetrics after a kill.

A kill may lose telegrams. The observer notes the times at which collectors have stored them again.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import aiohttp

from .export import Export
from .kills import Interruption

# Seconds after an acknowledgement until the values are surely on the disk.
MAY_BE_LOST = 10.0
_EVERY = 1.0
_LOOKED_FOR = 60.0
# Maximum age in seconds of a telegram that a kill may lose. The limit is high, because telegrams
# may come late.
_BEFORE = 120.0
_TIMEOUT = aiohttp.ClientTimeout(total=5)

type Place = tuple[str, int]
"""Identity of a telegram: the meter's serial number, and the telegram's time in ms."""


class StoreWatch:
    """Observer of VictoriaMetrics. After each kill, it notes which telegrams are stored."""

    def __init__(self, url: str, interruptions: Sequence[Interruption]) -> None:
        self._url = url
        self._interruptions = interruptions
        self._there_at: dict[float, dict[Place, float]] = {}

    def stored_at(self, place: Place, acknowledged: float, otherwise: float) -> float:
        """Return the time from which the telegram `place` stayed stored, in Unix seconds.

        `acknowledged` is the time of the telegram's first write. Return `otherwise` if a kill lost
        the telegram and the observer did not see the repeated write.
        """
        stored = acknowledged
        for killed, there_at in sorted(self._there_at.items()):
            if 0 < killed - stored < MAY_BE_LOST:
                stored = max(stored, there_at.get(place, otherwise))
        return stored

    async def run(self) -> None:
        """Read the stored telegrams for a while after each kill of VictoriaMetrics.

        Do so until cancelled.
        """
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            export = Export(self._url, session)
            while True:
                await asyncio.sleep(_EVERY)
                kills = [
                    interruption.moment
                    for interruption in self._interruptions
                    if interruption.was_killed and interruption.kind == "VictoriaMetrics"
                ]
                if kills and time.time() - kills[-1] < _LOOKED_FOR:
                    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                        await self._look(export, kills[-1])

    async def _look(self, export: Export, killed: float) -> None:
        places = await export.telegrams(killed - _BEFORE)
        is_first = killed not in self._there_at
        there_at = self._there_at.setdefault(killed, {})
        for place in places:
            # If a telegram is stored at the first look after a kill, the kill has not lost this
            # telegram. So note the time 0 for the telegram.
            there_at.setdefault(place, 0.0 if is_first else time.time())
