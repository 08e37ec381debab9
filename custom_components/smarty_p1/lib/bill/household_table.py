"""Table of a household, made from the months of its spans and from Leneda's days."""

from datetime import UTC, datetime
from math import nan

import numpy as np

from ..energy_table.table import (
    RowSource,
    Spans,
    Table,
    TooMuchEnergyError,
    table_of,
    without_impossible,
)
from ..energy_table.wall_clock import QUARTER_S
from ..history.luxembourg_time import month_end, month_start
from ..history.month_columns import Columns, MonthColumns, months_between
from ..history.spans import Span, SpanKind
from .leneda_days import LenedaDays

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""Bounds of a table of all times."""


def may_be_crossed(columns: Columns, time: datetime) -> bool:
    """Return whether a gap may have energy before and after `time`."""
    month = columns.get(month_start(time))
    return month is None or any(span.start < time < span.end for span in month.loose)


def table_and_refused(
    columns: Columns, leneda: LenedaDays, begin: datetime = FIRST, end: datetime = LAST
) -> tuple[Table, frozenset[str]]:
    """Return the table of all spans and of Leneda's days, without market prices.

    It has what starts from `begin` to before `end`: two times that no gap crosses. The second value
    are months such as "2026-06" whose impossible energy the table leaves out. A damaged file, or an
    odd one, can have more energy than a ledger can add up.
    """
    spans, quarters = _spans_of(columns, begin, end), leneda.arrays.between(begin, end)
    try:
        return table_of(spans, quarters), frozenset()
    except TooMuchEnergyError:
        spans, quarters, months = without_impossible(spans, quarters)
        return table_of(spans, quarters), frozenset(
            f"{1970 + n // 12}-{n % 12 + 1:02}" for n in months
        )


def _spans_of(columns: Columns, begin: datetime, end: datetime) -> Spans:
    months = {
        start: month for start, month in columns.items() if start < end and begin < month_end(start)
    }
    # Repeated quarter-hours come first, so that the later measurement is shown.
    single = [
        span
        for start, month in months.items()
        for span in (*month.repeated, *month.loose)
        if _first_month(span, columns) == start
    ]
    parts = [_of_spans(single), *map(_of_month, months.values())]
    spans = Spans._make(map(np.concatenate, zip(*parts, strict=True)))
    is_within = (begin.timestamp() <= spans.start) & (spans.start < end.timestamp())
    return spans.where(is_within)


def _first_month(span: Span, columns: Columns) -> object:
    """Return the first known month that a span touches: all of these months have the span."""
    starts = (month_start(span.start), *months_between(span.start, span.end))
    return next(start for start in starts if start in columns)


def _of_spans(spans: list[Span]) -> Spans:
    rows = [
        (
            span.start.timestamp(),
            span.end.timestamp(),
            span.amounts.imported_wh,
            _known_exported_wh(span),
            _SOURCES[span.kind],
        )
        for span in spans
    ]
    return Spans._make(np.array(rows, float).reshape(-1, 5).T)


def _known_exported_wh(span: Span) -> float:
    """Return the exported energy in Wh, NaN if the registers do not say it."""
    exported_wh = span.amounts.exported_wh
    has_register = span.amounts.is_exported_exact and span.exported_register_wh is not None
    return exported_wh if exported_wh or has_register else nan


_SOURCES = {
    SpanKind.GAP: RowSource.GAP,
    SpanKind.PART: RowSource.PART,
    SpanKind.QUARTER_HOUR: RowSource.MEASURED,
}


def _of_month(month: MonthColumns) -> Spans:
    """Return the quarter-hours of a month, and their exported energies that came late."""
    imported, exported = np.array(month.imported), np.array(month.exported)
    places = np.flatnonzero(~np.isnan(imported))
    late = np.array([*month.late_exported], np.int64)
    start = month.first.timestamp() + places * QUARTER_S
    late_start = month.first.timestamp() + late * QUARTER_S
    return Spans(
        np.concatenate((start, late_start)),
        np.concatenate((start + QUARTER_S, late_start)),
        np.concatenate((imported[places], np.zeros(len(late)))),
        np.concatenate((exported[places], np.array([*month.late_exported.values()], float))),
        np.repeat(
            np.array([RowSource.MEASURED, RowSource.PART], np.int8), (len(places), len(late))
        ),
    )
