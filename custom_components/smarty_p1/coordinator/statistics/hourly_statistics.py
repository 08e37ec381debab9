"""Writer of the integration's own hourly statistics, such as `smarty_p1:1a2b3c4d_imported`.

Home Assistant calls them external statistics: its recorder keeps them, but only the integration
writes them. So their rows can be computed again at any time, and the writer stores nothing: it
reads the rows, and writes only the rows that differ. A write that was interrupted, at whatever
moment, is completed by the next one.
"""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from math import inf
from typing import NamedTuple

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...lib.history.luxembourg_time import HOUR
from ...lib.history.spans import TimeRange
from ...lib.prices.contract import BEGINNING
from ..garbage_collection import without_collection

RECORDER = "recorder"
# Whether the recorder can delete the rows of a period. Home Assistant 2026.11 is the first version
# with this function. Before, rows without energy stay in place of deleted rows.
CAN_DELETE = "start_time" in inspect.signature(Recorder.async_clear_statistics).parameters

# Maximum number of rows in one task of the recorder, and of other changes before the next pause.
# While the recorder works on them, the tasks of other integrations have to wait.
_AT_ONCE = 500
_MAX_CHANGES = 60
# Difference in kWh, m³ or EUR below which two sums are equal.
_SAME = 1e-6
# Seconds to wait for the recorder. Its queue stands still until Home Assistant has started, and
# during the migration of its database.
RECORDER_TIMEOUT_S = 300.0
DELAY_S, MAX_DELAY_S = 60.0, 900.0
"""Shortest and longest delay in seconds before a failed write is tried again."""
# How long before the first compared hour the rows are read. One row before it is needed, whose sum
# is the base of all later sums. It is usually the hour before.
_BEFORE = (timedelta(days=1), timedelta(days=62), timedelta(days=36_500))

# Rows later than this after the present hour come from another program. Both the clock of the
# computer and the newest hour count. So no clock that is wrong alone removes a row.
_MAX_AHEAD = timedelta(days=31)
# Number of the newest rows whose changes by others are noticed at the next write.
_WATCHED_ROWS = 24

type Hours = Mapping[datetime, float]
"""Values by the start of the hour in UTC."""
type Newest = Mapping[str, Hours]
"""Sums of the newest rows, by the id of their statistic."""


class RowsChangedError(Exception):
    """Another program has changed the newest rows of a statistic."""


class Series(NamedTuple):
    """Hourly values of one statistic, and the periods in which its rows become equal to them.

    Outside of the periods, a row keeps its value, and an hour is added only if it has no row yet.
    Rows from `ahead` on are deleted.
    """

    statistic_id: str
    name: str
    unit: str
    unit_class: str | None
    hours: Hours
    periods: Sequence[TimeRange]
    """Periods in the order of time. They begin and end at full hours, and do not overlap."""
    is_expected: bool = False
    """Whether the statistic is created even if it has no hour yet."""
    ahead: datetime = datetime.max.replace(tzinfo=UTC)

    @property
    def first(self) -> datetime | None:
        """Return the first hour to compare. Return None if there is none."""
        return min([*self.hours, *(start for start, _ in self.periods)], default=None)


class WritePlan(NamedTuple):
    """Changes that make the rows of a statistic equal to a series."""

    rows: Sequence[StatisticData] = ()
    shifts: Mapping[datetime, float] = {}
    """Amounts by which all sums from an hour on rise. They come before `rows`."""
    deleted: Sequence[datetime] = ()
    emptied: int = 0
    """Number of hours that should be deleted. They stay as rows without energy."""
    newest: Mapping[datetime, float] = {}
    """Sums of the newest rows after the changes."""


