"""Hourly statistics of one meter: energies, costs and the bill.

They are computed from the meter's ledger whenever it changes.
The first write after a start compares all months. Later writes compute only months that differ, or
only the running day if all rows before it are the same.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol, Self

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.start import async_at_started

from ...const import CONF_KIND, KIND_LENEDA
from ...lib.bill.bill import MonthPrices, month_prices
from ...lib.bill.hourly_amounts import HourlyAmounts, amounts_by_hour
from ...lib.bill.household import Household
from ...lib.bill.ledger import Ledger, LedgerRows
from ...lib.energy_table.wall_clock import time_of
from ...lib.history.luxembourg_time import hour_start, month_end, month_start
from ...lib.history.month_file_lines import month_name
from ...lib.history.spans import TimeRange
from ...lib.prices.contract import BEGINNING, Contract, Contracts
from ..background_tasks import SupervisedTask
from ..entry_types import AnyConfigEntry
from ..garbage_collection import without_collection
from .hourly_statistics import DELAY_S, MAX_DELAY_S, RECORDER, RowsChangedError, WritePlan
from .statistic_ids import ELECTRICITY, StatisticKind, statistic_id, statistics_key, wanted_kinds
from .statistics_writer import StatisticsWriter

_NO_AMOUNTS = HourlyAmounts({}, {}, {}, {}, {})


class LenedaMonths(Protocol):
    """Months of Leneda's stored files, each as its first midnight."""

    @property
    def is_unreadable(self) -> bool:
        """Return whether no file could be read, so that all of Leneda's days are missing."""

    @property
    def damaged(self) -> Collection[datetime]:
        """Return the months of which a file has lost quarter-hours."""

    @property
    def former(self) -> Collection[datetime]:
        """Return the months of a former metering point. Their hours are to be removed."""

    async def async_remove_former(self) -> None:
        """Remove the files of the former metering points."""


class _History(NamedTuple):
    """Everything from which the hours of a meter are computed."""

    ledger: Ledger
    months: Sequence[datetime]
    """First midnights of the months with energy."""
    until: datetime


class _Marks(NamedTuple):
    """What the hours of a written history were computed from."""

    contracts: Contracts
    until: datetime
    by_month: Mapping[datetime, int]
    """Checksums of the months."""
    past: LedgerRows
    """Rows of the ended days."""
    running: Mapping[datetime, MonthPrices]
    """Prices of the months that had not ended before the running day."""


class _Changes(NamedTuple):
    """Hours of a history that may differ from the last written ones, and its checksums."""

    marks: _Marks | None = None
    months: Sequence[datetime] = ()
    amounts: HourlyAmounts = _NO_AMOUNTS
    since: datetime = BEGINNING
    """Time before which the hours are those of the last write."""

    @classmethod
    def of(cls, history: _History | None, before: _Marks | None) -> Self:
        """Return the changes of a history. The checksums of two years take some 4 ms."""
        if history is None:
            return cls()
        ledger, known, until = history
        past, day = ledger.known.past, time_of(ledger.known.begin)
        running = {
            month: month_prices(ledger, month, until) for month in known if month_end(month) > day
        }
        if before and before.contracts != ledger.contracts:
            before = None
        # The same rows at the same prices: the hours of the ended days have the same amounts.
        if before and before.past is past and before.running == running:
            amounts = amounts_by_hour(ledger, running, until, day)
            return cls(before._replace(until=until), [*running], amounts, day)
        by_month = {start: ledger.mark(start, month_end(start)) for start in known}
        marks = _Marks(ledger.contracts, until, by_month, past, running)
        months = _changed_months(before, marks)
        return cls(marks, months, amounts_by_hour(ledger, months, until))


def _changed_months(before: _Marks | None, marks: _Marks) -> list[datetime]:
    if before is None:
        return [*marks.by_month]
    running = month_start(min(before.until, marks.until))
    return [
        month
        for month, mark in marks.by_month.items()
        if month >= running or before.by_month.get(month) != mark
    ]


