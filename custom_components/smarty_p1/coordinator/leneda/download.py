"""Download of quarter-hours from Leneda, the national platform.

Nothing is requested without an API key. Leneda has no quarter-hours of the current day, so this day
is never requested. Yesterday's quarter-hours are requested in the afternoon. After the user has
entered an account, the quarter-hours of earlier days are requested, too. The operator can correct
quarter-hours later. So the last 40 days are requested again every week, and the shared energy of
the last 100 days every month.
"""

from asyncio import sleep
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import randrange
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...const import LOGGER, SECTION_LENEDA
from ...lib.connection_outage import Outage
from ...lib.data_retention import KEPT_TIME
from ...lib.fault_log import FaultLog
from ...lib.history.luxembourg_time import (
    HOUR,
    QUARTER_HOUR,
    day_end,
    day_start,
    month_end,
    next_moment,
)
from ...lib.json_types import without
from ...lib.leneda.api_response import read_time_series
from ...lib.leneda.day_differences import compare_days
from ...lib.leneda.measured_and_estimated_rows import LenedaRow, LenedaRows
from ...lib.passed_pause import has_passed
from ...lib.problem import Problem
from ..background_tasks import SupervisedTask, until_shutdown
from ..entry_types import AnyConfigEntry
from ..repair_issues import DIFFERENCE_PROBLEMS, raise_issue, tell_difference, withdraw_issues
from ..statistics.gas_statistics import GasStatistics
from ..stored.meter_history import MeterHistory
from .client import (
    IMPORTED,
    LAYERS,
    MAX_PERIOD,
    MEASURED,
    NO_SERIES,
    Account,
    LenedaError,
    Refusal,
    SeriesRequest,
    async_series,
    points_of,
)
from .gas_download import LenedaGas
from .leneda_data import LenedaData
from .progress import AskedSpan, LenedaProgress
from .silence import LATE, LenedaSilence

PAUSE = 2.0
"""Seconds between two requests."""
# Times of day in Luxembourg at which requests are sent. On one observed day, Leneda had all
# quarter-hours of the day before at 13:16. If they are incomplete in the afternoon, a second
# request is sent in the evening.
_AFTERNOON = time(13, 30)
_EVENING = time(19)
# Maximum delay in minutes. The delay is random, so that households do not send their requests all
# at the same time.
_SPREAD = 60
# A day that is still incomplete after two weeks will stay incomplete. So it is no longer requested
# every day.
_PATIENCE = timedelta(days=14)
_COMPARED = timedelta(days=14)
_WEEK = timedelta(days=7)
_REVISED = timedelta(days=40)
_MONTH = timedelta(days=30)
_SHARING_REVISED = timedelta(days=100)
# Days that are requested first of all. They are a day less than the maximum of one request, because
# days in which the clocks are put back are an hour longer, and would need a second request.
_FIRST_DAYS = MAX_PERIOD - timedelta(days=1)
# Period of one download of older quarter-hours. The months and the statistics are updated after
# each download, so a few downloads of long periods cost less than many of short ones.
_HISTORY = timedelta(days=180)
# Failures that can concern a single code, so the other codes are requested nevertheless. But if the
# request for imported energy fails, the platform itself may have a fault. Then nothing more is
# requested.
_OF_ONE_CODE = {
    Refusal.SERVER,
    Refusal.TOO_SLOW,
    Refusal.TOO_LARGE,
    Refusal.NOT_UNDERSTOOD,
    Refusal.FORBIDDEN,
}
_MAX_CLOSE_S = 10.0
# Shortest and longest delay in seconds before a failed download is tried again.
_DELAY_S, _MAX_DELAY_S = 60.0, 3600.0
_LOST = "%s: Leneda cannot be asked (%s); it is tried again"
_BACK = "%s: Leneda answers again"


class _AccountChangedError(Exception):
    """Error if the metering points of the account have changed during the download.

    The change also reloads the entry, and the reload starts another download.
    """


class _Answer(NamedTuple):
    """Received rows of an OBIS code, and the period that has been requested with them."""

    rows: tuple[LenedaRow, ...]
    span: AskedSpan


