"""What is remembered of a meter over restarts of Home Assistant.

The last frame counter of each key, so that recorded frames are never accepted again; the totals
that were accepted; the flows through the meters on the M-Bus; and the meter's system title.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, override

from homeassistant.core import HomeAssistant, callback

from ..lib.meter import FlowRates, Totals
from ..lib.p1 import CHANNELS, FINGERPRINT_SIZE, key_fingerprint
from ..lib.stored_values import Stored, a_count, a_list, a_mapping, a_time, some_bytes
from .throttled_store import ThrottledStore

# A crash leaves the frames of this time open to be replayed; a memory card wears out.
SAVE_INTERVAL = 60.0
_MAX_KEYS = 16
_TITLE_SIZE = 8
_MAX_COUNTER = (1 << 32) - 1


class _Memory(NamedTuple):
    counters: dict[str, dict[str, int]]
    totals: Totals
    named_channels: set[int]
    system_title: bytes | None
    last_telegram: datetime | None
    flow_rates: FlowRates


def _parse(data: Stored) -> _Memory:
    stored = a_mapping(data)
    title, last = stored["system_title"], stored["last_telegram"]
    return _Memory(
        counters={
            some_bytes(fingerprint, FINGERPRINT_SIZE).hex(): {
                some_bytes(name, _TITLE_SIZE).hex(): a_count(count, _MAX_COUNTER)
                for name, count in a_mapping(titles).items()
            }
            for fingerprint, titles in a_mapping(stored["counters"], _MAX_KEYS).items()
        },
        totals=Totals.from_dict(a_mapping(stored["totals"])),
        named_channels={
            a_count(channel, max(CHANNELS)) for channel in a_list(stored["named_channels"])
        },
        system_title=None if title is None else some_bytes(title, _TITLE_SIZE),
        last_telegram=None if last is None else a_time(last),
        # Not in the files of earlier versions.
        flow_rates=FlowRates.from_list(stored.get("flows", [])),
    )


class MeterStore(ThrottledStore):
    """The memory of one config entry.

    `named_channels` are the M-Bus channels that had meters with an identifier, `last_telegram` is
    when the last telegram was received.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, f"{entry_id}.meter", interval=SAVE_INTERVAL, private=True)
        # Slow, and wanted with each telegram; with the store, the key is forgotten.
        self._fingerprint = lru_cache(maxsize=2)(key_fingerprint)
        self._counters: dict[str, dict[str, int]] = {}
        self._saved: Any = None
        self.totals = Totals()
        self.named_channels: set[int] = set()
        self.system_title: bytes | None = None
        self.last_telegram: datetime | None = None
        self.flow_rates = FlowRates()

    async def async_load(self) -> None:
        """Load what the last run of Home Assistant has stored."""
        if stored := await self._async_read(_parse):
            self._counters = stored.counters
            self.totals = stored.totals
            self.named_channels = stored.named_channels
            self.system_title = stored.system_title
            self.last_telegram = stored.last_telegram
            self.flow_rates = stored.flow_rates
            self._saved = self._news()

    def last_counters(self, key: bytes) -> dict[bytes, int]:
        """Return the last frame counters of each system title under a key."""
        counters = self._counters.get(self._fingerprint(key), {})
        return {bytes.fromhex(title): counter for title, counter in counters.items()}

    def remember_counters(self, key: bytes, counters: dict[bytes, int]) -> None:
        """Set the last frame counters under a key; the key used least recently is forgotten."""
        fingerprint = self._fingerprint(key)
        self._counters.pop(fingerprint, None)
        self._counters[fingerprint] = {title.hex(): count for title, count in counters.items()}
        while len(self._counters) > _MAX_KEYS:
            del self._counters[next(iter(self._counters))]

    @callback
    def schedule_save(self) -> None:
        """Save soon what is new, but not more than once a minute.

        Rejected frames bring nothing new: whoever replays some must not use up the minute.
        """
        if not self.is_waiting and self._news() != self._saved:
            self.schedule()

    async def async_flush(self) -> None:
        """Save at once what waits to be saved."""
        if self.is_waiting:
            await self.async_save()

    def _news(self) -> tuple[datetime | None, dict[str, dict[str, int]]]:
        return self.last_telegram, {**self._counters}

    @override
    def _content(self) -> dict[str, Any]:
        self._saved = self._news()
        return {
            "counters": self._counters,
            "totals": self.totals.as_dict(),
            "named_channels": sorted(self.named_channels),
            "system_title": self.system_title and self.system_title.hex(),
            "last_telegram": self.last_telegram and self.last_telegram.isoformat(),
            "flows": self.flow_rates.as_list(),
        }
