"""Writer of the integration's own hourly statistics, such as `smarty_p1:1a2b3c4d_imported`.

Home Assistant calls them external statistics: its recorder keeps them, but only the integration
writes them. So their rows can be computed again at any time, and the writer stores nothing: it
reads the rows, and writes only the rows that differ. A write that was interrupted, at whatever
moment, is completed by the next one.
"""

import asyncio
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import NamedTuple

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_last_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from ...const import DOMAIN
from ...lib.history.luxembourg_time import HOUR
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
_BEFORE = (timedelta(days=1), timedelta(days=62))

# Rows later than this after the present hour come from another program. Both the clock of the
# computer and the newest hour count. So no clock that is wrong alone removes a row.
_MAX_AHEAD = timedelta(days=31)
# Number of the newest rows whose changes by others are noticed at the next write.
_WATCHED_ROWS = 24

type Hours = Mapping[datetime, float]
"""Values by the start of the hour in UTC."""
type Period = tuple[datetime, datetime]


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
    periods: Sequence[Period]
    """Periods in the order of time. They begin and end at full hours, and do not overlap."""
    is_expected: bool = False
    """Whether the statistic is created even if it has no hour yet."""
    ahead: datetime = datetime.max.replace(tzinfo=UTC)


class Written(NamedTuple):
    """Numbers of the rows that were written, shifted, deleted, emptied and read."""

    rows: int
    shifts: int
    deleted: int
    emptied: int
    """Number of rows without energy that were written in place of a deletion."""
    read: int

    @property
    def changes(self) -> int:
        """Return the number of all changes."""
        return self.rows + self.shifts + self.deleted


class WritePlan(NamedTuple):
    """Changes that make the rows of a statistic equal to a series."""

    rows: Sequence[StatisticData] = ()
    shifts: Mapping[datetime, float] = {}
    """Amounts by which all sums from an hour on rise. They come before `rows`."""
    deleted: Sequence[datetime] = ()
    emptied: int = 0
    """Number of `rows` without energy, because they cannot be deleted."""


async def async_write(hass: HomeAssistant, series: Series) -> Written:
    """Make the rows of the series' periods equal to its hours.

    Home Assistant must have a recorder. If the caller is cancelled, or if TimeoutError is raised
    because the recorder does not answer, call this function again.
    """
    recorder = get_instance(hass)
    await _async_until_written(recorder)
    if series.hours:
        ahead = max(dt_util.utcnow(), *series.hours) + _MAX_AHEAD
        series = series._replace(ahead=ahead)
    read = without_collection(_read_and_plan)
    stored, plan = await recorder.async_add_executor_job(read, hass, series)
    await _async_delete(recorder, series.statistic_id, plan.deleted)
    for hour, rise in plan.shifts.items():
        recorder.async_adjust_statistics(series.statistic_id, hour, rise, series.unit)
    parts = [*batched(plan.rows, _AT_ONCE, strict=False)]
    if not parts and (
        series.is_expected if stored.labels is None else stored.labels != _labels(_metadata(series))
    ):
        parts = [()]
    for part in parts:
        async_add_external_statistics(hass, _metadata(series), part)
        await _async_until_written(recorder)
    if plan.shifts:
        await _async_until_written(recorder)
    return Written(len(plan.rows), len(plan.shifts), len(plan.deleted), plan.emptied, stored.rows)


async def _async_delete(recorder: Recorder, statistic: str, hours: Sequence[datetime]) -> None:
    """Delete the rows of `hours`, a few runs at a time, so that other tasks never wait for long."""
    for runs in batched(runs_of(hours), _MAX_CHANGES, strict=False):
        for start, end in runs:
            recorder.async_clear_statistics(  # type: ignore[call-arg,unused-ignore]
                [statistic], start_time=start, end_time=end
            )
        await _async_until_written(recorder)


async def async_has_rows(hass: HomeAssistant, statistic: str, period: Period) -> bool:
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


