"""The memory of a meter in the files of Home Assistant."""

from asyncio import Task, wait
from datetime import date
from typing import Any, override

from homeassistant.core import HomeAssistant, callback

from ..lib.meter import MeterMemory
from ..lib.stored_values import Stored, a_mapping
from ..lib.tariff import NO_CONTRACT, Contract, DemandMeter, Month, load_months, store_months
from .throttled_store import ThrottledStore

# Memory cards wear out. Gaps of up to a quarter-hour are bridged, so a crash costs nothing but that
# the frames of this time can be repeated once.
SAVE_INTERVAL = 300.0


class MonthStore(ThrottledStore):
    """The months that have ended: what changes once a month need not be written each time."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, f"{entry_id}.months", interval=SAVE_INTERVAL)
        self._months: tuple[Month, ...] = ()

    async def async_load(self) -> tuple[Month, ...]:
        """Return what is stored."""
        return await self._async_read(load_months) or ()

    async def async_store(self, months: tuple[Month, ...]) -> tuple[Month, ...]:
        """Store months, and return which ones are stored then: a disk may be full."""
        self._months = months
        await self.async_save()
        return await self.async_load()

    @override
    def _content(self) -> dict[str, Any]:
        return store_months(self._months)


class MeterStore(ThrottledStore):
    """The memory of one config entry: all but old months are in the first file.

    It leaves out the months that the other one holds, and only those: either may be written when
    the other is not, and nothing is lost or counted twice.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, f"{entry_id}.meter", interval=SAVE_INTERVAL, private=True)
        self._months = MonthStore(hass, entry_id)
        self._storing: Task[None] | None = None
        self._saved: Any = None
        self._is_closed = False
        self.memory = MeterMemory()

    async def async_load(self, contract: Contract = NO_CONTRACT, since: date | None = None) -> None:
        """Load what the last run of Home Assistant has stored; a contract holds since a day."""
        months = await self._months.async_load()

        def load_demand(demand: Stored) -> DemandMeter:
            return DemandMeter.from_dict(demand, contract, since, months)

        stored = await self._async_read(a_mapping)
        begun = DemandMeter(contract, months)
        if stored is None:
            self.memory = MeterMemory(begun)
        else:
            self.memory = MeterMemory.from_dict(stored, load_demand, begun)
        if self.memory.damaged:
            await self._async_complain(", ".join(self.memory.damaged))
            await self.async_save()
        self._saved = self._news()

    async def async_last_counters(self, key: bytes) -> dict[bytes, int]:
        """Return the last frame counters under a key as they are stored.

        Nothing else is read or begun anew: that is for whoever goes on with the memory.
        """
        stored = await self._async_read(a_mapping) or {}
        return MeterMemory.from_dict({"counters": stored.get("counters", {})}).last_counters(key)

    @callback
    def schedule_save(self) -> None:
        """Save soon what is new, and at once what a quarter-hour has come to, or a new month.

        Rejected frames bring nothing new: whoever replays some must not use up the time.
        """
        if self._is_closed:
            return
        if self.memory.has_come_to_something():
            self.schedule(at_once=True)
            meter = self.memory.demand_meter
            if meter.finished_months != meter.stored_months:
                self._store_months()
        elif not self.is_waiting and self._news() != self._saved:
            self.schedule()

    async def async_close(self) -> None:
        """Save at once, and for the last time."""
        self._is_closed = True
        if self._storing:
            await wait([self._storing])
        await self.async_save()

    @override
    async def async_remove(self) -> None:
        """Remove the files, and what was put aside."""
        await self._months.async_remove()
        await super().async_remove()

    @callback
    def _store_months(self) -> None:
        if self._storing is None or self._storing.done():
            self._storing = self._hass.async_create_task(self._async_store_months())

    async def _async_store_months(self) -> None:
        meter = self.memory.demand_meter
        meter.leave_out(await self._months.async_store(meter.finished_months))

    def _news(self) -> object:
        counters = self.memory.counters
        return self.memory.last_telegram, {key: dict(titles) for key, titles in counters.items()}

    @override
    def _content(self) -> dict[str, Any]:
        self._saved = self._news()
        return {**self.memory.as_dict(), "demand": self.memory.demand_meter.as_dict()}
