"""What is remembered of a meter over restarts of Home Assistant.

The last frame counter of each key, so that recorded frames are never believed again; what is
believed of the totals; and the meter's system title.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .sparing_store import SparingStore
from .totals import Totals

# A crash leaves the frames of this time open to be replayed; a memory card wears out.
SAVE_INTERVAL = 60.0
_MAX_KEYS = 16


def _fingerprint(key: bytes) -> str:
    """Return what tells keys apart and tells nothing about them."""
    return hmac.digest(key, DOMAIN.encode(), hashlib.sha256)[:8].hex()


class MeterStore:
    """The memory of one config entry.

    `named_channels` are the M-Bus channels that had meters with an identifier, `last_telegram` is
    when the last telegram was received.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Start empty."""
        self._store = SparingStore(
            hass, f"{entry_id}.meter", self._as_dict, interval=SAVE_INTERVAL, private=True
        )
        self._counters: dict[str, dict[str, int]] = {}
        self._saved: Any = None
        self.totals = Totals()
        self.named_channels: set[int] = set()
        self.system_title: bytes | None = None
        self.last_telegram: datetime | None = None

    async def async_load(self) -> None:
        """Go on where the last run of Home Assistant left off.

        From what is malformed, nothing is taken that comes after the mistake.
        """
        data = await self._store.async_load()
        if data is None:
            return
        try:
            self._restore(data)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as err:
            LOGGER.warning("What is stored of a meter is damaged, and begun anew: %r", err)

    def _restore(self, data: dict[str, Any]) -> None:
        self._counters = {
            fingerprint: {bytes.fromhex(title).hex(): int(last) for title, last in titles.items()}
            for fingerprint, titles in data["counters"].items()
        }
        self.totals = Totals.from_dict(data["totals"])
        self.named_channels = set(data["named_channels"])
        self.system_title = data["system_title"] and bytes.fromhex(data["system_title"])
        self.last_telegram = data["last_telegram"] and dt_util.parse_datetime(data["last_telegram"])
        self._saved = self._news()

    def last_counters(self, key: bytes) -> dict[bytes, int]:
        """Return the last frame counters of each system title under a key."""
        counters = self._counters.get(_fingerprint(key), {})
        return {bytes.fromhex(title): counter for title, counter in counters.items()}

    def remember_counters(self, key: bytes, counters: dict[bytes, int]) -> None:
        """Note the last frame counters under a key; the key used least recently is forgotten."""
        fingerprint = _fingerprint(key)
        self._counters.pop(fingerprint, None)
        self._counters[fingerprint] = {title.hex(): count for title, count in counters.items()}
        while len(self._counters) > _MAX_KEYS:
            del self._counters[next(iter(self._counters))]

    @callback
    def schedule_save(self) -> None:
        """Save soon what is new, but not more than once a minute.

        Rejected frames bring nothing new: whoever replays some must not use up the minute.
        """
        if not self._store.is_waiting and self._news() != self._saved:
            self._store.schedule()

    async def async_flush(self) -> None:
        """Save at once what waits to be saved."""
        if self._store.is_waiting:
            await self.async_save()

    async def async_save(self) -> None:
        """Save at once."""
        await self._store.async_save()

    async def async_remove(self) -> None:
        """Forget everything, with the config entry."""
        await self._store.async_remove()

    def _news(self) -> tuple[datetime | None, dict[str, dict[str, int]]]:
        return self.last_telegram, {**self._counters}

    def _as_dict(self) -> dict[str, Any]:
        self._saved = self._news()
        return {
            "counters": self._counters,
            "totals": self.totals.as_dict(),
            "named_channels": sorted(self.named_channels),
            "system_title": self.system_title and self.system_title.hex(),
            "last_telegram": self.last_telegram and self.last_telegram.isoformat(),
        }
