"""Energy of loose spans by day, without the parts for which Leneda has quarter-hours.

A loose span is a gap between readings, or a part of a quarter-hour. Loose spans that touch form a
run. Quarter-hours from Leneda, the national platform, replace the parts of a run that they cover.
Imported and exported energy are treated separately.

- The registers at both ends of a run show the run's energy. This energy minus Leneda's energy
  belongs to the parts of the run that Leneda does not cover. The remaining energy is divided among
  these parts in proportion to the energies of their spans.
- If Leneda covers a whole run, its energy replaces the energy of the registers.
- The energy of a gap of more than 40 days belongs to no day until Leneda covers a part of the gap.
  An exception is a gap with hardly any energy. It is no real gap, because the clock was probably
  set ahead. So its energy belongs to the gap's last day.
- Energy with a market price counts on the day on which its span starts. Leneda's energy has no
  market price.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import NamedTuple

from ..history.calendar import QUARTER_HOUR, quarter_start
from ..history.month_columns import Columns, MonthColumns, months_between
from ..history.spans import Period, Span, SpanKind
from ..prices.contract import Contracts
from ..prices.time_of_use import TimeOfUseSplit, split
from .leneda_days import LenedaDays

_NO_MARKET = (0.0,) * 4
_SECOND = timedelta(seconds=1)


class Piece(NamedTuple):
    """Part of a gap, or of an incomplete quarter-hour, in one day and one contract."""

    imported_wh: float
    exported_wh: float
    gap_wh: float
    """`imported_wh` if the piece is a part of a gap, otherwise 0."""
    second: Mapping[str, TimeOfUseSplit]
    market: tuple[float, ...]


class Remainder(NamedTuple):
    """Part of a gap, or of an incomplete quarter-hour, that Leneda's quarter-hours do not cover."""

    kind: SpanKind
    period: Period
    imported_wh: float
    exported_wh: float
    market: tuple[float, ...] = _NO_MARKET


class _Cover:
    """Periods that Leneda covers in a run of loose spans, and Leneda's energy in these periods."""

    def __init__(self) -> None:
        self.periods: list[Period] = []
        self.wh = 0.0

    def add(self, start: datetime, wh: float) -> None:
        """Add a quarter-hour from Leneda that begins at `start`.

        If the run of spans contains only a part of the quarter-hour, `wh` is the energy of this
        part.
        """
        begin = start
        if self.periods and self.periods[-1][1] == start:
            begin, _ = self.periods.pop()
        self.periods.append((begin, start + QUARTER_HOUR))
        self.wh += wh


