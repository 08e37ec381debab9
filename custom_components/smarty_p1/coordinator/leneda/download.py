"""Download of quarter-hours from Leneda, the national platform.

Nothing is requested without an API key. Leneda has no quarter-hours of the current day, so this day
is never requested. Yesterday's quarter-hours are requested in the afternoon. After the user has
entered an account, the quarter-hours of earlier days are requested, too. The operator can correct
quarter-hours later. So the last 40 days are requested again every week, and the shared energy of
the last 100 days every month.
"""

from asyncio import sleep
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import randrange
from typing import NamedTuple, Protocol

from homeassistant.const import CONF_API_KEY
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...const import CONF_ENERGY_ID, LOGGER, SECTION_LENEDA
from ...lib.fault_log import FaultLog
from ...lib.history.calendar import HOUR, KEPT_TIME, LUXEMBOURG, QUARTER_HOUR, day_end, day_start
from ...lib.history.quarter_hour import QuarterHour
from ...lib.leneda.api_response import read_time_series
from ...lib.leneda.day_differences import DayDifference, compare_days
from ...lib.leneda.measured_and_estimated_rows import LenedaRow
from ...lib.outage import Outage
from ..background_tasks import SupervisedTask, until_shutdown
from ..entry_types import AnyConfigEntry
from ..repair_issues import PROBLEMS, Problem, raise_issue, tell_difference, withdraw_issues
from ..statistics.gas_statistics import GasStatistics
from ..stored.meter_history import MeterHistory
from .client import (
    IMPORTED,
    LAYERS,
    MAX_PERIOD,
    MEASURED,
    Credentials,
    LenedaError,
    Refusal,
    SeriesRequest,
    asked_of,
    async_series,
)
from .gas_download import LenedaGas
from .progress import CodeProgress, LenedaProgress
from .silence import LenedaSilence

PAUSE = 2.0
"""Seconds between two requests."""
# Times of day in Luxembourg at which requests are sent. On one observed day, Leneda had all
# quarter-hours of the day before at 13:16. If they are incomplete in the afternoon, a second
# request is sent in the evening.
_AFTERNOON = timedelta(hours=13, minutes=30)
_EVENING = timedelta(hours=19)
# Maximum delay in minutes. The delay is random, so that households do not send their requests all
# at the same time.
_SPREAD = 60
# A day that is still incomplete after two weeks will stay incomplete. So it is no longer requested
# every day.
_PATIENCE = timedelta(days=14)
# The operator can also deliver all days of some months at once.
_SILENT_PATIENCE = timedelta(days=100)
_COMPARED = timedelta(days=14)
_WEEK = timedelta(days=7)
_REVISED = timedelta(days=40)
_MONTH = timedelta(days=30)
_SHARING_REVISED = timedelta(days=100)
# The period of one request is a day shorter than Leneda's maximum. Otherwise, a period in which the
# clocks are put back would be an hour longer than the maximum.
_PIECE = MAX_PERIOD - timedelta(days=1)
# Period of one download of older quarter-hours. The months and the statistics are updated after
# each download, so a few downloads of long periods cost less than many of short ones.
_HISTORY = timedelta(days=180)
_NO_SERIES = {Refusal.NOT_FOUND, Refusal.UNKNOWN_POINT}
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


class KnownRows(Protocol):
    """Storage of Leneda's quarter-hours. Added rows also change months and statistics."""

    async def async_add(
        self, found: Mapping[str, Sequence[LenedaRow]], points: Mapping[str, str]
    ) -> bool:
        """Add the quarter-hours in `found`, which are keyed by code.

        `points` has the metering point of each code. A stored quarter-hour is replaced unless it
        has a higher version than the added quarter-hour. Return False, and add nothing, if the
        metering points of the account are no longer equal to `points`.
        """

    async def async_own(self, start: datetime, end: datetime) -> Sequence[QuarterHour]:
        """Return the quarter-hours that the meter measured in a period, sorted by time."""

    async def async_changed_days(self, start: datetime, end: datetime) -> Sequence[DayDifference]:
        """Return the days of a period on which Leneda contradicts the meter's registers."""

    async def async_read(
        self, points: Mapping[str, str], since: datetime | None = None
    ) -> Mapping[str, Sequence[LenedaRow]]:
        """Return the stored quarter-hours of Leneda sorted by time, keyed by code.

        `points` has the metering point of each code. With `since`, only the files of its month and
        of later months are read.
        """


class _AccountChangedError(Exception):
    """Error if the metering points of the account have changed during the download.

    The change also reloads the entry, and the reload starts another download.
    """


