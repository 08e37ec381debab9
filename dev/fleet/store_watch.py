"""Values that a killed VictoriaMetrics lost, and their second arrival."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import aiohttp

from .export import Export
from .kills import Interruption

# Acknowledged values are on the disk after this time.
MAY_BE_LOST = 10.0
_EVERY = 1.0
_LOOKED_FOR = 60.0
# A lost telegram may have been late already.
_BEFORE = 120.0
_TIMEOUT = aiohttp.ClientTimeout(total=5)

type Place = tuple[str, int]
"""A telegram: the serial number of its meter, and its time in ms."""


class StoreWatch:
    """Watcher of the store after each of its kills."""

    def __init__(self, url: str, interruptions: Sequence[Interruption]) -> None:
        self._url = url
        self._interruptions = interruptions
        self._there_at: dict[float, dict[Place, float]] = {}

    def stored_at(self, place: Place, acknowledged: float, otherwise: float) -> float:
        """Return the time from which a telegram stayed stored. All times in Unix seconds.

        `acknowledged` is its first write, `otherwise` the time by which it surely was stored.
        """
        stored = acknowledged
        for killed, there_at in sorted(self._there_at.items()):
            if 0 < killed - stored < MAY_BE_LOST:
                stored = max(stored, there_at.get(place, otherwise))
        return stored

    async def run(self) -> None:
        """Watch until cancelled."""
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
            # A telegram that is there after the restart was not lost.
            there_at.setdefault(place, 0.0 if is_first else time.time())
