"""Loose spans, shared out to days, and cut where the platform knows what came.

Those that touch are one run. The platform's quarter-hours in it take the place of what they cover;
imported and exported energy are cut separately.

- What the registers say beyond the platform's quarter-hours stays with the time that these do not
  cover: each span has its part of it by its energy.
- Where they cover all of the run, the energy is exactly theirs.
- The energy of a gap that is too long to be shared out belongs to no day before the platform knows
  some of it.
- What came at the market's price stays where it was priced. The platform's has none.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan, nan
from typing import NamedTuple

from .calendar import QUARTER_HOUR, month_start, quarter_start
from .contract import Contracts
from .leneda_days import PlatformDays
from .spans import Kind, MonthColumns, Span, months_between
from .time_of_use import TimeOfUseSplit, split

type _Period = tuple[datetime, datetime]

_NOTHING = timedelta()
_NO_MARKET = (0.0,) * 4


class Piece(NamedTuple):
    """The part of a loose span that is of one day and contract."""

    imported_wh: float
    exported_wh: float
    gap_wh: float
    """Of the imported energy, what came while nothing was read."""
    second: Mapping[str, TimeOfUseSplit]
    market: tuple[float, ...]


class _Covered(NamedTuple):
    """A quarter-hour of the platform that covers a part of a run."""

    start: datetime
    end: datetime
    wh: float


def pieces_of(
    month: MonthColumns,
    months: Mapping[datetime, MonthColumns],
    past: PlatformDays,
    contracts: Contracts,
    period: _Period,
) -> dict[datetime, list[Piece]]:
    """Return the pieces that are in a period of a month, by the start of their day."""
    found: dict[datetime, list[Piece]] = {}
    if not month.loose:
        return found
    begin, end = period
    for run in _runs(_touching(month, months)):
        run_end = max(span.end for span in run)
        if run[0].start < end and (run_end > begin or run[0].start >= begin):
            for span, segment, imported_wh, exported_wh in _cut(run, months, past):
                _share_out(found, span, segment, (imported_wh, exported_wh), contracts, period)
            _add_priced(found, run, contracts, period)
    return found


def _add_priced(
    found: dict[datetime, list[Piece]],
    run: Sequence[Span],
    contracts: Contracts,
    period: _Period,
) -> None:
    """Add what came at the market's prices where it was priced."""
    for span in run:
        start = contracts.part_start(span.start)
        if any(span.amounts.market) and period[0] <= start < period[1]:
            priced = Piece(0.0, 0.0, 0.0, {}, span.amounts.market)
            found.setdefault(start, []).append(priced)


def touched_months(spans: Sequence[Span]) -> Iterator[datetime]:
    """Yield the months in which loose spans may touch some."""
    if spans:
        start = min(span.start for span in spans) - timedelta(seconds=1)
        end = max(span.end for span in spans) + timedelta(seconds=1)
        yield from months_between(start, end)


def _touching(month: MonthColumns, months: Mapping[datetime, MonthColumns]) -> list[Span]:
    """Return the loose spans of a month, and those of others that may touch them."""
    found: dict[int, Span] = {}
    for each in touched_months(month.loose):
        other = month if each == month.start else months.get(each)
        if other is not None:
            found |= {id(span): span for span in other.loose}
    return sorted(found.values(), key=lambda span: (span.start, span.end, span.number))


def _runs(spans: Sequence[Span]) -> Iterator[list[Span]]:
    run: list[Span] = []
    end = None
    for span in spans:
        if end is not None and span.start > end:
            yield run
            run, end = [], None
        run.append(span)
        end = span.end if end is None else max(end, span.end)
    yield run


def _cut(
    run: Sequence[Span], months: Mapping[datetime, MonthColumns], past: PlatformDays
) -> Iterator[tuple[Span, _Period, float, float]]:
    """Yield what is left of spans: a period, and its imported and exported energy."""
    imported, exported = _covering(run, months, past)
    if not imported and not exported:
        for span in run:
            if not span.is_of_no_day:
                amounts = span.amounts
                yield span, (span.start, span.end), amounts.imported_wh, amounts.exported_wh
        return
    for span, segment, wh in _rest(run, imported, [each.amounts.imported_wh for each in run]):
        yield span, segment, wh, 0.0
    for span, segment, wh in _rest(run, exported, [each.amounts.exported_wh for each in run]):
        yield span, segment, 0.0, wh


