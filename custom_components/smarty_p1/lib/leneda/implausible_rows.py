"""Removal of wrong zeros, incomplete days and partly lost rows from the rows of Leneda."""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import chain

from ..history.luxembourg_time import day_end, day_start, month_start
from ..history.quarter_hour_values import DaySum
from .measured_and_estimated_rows import LenedaRows, RowsByCode, last_whole_day, with_totals
from .series_codes import CODES, COVERED, Quantity, is_of_sharing


def last_days_of(leneda: RowsByCode) -> dict[str, DaySum]:
    """Return the sum of the last complete day of each energy-sharing series, keyed by OBIS code.

    `leneda` has the rows of each code.
    """
    last_days = {}
    for code, rows in leneda.items():
        if is_of_sharing(code) and (last := last_whole_day(rows)):
            last_days[code] = last
    return last_days


# Leneda rounds each layer, and the consumption.
_ROUNDED_KW = 0.003
_REMAINING = CODES[Quantity.REMAINING]


def without_false_zeros(
    leneda: RowsByCode,
) -> RowsByCode:
    """Return the rows without those in which Leneda wrongly sends 0 as consumption.

    The series of REMAINING is the consumption that the supplier bills. For some homes, Leneda has
    sent 0 in this series, also for a part of a day. With these zeros, the bill would be 0. So a 0
    beside consumption is kept only if known layers of sharing cover the consumption. If no layer
    was ever sent, it may be hidden, so only whole days are judged: a day is kept if it has a value
    above 0. Other series are not changed.
    """
    false = false_zeros(leneda)
    if not false:
        return leneda
    kept = tuple(row for row in leneda[_REMAINING] if row.start not in false)
    return {**leneda, _REMAINING: kept}


def false_zeros(leneda: RowsByCode) -> AbstractSet[datetime]:
    """Return the starts of the quarter-hours that `without_false_zeros` leaves out."""
    rows = leneda.get(_REMAINING, ())
    layers = [*chain.from_iterable(leneda.get(CODES[layer], ()) for layer in COVERED)]
    explained = {day_start(row.start) for row in chain(rows, layers) if row.kw}
    false = {row.start for row in rows if day_start(row.start) not in explained}
    drawn = leneda.get(CODES[Quantity.IMPORTED])
    zeros = {row.start for row in rows if not row.kw}
    return false | zeros - _covered(drawn, layers) if layers and drawn else false


def _covered(drawn: LenedaRows, layers: LenedaRows) -> AbstractSet[datetime]:
    """Return the starts of the quarter-hours whose consumption the layers of sharing cover."""
    kw = defaultdict[datetime, float](float)
    for row in layers:
        kw[row.start] += row.kw
    return {row.start for row in drawn if row.kw <= kw[row.start] + _ROUNDED_KW}


def without_partly_lost(leneda: RowsByCode, damaged: AbstractSet[datetime]) -> RowsByCode:
    """Return the rows without sharing that is known in part, as a file of its month is damaged.

    `damaged` has the starts of the months with damaged files. With a row of one layer lost, the
    bill would take the energy of that layer as energy that is not shared.
    """
    bought = {CODES[quantity] for quantity in (Quantity.REMAINING, *COVERED)} & leneda.keys()
    if not damaged or not bought:
        return leneda
    starts = [{row.start for row in leneda[code]} for code in bought]
    partly = set[datetime].union(*starts) - set[datetime].intersection(*starts)
    lost = {start for start in partly if month_start(start) in damaged}
    return {**leneda, **{code: _without(leneda[code], lost) for code in bought}}


def _without(rows: LenedaRows, starts: AbstractSet[datetime]) -> LenedaRows:
    return tuple(row for row in rows if row.start not in starts)


def whole_days(leneda: RowsByCode) -> RowsByCode:
    """Return the rows until the end of the last day whose consumption is complete.

    The consumption is complete if it is known for all quarter-hours of the day. Return the rows
    unchanged if there is no such day.
    """
    last = last_whole_day(with_totals(leneda).get(CODES[Quantity.IMPORTED], ()))
    if last is None:
        return leneda
    end: datetime = day_end(last.start)
    return {code: tuple(row for row in rows if row.start < end) for code, rows in leneda.items()}