def first_difference(before: Hours, now: Hours) -> datetime | None:
    """Return the first hour that only one of the mappings has, or whose value differs.

    Return None if there is none.
    """
    hours = before.keys() | now.keys()
    return min((hour for hour in hours if _differs(before.get(hour), now.get(hour))), default=None)


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
    return WritePlan(new, shifts, deleted, emptied)


def _divided(rows: Hours, series: Series) -> tuple[float, dict[datetime, float], list[datetime]]:
    """Return the sum before the series, the values of rows that stay, and the rows to delete."""
    first = min([*series.hours, *(start for start, _ in series.periods)], default=BEGINNING)
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


def _differs(before: float | None, now: float | None) -> bool:
    return before is None or now is None or abs(before - now) >= _SAME


class _Stored(NamedTuple):
    """Labels of a stored statistic, and the number of its rows that were read."""

    labels: tuple[str | None, ...] | None
    """None if the statistic does not exist."""
    rows: int = 0


def _read_and_plan(hass: HomeAssistant, series: Series) -> tuple[_Stored, WritePlan]:
    """Return what is stored of a statistic, and the changes to its rows."""
    statistic = series.statistic_id
    _, metadata = get_metadata(hass, statistic_ids={statistic}).get(statistic, (0, None))
    if metadata is None:
        return _Stored(None), plan_of({}, series)
    first = min([*series.hours, *(start for start, _ in series.periods)], default=None)
    rows: Hours = {}
    if first is not None:
        starts = (first - before for before in _BEFORE if first - before > BEGINNING)
        for start in (*starts, BEGINNING):
            rows = dict(_sums(hass, statistic, start))
            if any(hour < first for hour in rows):
                break
    return _Stored(_labels(metadata), len(rows)), plan_of(rows, series)


def _labels(metadata: StatisticMetaData) -> tuple[str | None, ...]:
    """Return the name, the unit and the unit's class of a statistic."""
    return metadata["name"], metadata["unit_of_measurement"], metadata["unit_class"]


def _sums(hass: HomeAssistant, statistic: str, start: datetime) -> Iterator[tuple[datetime, float]]:
    """Yield the hours of a statistic from `start` on, each with its sum."""
    rows = statistics_during_period(hass, start, None, {statistic}, "hour", None, {"sum"})
    for row in rows.get(statistic, []):
        if (total := row.get("sum")) is not None:
            yield datetime.fromtimestamp(row["start"], UTC), total


class StoredRows:
    """Labels and newest rows of some statistics, as the last write has left them.

    A user can clear, adjust or import statistics. Then all rows must be compared again.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._left: Mapping[str, object] | None = None

    async def async_are_changed(self, statistics: Collection[str]) -> bool:
        """Return whether another program has changed the statistics since the last write."""
        return self._left is not None and self._left != await self._async_read(statistics)

    async def async_note(self, statistics: Collection[str]) -> None:
        """Note the statistics after a write."""
        self._left = await self._async_read(statistics)

    async def _async_read(self, statistics: Collection[str]) -> Mapping[str, object]:
        recorder = get_instance(self._hass)
        await _async_until_written(recorder)
        return await recorder.async_add_executor_job(_read_newest, self._hass, {*statistics})


def _read_newest(hass: HomeAssistant, statistics: set[str]) -> Mapping[str, object]:
    """Return the labels and the newest rows of each statistic that exists."""
    return {
        statistic: (
            _labels(metadata),
            get_last_statistics(hass, _WATCHED_ROWS, statistic, False, {"sum"}),  # noqa: FBT003
        )
        for statistic, (_, metadata) in get_metadata(hass, statistic_ids=statistics).items()
    }


def runs_of(hours: Sequence[datetime]) -> list[Period]:
    """Return the start and the end of each run of consecutive hours. `hours` must be sorted."""
    runs: list[Period] = []
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
        msg = f"the recorder has not answered for {RECORDER_TIMEOUT_S:.0f} s"
        raise TimeoutError(msg) from None
