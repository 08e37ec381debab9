"""Days of the platform Leneda for a household, made from the rows of all series."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..bill.leneda_days import LenedaDays
from .implausible_rows import last_days_of, whole_days
from .measured_and_estimated_rows import LenedaRow, quarter_hours_of, sharing_of

type RowsByCode = Mapping[str, Sequence[LenedaRow]]
"""Rows of each series, keyed by OBIS code."""


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