class _Asked(NamedTuple):
    """Request for the quarter-hours of an OBIS code in a period, with the received rows."""

    code: str
    start: datetime
    end: datetime
    rows: tuple[LenedaRow, ...]
    is_oldest: bool = False
    """Whether no older quarter-hours are to be requested."""


class LenedaDownload:
    """Download for one meter. It runs while the meter's entry is loaded."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: AnyConfigEntry,
        known: KnownRows,
        history: MeterHistory,
        gas: GasStatistics,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._known = known
        self._account: Mapping[str, str] = entry.options.get(SECTION_LENEDA, {})
        self._points = dict(asked_of(self._account)) if self._account else {}
        self._progress = LenedaProgress(hass, entry.entry_id, self._account)
        self._history = history
        self._gas = LenedaGas(hass, self._account, history, gas)
        self._is_gas_due = False
        self._faults = FaultLog(LOGGER, entry.title)
        self._silence = LenedaSilence(hass, entry, self._progress, self._async_newest)
        self._outage = Outage(
            LOGGER, _LOST, _BACK, entry.title, first=_DELAY_S, longest=_MAX_DELAY_S
        )
        self._task = SupervisedTask(
            hass, entry, self._run, "Leneda", first=_DELAY_S, longest=_MAX_DELAY_S
        )
        self._minutes = timedelta(minutes=randrange(_SPREAD))  # noqa: S311 - no secret
        self._not_before: datetime | None = None
        self._is_first = True
        self._failed: dict[str, LenedaError] = {}
        """Codes that have failed in this download. They are requested again in the next one."""

    @property
    def is_fetching(self) -> bool:
        """Return whether older quarter-hours are still to be requested."""
        codes = self._progress.codes.values()
        return bool(self._account) and not (codes and all(code.is_back for code in codes))

    async def async_start(self) -> None:
        """Start the download if the options have a Leneda account.

        Without an account, withdraw the repair issues of the download.
        """
        if not self._account:
            self._gas.forget()
            problems = [Problem.LENEDA_KEY, Problem.LENEDA_SILENT, *PROBLEMS]
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
                    self._not_before = self._at(now, _AFTERNOON, days=1)
                    continue
                self._outage.note(err.reason.removeprefix("leneda_").replace("_", " "))
            except OSError as err:
                self._outage.note(err.strerror or err)
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
        if self._recent_due(now) <= now:
            self._is_gas_due = True
            await self._async_recent(now)
            await self._faults.attempt(self._async_compare, now)
        await self._async_history(now)
        # The gas comes last, because its errors must not cost quarter-hours. It also waits for the
        # recorder, which answers only when Home Assistant has started.
        if self._is_gas_due:
            await self._async_gas(now)
        if self._failed:
            raise next(iter(self._failed.values()))

    async def _async_gas(self, now: datetime) -> None:
        try:
            await self._gas.async_refresh(now, self._async_pause)
        except LenedaError:
            self._is_gas_due = False  # like a failed code, it is requested again tomorrow
            raise
        self._is_gas_due = False

    def _due(self, now: datetime) -> datetime:
        if self._not_before and self._not_before > now:
            return self._not_before
        if self._is_gas_due or any(
            not progress.is_back for progress in self._progress.codes.values()
        ):
            return now
        return self._recent_due(now)

    def _recent_due(self, now: datetime) -> datetime:
        """Return the time of the next request for yesterday's quarter-hours."""
        last = self._progress.general.asked_at
        if last is None or last > now:
            return now
        if last < self._at(now, _AFTERNOON, spread=False):
            return self._at(now, _AFTERNOON)
        if not self._progress.general.is_whole and last < self._at(now, _EVENING, spread=False):
            return self._at(now, _EVENING)
        return self._at(now, _AFTERNOON, days=1)

    def _at(
        self, now: datetime, time: timedelta, *, days: int = 0, spread: bool = True
    ) -> datetime:
        """Return the moment at which Luxembourg's clock shows `time`, `days` days after today.

        The moment is in UTC. With `spread`, the random delay of this household is added.
        """
        midnight = now.astimezone(LUXEMBOURG).replace(hour=0, minute=0, second=0, microsecond=0)
        moment = midnight + timedelta(days=days) + time + (self._minutes if spread else timedelta())
        return moment.astimezone(dt_util.UTC)

    async def _async_recent(self, now: datetime) -> None:
        """Request the new quarter-hours of each code, and days that Leneda may have corrected."""
        today = day_start(now)
        general = self._progress.general
        is_week = _is_over(general.revised_at, now, _WEEK)
        is_month = _is_over(general.sharing_revised_at, now, _MONTH)
        asked: list[_Asked] = []
        try:
            for code, point in self._points.items():
                if not self._is_wanted(code, now, asked):
                    continue
                start = self._start(code, today, is_week=is_week, is_month=is_month)
                if start < today:
                    rows = await self._async_ask_for(code, point, start, today)
                    if rows is not None:
                        asked.append(_Asked(code, start, today, rows))
        finally:
            # Store the received rows even if a later request fails. Otherwise, they would be
            # requested again.
            await self._async_keep(asked)
        general.asked_at = now
        general.is_whole = all(
            progress.until >= today
            for code, progress in self._codes
            if code == IMPORTED or progress.has_rows
        )
        if is_week:
            general.revised_at = now
        if is_month:
            general.sharing_revised_at = now
        self._progress.schedule()

    @property
    def _codes(self) -> Iterable[tuple[str, CodeProgress]]:
        """Return the codes that the platform does not refuse, each with its progress."""
        codes = self._progress.codes.items()
        return [(code, progress) for code, progress in codes if code not in self._progress.refused]

    def _is_wanted(self, code: str, now: datetime, asked: Iterable[_Asked]) -> bool:
        """Return whether to request `code`.

        The code of imported energy is always requested. Any other code is left out for a week after
        the platform has refused it. A code of shared energy is requested only if the platform has
        values for the energy that remains after sharing. These values are either stored or in
        `asked`, the requests that this download has already made.
        """
        if code != IMPORTED and self._progress.is_refused(code, now):
            return False
        left = LAYERS.get(code)
        progress = self._progress.codes.get(left or code)
        return (
            left is None
            or (progress is not None and progress.has_rows)
            or any(request.code == left and request.rows for request in asked)
        )

    def _start(self, code: str, today: datetime, *, is_week: bool, is_month: bool) -> datetime:
        progress = self._progress.codes.get(code)
        if progress is None:
            return day_start(today - _PIECE)
        until = progress.until
        if until > today:
            # `until` is in the future. The computer's clock was ahead when `until` was stored. So
            # request the last two weeks again.
            until = day_start(today - _PATIENCE)
        start = max(until, day_start(today - KEPT_TIME))
        if is_week:
            start = min(start, day_start(today - _REVISED))
        if is_month and code not in MEASURED:
            start = min(start, day_start(today - _SHARING_REVISED))
        return start

    async def _async_history(self, now: datetime) -> None:
        """Request the older quarter-hours that are not stored yet. Each step covers half a year."""
        if not self._waiting():
            return
        oldest = day_start(now - KEPT_TIME)
        codes = self._progress.codes
        series = await self._known.async_read(self._points)
        while waiting := self._waiting():
            end = max(progress.since for progress in waiting.values())
            start = max(oldest, day_start(end - _HISTORY))
            asked: list[_Asked] = []
            try:
                async for request in self._async_ask_history(waiting, series, start, end):
                    is_oldest = not request.rows or start <= oldest
                    asked.append(request._replace(is_oldest=is_oldest))
            finally:
                # Store the received rows even if a later request fails. Otherwise, they would be
                # requested again.
                await self._async_keep(asked)
            for code in waiting.keys() - {request.code for request in asked} - self._failed.keys():
                # The account has no metering point for this code any more. So stop requesting the
                # code.
                codes[code].is_back |= waiting[code].since >= end
            self._progress.schedule()

    def _waiting(self) -> dict[str, CodeProgress]:
        """Return the progress of each code whose older quarter-hours are still to be requested.

        Leave out the codes that have failed.
        """
        return {
            code: progress
            for code, progress in self._progress.codes.items()
            if not progress.is_back and code not in self._failed
        }

    async def _async_ask_history(
        self,
        waiting: Mapping[str, CodeProgress],
        series: Mapping[str, Sequence[LenedaRow]],
        start: datetime,
        end: datetime,
    ) -> AsyncIterator[_Asked]:
        """Yield the quarter-hours from `start` to `end` of each code in `waiting`.

        If `series` has all quarter-hours of a code in this period, no request is sent for the code.

        The download goes back in time, step by step. If a previous step has already requested
        quarter-hours of a code before `end`, skip this code until the other codes have reached the
        same time.
        """
        for code, point in self._points.items():
            if code not in waiting or waiting[code].since < end:
                continue
            rows = _within(series.get(code, ()), start, end)
            if len(rows) < (end - start) // QUARTER_HOUR:
                answer = await self._async_ask_for(code, point, start, end, skips_refused=True)
                if answer is None:
                    continue
                rows = answer
            yield _Asked(code, start, end, rows)

    async def _async_ask_for(
        self,
        code: str,
        point: str,
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
        credentials = Credentials(self._account[CONF_API_KEY], self._account[CONF_ENERGY_ID])
        rows: list[LenedaRow] = []
        for first, last in _pieces(start, end):
            await self._async_pause()
            request = SeriesRequest(point, code, first, last)
            try:
                rows += (
                    await async_series(self._hass, credentials, request, read_time_series)
                ).rows
            except LenedaError as err:
                if code != IMPORTED and err.reason in _OF_ONE_CODE:
                    self._failed[code] = err
                    return None
                if err.reason not in _NO_SERIES:
                    raise
                if skips_refused:
                    continue
                self._note_refusal(code)
                return None
            self._progress.refused.pop(code, None)
        withdraw_issues(self._hass, self._entry, [Problem.LENEDA_KEY])
        return tuple(rows)

    async def _async_pause(self) -> None:
        """Wait until the next request is allowed."""
        if not self._is_first:
            await sleep(PAUSE)
        self._is_first = False

    def _note_refusal(self, code: str) -> None:
        is_new = code not in self._progress.refused
        self._progress.refused[code] = dt_util.utcnow()
        if code == IMPORTED and is_new:
            LOGGER.warning(
                "%s: Leneda gives no quarter-hours of its metering point; look at the Leneda "
                "account in its options, and at the data accesses in the portal",
                self._entry.title,
            )

    async def _async_keep(self, asked: Sequence[_Asked]) -> None:
        """Store the responses, and only then the progress, so that a crash loses no response.

        Raises _AccountChangedError, and stores nothing, if the metering points of the account have
        changed during the download.
        """
        series = {request.code: request.rows for request in asked if request.rows}
        if series and not await self._known.async_add(series, self._points):
            raise _AccountChangedError
        for code, start, end, rows, is_oldest in asked:
            first = day_start(rows[0].start) if rows else start
            progress = self._progress.codes.setdefault(code, CodeProgress(first, start))
            if rows and progress.since < end < progress.until:
                # `until` is later than `end`, the end of the requested period. The computer's clock
                # was ahead when `until` was stored. So compute `until` again, beginning at the
                # start of this period.
                progress.until = start
            if start <= progress.until:
                progress.until = _next_until(progress, rows, end)
            progress.since = min(progress.since, start)
            progress.has_rows |= bool(rows)
            progress.is_back |= is_oldest
        self._progress.schedule()

    async def _async_newest(self, since: datetime) -> datetime | None:
        """Return the time of the newest stored quarter-hour after `since`. Return None without."""
        rows = (await self._known.async_read(self._points, since)).get(IMPORTED, ())
        return rows[-1].start if rows else None

    async def _async_compare(self, now: datetime) -> None:
        """Compare the last 14 days of the meter and of Leneda. Update the repair issues."""
        today = day_start(now)
        start = day_start(today - _COMPARED)
        own = await self._known.async_own(start, today)
        known = await self._known.async_read(self._points, start)
        rows = _within(known.get(IMPORTED, ()), start, today)
        differences = await self._hass.async_add_executor_job(compare_days, own, rows)
        changed = await self._known.async_changed_days(start, today)
        differences = differences._replace(days=(*differences.days, *changed))
        tell_difference(self._hass, self._entry, differences)


def _is_over(since: datetime | None, now: datetime, time: timedelta) -> bool:
    """Return whether `time` has passed since `since`.

    Return True if `since` is None. If `since` is in the future, the computer's clock was ahead when
    `since` was stored. So return True in this case, too.
    """
    return since is None or since > now or now - since >= time


def _pieces(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        last = min(end, start + MAX_PERIOD)
        yield start, last
        start = last


def _within(rows: Iterable[LenedaRow], start: datetime, end: datetime) -> tuple[LenedaRow, ...]:
    return tuple(row for row in rows if start <= row.start < end)


def _next_until(progress: CodeProgress, rows: Sequence[LenedaRow], end: datetime) -> datetime:
    """Return the day from which to ask again after an answer with `rows` up to `end`."""
    is_silent = progress.has_rows and (not rows or rows[-1].start < progress.until)
    patience = _SILENT_PATIENCE if is_silent else _PATIENCE
    return _whole_until(rows, max(progress.until, day_start(end - patience)), end)


def _whole_until(rows: Iterable[LenedaRow], start: datetime, end: datetime) -> datetime:
    """Return the end of the last day in the unbroken row of complete days from `start` on.

    Return `start` if the first day is incomplete.
    """
    counts = Counter(day_start(row.start) for row in rows)
    while start < end and counts[start] * QUARTER_HOUR == day_end(start) - start:
        start = day_end(start)
    return start
