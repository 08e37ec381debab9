"""The quarter-hours of a connection and its months, kept over restarts of Home Assistant."""

from asyncio import Task, wait
from datetime import date
from typing import Any, override

from homeassistant.core import HomeAssistant, callback

from ..lib.tariff import NO_CONTRACT, Contract, DemandMeter, Month, load_months, store_months
from .throttled_store import ThrottledStore

# Memory cards wear out. Gaps of up to a quarter-hour are bridged, so a crash costs nothing, nor do
# several in a row: what the first telegram after a start says is saved at once.
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


class DemandStore(ThrottledStore):
    """The demand meter of one config entry, and its files: all but old months are in the first.

    It leaves out what the other one holds, and only that: either may be written when the other is
    not, and nothing is lost or counted twice.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        super().__init__(hass, f"{entry_id}.demand", interval=SAVE_INTERVAL)
        self._months = MonthStore(hass, entry_id)
        self._storing: Task[None] | None = None
        self.meter = DemandMeter()
        self._noted = self.meter.snapshot
        self._is_closed = False

    async def async_load(self, contract: Contract = NO_CONTRACT, since: date | None = None) -> None:
        """Load what the last run of Home Assistant has stored; a contract holds since a day."""
        months = await self._months.async_load()
        self.meter = await self._async_read(
            lambda stored: DemandMeter.from_dict(stored, contract, since, months)
        ) or DemandMeter(contract, months)
        self._noted = self.meter.snapshot

    @callback
    def schedule_save(self) -> None:
        """Save soon what is new, and at once what a quarter-hour has come to, or a new month.

        Whoever adds up the months counts one twice that is shown again after a crash.
        """
        before, demand = self._noted, self.meter.snapshot
        if demand is None or demand is before or self._is_closed:
            return
        self._noted = demand
        has_ended = before is None or before.last_quarter != demand.last_quarter
        has_begun = before is None or before.month_start != demand.month_start
        self.schedule(at_once=has_ended or has_begun)
        if has_ended and self.meter.finished_months != self.meter.stored_months:
            self._store_months()

    async def async_close(self) -> None:
        """Save at once, and for the last time."""
        self._is_closed = True
        if self._storing:
            await wait([self._storing])
        if self.meter.snapshot is not None:
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
        self.meter.leave_out(await self._months.async_store(self.meter.finished_months))

    @override
    def _content(self) -> dict[str, Any]:
        return self.meter.as_dict()
