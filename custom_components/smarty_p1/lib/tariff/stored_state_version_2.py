"""Conversion of stored day sums to spans. Only version 2 of the stored state has day sums.

A quarter-hour in the files becomes a span. The rest of a day's sum, with its cost and revenue at
the market's prices, becomes a gap that is as long as the day. If the files have more energy or more
quarter-hours for a day than the stored day sum, the files are ignored for this day. The whole day
sum then becomes a gap, because bills were computed from day sums. This conversion stays until
release 0.2.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from ..stored_values import Stored, checked_count, checked_list, checked_mapping
from .calendar import MAX_MONTHS, QUARTER_HOUR, day_end, month_start, quarter_start
from .contract_and_reading_json import (
    Stores,
    amount,
    check_version,
    load_month_start,
    load_quarter,
    utc_time,
)
from .month import AMOUNTS, Day, Month, QuarterHour
from .month_file_lines import Files, UnknownVersionError, lines_of_file, span_of
from .month_sums import merge_months
from .register_rises import Amounts
from .spans import Kind, Span

VERSION = 2
_VERSION_OF_MONTHS = 1
# Maximum number of days and parts of days in a month. A state that exceeds it is malformed. In the
# worst case, each of the month's quarter-hours (31 * 96 = 2,976) has another contract and is a part
# of its own.
_MAX_DAYS = 3_000
_MAX_POWERS = 100
_MAX_QUARTER_HOURS_A_DAY = 100
_QUARTER_HOURS_A_DAY = 96
_TOLERANCE_WH = 0.5
_MIN_WH = 0.01


def load_months(data: Stored) -> tuple[Month, ...]:
    """Return the months in `data`, the content of an archive file.

    Raises ValueError for malformed data.
    """
    try:
        stored = checked_mapping(data)
        check_version(stored, _VERSION_OF_MONTHS)
        return tuple(_load_months(stored["months"]))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as err:
        raise ValueError from err


def months_of_state(stored: Mapping[str, Stored], archived: Iterable[Month]) -> list[Month]:
    """Return the months in the state `stored`, and the `archived` months that belong to the state.

    The field `stored_months` of the state lists the archived months that belong to it.
    """
    relied = {load_month_start(item) for item in checked_list(stored["stored_months"], MAX_MONTHS)}
    months = {month.start: month for month in archived if month.start in relied}
    for index, segment in enumerate(checked_list(stored["stretches"])):
        for month in _load_months(segment["months"]):
            earlier_month = months.get(month.start) if index else None
            months[month.start] = merge_months(earlier_month, month) if earlier_month else month
    return list(months.values())


def _load_months(data: Stored) -> list[Month]:
    months = [_load_month(item) for item in checked_list(data, MAX_MONTHS)]
    if len({month.start for month in months}) != len(months):
        raise ValueError
    return months


def _load_month(data: Stored) -> Month:
    stored = checked_mapping(data)
    month = Month(
        start=load_month_start(stored["start"]),
        days=tuple(map(_load_day, checked_list(stored["days"], _MAX_DAYS))),
        peak=load_quarter(stored["peak"]),
    )
    starts = [day.start for day in month.days]
    is_ordered = starts == sorted(set(starts))
    if not is_ordered or any(map(month.start.__ne__, map(month_start, starts))):
        raise ValueError
    return month


def _load_day(data: Stored) -> Day:
    stored = checked_mapping(data)
    start = utc_time(stored.pop("start"))
    quarter_hours = checked_count(stored.pop("quarter_hours"), _MAX_QUARTER_HOURS_A_DAY)
    # "above" and "second" are checked but not used, because both are now computed from the
    # quarter-hours.
    for name in ("above", "second"):
        checked_mapping(stored.pop(name, {}), _MAX_POWERS)
    if start != quarter_start(start) or not stored.keys() <= set(AMOUNTS):
        raise ValueError
    amounts: Stores = {name: amount(value, name) for name, value in stored.items()}
    return Day(start=start, quarter_hours=quarter_hours, **amounts)


def spans_of_months(
    months: Iterable[Month],
    files: Files,
    last_quarter: QuarterHour | None,
    until: datetime | None,
) -> list[Span]:
    """Return `months` as spans in order of time, with the quarter-hours in `files`.

    `last_quarter` is added if the files lack it. All spans end at or before `until`, the start of
    the running quarter-hour.
    """
    months_by_start = {month.start: month for month in months}
    spans_by_key = _spans_of_files(files)
    _add_peaks(spans_by_key, [last_quarter, *(month.peak for month in months_by_start.values())])
    by_month: dict[datetime, list[Span]] = {start: [] for start in months_by_start}
    for _, span in sorted(spans_by_key.items()):
        if until is None or span.start < until:
            by_month.setdefault(month_start(span.start), []).append(span)
    spans: list[Span] = []
    for start, of_month in by_month.items():
        if start in months_by_start:
            spans += _spans_of_days(months_by_start[start].days, of_month, until)
        elif len(of_month) >= _QUARTER_HOURS_A_DAY:
            # The stored state lacks this month, for example because the state was lost. So take the
            # month's quarter-hours from the monthly files. A month with less than a whole day of
            # quarter-hours is left out, because it comes from a wrong clock.
            spans += of_month
    return sorted(spans, key=lambda span: (span.start, span.end))


def _spans_of_files(files: Files) -> dict[tuple[datetime, Kind], Span]:
    spans: dict[tuple[datetime, Kind], Span] = {}
    for _, data in sorted(files.items()):
        try:
            lines = lines_of_file(data or b"")
        except UnknownVersionError:
            continue
        for line in lines:
            try:
                span = span_of(line.decode("ascii"))
            except TypeError, ValueError:  # also UnicodeDecodeError, which is a ValueError
                continue
            spans[span.start, span.kind] = span
    return spans


def _add_peaks(
    spans: dict[tuple[datetime, Kind], Span], quarters: Iterable[QuarterHour | None]
) -> None:
    """Add `quarters` to `spans`, except quarter-hours whose start `spans` already has."""
    for quarter in filter(None, quarters):
        spans.setdefault((quarter.start, Kind.QUARTER_HOUR), _as_span(quarter))


def _as_span(quarter: QuarterHour) -> Span:
    exported = quarter.exported_kwh
    imported_kvarh, exported_kvarh = (
        quarter.reactive_imported_kvarh,
        quarter.reactive_exported_kvarh,
    )
    amounts = Amounts(
        quarter.mean_kw * 250,
        (exported or 0.0) * 1000,
        exported is not None,
        None if imported_kvarh is None else imported_kvarh * 1000,
        None if exported_kvarh is None else exported_kvarh * 1000,
    )
    end = quarter.start + QUARTER_HOUR
    return Span(quarter.start, end, Kind.QUARTER_HOUR, amounts.rounded())


def _spans_of_days(
    days: Sequence[Day], spans: Sequence[Span], until: datetime | None
) -> Iterator[Span]:
    for day, following in zip_longest(days, days[1:]):
        end = min(day_end(day.start), following.start) if following else day_end(day.start)
        of_day = [span for span in spans if day.start <= span.start < end]
        left = _left(day, of_day)
        quarters = sum(span.kind is Kind.QUARTER_HOUR for span in of_day)
        is_more = min(left.imported_wh, left.exported_wh) < -_TOLERANCE_WH
        if is_more or quarters > day.quarter_hours:
            of_day, left = [], _left(day, [])
        yield from of_day
        if until is not None and day.start < until:
            end = min(end, until)
        yield from _gap(day.start, end, left)


def _gap(start: datetime, end: datetime, left: Amounts) -> Iterator[Span]:
    if max(left.imported_wh, left.exported_wh, *map(abs, left.market)) >= _MIN_WH:
        imported_wh, exported_wh = max(0.0, left.imported_wh), max(0.0, left.exported_wh)
        amounts = left._replace(imported_wh=imported_wh, exported_wh=exported_wh)
        yield Span(start, end, Kind.GAP, amounts)


def _left(day: Day, spans: Sequence[Span]) -> Amounts:
    """Return the amounts of a day minus the amounts of `spans`."""
    amounts = [span.amounts for span in spans]
    market = (day.market_cost, day.market_wh, day.market_revenue, day.market_exported_wh)
    return Amounts(
        day.imported_wh - sum(part.imported_wh for part in amounts),
        day.exported_wh - sum(part.exported_wh for part in amounts),
        True,  # noqa: FBT003
        None,
        None,
        *(amount - sum(part.market[n] for part in amounts) for n, amount in enumerate(market)),
    ).rounded()
