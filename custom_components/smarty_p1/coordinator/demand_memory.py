"""The quarter-hours of a connection, kept over restarts of Home Assistant."""

from datetime import date
from typing import Any, override

from homeassistant.core import HomeAssistant, callback

from ..const import CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE, CONF_SURCHARGE_PRICE_SINCE
from ..lib.meter import DemandMeter
from .entry_types import AnyConfigEntry
from .throttled_store import ThrottledStore

# Memory cards wear out. Gaps of up to a quarter-hour are bridged, so a crash costs nothing, nor do
# several in a row: what the first telegram after a start says is saved at once.
SAVE_INTERVAL = 300.0


class DemandStore(ThrottledStore):
    """The demand meter of one config entry, and its file."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        super().__init__(hass, f"{entry.entry_id}.demand", interval=SAVE_INTERVAL)
        since = entry.options.get(CONF_SURCHARGE_PRICE_SINCE)
        self._tariff: dict[str, Any] = {
            "reference_kw": entry.options.get(CONF_REFERENCE_POWER),
            "price_per_kwh": entry.options.get(CONF_SURCHARGE_PRICE),
            "price_since": since and date.fromisoformat(since),
        }
        self.meter = DemandMeter()
        self._noted = self.meter.snapshot
        self._is_closed = False

    async def async_load(self) -> None:
        """Load what the last run of Home Assistant has stored."""
        self.meter = await self._async_read(
            lambda stored: DemandMeter.from_dict(stored, **self._tariff)
        ) or DemandMeter(**self._tariff)
        self._noted = self.meter.snapshot

    @callback
    def schedule_save(self) -> None:
        """Save soon what is new, and at once what a quarter-hour has come to."""
        before, demand = self._noted, self.meter.snapshot
        if demand is None or demand is before or self._is_closed:
            return
        self._noted = demand
        self.schedule(at_once=before is None or before.last_quarter != demand.last_quarter)

    async def async_close(self) -> None:
        """Save at once, and for the last time."""
        self._is_closed = True
        if self.meter.snapshot is not None:
            await self.async_save()

    @override
    def _content(self) -> dict[str, Any]:
        return self.meter.as_dict()
