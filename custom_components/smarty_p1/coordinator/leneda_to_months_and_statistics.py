"""Import of the national platform's quarter-hours into a meter's months and statistics.

The current day is left out, because the platform does not have its quarter-hours yet.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import NamedTuple

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_RECORDER_5MIN_STATISTICS_GENERATED
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..const import CONF_KIND, DOMAIN, KIND_LENEDA, LOGGER, SECTION_LENEDA
from ..lib.answers import known_months
from ..lib.entities import CURRENCY
from ..lib.guarded_clock import oldest_kept
from ..lib.leneda import (
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
from ..lib.tariff import (
    KEPT_TIME,
    NO_PLATFORM_DAYS,
    QUARTER_HOUR,
    Contracts,
    Demand,
    DemandMeter,
    KnownMonths,
    Month,
    PlatformDays,
    QuarterHour,
    bills_by_day,
    day_end,
    day_start,
    month_end,
    month_start,
    quarter_hours_between,
)
from .entry_types import AnyConfigEntry
from .file_refusal_translation_keys import IS_CONSUMPTION, REFUSED, ImportRefusedError
from .garbage_collection import without_collection
from .leneda_client import asked_of
from .leneda_hours_and_costs import (
    EXPORTED,
    IMPORTED,
    PRICED_EXPORT,
    PRICED_IMPORT,
    TOTAL,
    Costs,
    all_series,
    day_name,
    series_of,
)
from .leneda_progress import LenedaProgress
from .leneda_quarter_hour_files import ImportedQuarterHours
from .leneda_statistics_writer import PastStatistics
from .running_sum_plan import HOUR

_AGAIN = timedelta(hours=1)
# Seconds to wait after the recorder's event about new statistics. The recorder commits the new rows
# only after the event.
_COMMIT_TIME_S = 10
# Home Assistant records the rise of a total since its last total, unless that is 10 days old.
_REMEMBERED = timedelta(days=10)
_COSTS = {PRICED_IMPORT: IMPORTED, PRICED_EXPORT: EXPORTED}

type Platform = Mapping[str, Sequence[Row]]
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

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._files = ImportedQuarterHours(hass, entry.entry_id)
        self._statistics = PastStatistics(hass, entry.entry_id)
        self._lock = asyncio.Lock()
        self._meter = DemandMeter()
        self._may_share = True
        # Whether Leneda's stored quarter-hours are in the meter's months.
        self._is_shown = False
        self._late_costs: dict[datetime, float] = {}
        self._recording: asyncio.Task[None] | None = None
        self._again: CALLBACK_TYPE | None = None
        self._is_stopped = False
        self._cancel_lift: CALLBACK_TYPE = lambda: None
        self._listeners: list[Callable[[], None]] = []

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call the listener after each change of Leneda's quarter-hours.

        Return a callback that removes the listener.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def async_start(self, meter: DemandMeter) -> None:
        """Show Leneda's quarter-hours in the meter's months, and write them into the statistics.

        The statistics are written in the background, after Home Assistant has started. The set-up
        of the entry waits only until the files are read.
        """
        self._meter = meter
        self._entry.async_on_unload(self._stop)
        await self._statistics.async_load()
        if self._statistics.has_alone and self._entry.data.get(CONF_KIND) != KIND_LENEDA:
            # While the meter had no cable, hours of Leneda were written to its statistics. With the
            # cable, Home Assistant begins each entity's sum with 0, and the energy of these hours
            # must be added to the sum. So wait until Home Assistant has written its first rows.
            bus = self._hass.bus
            self._entry.async_on_unload(
                bus.async_listen(EVENT_RECORDER_5MIN_STATISTICS_GENERATED, self._lift_soon)
            )
        try:
            await self._async_leave_former_points()
            platform = await self._async_read()
        except OSError as err:
            LOGGER.warning("What was imported from Leneda cannot be read: %s", err.strerror)
            return
        if platform:
            await self._async_show(platform)
        self._is_shown = True
        if platform or self._statistics.is_outdated:
            self._entry.async_on_unload(async_at_started(self._hass, self._async_start_recording))

    async def _async_leave_former_points(self) -> None:
        """Remove the data of metering points that the Leneda account does not have any more.

        All quarter-hours are then downloaded again, and the statistics are written again. Without
        an account, every file stays. Raises OSError if the files cannot be changed.
        """
        run = self._hass.async_add_executor_job
        if not (points := self._account_points()):
            await run(self._files.forget_points)
            return
        if await run(self._files.has_former_points, points):
            # The files are removed last. If Home Assistant crashes before this, the next start
            # finds them and repeats all steps.
            await self._statistics.async_outdate()
            await LenedaProgress(self._hass, self._entry.entry_id, {}).async_remove()
        await run(self._files.use_points, points)

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
                self._note_running_month({export.code: export.rows})
                # Note on disk that statistics are still to be written. If Home Assistant crashes
                # before it has written them, the next start writes them.
                await self._statistics.async_begin()
                await run(
                    without_collection(self._files.add), export.code, export.rows, export.point
                )
                await self._async_show(await self._async_read())
            except OSError as err:
                raise ImportRefusedError(key="leneda_not_stored", error=str(err.strerror)) from None
            self._record()
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
            self._note_running_month(found)
            await self._statistics.async_begin()
            for code, rows in found.items():
                await run(self._files.note_point, code, points[code])
                await run(self._files.add, code, rows, points[code])
            await self._async_show(await self._async_read())
            self._record()
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
            if self._statistics.is_empty and await run(self._files.is_empty):
                raise ImportRefusedError(key="leneda_nothing_imported")
            self._cancel()
            if self._recording:
                # Cancelling the recording here is safe. The stored ledger names all rows that may
                # have been written, so `async_take_back` can remove them.
                self._recording.cancel()
                await asyncio.wait([self._recording])
            is_gone = await self._statistics.async_take_back(series_of(self._names(), {}))
            await run(self._files.remove)
            # Forget the progress, so that the whole history is downloaded again if the user enters
            # a Leneda account later.
            await LenedaProgress(self._hass, self._entry.entry_id, {}).async_remove()
            await self._async_show({})
            self._late_costs.clear()  # `async_take_back` has taken them back
            return is_gone

    async def async_forget(self) -> None:
        """Remove all stored files, because the entry was removed.

        Also clear statistics that have only hours from Leneda. Home Assistant gives the entities of
        the next meter the same ids, so these statistics would become the statistics of the next
        meter.
        """
        await self._hass.async_add_executor_job(self._files.remove)
        await self._statistics.async_forget(self._names(with_disabled=True))

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

        return await self._hass.async_add_executor_job(without_collection(read))

    async def _async_show(self, platform: Platform, until: datetime | None = None) -> None:
        """Add Leneda's quarter-hours before `until` to the meter's months, and call the listeners.

        For a meter without readings, new quarter-hours can begin a new month. In this case, first
        display each earlier month with all its quarter-hours, one month after the other. Then
        display the new month. Otherwise, Home Assistant would not record the costs of the last days
        of the earlier months.
        """
        demand = self._meter.snapshot
        if demand and until is None and not self._meter.has_readings:
            end = demand.month.end
            while any(rows and rows[-1].start >= end for rows in platform.values()):
                await self._async_show(platform, end)
                end = month_end(end)
        demand = self._meter.snapshot
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
        self._note_ended_months(demand)
        for listener in tuple(self._listeners):
            listener()

    @callback
    def _note_ended_months(self, before: Demand | None) -> None:
        """Note, for the statistics, how the costs of ended months have changed since `before`.

        Home Assistant records only the displayed total, which belongs to the current month. Skip
        months before the first recorded total. If the meter has readings, skip days before the
        first recorded total, too, because the costs of their hours are written.
        """
        # After a start, the meter's months do not have Leneda's days yet. The costs of these days
        # were recorded before Home Assistant was stopped, so they are not late.
        was_shown, self._is_shown = self._is_shown, True
        if before is None or not was_shown:
            return
        after, first = self._meter.snapshot or before, self._statistics.first_hour(TOTAL)
        displayed = {month.start: month for month in known_months(before)}
        for month in after.earlier_months:
            old, until = displayed.get(month.start, month), min(month.end, before.until)
            if first < month.end and (old != month or until < month.end):
                was = _cost_of_days(old, after.contracts, until)
                for day, cost in _cost_of_days(month, after.contracts, month.end).items():
                    self._note_late_cost(day, cost - was.get(day, 0.0), first)

    @callback
    def _note_late_cost(self, day: datetime, cost: float, first: datetime) -> None:
        """Note the cost that a day has got late. `first` is the hour of the first own row."""
        is_written = day < first and day_name(day) not in self._statistics.days_at_once
        if self._meter.has_readings and is_written:
            return
        # The state of the first own row determines the sum of this row. So add the costs of earlier
        # days from the next row on.
        hour = max(day, first + HOUR)
        self._late_costs[hour] = self._late_costs.get(hour, 0.0) + cost

    @callback
    def _note_running_month(self, found: Platform) -> None:
        """Exclude days from the cost statistics: the displayed month's new days in `found`.

        The displayed total of the bill rises at once by the costs of these days. Home Assistant
        records this rise in the statistics. If the costs of the days' hours were also written, they
        would count twice. If no total has been displayed yet, do nothing: the first displayed total
        already includes the costs, so Home Assistant records no rise.

        If the meter was not read today, the rise is recorded at the next reading. So exclude the
        days up to the last reading, but not the later days, whose hours are missing in the
        statistics. After a long silence, Home Assistant forgets the last total, and records no
        rise. So do nothing then.
        """
        demand, now = self._meter.snapshot, dt_util.utcnow()
        if not demand:
            return
        end = now
        if self._meter.has_readings and demand.time < day_start(now):
            end = demand.time if now - demand.time < _REMEMBERED else demand.month.start
        rows = chain.from_iterable(found.values())
        starts = {row.start for row in rows if demand.month.start <= row.start < end}
        displayed = {day_name(day.start) for day in demand.month.days if day.platform_quarter_hours}
        self._statistics.days_at_once |= {*map(day_name, starts)} - displayed

    async def _async_oldest(self, newest: datetime) -> datetime:
        """Return the start of the oldest month that is kept, if `newest` is a time of new data."""
        stored = await self._hass.async_add_executor_job(self._files.newest_end)
        read = self._meter.snapshot.time if self._meter.snapshot else newest
        second_clock = max(newest, stored or newest, read)
        return month_start(oldest_kept(KEPT_TIME, dt_util.utcnow(), second_clock))

    async def _async_record(self, platform: Platform) -> None:
        """Write the hourly values of `platform` into the statistics of the meter's entities."""
        names = self._names()
        if name := names.get(TOTAL):
            self._statistics.add_late(TOTAL, name, self._late_costs)
        self._late_costs.clear()
        demand = self._meter.snapshot
        now = dt_util.utcnow()
        oldest = oldest_kept(KEPT_TIME, now, demand.time if demand else now)
        own = await self.async_own(oldest, now)
        costs = Costs(
            contracts=self._meter.contracts,
            months=(*demand.earlier_months, demand.month) if demand else (),
            until=day_start(now),
            left_out=frozenset(self._statistics.days_at_once),
        )
        # If the meter has no readings, these entities have no state, and Home Assistant writes no
        # rows for them. Then only the hours from Leneda create their statistics.
        alone = set() if self._meter.has_readings else {IMPORTED, EXPORTED}
        if alone and self._hass.config.currency == CURRENCY:
            alone |= _COSTS.keys()
        work = partial(without_collection(all_series), names, own, platform, costs)
        await self._statistics.async_bring_in(
            series._replace(
                is_alone=series.key in alone,
                has_whole_state=series.key == TOTAL and not self._meter.has_readings,
            )
            for series in await self._hass.async_add_executor_job(work)
        )

    async def _async_start_recording(self, _hass: HomeAssistant) -> None:
        """Write the statistics if values wait to be written, or if an entity has no ledger yet."""
        if self._statistics.waits or not self._statistics.knows(self._names()):
            self._record()

    @callback
    def _record(self, _now: object = None) -> None:
        """Write the statistics in a background task, because this can take minutes.

        If the entry was unloaded, do nothing. The statistics are written when it is loaded again.
        """
        if self._is_stopped:
            return
        last = self._recording
        self._recording = self._entry.async_create_background_task(
            self._hass, self._async_follow(last), f"{self._entry.title} statistics"
        )

    async def _async_follow(self, last: asyncio.Task[None] | None) -> None:
        """Cancel the task `last`, and write all known hourly values.

        If some of the values cannot be written yet, retry in an hour.
        """
        if last and not last.done():
            last.cancel()
            await asyncio.wait([last])
        try:
            platform = await self._async_read()
            if platform or self._statistics.is_outdated:
                await self._async_record(platform)
        except OSError as err:
            LOGGER.warning("What was imported from Leneda cannot be read: %s", err.strerror)
        if self._statistics.waits and not self._is_stopped:
            self._cancel()
            self._again = async_call_later(self._hass, _AGAIN, self._record)

    @callback
    def _lift_soon(self, _event: Event) -> None:
        """Schedule `_async_lift` if an entity may have got its first own row in the statistics.

        `_async_lift` adds the sum of the hours from Leneda to the entity's own sum.
        """
        if self._statistics.has_alone and not self._is_stopped:
            self._cancel_lift()
            # The recorder sends this event before it has committed the new rows. So wait for the
            # commit.
            self._cancel_lift = async_call_later(self._hass, _COMMIT_TIME_S, self._async_lift)

    async def _async_lift(self, _now: datetime) -> None:
        await self._statistics.async_lift(self._names())

    @callback
    def _stop(self) -> None:
        """Cancel the next retry, and prevent later retries, because the entry is being unloaded.

        An import can still be running after the unloading. Its end would otherwise start a task of
        the unloaded entry.
        """
        self._is_stopped = True
        self._cancel()
        self._cancel_lift()

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

    @callback
    def _cancel(self) -> None:
        if self._again:
            self._again()
            self._again = None

    def _names(self, *, with_disabled: bool = False) -> dict[str, str]:
        """Return the ids of the entities whose statistics are written, keyed by quantity.

        Nothing is written for a disabled entity. So leave it out, unless `with_disabled` is True.
        """
        registry = er.async_get(self._hass)
        names: dict[str, str] = {}
        for key in (IMPORTED, EXPORTED, TOTAL):
            unique_id = f"{self._entry.unique_id}_{key}"
            entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
            if entity_id and (with_disabled or not registry.entities[entity_id].disabled):
                names[key] = entity_id
        # The Energy dashboard creates cost entities for energy entities. Add the cost entities of
        # the energy entities in `names`.
        costs: Mapping[str, str] = self._hass.data.get("energy", {}).get("cost_sensors", {})
        for key, energy in _COSTS.items():
            if cost := costs.get(names.get(energy, "")):
                names[key] = cost
        return names


def _cost_of_days(month: Month, contracts: Contracts, until: datetime) -> dict[datetime, float]:
    """Return the cost in EUR of each day before `until`. Days with an unknown cost are left out."""
    return {
        day: due.total - before.total
        for day, _, before, due in bills_by_day(month, contracts, until)
        if before.total is not None and due.total is not None
    }


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
