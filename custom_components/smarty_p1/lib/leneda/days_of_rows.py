"""Days of the platform Leneda for a household, made from the rows of all series."""

from datetime import datetime

from ..bill.leneda_days import LenedaDays
from ..history.luxembourg_time import month_start
from .implausible_rows import (
    false_zeros,
    last_days_of,
    whole_days,
    without_false_zeros,
    without_partly_lost,
)
from .measured_and_estimated_rows import RowsByCode, quarter_hours_of, sharing_of
from .series_codes import is_of_sharing


def believed_rows(
    leneda: RowsByCode, damaged: frozenset[datetime]
) -> tuple[RowsByCode, frozenset[datetime]]:
    """Return the rows that count, and the months in which Leneda sends false zeros.

    `damaged` has the months with damaged files. A month is its first midnight.
    """
    believed = without_partly_lost(without_false_zeros(leneda), damaged)
    return believed, frozenset(map(month_start, false_zeros(leneda)))


def shared_powers(
    leneda: RowsByCode, start: datetime, end: datetime
) -> dict[str, dict[datetime, float]]:
    """Return the mean power of shared energy in a period in kW, by code and start.

    `leneda` has whole days: only these show false zeros. Codes without a row are left out.
    """
    series = {
        code: {row.start: row.kw for row in rows if start <= row.start < end}
        for code, rows in sorted(without_false_zeros(leneda).items())
        if is_of_sharing(code)
    }
    return {code: powers for code, powers in series.items() if powers}


def days_of(leneda: RowsByCode, *, has_readings: bool, until: datetime | None = None) -> LenedaDays:
    """Return the days of the rows, of which those with false zeros were left out before.

    Without readings of a meter, only whole days are returned, and only rows before `until`.
    """
    shown = leneda if has_readings else _before(whole_days(leneda), until)
    return LenedaDays(quarter_hours_of(shown), sharing_of(shown), last_days_of(shown))


def _before(leneda: RowsByCode, until: datetime | None) -> RowsByCode:
    if until is None:
        return leneda
    return {code: tuple(row for row in rows if row.start < until) for code, rows in leneda.items()}
