"""Import of the national platform's quarter-hours into a meter's months.

The current day is left out, because the platform does not have its quarter-hours yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...const import LOGGER, SECTION_LENEDA
from ...lib.bill import (
    NO_PLATFORM_DAYS,
    DemandMeter,
    KnownMonths,
    PlatformDays,
    quarter_hours_between,
)
from ...lib.guarded_clock import oldest_kept
from ...lib.history import (
    KEPT_TIME,
    QUARTER_HOUR,
    QuarterHour,
    day_end,
    day_start,
    month_end,
    month_start,
)
from ...lib.leneda import (
    REGISTERS,
    Cause,
    Differences,
    Export,
    ExportError,
    Quantity,
    Row,
    added_up,
    compare_days,
    is_of_sharing,
    last_days_of,
    quarter_hours_of,
    read_export,
    sharing_of,
    whole_days,
    without_false_zeros,
)
from ..entry_types import AnyConfigEntry
from ..garbage_collection import without_collection
from .client import asked_of
from .file_refusal_translation_keys import IS_CONSUMPTION, REFUSED, ImportRefusedError
from .progress import LenedaProgress
from .quarter_hour_files import ImportedQuarterHours

type Platform = Mapping[str, Sequence[Row]]
type RemoveHours = Callable[[Iterable[datetime]], Awaitable[bool]]
"""Removal of the hours of some months from the statistics. Its result is False if rows are left."""
type SharedPower = dict[str, dict[datetime, float]]
"""Mean power in kW by the start of the quarter-hour, for each code of energy sharing."""


class Imported(NamedTuple):
    """Summary of a file from the platform's portal that was imported."""

    code: str
    quantity: Quantity
    start: datetime
    """Start of the first quarter-hour."""
    end: datetime
    quarter_hours: int
    estimated: int
    holes: int
    repeated: int
    too_old: int
    """Quarter-hours that were left out, because they are more than 25 months old."""
    compared_days: int
    """Number of days in the file for which the meter has measured values, too."""
    differing_days: int