class LenedaDownload:
    """Download for one meter. It runs while the meter's entry is loaded."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AnyConfigEntry,
        leneda: LenedaData,
        history: MeterHistory,
        gas: GasStatistics,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._leneda = leneda
        self._account: Account = entry.options.get(SECTION_LENEDA, {})
        self._points = points_of(self._account)
        self._progress = LenedaProgress(hass, entry.entry_id, self._account)
        self._history = history
        self._gas = LenedaGas(hass, self._account, history, gas, self._async_pause)
        self._is_gas_due = False
        self._faults = FaultLog(entry.title)
        self._silence = LenedaSilence(hass, entry, self._async_newest)
        self._outage = Outage(_LOST, _BACK, entry.title, first=_DELAY_S, longest=_MAX_DELAY_S)
        self._task = SupervisedTask(
            hass, entry, self._run, "Leneda", first=_DELAY_S, longest=_MAX_DELAY_S
        )
        self._minutes = timedelta(minutes=randrange(_SPREAD))  # noqa: S311 - no secret
        self._not_before: datetime | None = None
        self._is_first = True
        self._asked_again = set[datetime]()
        """Months with damaged files whose quarter-hours were requested again."""
        self._failed: dict[str, LenedaError] = {}
        """Codes that have failed in this download. They are requested again in the next one."""

    @property
    def is_fetching(self) -> bool:
        """Return whether older quarter-hours are still to be requested."""
        is_back = self._progress.state.codes and not self._unfinished(dt_util.utcnow())
        return bool(self._account) and not is_back

    async def async_start(self) -> None:
        """Start the download if the options have a Leneda account.

        Without an account, withdraw the repair issues of the download.
        """
        if not self._account:
            self._gas.forget()
            problems = [Problem.LENEDA_KEY, Problem.LENEDA_SILENT, *DIFFERENCE_PROBLEMS]
            withdraw_issues(self._hass, self._entry, problems)
            return
        await self._progress.async_load()
        self._silence.start()
        self._task.start()

    async def async_close(self) -> None:
        """End the download, which stores the answers so far. Save the progress a last time."""
        await self._task.async_stop(_MAX_CLOSE_S)
        await self._progress.async_close()

    async def _run(self) -> None:
        """Download until Home Assistant stops, or until the account is changed.

        A stopping Home Assistant cancels background tasks only once. It would not cancel this task
        if the entry was loaded after that, and would close the connections during a request.
        """
        try:
            async with until_shutdown(self._hass):
                await self._async_run()
        except TimeoutError:
            if not self._hass.is_stopping:
                raise

    async def _async_run(self) -> None:
        # Without its files, it would ask for all of the past again.
        await self._progress.loaded.wait()
        await self._history.loaded.wait()
        self._is_gas_due |= self._gas.has_former_point
        while not self._hass.is_stopping:
            now = dt_util.utcnow()
            if (due := self._due(now)) > now:
                # Sleep for an hour at most, because the computer's clock may be corrected during a
                # long sleep.
                await sleep(min(due - now, HOUR).total_seconds())
                continue
            is_lost = True
            try:
                await self._async_download(now)
            except _AccountChangedError:
                return
            except LenedaError as err:
                if err.reason is Refusal.INVALID_AUTH:
                    raise_issue(self._hass, self._entry, Problem.LENEDA_KEY)
                    # While Leneda has a fault, it may refuse even a valid key. So try the same key
                    # again tomorrow.
                    self._not_before = next_moment(_AFTERNOON, day_end(now)) + self._minutes
                    continue
                self._outage.note_failure(err.reason.removeprefix("leneda_").replace("_", " "))
            except OSError as err:
                self._outage.note_failure(err.strerror or err)
            else:
                self._outage.end()
                is_lost = False
            await self._silence.async_look()
            if is_lost:
                await self._outage.wait()

    async def _async_download(self, now: datetime) -> None:
        """Request the quarter-hours that are due, then the gas.

        Raises LenedaError, OSError and _AccountChangedError. If only some codes fail, their error
        is raised after the other codes were requested.
        """
        self._failed.clear()
        self._forget_damaged(now)
        if self._recent_due(now) <= now and await self._async_recent(now):
            self._is_gas_due = True
            await self._faults.attempt(self._async_compare, now)
        await self._async_history(now)
        # The gas comes last, because its errors must not cost quarter-hours. It also waits for the
        # recorder, which answers only when Home Assistant has started.
        if self._is_gas_due:
            await self._async_gas(now)
        if self._failed:
            raise next(iter(self._failed.values()))

    def _forget_damaged(self, now: datetime) -> None:
        """Request the quarter-hours of months with damaged files again, once for each load.

        Months whose quarter-hours are all stored cost no request.
        """
        lost = self._leneda.damaged - self._asked_again
        if not lost:
            return
        self._asked_again |= lost
        until, codes = min(day_start(now), month_end(max(lost))), self._progress.state.codes
        for code, span in codes.items():
            codes[code] = replace(span, since=max(span.since, until))
        self._progress.schedule()

    async def _async_gas(self, now: datetime) -> None:
        try:
            await self._gas.async_refresh(now)
        except LenedaError:
            self._is_gas_due = False  # like a failed code, it is requested again tomorrow
            raise
        self._is_gas_due = False

    def _due(self, now: datetime) -> datetime:
        if self._not_before and self._not_before > now:
            return self._not_before
        is_lost = self._leneda.damaged - self._asked_again
        if self._is_gas_due or is_lost or self._unfinished(now):
            return now
        return self._recent_due(now)

    def _recent_due(self, now: datetime) -> datetime:
        """Return the time of the next request for yesterday's quarter-hours."""
        last = self._progress.state.asked_at
        if last is None or last > now:
            return now
        since = max(last, day_start(now))
        return min(next_moment(clock, since) for clock in (_AFTERNOON, _EVENING)) + self._minutes

    async def _async_recent(self, now: datetime) -> bool:
        """Request the days that the stored rows lack, and days that Leneda may have corrected.

        Return False if no day is to be requested.
        """
        today = day_start(now)
        general = self._progress.state
        is_week = has_passed(general.revised_at, now, _WEEK)
        is_month = has_passed(general.sharing_revised_at, now, _MONTH)
        # Sharing may have ended before the rows of that time, so all files are read each week.
        since = None if is_week else day_start(today - LATE)
        stored = await self._leneda.async_read(self._points, since)
        codes = {*stored}
        answers: dict[str, _Answer] = {}
        is_due = False
        try:
            for code in self._points:
                if not self._is_wanted(code, now, codes):
                    continue
                corrected = _corrected_time(code, is_week=is_week, is_month=is_month)
                start = self._start(code, stored.get(code, ()), today, corrected)
                if start < today:
                    is_due = True
                    rows = await self._async_ask_for(code, start, today)
                    if rows is not None:
                        answers[code] = _Answer(rows, AskedSpan(start, today))
                        codes |= {code} if rows else set()
        finally:
            # Store the received rows even if a later request fails. Otherwise, they would be
            # requested again.
            await self._async_keep(answers)
        general.asked_at = now
        if is_week:
            general.revised_at = now
        if is_month:
            general.sharing_revised_at = now
        self._progress.schedule()
        return is_due

    def _start(
        self, code: str, rows: LenedaRows, today: datetime, corrected: timedelta
    ) -> datetime:
        span = self._progress.state.codes.get(code)
        if span is None:
            return day_start(today - _FIRST_DAYS)
        first = min(_first_lacking(rows, span, today), day_start(today - corrected))
        return max(first, day_start(today - KEPT_TIME))

    def _is_wanted(self, code: str, now: datetime, with_rows: Container[str]) -> bool:
        """Return whether to request `code`.

        The code of imported energy is always requested. Any other code is left out for a week after
        the platform has refused it. A code of shared energy is requested only if the platform has
        values for the energy that remains after sharing, so if its code is in `with_rows`.
        """
        if code != IMPORTED and self._progress.is_refused(code, now):
            return False
        return code not in LAYERS or LAYERS[code] in with_rows

    def _unfinished(self, now: datetime) -> dict[str, AskedSpan]:
        """Return the span of each code whose older quarter-hours are still to be requested."""
        oldest, spans = day_start(now - KEPT_TIME), self._progress.state.codes
        return {
            code: spans[code]
            for code in self._points
            if code in spans and spans[code].since > oldest
        }

    async def _async_history(self, now: datetime) -> None:
        """Request the older quarter-hours that are not stored yet. Each step covers half a year.

        No request is sent for a code whose quarter-hours of a step are all stored. A code that is
        ahead of the others waits until they have reached the same time.
        """
        if not self._unfinished(now):
            return
        oldest = day_start(now - KEPT_TIME)
        series = await self._leneda.async_read(self._points)
        while waiting := without(self._unfinished(now), self._failed):
            end = max(span.since for span in waiting.values())
            start = max(oldest, day_start(end - _HISTORY))
            answers: dict[str, _Answer] = {}
            try:
                for code, span in waiting.items():
                    if span.since == end:
                        stored = _within(series.get(code, ()), start, end)
                        rows = await self._async_lacking(code, stored, start, end)
                        if rows is not None:
                            since = start if rows else oldest
                            answers[code] = _Answer(rows, replace(span, since=since))
            finally:
                # Store the received rows even if a later request fails. Otherwise, they would be
                # requested again.
                await self._async_keep(answers)

    async def _async_lacking(
        self, code: str, stored: tuple[LenedaRow, ...], start: datetime, end: datetime
    ) -> tuple[LenedaRow, ...] | None:
        """Return the quarter-hours of a period. Request them if `stored` lacks any of them."""
        if len(stored) == (end - start) // QUARTER_HOUR:
            return stored
        return await self._async_ask_for(code, start, end, skips_refused=True)

    async def _async_ask_for(
        self,
        code: str,
        start: datetime,
        end: datetime,
        *,
        skips_refused: bool = False,
    ) -> tuple[LenedaRow, ...] | None:
        """Request the quarter-hours of a code in a period from the platform.

        Return None if the platform refuses the code, or fails for this code alone. With
        `skips_refused`, leave the refused parts of the period out: Leneda may refuse a time before
        the contract.
        """
        rows: list[LenedaRow] = []
        for first, last in _pieces(start, end):
            await self._async_pause()
            request = SeriesRequest(self._points[code], code, first, last)
            try:
                rows += await async_series(self._hass, self._account, request, read_time_series)
            except LenedaError as err:
                if code != IMPORTED and err.reason in _OF_ONE_CODE:
                    self._failed[code] = err
                    return None
                if err.reason not in NO_SERIES:
                    raise
                if skips_refused:
                    continue
                self._note_refusal(code)
                return None
            self._progress.state.refused.pop(code, None)
        withdraw_issues(self._hass, self._entry, [Problem.LENEDA_KEY])
        return tuple(rows)

    async def _async_pause(self) -> None:
        """Wait until the next request is allowed."""
        if not self._is_first:
            await sleep(PAUSE)
        self._is_first = False

    def _note_refusal(self, code: str) -> None:
        is_new = code not in self._progress.state.refused
        self._progress.state.refused[code] = dt_util.utcnow()
        if code == IMPORTED and is_new:
            LOGGER.warning(
                "%s: Leneda gives no quarter-hours of its metering point; look at the Leneda "
                "account in its options, and at the data accesses in the portal",
                self._entry.title,
            )

    async def _async_keep(self, answers: Mapping[str, _Answer]) -> None:
        """Store the responses, and only then the progress, so that a crash loses no response.

        Raises _AccountChangedError, and stores nothing, if the metering points of the account have
        changed during the download.
        """
        series = {code: answer.rows for code, answer in answers.items() if answer.rows}
        if series and not await self._leneda.async_add(series, self._points):
            raise _AccountChangedError
        codes = self._progress.state.codes
        for code, (_, span) in answers.items():
            codes[code] = replace(span, since=min(span.since, codes.get(code, span).since))
        self._progress.schedule()

    async def _async_newest(self, since: datetime | None) -> datetime | None:
        """Return the time of the newest stored quarter-hour in the months from `since` on."""
        rows = (await self._leneda.async_read(self._points, since)).get(IMPORTED, ())
        return rows[-1].start if rows else None

    async def _async_compare(self, now: datetime) -> None:
        """Compare the last 14 days of the meter and of Leneda. Update the repair issues."""
        today = day_start(now)
        start = day_start(today - _COMPARED)
        own = await self._leneda.async_own(start, today)
        known = await self._leneda.async_read(self._points, start)
        rows = _within(known.get(IMPORTED, ()), start, today)
        differences = await self._hass.async_add_executor_job(compare_days, own, rows)
        changed = await self._leneda.async_changed_days(start, today)
        differences = differences._replace(days=(*differences.days, *changed))
        tell_difference(self._hass, self._entry, differences)


