"""Data of one meter from Leneda, the national platform, and how they complete its months.

The current day is left out, because Leneda does not have its quarter-hours yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...const import SECTION_LENEDA
from ...lib.bill.household import Household
from ...lib.bill.quarter_hour_series import measured_between
from ...lib.fault_log import FaultLog, Listeners
from ...lib.history.luxembourg_time import day_end, day_start, month_end
from ...lib.history.quarter_hour import QuarterHour
from ...lib.leneda.day_differences import DayDifference, contradicted_days
from ...lib.leneda.days_of_rows import believed_rows, days_of, shared_powers
from ...lib.leneda.measured_and_estimated_rows import LenedaRows, RowsByCode
from ...lib.leneda.series_codes import is_of_sharing
from ..entry_types import AnyConfigEntry
from ..garbage_collection import without_collection
from ..stored.unreadable_file_retry import async_retry_hourly
from .client import Points, points_of
from .import_refusal import ImportRefusedError
from .progress import LenedaProgress
from .quarter_hour_files import QuarterHourFiles

type RemoveHours = Callable[[Iterable[datetime]], Awaitable[bool]]
"""Removal of the hours of some months from the statistics. Its result is False if rows are left."""
type _SharedPower = dict[str, dict[datetime, float]]
"""Mean power in kW by the start of the quarter-hour, for each code of energy sharing."""

# The removal of imported quarter-hours waits for the recorder. It then finds the meter closed.
_MAX_CLOSE_S = 10.0


class LenedaData:
    """Quarter-hours of one meter from Leneda, downloaded or imported as files.

    `hass` and `entry` are those of the meter. `lock` is held during each change of `files`.
    `listeners` are called after each change of Leneda's quarter-hours.
    """

    def __init__(
        self, hass: HomeAssistant, entry: AnyConfigEntry, remove_hours: RemoveHours
    ) -> None:
        self.hass = hass
        self.entry = entry
        self.files = QuarterHourFiles(hass, entry.entry_id)
        self._remove_hours = remove_hours
        self.lock = asyncio.Lock()
        self._household = Household()
        self._may_share = True
        self.is_closed = False
        self._end_retries: CALLBACK_TYPE | None = None
        self.is_unreadable = False
        self.damaged: frozenset[datetime] = frozenset()
        self.with_false_zeros: frozenset[datetime] = frozenset()
        """Starts of the months in which Leneda wrongly sends 0 as the supplier's energy."""
        self.former: frozenset[datetime] = frozenset()
        self.listeners = Listeners[()](FaultLog(entry.title))

    async def async_start(self, meter: Household) -> None:
        """Show Leneda's quarter-hours in the meter's months."""
        self._household = meter
        if not await self._async_has_shown():
            self._end_retries = async_retry_hourly(
                self.hass, self.entry.entry_id, self.files.folder, self._async_retry
            )

    async def _async_has_shown(self) -> bool:
        """Show the stored quarter-hours. Return False if they cannot be read now."""
        try:
            await self._async_leave_former_points()
            if (leneda := await self._async_read()) or self.damaged:
                await self._async_show(leneda)
        except OSError:
            self.is_unreadable = True
            return False
        return True

    async def _async_retry(self, _now: datetime) -> None:
        async with self.lock:
            if not self.is_closed and await self._async_has_shown():
                self._forget_retries()

    @callback
    def _forget_retries(self) -> None:
        if self._end_retries:
            self._end_retries()
            self._end_retries = None

    async def async_close(self) -> None:
        """Wait for a change that is being stored. Later changes are refused."""
        self.is_closed = True
        self._forget_retries()
        with suppress(TimeoutError):
            async with asyncio.timeout(_MAX_CLOSE_S), self.lock:
                pass

    def raise_if_closed(self) -> None:
        """Raise ImportRefusedError if the meter was unloaded. The next one has begun by then."""
        if self.is_closed:
            raise ImportRefusedError(key="leneda_reloaded")

    async def _async_leave_former_points(self) -> None:
        """Put the data of metering points aside that the Leneda account does not have any more.

        All quarter-hours are then downloaded again. `async_remove_former` removes the files, when
        the statistics have lost their hours. Without an account, every file stays. Raises OSError
        if the files cannot be changed.
        """
        run = self.hass.async_add_executor_job
        if not (points := self._account_points()):
            await run(self.files.forget_points)
        else:
            if await run(self.files.has_former_points, points):
                # The files are put aside last. If Home Assistant crashes before this, the next
                # start finds them and repeats all steps.
                await LenedaProgress(self.hass, self.entry.entry_id, {}).async_remove()
            await run(self.files.use_points, points)
        self.former = await run(self.files.former_months)

    async def async_remove_former(self) -> None:
        """Remove the files of former metering points, whose hours are in no statistics any more."""
        self.former = frozenset()
        await self.hass.async_add_executor_job(self.files.remove_former)

    @property
    def newest_reading(self) -> datetime | None:
        """Return the time of the meter's newest reading. Return None if it was never read."""
        return self._household.snapshot.time if self._household.snapshot else None

    async def async_own(self, start: datetime, end: datetime) -> list[QuarterHour]:
        """Return the quarter-hours that the meter measured in a period, sorted by time."""
        quarters = measured_between(self._household.table, start, end)
        return await self.hass.async_add_executor_job(without_collection(list), quarters)

    async def async_changed_days(self, start: datetime, end: datetime) -> list[DayDifference]:
        """Return the days of a period on which Leneda contradicts the meter's registers.

        On these days, Leneda's quarter-hours are scaled, so that they agree with the registers.
        """
        if (household := self._household.newest) is None:
            return []
        table, leneda = household.ledger.table, self._household.leneda
        run = self.hass.async_add_executor_job
        return await run(contradicted_days, table, leneda, start, end)

    async def async_shared_power(self, start: datetime, end: datetime) -> _SharedPower:
        """Return the mean power of shared energy in a period, in kW.

        The power is keyed by code, then by the start of the quarter-hour. Raises OSError if a file
        exists but cannot be read.
        """
        # Most households share no energy. If Leneda's stored files had no shared energy when last
        # read, do not read these files again.
        if not self._may_share:
            return {}
        return await self.hass.async_add_executor_job(_shared_power, self.files, start, end)

    async def async_add(self, found: RowsByCode, points: Points) -> bool:
        """Add downloaded quarter-hours, and update months and statistics. `found` is keyed by code.

        `points` has the metering point of each code at the time of the download. Return False, and
        add nothing, if the account was removed, its metering points were changed since then, or
        the entry was unloaded.
        Raises OSError if the quarter-hours cannot be stored.
        """
        async with self.lock:
            if self.is_closed or self._account_points() != points:
                return False
            await self.async_keep({code: (points[code], rows) for code, rows in found.items()})
            return True

    async def async_keep(self, found: Mapping[str, tuple[str, LenedaRows]]) -> None:
        """Store quarter-hours, and update months and statistics. Hold `lock` during the call.

        `found` has the metering point and the rows of each code. Raises OSError if the
        quarter-hours cannot be stored.
        """
        run = self.hass.async_add_executor_job
        for code, (point, rows) in found.items():
            # Store the metering point before the quarter-hours. If Home Assistant crashes in
            # between, it still refuses files of other metering points after its restart.
            await run(self.files.note_point, code, point)
            await run(without_collection(self.files.add), code, rows, point)
        await self._async_show(await self._async_read())
        self._forget_retries()

    async def async_read(self, points: Points, since: datetime | None = None) -> RowsByCode:
        """Return the stored quarter-hours of the metering points in `points`, keyed by code.

        With `since`, only the files of its month and of later months are read. Raises OSError if a
        file exists but cannot be read.
        """
        today = day_start(dt_util.utcnow())
        run = self.hass.async_add_executor_job
        return await run(without_collection(self.files.read_rows), today, since, points)

    def _account_points(self) -> dict[str, str]:
        """Return the metering points of the Leneda account, keyed by code.

        Return {} if there is no account.
        """
        return points_of(self.entry.options.get(SECTION_LENEDA, {}))

    async def async_remove(self) -> bool:
        """Remove all quarter-hours of Leneda. Return True if the statistics have no added row left.

        Raises ImportRefusedError if nothing was imported, or if there is a Leneda account. The
        account would download the quarter-hours again.
        """
        async with self.lock:
            if self.entry.options.get(SECTION_LENEDA):
                raise ImportRefusedError(key="leneda_account_on")
            self.raise_if_closed()
            run = self.hass.async_add_executor_job
            if await run(self.files.is_empty):
                raise ImportRefusedError(key="leneda_nothing_imported")
            months = await run(self.files.months) | self.damaged
            await self._async_show({})
            # The rows go first. If Home Assistant crashes before the files are removed, its next
            # start writes the rows again, and the user can remove them again. Rows without files
            # would stay for ever.
            is_gone = await self._remove_hours(months)
            self.raise_if_closed()
            # Without the progress, the whole history is downloaded again if the user enters an
            # account later.
            await self.async_forget()
            self.damaged = self.with_false_zeros = frozenset()
            self.is_unreadable = False
            self._forget_retries()
            return is_gone

    async def async_forget(self) -> None:
        """Remove all stored files."""
        await self.hass.async_add_executor_job(self.files.remove)
        await LenedaProgress(self.hass, self.entry.entry_id, {}).async_remove()

    async def _async_read(self) -> RowsByCode:
        today = day_start(dt_util.utcnow())

        @without_collection
        def read() -> tuple[RowsByCode, frozenset[datetime], frozenset[datetime]]:
            rows = self.files.read_rows(today)
            damaged = self.files.damaged_months()
            return *believed_rows(rows, damaged), damaged

        run = self.hass.async_add_executor_job
        leneda, self.with_false_zeros, self.damaged = await run(read)
        self.is_unreadable = False
        return leneda

    async def _async_show(self, leneda: RowsByCode, until: datetime | None = None) -> None:
        """Add Leneda's quarter-hours before `until` to the meter's months, and call the listeners.

        For a meter without readings, new quarter-hours can begin a new month. In this case, first
        display each earlier month with all its quarter-hours, one month after the other. Then
        display the new month. Otherwise, Home Assistant would not record the last costs of the
        earlier months for the sensor of the total cost.
        """
        household = self._household.snapshot
        if household and until is None and not self._household.meter.has_readings:
            end = month_end(household.month_start)
            while any(rows and rows[-1].start >= end for rows in leneda.values()):
                await self._async_show(leneda, end)
                end = month_end(end)
        # If the meter was never read, only whole days are shown. So drop the rows after the last
        # whole day.
        has_readings = self._household.meter.has_readings

        make = without_collection(partial(days_of, has_readings=has_readings, until=until))
        days = await self.hass.async_add_executor_job(make, leneda)
        self._may_share = any(is_of_sharing(code) for code, rows in leneda.items() if rows)
        self._household.set_leneda_days(days)
        self.listeners.call()


@without_collection
def _shared_power(files: QuarterHourFiles, start: datetime, end: datetime) -> _SharedPower:
    # Only whole days show false zeros.
    until = min(day_end(end), day_start(dt_util.utcnow()))
    return shared_powers(files.read_rows(until, start), start, end)