class PlatformPast:
    """Quarter-hours of one meter from the platform Leneda, downloaded or imported as files."""

    def __init__(
        self, hass: HomeAssistant, entry: AnyConfigEntry, remove_hours: RemoveHours
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._files = ImportedQuarterHours(hass, entry.entry_id)
        self._remove_hours = remove_hours
        self._lock = asyncio.Lock()
        self._meter = DemandMeter()
        self._may_share = True
        self._is_stopped = False
        self.is_unreadable = False
        self.damaged: frozenset[datetime] = frozenset()
        self.former: frozenset[datetime] = frozenset()
        self._listeners: list[Callable[[], None]] = []

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call the listener after each change of Leneda's quarter-hours.

        Return a callback that removes the listener.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_start(self, meter: DemandMeter) -> None:
        """Show Leneda's quarter-hours in the meter's months."""
        self._meter = meter
        self._entry.async_on_unload(self._stop)
        try:
            await self._async_leave_former_points()
            if platform := await self._async_read():
                await self._async_show(platform)
        except OSError as err:
            self.is_unreadable = True
            LOGGER.warning("What was imported from Leneda cannot be read: %s", err.strerror)

    async def _async_leave_former_points(self) -> None:
        """Put the data of metering points aside that the Leneda account does not have any more.

        All quarter-hours are then downloaded again. `async_remove_former` removes the files, when
        the statistics have lost their hours. Without an account, every file stays. Raises OSError
        if the files cannot be changed.
        """
        run = self._hass.async_add_executor_job
        if not (points := self._account_points()):
            await run(self._files.forget_points)
        else:
            if await run(self._files.has_former_points, points):
                # The files are put aside last. If Home Assistant crashes before this, the next
                # start finds them and repeats all steps.
                await LenedaProgress(self._hass, self._entry.entry_id, {}).async_remove()
            await run(self._files.use_points, points)
        self.former = await run(self._files.former_months)

    async def async_remove_former(self) -> None:
        """Remove the files of former metering points, whose hours are in no statistics any more."""
        self.former = frozenset()
        await self._hass.async_add_executor_job(self._files.remove_former)

    async def async_own(self, start: datetime, end: datetime) -> list[QuarterHour]:
        """Return the quarter-hours that the meter measured in a period, sorted by time."""
        quarters = quarter_hours_between(self._meter.columns, NO_PLATFORM_DAYS, start, end)
        return await self._hass.async_add_executor_job(without_collection(list), quarters)

    async def async_shared_power(self, start: datetime, end: datetime) -> SharedPower:
        """Return the mean power of shared energy in a period, in kW.

        The power is keyed by code, then by the start of the quarter-hour. Raises OSError if a file
        exists but cannot be read.
        """
        # Most households share no energy. If Leneda's stored files had no shared energy when last
        # read, do not read these files again.
        if not self._may_share:
            return {}
        work = without_collection(_shared_power)
        return await self._hass.async_add_executor_job(work, self._files, start, end)

    async def async_import(self, data: bytes) -> Imported:
        """Import a file from Leneda's portal. Return its summary.

        If the caller is cancelled, the import is completed nevertheless. Raises ImportRefusedError
        if the file is refused.
        """
        # Use a separate task, so that the import is not left half done if the user closes the
        # dialog. The unloading of the entry waits for this task.
        work = self._async_import(data)
        return await asyncio.shield(self._entry.async_create_task(self._hass, work, "import"))

    async def _async_import(self, data: bytes) -> Imported:
        async with self._lock:
            run = self._hass.async_add_executor_job
            try:
                export = await run(without_collection(read_export), data, dt_util.utcnow())
            except ExportError as err:
                raise ImportRefusedError(key=REFUSED[err.reason], **err.placeholders) from None
            export, too_old = _without_old(export, await self._async_oldest(export.rows[-1].start))
            if not export.rows:
                raise ImportRefusedError(key="leneda_not_kept")
            if await run(self._files.is_of_other_point, export.code, export.point):
                raise ImportRefusedError(key="leneda_point_changed", code=export.code)
            try:
                compared, differing = await self._async_compare(export)
                # Store the metering point before the quarter-hours. If Home Assistant crashes in
                # between, it still refuses files of other metering points after its restart.
                await run(self._files.note_point, export.code, export.point)
                await run(
                    without_collection(self._files.add), export.code, export.rows, export.point
                )
                await self._async_show(await self._async_read())
            except OSError as err:
                raise ImportRefusedError(key="leneda_not_stored", error=str(err.strerror)) from None
            self._reload_if_replaced()
            return Imported(
                code=export.code,
                quantity=REGISTERS[export.code].quantity,
                start=export.rows[0].start,
                end=export.rows[-1].start + QUARTER_HOUR,
                quarter_hours=len(export.rows),
                estimated=export.estimated,
                holes=export.holes,
                repeated=export.repeated,
                too_old=too_old,
                compared_days=compared,
                differing_days=differing,
            )

    async def async_add(self, found: Platform, points: Mapping[str, str]) -> bool:
        """Add downloaded quarter-hours, and update months and statistics. `found` is keyed by code.

        `points` has the metering point of each code at the time of the download. Return False, and
        add nothing, if the account was removed or its metering points were changed since then.
        Raises OSError if the quarter-hours cannot be stored.
        """
        run = self._hass.async_add_executor_job
        async with self._lock:
            if self._account_points() != points:
                return False
            for code, rows in found.items():
                await run(self._files.note_point, code, points[code])
                await run(self._files.add, code, rows, points[code])
            await self._async_show(await self._async_read())
            self._reload_if_replaced()
            return True

    async def async_read(self, points: Mapping[str, str]) -> Platform:
        """Return the stored quarter-hours of the metering points in `points`, keyed by code.

        Raises OSError if a file exists but cannot be read.
        """
        today = day_start(dt_util.utcnow())
        run = self._hass.async_add_executor_job
        return await run(without_collection(self._files.read_of), points, today)

    def _account_points(self) -> dict[str, str]:
        """Return the metering points of the Leneda account, keyed by code.

        Return {} if there is no account.
        """
        account = self._entry.options.get(SECTION_LENEDA)
        return dict(asked_of(account)) if account else {}

    async def async_remove(self) -> bool:
        """Remove all quarter-hours of Leneda. Return True if the statistics have no added row left.

        Raises ImportRefusedError if nothing was imported, or if there is a Leneda account. The
        account would download the quarter-hours again.
        """
        async with self._lock:
            if self._entry.options.get(SECTION_LENEDA):
                raise ImportRefusedError(key="leneda_account_on")
            run = self._hass.async_add_executor_job
            if await run(self._files.is_empty):
                raise ImportRefusedError(key="leneda_nothing_imported")
            months = await run(self._files.months) | self.damaged
            await self._async_show({})
            # The rows go first. If Home Assistant crashes before the files are removed, its next
            # start writes the rows again, and the user can remove them again. Rows without files
            # would stay for ever.
            is_gone = await self._remove_hours(months)
            await run(self._files.remove)
            self.damaged, self.is_unreadable = frozenset(), False
            # Forget the progress, so that the whole history is downloaded again if the user enters
            # a Leneda account later.
            await LenedaProgress(self._hass, self._entry.entry_id, {}).async_remove()
            return is_gone

    async def async_forget(self) -> None:
        """Remove all stored files, because the entry was removed."""
        await self._hass.async_add_executor_job(self._files.remove)

    async def _async_compare(self, export: Export) -> tuple[int, int]:
        """Return how many days both the meter and the file have, and how many of these days differ.

        Raises ImportRefusedError if most days differ. The file then belongs to another metering
        point or has another quantity. But a file of production is accepted if its energy is lower
        than the meter's energy on every differing day: there may be further metering points of
        production.
        """
        quantity = REGISTERS[export.code].quantity
        if quantity not in {Quantity.IMPORTED, Quantity.EXPORTED}:
            return 0, 0
        own = await self.async_own(export.rows[0].start, export.rows[-1].start + QUARTER_HOUR)
        is_export = quantity is Quantity.EXPORTED

        def compared() -> Differences:
            if not is_export:
                return compare_days(own, export.rows)
            # The meter counts the production of all metering points together, but the file has the
            # energy of one metering point. So add the energy of the other points to the file's
            # energy.
            other_rows = self._files.read_others(export.code, export.point, dt_util.utcnow())
            return compare_days(map(_turned, own), added_up(export.rows, other_rows))

        differences = await self._hass.async_add_executor_job(without_collection(compared))
        if differences.cause and not (is_export and _is_part(differences)):
            key = REFUSED[differences.cause]
            if is_export and differences.cause is Cause.PRODUCTION:
                key = IS_CONSUMPTION
            raise ImportRefusedError(key=key, days=str(differences.cause_days))
        return len(differences.days), sum(not day.is_within for day in differences.days)

    async def _async_read(self) -> Platform:
        today = day_start(dt_util.utcnow())

        def read() -> Platform:
            return without_false_zeros(self._files.read(today))

        platform = await self._hass.async_add_executor_job(without_collection(read))
        self.damaged = await self._hass.async_add_executor_job(self._files.damaged_months)
        self.is_unreadable = False
        return platform

    async def _async_show(self, platform: Platform, until: datetime | None = None) -> None:
        """Add Leneda's quarter-hours before `until` to the meter's months, and call the listeners.

        For a meter without readings, new quarter-hours can begin a new month. In this case, first
        display each earlier month with all its quarter-hours, one month after the other. Then
        display the new month. Otherwise, Home Assistant would not record the last costs of the
        earlier months for the sensor of the total cost.
        """
        demand = self._meter.snapshot
        if demand and until is None and not self._meter.has_readings:
            end = demand.month.end
            while any(rows and rows[-1].start >= end for rows in platform.values()):
                await self._async_show(platform, end)
                end = month_end(end)
        months_of = self._meter.begin_past()
        # If the meter was never read, only whole days are shown. So drop the rows after the last
        # whole day.
        has_readings = self._meter.has_readings

        def make() -> tuple[PlatformDays, KnownMonths]:
            shown = platform if has_readings else _before(whole_days(platform), until)
            past = PlatformDays(quarter_hours_of(shown), sharing_of(shown), last_days_of(shown))
            return past, months_of(past)

        result = await self._hass.async_add_executor_job(without_collection(make))
        self._may_share = any(is_of_sharing(code) for code, rows in platform.items() if rows)
        self._meter.set_platform_days(*result)
        for listener in tuple(self._listeners):
            listener()

    async def _async_oldest(self, newest: datetime) -> datetime:
        """Return the start of the oldest month that is kept, if `newest` is a time of new data."""
        stored = await self._hass.async_add_executor_job(self._files.newest_end)
        read = self._meter.snapshot.time if self._meter.snapshot else newest
        second_clock = max(newest, stored or newest, read)
        return month_start(oldest_kept(KEPT_TIME, dt_util.utcnow(), second_clock))

    @callback
    def _stop(self) -> None:
        """Note that the entry is being unloaded. An import can still be running after that."""
        self._is_stopped = True

    @callback
    def _reload_if_replaced(self) -> None:
        """Reload the entry if it was reloaded while quarter-hours were being stored.

        That earlier reload may have read files that were not complete yet.
        """
        is_loaded = self._entry.state in {
            ConfigEntryState.LOADED,
            ConfigEntryState.SETUP_IN_PROGRESS,
        }
        if self._is_stopped and is_loaded:
            self._hass.config_entries.async_schedule_reload(self._entry.entry_id)


def _before(platform: Platform, until: datetime | None) -> Platform:
    if until is None:
        return platform
    return {
        code: tuple(row for row in rows if row.start < until) for code, rows in platform.items()
    }


def _shared_power(files: ImportedQuarterHours, start: datetime, end: datetime) -> SharedPower:
    # Leneda can wrongly send 0 for all quarter-hours of a day. `without_false_zeros` detects this
    # only if it gets the whole day. So read whole days, not only the period.
    until = min(day_end(end), day_start(dt_util.utcnow()))
    platform = without_false_zeros(files.read(until, start))
    series = {
        code: {row.start: row.kw for row in rows if start <= row.start < end}
        for code, rows in sorted(platform.items())
        if is_of_sharing(code)
    }
    return {code: powers for code, powers in series.items() if powers}


def _without_old(export: Export, oldest: datetime) -> tuple[Export, int]:
    """Return the file without rows before `oldest`, and the number of rows left out."""
    rows = tuple(row for row in export.rows if row.start >= oldest)
    estimated = sum(not row.is_measured for row in rows)
    return export._replace(rows=rows, estimated=estimated), len(export.rows) - len(rows)


def _is_part(differences: Differences) -> bool:
    """Return whether a file may have the energy of only some of the metering points of production.

    The meter counts the energy of all these points. So on every day on which the file and the meter
    differ, such a file has less energy than the meter.
    """
    is_less = all(day.is_within or day.platform_wh < day.own_wh for day in differences.days)
    return differences.cause is Cause.OTHER_POINT and is_less


def _turned(quarter: QuarterHour) -> QuarterHour:
    """Return a quarter-hour with imported and exported energy swapped."""
    exported = quarter.exported_kwh or 0.0
    return QuarterHour(quarter.start, exported * 4, quarter.imported_kwh)
