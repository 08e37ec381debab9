"""The quarter-hours of a connection in Home Assistant: fed by telegrams, kept over restarts."""

import math
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE, DOMAIN
from .demand import Demand, DemandMeter
from .p1 import Telegram

IMPORTED_ENERGY = "1-0:1.8.0"
_STORAGE_VERSION = 1
# Gaps up to a quarter-hour are bridged, so a crash costs nothing. Nor do several in a row: what the
# first telegram after a start says is saved at once. A memory card wears out.
SAVE_INTERVAL = 300.0


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
        self._is_current = False
        self._is_waiting = False
        self._next_save = 0.0

    @property
    def demand(self) -> Demand | None:
        """Return what is known, None before the first reading ever.

        What is about the present is unknown while telegrams lack their time or the energy.
        """
        snapshot = self._meter.snapshot
        if snapshot is None or self._is_current:
            return snapshot
        return replace(
            snapshot, running_kw=None, projected_kw=None, will_exceed=None, available_kw=None
        )

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
        before = self.demand
        energy = cast("float | None", telegram.objects.get(IMPORTED_ENERGY))
        self._is_current = telegram.time is not None and energy is not None
        self._meter.update(
            telegram.time,
            energy,
            cast("float | None", telegram.objects.get("1-0:1.7.0")),
            telegram.serial_number,
        )
        demand = self.demand
        if demand is not None:
            self._schedule_save(
                at_once=before is None or before.last_quarter != demand.last_quarter
            )
        return _milestones(before) != _milestones(demand)

    @callback
    def _schedule_save(self, *, at_once: bool) -> None:
        """Save now and then, and at once what a quarter-hour has come to."""
        if math.isinf(self._next_save) or (self._is_waiting and not at_once):
            return
        self._is_waiting = True
        delay = 0.0 if at_once else max(0.0, self._next_save - self._hass.loop.time())
        # Home Assistant also saves what is waiting when it stops.
        self._store.async_delay_save(self._as_dict_when_due, delay)

    @callback
    def _as_dict_when_due(self) -> dict[str, Any]:
        self._is_waiting = False
        self._next_save = self._hass.loop.time() + SAVE_INTERVAL
        return self._meter.as_dict()

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
    is_known = demand.running_kw is not None
    return last and last.start, demand.month_start, demand.will_exceed, is_known