class RowView:
    """Spans of a connection, combined with Leneda's days and with the contracts.

    Loose spans (gaps and parts of quarter-hours) that touch form a run. For each run, the times
    that Leneda does not cover are computed only once.
    """

    def __init__(self, months: Columns, leneda: LenedaDays, contracts: Contracts) -> None:
        self.months = months
        self.leneda = leneda
        self.contracts = contracts
        self._remainders: dict[int, list[Remainder]] = {}
        """Remainders of each run. The key is the `id` of the run's first span."""

    def pieces(self, month: MonthColumns, period: Period) -> dict[datetime, list[Piece]]:
        """Return the energy of gaps and incomplete quarter-hours in `period`, divided into pieces.

        `period` lies within `month`. Each piece lies in one day and has one contract. The key of a
        list of pieces is the start of the day, or the start of the contract if it begins later on
        that day. Days outside of `period` have only the market amounts of a gap that begins there.
        """
        pieces: dict[datetime, list[Piece]] = {}
        for run in _runs(connected([month.start], self.months), self.months):
            if run[0].start < period[1] and _end_of(run) >= period[0]:
                for remainder in self._cut(run):
                    _share_out(pieces, remainder, self.contracts, period)
                _add_priced(pieces, run, self.contracts)
        return pieces

    def remainders(self, starts: Iterable[datetime]) -> Iterator[Remainder]:
        """Yield the energy of gaps and incomplete quarter-hours that Leneda does not cover.

        `starts` has the starts of months. Months that are connected with them are included. The
        market amounts of a span come as a further remainder of the whole span, without energy.
        """
        for run in _runs(connected(starts, self.months), self.months):
            yield from self._cut(run)
            for span in run:
                if any(span.amounts.market):
                    period = span.start, span.end
                    yield Remainder(span.kind, period, 0.0, 0.0, span.amounts.market)

    def _cut(self, run: Sequence[Span]) -> list[Remainder]:
        """Return the remainders of all spans in `run`: the parts that Leneda does not cover."""
        remainders = self._remainders.get(id(run[0]))
        if remainders is None:
            remainders = self._remainders[id(run[0])] = [*self._remainders_of(run)]
        return remainders

    def _remainders_of(self, run: Sequence[Span]) -> Iterator[Remainder]:
        imported, exported = self._covers(run)
        if not imported.periods and not exported.periods:
            for span in run:
                wh, fed_wh = span.amounts.imported_wh, span.amounts.exported_wh
                yield from (Remainder(span.kind, part, wh, fed_wh) for part in span.shared_periods)
            return
        for kind, period, wh in _rest(run, imported, [span.amounts.imported_wh for span in run]):
            yield Remainder(kind, period, wh, 0.0)
        for kind, period, wh in _rest(run, exported, [span.amounts.exported_wh for span in run]):
            yield Remainder(kind, period, 0.0, wh)

    def _covers(self, run: Sequence[Span]) -> tuple[_Cover, _Cover]:
        """Return the periods in `run` for which Leneda has quarter-hours, and their energy.

        `run` is a list of loose spans that touch each other. The first result is for imported
        energy, the second for exported energy. Where a quarter-hour was measured, Leneda's
        quarter-hour is not used.
        """
        imported, exported = _Cover(), _Cover()
        start, end = run[0].start, _end_of(run)
        for month in months_between(start, end):
            other = self.leneda.months.get(month)
            if other is None:
                continue
            own = self.months.get(month) or MonthColumns(month)
            first = max(0, (start - other.first) // QUARTER_HOUR)
            last = max(first + 1, -((other.first - end) // QUARTER_HOUR))
            columns = own.overlaid(other, first, min(last, other.size))
            for place, (wh, fed_wh, origin) in enumerate(zip(*columns, strict=True), first):
                if origin:
                    time = other.first + place * QUARTER_HOUR
                    inside = min(time + QUARTER_HOUR, end) - max(time, start)
                    share = inside / QUARTER_HOUR if inside else 1.0
                    imported.add(time, wh * share)
                    if not isnan(fed_wh):
                        exported.add(time, fed_wh * share)
        return imported, exported


def connected(starts: Iterable[datetime], months: Columns) -> set[datetime]:
    """Return `starts`, and the starts of all months that are connected with these months.

    Two months are connected if a loose span touches both, or if both are connected with a third
    month.
    """
    result: set[datetime] = set()
    waiting = [*starts]
    while waiting:
        start = waiting.pop()
        if start not in result:
            result.add(start)
            for span in months[start].loose if start in months else ():
                waiting += months_between(span.start - _SECOND, span.end + _SECOND)
    return result


def _runs(starts: Iterable[datetime], months: Columns) -> Iterator[list[Span]]:
    """Yield the runs in the order of time.

    A run is a list of loose spans (gaps, parts of quarter-hours) that touch each other.
    `starts` has the starts of the months from which the spans are taken.
    """
    spans = {id(span): span for start in starts if start in months for span in months[start].loose}
    run: list[Span] = []
    end: datetime | None = None
    for span in sorted(spans.values(), key=lambda span: (span.start, span.end, span.number)):
        if end is not None and span.start > end:
            yield run
            run, end = [], None
        run.append(span)
        end = max(end or span.end, span.end)
    if run:
        yield run


def _end_of(run: Sequence[Span]) -> datetime:
    return max(span.end for span in run)


def _add_priced(
    pieces: dict[datetime, list[Piece]], run: Iterable[Span], contracts: Contracts
) -> None:
    """Add each span's market amounts (energy and money) to the day on which the span starts."""
    for span in run:
        if any(span.amounts.market):
            priced = Piece(0.0, 0.0, 0.0, {}, span.amounts.market)
            pieces.setdefault(contracts.part_start(span.start), []).append(priced)


def _rest(
    run: Sequence[Span], cover: _Cover, energies_wh: Sequence[float]
) -> Iterator[tuple[SpanKind, Period, float]]:
    """Yield the parts of the spans in `run` for which Leneda has no quarter-hour.

    A part is a tuple of the kind of its span, its period, and its energy in Wh. `cover` has the
    periods for which Leneda has quarter-hours. `energies_wh` has the energy of each span.
    """
    left: list[tuple[SpanKind, Period, float]] = []
    total_wh = 0.0
    for span, wh in zip(run, energies_wh, strict=True):
        periods, length = [*_without(span, cover.periods)], span.end - span.start
        if periods == [(span.start, span.end)]:
            total_wh += wh * len(span.shared_periods)
            left += [(span.kind, part, wh) for part in span.shared_periods]
        else:
            total_wh += wh
            left += [(span.kind, (a, b), wh * ((b - a) / length)) for a, b in periods]
    weights = [wh for _, _, wh in left]
    if not any(weights):
        weights = [(end - start).total_seconds() for _, (start, end), _ in left]
    factor = max(0.0, total_wh - cover.wh) / (sum(weights) or 1.0)
    for (kind, period, _), weight in zip(left, weights, strict=True):
        yield kind, period, weight * factor


def _without(span: Span, covered: Sequence[Period]) -> Iterator[Period]:
    """Yield the parts of `span` that lie outside all periods in `covered`.

    A span without length is yielded as one part.
    """
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


def _share_out(
    pieces: dict[datetime, list[Piece]], remainder: Remainder, contracts: Contracts, period: Period
) -> None:
    """Divide the energy of `remainder` among its days, and add a piece for each day to `pieces`.

    The energy of a gap is divided in proportion to time. A part of a quarter-hour lies in one day,
    so its energy is not divided. Days outside of `period` are left out.
    """
    kind, (start, end), imported_wh, exported_wh, _ = remainder
    is_gap = kind is SpanKind.GAP
    if not is_gap or start == end:
        day = contracts.part_start(start)
        if period[0] <= day < period[1]:
            second: Mapping[str, TimeOfUseSplit] = {}
            if not is_gap:
                quarter = quarter_start(start)
                second = split(contracts.at(start), quarter, quarter + QUARTER_HOUR, imported_wh)
            gap_wh = imported_wh if is_gap else 0.0
            piece = Piece(imported_wh, exported_wh, gap_wh, second, _NO_MARKET)
            pieces.setdefault(day, []).append(piece)
        return
    begin = max(start, period[0])
    while begin < min(end, period[1]):
        part_end = min(contracts.part_end(begin), end)
        share = (part_end - begin) / (end - start)
        wh = imported_wh * share
        second = split(contracts.at(begin), begin, part_end, wh)
        piece = Piece(wh, exported_wh * share, wh, second, _NO_MARKET)
        pieces.setdefault(contracts.part_start(begin), []).append(piece)
        begin = part_end