class MeterStatistics:
    """Statistics of one meter. One task writes them, as often as something changes."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._household = Household()
        self._leneda: LenedaMonths
        self._lock = asyncio.Lock()
        self._task = SupervisedTask(
            hass, entry, self._async_work, "statistics", first=DELAY_S, longest=MAX_DELAY_S
        )
        self._is_running = False
        self._hour = 0
        self._marks: _Marks | None = None
        """Checksums of the written history. None if all rows must be compared."""
        self._is_written = asyncio.Event()
        self._writer = StatisticsWriter(hass, entry)

    @property
    def is_available(self) -> bool:
        """Return whether the meter has statistics. It has none without a recorder."""
        has_recorder = RECORDER in self._hass.config.components
        return has_recorder and bool(wanted_kinds(self._hass, ELECTRICITY))

    async def async_wait_until_written(self) -> bool:
        """Wait until all statistics were written once. Return False if there are none."""
        if not self.is_available:
            return False
        await self._is_written.wait()
        return True

    @callback
    def async_start(self, meter: Household, leneda: LenedaMonths) -> None:
        """Write the statistics once Home Assistant has started, and after each change."""
        self._household, self._leneda = meter, leneda
        if self.is_available:
            self._entry.async_on_unload(async_at_started(self._hass, self._begin))
            self._entry.async_on_unload(self._stop)

    @callback
    def note_reading(self) -> None:
        """Write the statistics if a reading has ended an hour.

        This must be fast, because it runs for every telegram. The clock of the computer does not
        count: the meter's clock can differ, and a telegram can be late.
        """
        household = self._household.snapshot
        if household and (hour := int(household.until.timestamp()) // 3600) != self._hour:
            self._hour = hour
            self.start_writing()

    @callback
    def start_writing(self) -> None:
        """Write the statistics in the background, because the history has changed."""
        # The recorder ends when Home Assistant stops. The next start writes what is missing.
        if self._is_running and not self._hass.is_stopping:
            self._task.start()

    async def async_remove_hours(self, months: Iterable[datetime]) -> bool:
        """Remove the hours of `months` that are not in the history any more.

        Return False if rows without energy are left in their place.
        """
        if not self.is_available:
            return True
        async with self._lock:
            written = await self._async_write({*months})
        return not any(series.emptied for series in written)

    async def async_forget(self) -> None:
        """Clear the statistics of a removed meter that was never read here.

        The statistics of a meter with a serial number stay. If the meter is added again, it
        continues them.
        """
        if RECORDER in self._hass.config.components and (
            self._entry.data.get(CONF_KIND) == KIND_LENEDA
        ):
            key = statistics_key(self._entry)
            ids = [statistic_id(key, kind) for kind in StatisticKind]
            get_instance(self._hass).async_clear_statistics(ids)

    @callback
    def _begin(self, _hass: HomeAssistant) -> None:
        self._is_running = True
        self.start_writing()

    @callback
    def _stop(self) -> None:
        self._is_running = False

    async def _async_work(self) -> None:
        former = self._leneda.former
        async with self._lock:
            await self._async_write({*former})
        if former:
            await self._leneda.async_remove_former()
        self._is_written.set()

    async def _async_write(self, removed: set[datetime]) -> list[WritePlan]:
        """Write the months that differ from the last write, and the hours of `removed` months.

        All rows are compared if months are removed, or if another program has changed rows.
        """
        before, self._marks = None if removed else self._marks, None
        try:
            return await self._async_write_since(before, removed)
        except RowsChangedError:
            return await self._async_write_since(None, removed)

    async def _async_write_since(
        self, before: _Marks | None, removed: set[datetime]
    ) -> list[WritePlan]:
        """Write the changes since the write of `before`. Without it, compare all rows."""
        history = self._present()
        work = without_collection(_Changes.of)
        changes = await self._hass.async_add_executor_job(work, history, before)
        periods = [*self._periods(changes, history, removed)]
        contract = history.ledger.contracts.latest if history else Contract()
        written = await self._writer.async_write(
            wanted_kinds(self._hass, ELECTRICITY),
            changes.amounts._asdict(),
            periods,
            lambda kind: _is_expected(kind, contract),
            continues=before is not None,
        )
        self._marks = changes.marks
        return written

    def _present(self) -> _History | None:
        """Return the present history. Return None if the meter has none."""
        household = self._household.newest
        if household is None:
            return None
        # Without the running quarter-hour: `demand.month` has it.
        months = (*household.earlier_months, household.known_month)
        known = [month.start for month in months if month.is_known]
        return _History(household.ledger, known, household.until)

    def _periods(
        self, changes: _Changes, history: _History | None, removed: set[datetime]
    ) -> Iterator[TimeRange]:
        """Yield the periods in which rows that are not in the history are removed.

        Rows of other times stay: of months that the history does not know, that are damaged, or
        that are still to come after a backup was restored. Rows before the first hour of the
        history stay, too.
        """
        for start in sorted({*changes.months, *removed}):
            begin, end = start.astimezone(UTC), month_end(start).astimezone(UTC)
            begin = max(begin, changes.since)
            if start not in removed:
                if history is None or self._keeps_rows(start):
                    continue
                if start == history.months[0]:
                    begin = max(
                        begin,
                        min((min(of) for of in changes.amounts if of), default=begin),
                    )
                end = min(end, hour_start(history.until))
            if begin < end:
                yield begin, end

    def _keeps_rows(self, month: datetime) -> bool:
        """Return whether the rows of a month stay, because quarter-hours of it may be lost."""
        is_damaged = (
            month in self._leneda.damaged or month_name(month) in self._household.meter.damaged
        )
        return is_damaged or self._leneda.is_unreadable


def _is_expected(kind: StatisticKind, contract: Contract) -> bool:
    """Return whether a statistic is shown in Home Assistant even before its first hour."""
    match kind:
        case StatisticKind.COST:
            return contract.has_energy_price
        case StatisticKind.COMPENSATION:
            return contract.has_feed_in_price
        case StatisticKind.TOTAL:
            return contract.has_energy_price and contract.reference_kw is not None
        case StatisticKind.IMPORTED | StatisticKind.EXPORTED:
            return True
        case StatisticKind.GAS_VOLUME | StatisticKind.GAS_ENERGY | StatisticKind.GAS_COST:
            return True