def _covering(
    run: Sequence[Span], months: Mapping[datetime, MonthColumns], past: PlatformDays
) -> tuple[list[_Covered], list[_Covered]]:
    """Return the platform's quarter-hours in a run that were not measured here."""
    imported: list[_Covered] = []
    exported: list[_Covered] = []
    if not past.months:
        return imported, exported
    start, run_end = run[0].start, max(span.end for span in run)
    time = quarter_start(start)
    while time < run_end or time <= start:
        wh, fed_wh = _of_platform(time, months, past)
        following = time + QUARTER_HOUR
        if not isnan(wh):
            imported.append(_Covered(time, following, wh))
        if not isnan(fed_wh):
            exported.append(_Covered(time, following, fed_wh))
        time = following
    return imported, exported


def _of_platform(
    time: datetime, months: Mapping[datetime, MonthColumns], past: PlatformDays
) -> tuple[float, float]:
    """Return the platform's energies of a quarter-hour that was not measured here, or NaN."""
    platform, own = (of.get(month_start(time)) for of in (past.months, months))
    if platform is None:
        return nan, nan
    place = (time - platform.first) // QUARTER_HOUR
    if not platform.is_known(place) or (own is not None and own.is_known(place)):
        return nan, nan
    return platform.imported[place], platform.exported[place]


def _rest(
    run: Sequence[Span], covering: Sequence[_Covered], energies_wh: Sequence[float]
) -> Iterator[tuple[Span, _Period, float]]:
    """Yield the periods of spans that are not covered, each with its energy."""
    covered = _joined(covering)
    segments: list[tuple[Span, _Period, float]] = []
    total_wh = 0.0
    for span, wh in zip(run, energies_wh, strict=True):
        left = [*_without(span, covered)]
        if span.is_of_no_day and left == [(span.start, span.end)]:
            continue
        total_wh += wh
        segments += [(span, each, wh * _share_of(span, each)) for each in left]
    rest_wh = max(0.0, total_wh - _inside(run, covering))
    weights = [wh for _, _, wh in segments]
    if not any(weights):
        weights = [(each[1] - each[0]).total_seconds() for _, each, _ in segments]
    whole = sum(weights) or 1.0
    for (span, segment, _), weight in zip(segments, weights, strict=True):
        yield span, segment, rest_wh * weight / whole


def _share_of(span: Span, period: _Period) -> float:
    length = span.end - span.start
    return (period[1] - period[0]) / length if length else 1.0


def _inside(run: Sequence[Span], covering: Sequence[_Covered]) -> float:
    """Return the platform's energy within a run."""
    start, end = run[0].start, max(span.end for span in run)
    found_wh = 0.0
    for each in covering:
        inside = min(each.end, end) - max(each.start, start)
        found_wh += each.wh * (inside / QUARTER_HOUR if inside > _NOTHING else 1.0)
    return found_wh


def _joined(covering: Sequence[_Covered]) -> list[_Period]:
    found: list[_Period] = []
    for each in covering:
        if found and found[-1][1] == each.start:
            found[-1] = found[-1][0], each.end
        else:
            found.append((each.start, each.end))
    return found


def _without(span: Span, covered: Sequence[_Period]) -> Iterator[_Period]:
    """Yield the periods of a span that are not covered; one without length is whole, or none."""
    begin, end = span.start, span.end
    if begin == end:
        if not any(start <= begin < until for start, until in covered):
            yield begin, end
        return
    for start, until in covered:
        if until <= begin or start >= end:
            continue
        if start > begin:
            yield begin, start
        begin = until
    if begin < end:
        yield begin, end


def _share_out(  # noqa: PLR0913, PLR0917 - what a piece is made of
    found: dict[datetime, list[Piece]],
    span: Span,
    segment: _Period,
    energies_wh: tuple[float, float],
    contracts: Contracts,
    period: _Period,
) -> None:
    """Add the pieces of a segment to those of each day: those of a gap by time."""
    start, end = segment
    imported_wh, exported_wh = energies_wh
    is_gap = span.kind is Kind.GAP
    if not is_gap or start == end:
        day = contracts.part_start(start)
        if period[0] <= day < period[1]:
            second: Mapping[str, TimeOfUseSplit] = {}
            if not is_gap:
                quarter = quarter_start(start)
                second = split(contracts.at(start), quarter, quarter + QUARTER_HOUR, imported_wh)
            gap_wh = imported_wh if is_gap else 0.0
            piece = Piece(imported_wh, exported_wh, gap_wh, second, _NO_MARKET)
            found.setdefault(day, []).append(piece)
        return
    begin = max(start, period[0])
    while begin < min(end, period[1]):
        part_end = min(contracts.part_end(begin), end)
        share = (part_end - begin) / (end - start)
        wh = imported_wh * share
        second = split(contracts.at(begin), begin, part_end, wh)
        piece = Piece(wh, exported_wh * share, wh, second, _NO_MARKET)
        found.setdefault(contracts.part_start(begin), []).append(piece)
        begin = part_end
