"""The quarter-hours of a connection in Home Assistant: fed by telegrams, kept over restarts."""

import math
from datetime import datetime
from typing import Any, cast

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE, DOMAIN
from .demand import Demand, DemandMeter
from .p1 import Telegram

_STORAGE_VERSION = 1
# What a crash may cost: the quarter-hour since then has a gap, and nothing more.
SAVE_INTERVAL = 60.0


class DemandStore:
    """The demand of one config entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Take the tariff from the entry's options."""
        self._hass = hass
        self._store = Store[dict[str, Any]](
            hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.demand"
        )
        self._reference_kw: float | None = entry.options.get(CONF_REFERENCE_POWER)
        self._price_per_kwh: float | None = entry.options.get(CONF_SURCHARGE_PRICE)
        self._meter = DemandMeter()
        self._next_save = 0.0

    @property
    def demand(self) -> Demand | None:
        """Return what is known, None before the first reading ever."""
        return self._meter.snapshot

    async def async_load(self) -> None:
        """Go on where the last run of Home Assistant left off."""
        self._meter = DemandMeter.from_dict(
            await self._store.async_load(),
            reference_kw=self._reference_kw,
            price_per_kwh=self._price_per_kwh,
        )

    @callback
    def update(self, telegram: Telegram) -> bool:
        """Take a telegram; return whether it ended a quarter-hour, began a month, or warns."""
        before = self._meter.snapshot
        after = self._meter.update(
            telegram.time,
            cast("float | None", telegram.objects.get("1-0:1.8.0")),
            cast("float | None", telegram.objects.get("1-0:1.7.0")),
            telegram.serial_number,
        )
        now = self._hass.loop.time()
        if now >= self._next_save:
            self._next_save = now + SAVE_INTERVAL
            # Home Assistant also saves what is waiting when it stops.
            self._store.async_delay_save(self._meter.as_dict, SAVE_INTERVAL)
        return _milestones(before) != _milestones(after)

    async def async_close(self) -> None:
        """Save at once, and for the last time."""
        self._next_save = math.inf
        if self._meter.snapshot is not None:
            await self._store.async_save(self._meter.as_dict())

    async def async_remove(self) -> None:
        """Forget everything, with the config entry."""
        await self._store.async_remove()


def _milestones(demand: Demand | None) -> tuple[datetime | bool | None, ...]:
    """Return what the entities show at once, however seldom they are to be updated."""
    if demand is None:
        return ()
    last = demand.last_quarter
    return last and last.start, demand.month_start, demand.will_exceed