async def async_write(
    hass: HomeAssistant, series: Sequence[Series], newest: Newest | None = None
) -> list[WritePlan]:
    """Make the rows of each series' periods equal to its hours. Return the changes of each.

    Raises RowsChangedError, and changes nothing, if the newest rows differ from `newest`, as the
    last write must have left them.

    Home Assistant must have a recorder. If the caller is cancelled, or if TimeoutError is raised
    because the recorder does not answer, call this function again.
    """
    recorder = get_instance(hass)
    await _async_until_written(recorder)
    series = [
        of._replace(ahead=max(dt_util.utcnow(), *of.hours) + _MAX_AHEAD) if of.hours else of
        for of in series
    ]
    plans = await recorder.async_add_executor_job(_read_and_plan, hass, series, newest)
    for of, (is_described, plan) in zip(series, plans, strict=True):
        await _async_delete(recorder, of.statistic_id, plan.deleted)
        for hour, rise in plan.shifts.items():
            recorder.async_adjust_statistics(of.statistic_id, hour, rise, of.unit)
        parts = [*batched(plan.rows, _AT_ONCE, strict=False)]
        if not parts and not is_described:
            parts = [()]
        for part in parts:
            async_add_external_statistics(hass, _metadata(of), part)
            if len(part) == _AT_ONCE:
                await _async_until_written(recorder)
    await _async_until_written(recorder)
    return [plan for _, plan in plans]


async def _async_delete(recorder: Recorder, statistic: str, hours: Sequence[datetime]) -> None:
    """Delete the rows of `hours`, a few runs at a time, so that other tasks never wait for long."""
    for runs in batched(hour_ranges(hours), _MAX_CHANGES, strict=False):
        for start, end in runs:
            recorder.async_clear_statistics(  # type: ignore[call-arg,unused-ignore]
                [statistic], start_time=start, end_time=end
            )
        await _async_until_written(recorder)


async def async_has_rows(hass: HomeAssistant, statistic: str, period: TimeRange) -> bool:
    """Return whether a statistic has rows in a period."""
    recorder = get_instance(hass)
    await _async_until_written(recorder)
    work = without_collection(statistics_during_period)
    start, end = period
    return bool(
        await recorder.async_add_executor_job(
            work, hass, start, end, {statistic}, "hour", None, {"sum"}
        )
    )


def plan_of(rows: Hours, series: Series, *, can_delete: bool = CAN_DELETE) -> WritePlan:
    """Return the changes to the rows of a statistic.

    `rows` has the sums by hour, in the order of time. They begin with a row before the first hour
    of the series, unless the statistic has no such row. If rows cannot be deleted, they become rows
    without energy.
    """
    base, kept, deleted = _divided(rows, series)
    wanted = {**series.hours, **kept}
    emptied = 0
    if not can_delete:
        emptied = len(deleted)
        wanted |= dict.fromkeys(deleted, 0.0)
        deleted = []
    total = base
    for hour in sorted(wanted):
        total += wanted[hour]
        wanted[hour] = total
    wanted = dict(sorted(wanted.items()))
    shifts = _shifts(rows, wanted)
    raised = 0.0
    new = []
    for hour, total in wanted.items():
        raised += shifts.get(hour, 0.0)
        if hour not in rows or abs(rows[hour] + raised - total) >= _SAME:
            new.append(StatisticData(start=hour, sum=total))
    first = series.first or BEGINNING
    after = [*((hour, rows[hour]) for hour in rows if hour < first), *wanted.items()]
    return WritePlan(new, shifts, deleted, emptied, dict(after[-_WATCHED_ROWS:]))


def _divided(rows: Hours, series: Series) -> tuple[float, dict[datetime, float], list[datetime]]:
    """Return the sum before the series, the values of rows that stay, and the rows to delete."""
    first = series.first or BEGINNING
    kept: dict[datetime, float] = {}
    deleted: list[datetime] = []
    base = last = 0.0
    for hour, total in rows.items():
        if hour < first:
            base = total
        elif hour < series.ahead and not any(start <= hour < end for start, end in series.periods):
            kept[hour] = total - last
        elif hour not in series.hours:
            deleted.append(hour)
        last = total
    return base, kept, deleted


def _shifts(rows: Hours, wanted: Hours) -> dict[datetime, float]:
    """Return shifts after which each of the `rows` has its wanted sum.

    A shift is one statement of the database, and changes all later rows. If it is not worth while,
    because there are many shifts or few rows, return {}.
    """
    shifts: dict[datetime, float] = {}
    raised, differing = 0.0, 0
    for hour, total in wanted.items():
        if hour not in rows:
            continue
        difference = total - rows[hour]
        differing += abs(difference) >= _SAME
        if abs(difference - raised) >= _SAME:
            shifts[hour] = difference - raised
            raised = difference
            if len(shifts) > _MAX_CHANGES:
                return {}
    return shifts if differing > 3 * len(shifts) else {}