def _pieces(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        last = min(end, start + MAX_PERIOD)
        yield start, last
        start = last


def _within(rows: Iterable[LenedaRow], start: datetime, end: datetime) -> tuple[LenedaRow, ...]:
    return tuple(row for row in rows if start <= row.start < end)


def _first_lacking(rows: LenedaRows, span: AskedSpan, today: datetime) -> datetime:
    """Return the first day to request. Return `today` if no day lacks quarter-hours.

    `rows` are the stored quarter-hours of the time in which Leneda can be late, and `span` is the
    period that has been requested. An incomplete day is requested for two weeks, but days after
    the newest row as long as Leneda can be late.
    """
    first = day_start(today - _PATIENCE)
    if rows:
        oldest, newest = day_start(rows[0].start), day_start(rows[-1].start)
        first = max(oldest, min(first, max(newest, day_start(today - LATE))))
        counts = Counter(day_start(row.start) for row in rows)
        while first < today and counts[first] * QUARTER_HOUR == day_end(first) - first:
            first = day_end(first)
    elif span.until >= today:
        first = today
    return min(first, span.until)


def _corrected_time(code: str, *, is_week: bool, is_month: bool) -> timedelta:
    """Return the time of the days that are requested again, because Leneda may have corrected them.

    Days of shared energy are requested again once a month, others once a week.
    """
    if is_month and code not in MEASURED:
        return _SHARING_REVISED
    return _REVISED if is_week else timedelta()
