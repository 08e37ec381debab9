"""The quarter-hours of a connection in Home Assistant: fed by telegrams, kept over restarts."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, cast, override

from homeassistant.core import HomeAssistant, callback

from ..const import CONF_REFERENCE_POWER, CONF_SURCHARGE_PRICE, CONF_SURCHARGE_PRICE_SINCE
from ..lib.meter.demand import Demand, DemandMeter
from ..lib.p1 import Telegram
from .entry_types import AnyConfigEntry
from .throttled_store import ThrottledStore

IMPORTED_ENERGY = "1-0:1.8.0"
_THRESHOLD = "0-0:17.0.0"
# Gaps up to a quarter-hour are bridged, so a crash costs nothing. Nor do several in a row: what the
# first telegram after a start says is saved at once. A memory card wears out.
SAVE_INTERVAL = 300.0


class DemandStore(ThrottledStore):
    """The demand of one config entry."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        """Take the tariff from the entry's options."""
        super().__init__(hass, f"{entry.entry_id}.demand", interval=SAVE_INTERVAL)
        since = entry.options.get(CONF_SURCHARGE_PRICE_SINCE)
        self._tariff: dict[str, Any] = {
            "reference_kw": entry.options.get(CONF_REFERENCE_POWER),
            "price_per_kwh": entry.options.get(CONF_SURCHARGE_PRICE),
            "price_since": since and date.fromisoformat(since),
        }
        self._meter = DemandMeter()
        self._is_current = False
        self._is_closed = False

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
        self._meter = await self._async_read(
            lambda stored: DemandMeter.from_dict(stored, **self._tariff)
        ) or DemandMeter(**self._tariff)

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
            cast("float | None", telegram.objects.get(_THRESHOLD)),
        )
        demand = self.demand
        if demand is not None and not self._is_closed:
            # At once what a quarter-hour has come to.
            self.schedule(at_once=before is None or before.last_quarter != demand.last_quarter)
        return _milestones(before) != _milestones(demand)

    async def async_close(self) -> None:
        """Save at once, and for the last time."""
        self._is_closed = True
        if self._meter.snapshot is not None:
            await self.async_save()

    @override
    def _content(self) -> dict[str, Any]:
        return self._meter.as_dict()


def _milestones(demand: Demand | None) -> tuple[datetime | bool | None, ...]:
    """Return what the entities show at once, however seldom they are to be updated."""
    if demand is None:
        return ()
    last = demand.last_quarter
    is_known = demand.running_kw is not None
    return last and last.start, demand.month_start, demand.will_exceed, is_known