@without_collection
def _read_and_plan(
    hass: HomeAssistant, series: Sequence[Series], newest: Newest | None
) -> list[tuple[bool, WritePlan]]:
    """Return whether the name and unit of each statistic stay as they are, and its changes."""
    stored = get_metadata(hass, statistic_ids={of.statistic_id for of in series})
    read = _read_sums(
        hass,
        {
            of.statistic_id: of.first or dt_util.utcnow()
            for of in series
            if of.statistic_id in stored
        },
    )
    plans = []
    for of in series:
        start, sums = read.get(of.statistic_id, (BEGINNING, {}))
        if newest is not None and _are_changed(sums, newest.get(of.statistic_id, {}), start):
            raise RowsChangedError
        _, metadata = stored.get(of.statistic_id, (0, None))
        is_described = (
            _labels(metadata) == _labels(_metadata(of)) if metadata else not of.is_expected
        )
        plans.append((is_described, plan_of(sums, of)))
    return plans


def _read_sums(
    hass: HomeAssistant, wanted: dict[str, datetime]
) -> dict[str, tuple[datetime, Hours]]:
    """Return the sums of statistics by hour, and from which hour on they were read.

    They begin with a row before the `wanted` hour, unless a statistic has no such row.
    """
    read = {}
    for before in _BEFORE:
        if not wanted:
            break
        start = max(min(wanted.values()) - before, BEGINNING)
        rows = statistics_during_period(hass, start, None, {*wanted}, "hour", None, {"sum"})
        for statistic, first in [*wanted.items()]:
            sums: Hours = {
                datetime.fromtimestamp(row["start"], UTC): total
                for row in rows.get(statistic, [])
                if (total := row.get("sum")) is not None
            }
            read[statistic] = start, sums
            if any(hour < first for hour in sums):
                del wanted[statistic]
    return read


def _are_changed(rows: Hours, newest: Hours, start: datetime) -> bool:
    """Return whether rows that were read from `start` on are not the `newest` ones."""
    begin = max(start, min(newest, default=start))
    return any(
        abs(rows.get(hour, inf) - newest.get(hour, inf)) >= _SAME
        for hour in rows.keys() | newest.keys()
        if hour >= begin
    )


def _labels(metadata: StatisticMetaData) -> tuple[str | None, ...]:
    return metadata["name"], metadata["unit_of_measurement"], metadata["unit_class"]


def hour_ranges(hours: Sequence[datetime]) -> list[TimeRange]:
    """Return the start and the end of each run of consecutive hours. `hours` must be sorted."""
    runs: list[TimeRange] = []
    for hour in hours:
        if runs and runs[-1][1] == hour:
            runs[-1] = runs[-1][0], hour + HOUR
        else:
            runs.append((hour, hour + HOUR))
    return runs


def _metadata(series: Series) -> StatisticMetaData:
    return StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=series.name,
        source=DOMAIN,
        statistic_id=series.statistic_id,
        unit_class=series.unit_class,
        unit_of_measurement=series.unit,
    )


async def _async_until_written(recorder: Recorder) -> None:
    """Wait until the recorder has carried out all tasks that were queued before this call.

    Raises TimeoutError after RECORDER_TIMEOUT_S.
    """
    # If the queue is empty, `Recorder.async_block_till_done` can return at once, although the
    # recorder is still carrying out a task. The caller would then read the statistics before the
    # task has written its rows. So queue a task, and wait for its end. `async_get_commit_future`
    # makes the same task, but only for a queue that is not empty; 2026.11 has no other way.
    written = recorder.hass.loop.create_future()
    recorder.queue_task(SynchronizeTask(written))
    try:
        async with asyncio.timeout(RECORDER_TIMEOUT_S):
            await written
    except TimeoutError:
        raise TimeoutError(
            f"the recorder has not answered for {RECORDER_TIMEOUT_S:.0f} s"
        ) from None
