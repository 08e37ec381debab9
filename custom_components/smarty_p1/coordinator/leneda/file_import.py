"""Import of a file from the portal of Leneda, the national platform, for one meter."""

import asyncio
from datetime import datetime
from typing import NamedTuple

from homeassistant.util import dt as dt_util

from ...lib.data_retention import KEPT_TIME, oldest_kept
from ...lib.history.luxembourg_time import QUARTER_HOUR, day_start, month_start
from ...lib.history.quarter_hour import QuarterHour
from ...lib.leneda.day_differences import Differences, compare_days
from ...lib.leneda.measured_and_estimated_rows import added_up
from ...lib.leneda.portal_file import Export, read_export
from ...lib.leneda.portal_file_refusals import ExportError
from ...lib.leneda.series_codes import REGISTERS, Quantity
from ...lib.problem import Problem
from ..garbage_collection import without_collection
from .import_refusal import ImportRefusedError
from .leneda_data import LenedaData


class ImportSummary(NamedTuple):
    """Summary of a file from Leneda's portal that was imported."""

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


async def async_import(leneda: LenedaData, data: bytes) -> ImportSummary:
    """Import a file from Leneda's portal. Return its summary.

    If the caller is cancelled, the import is completed nevertheless. Raises ImportRefusedError
    if the file is refused.
    """
    # Use a separate task, so that the import is not left half done if the user closes the
    # dialog. The unloading of the entry waits for this task.
    work = _async_import(leneda, data)
    return await asyncio.shield(leneda.entry.async_create_task(leneda.hass, work, "import"))


async def _async_import(leneda: LenedaData, data: bytes) -> ImportSummary:
    async with leneda.lock:
        try:
            return await _async_store(leneda, data)
        except OSError as err:
            raise ImportRefusedError(key="leneda_not_stored", error=str(err.strerror)) from None


async def _async_store(leneda: LenedaData, data: bytes) -> ImportSummary:
    leneda.raise_if_closed()
    run = leneda.hass.async_add_executor_job
    try:
        export = await run(without_collection(read_export), data, dt_util.utcnow())
    except ExportError as err:
        raise ImportRefusedError(key=err.reason, **err.placeholders) from None
    export, too_old = _without_old(export, await _async_oldest(leneda, export.rows[-1].start))
    if not export.rows:
        raise ImportRefusedError(key="leneda_not_kept")
    if await run(leneda.files.is_of_other_point, export.code, export.point):
        raise ImportRefusedError(key="leneda_point_changed", code=export.code)
    compared, differing = await _async_compare(leneda, export)
    await leneda.async_keep({export.code: (export.point, export.rows)})
    if REGISTERS[export.code].quantity is Quantity.IMPORTED:
        period = day_start(export.rows[0].start), export.rows[-1].start
        changed = len(await leneda.async_changed_days(*period))
        compared, differing = compared + changed, differing + changed
    return ImportSummary(
        code=export.code,
        quantity=REGISTERS[export.code].quantity,
        start=export.rows[0].start,
        end=export.rows[-1].start + QUARTER_HOUR,
        quarter_hours=len(export.rows),
        estimated=export.estimated,
        holes=export.holes,
        repeated=len(export.repeated),
        too_old=too_old,
        compared_days=compared,
        differing_days=differing,
    )


async def _async_compare(leneda: LenedaData, export: Export) -> tuple[int, int]:
    """Return how many days both the meter and the file have, and how many of these days differ.

    Raises ImportRefusedError if most days differ. The file then belongs to another metering
    point or has another quantity. But a file of production is accepted if its energy is lower
    than the meter's energy on every differing day: there may be further metering points of
    production.
    """
    quantity = REGISTERS[export.code].quantity
    if quantity not in {Quantity.IMPORTED, Quantity.EXPORTED}:
        return 0, 0
    own = await leneda.async_own(export.rows[0].start, export.rows[-1].start + QUARTER_HOUR)
    is_export = quantity is Quantity.EXPORTED

    def compared() -> Differences:
        if not is_export:
            return compare_days(own, export.rows)
        # The meter counts the production of all metering points together, but the file has the
        # energy of one metering point. So add the energy of the other points to the file's
        # energy.
        other_rows = leneda.files.read_others(export.code, export.point, dt_util.utcnow())
        return compare_days(map(_turned, own), added_up(export.rows, other_rows))

    differences = await leneda.hass.async_add_executor_job(without_collection(compared))
    if differences.cause and not (is_export and _is_part(differences)):
        key: str = differences.cause
        if is_export and differences.cause is Problem.LENEDA_PRODUCTION:
            key = "leneda_consumption"  # the values equal the imported energy
        raise ImportRefusedError(key=key, days=str(differences.cause_days))
    return len(differences.days), sum(not day.is_within for day in differences.days)


async def _async_oldest(leneda: LenedaData, newest: datetime) -> datetime:
    """Return the start of the oldest month that is kept, if `newest` is a time of new data."""
    stored = await leneda.hass.async_add_executor_job(leneda.files.newest_end)
    read = leneda.newest_reading or newest
    second_clock = max(newest, stored or newest, read)
    return month_start(oldest_kept(KEPT_TIME, dt_util.utcnow(), second_clock))


def _without_old(export: Export, oldest: datetime) -> tuple[Export, int]:
    """Return the file without rows before `oldest`, and the number of rows left out."""
    rows = tuple(row for row in export.rows if row.start >= oldest)
    repeated = tuple(start for start in export.repeated if start >= oldest)
    return export._replace(rows=rows, repeated=repeated), len(export.rows) - len(rows)


def _is_part(differences: Differences) -> bool:
    """Return whether a file may have the energy of only some of the metering points of production.

    The meter counts the energy of all these points. So on every day on which the file and the meter
    differ, such a file has less energy than the meter.
    """
    is_less = all(day.is_within or day.leneda_wh < day.own_wh for day in differences.days)
    return differences.cause is Problem.LENEDA_OTHER_POINT and is_less


def _turned(quarter: QuarterHour) -> QuarterHour:
    """Return a quarter-hour with imported and exported energy swapped."""
    exported = quarter.exported_kwh or 0.0
    return QuarterHour(quarter.start, exported * 4, quarter.imported_kwh)
