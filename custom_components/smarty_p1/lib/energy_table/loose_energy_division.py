"""Division of loose energy among quarter-hours. The registers say how much energy a run has.

A run are loose spans that touch or share a quarter-hour. Registers are known at its start and at
its end, so its rows add up to the energy of its spans:

- What Leneda does not have of this energy belongs to the quarter-hours that Leneda does not cover,
  in proportion to the energies of their spans.
- If Leneda covers all quarter-hours, or has more than the registers say, Leneda's estimates are
  scaled, down to 0 if necessary. If all are 0, they share the energy by time.
- If this is not enough, the quarter-hours that Leneda has measured are scaled, too.

A quarter-hour that lies only partly inside of a run is scaled only if no division between inside
and outside agrees with the registers.
"""

from typing import NamedTuple

import numpy as np

from ..history.gap_clock_and_power_limits import MAX_LEAP_WH, MAX_SHARED_GAP
from .wall_clock import QUARTER_S, Flags, Floats, Numbers

_NEGLIGIBLE_S = 0.001
_TOLERANCE_WH = 50
_TOLERANCE = 0.001


class LooseSpans(NamedTuple):
    """Periods between readings that are no quarter-hours. Times are in seconds since 1970."""

    start: Floats
    end: Floats
    wh: Floats
    """The energy that is divided, NaN where the registers do not say it."""
    imported_wh: Floats


class Covered(NamedTuple):
    """Energies in Wh of the quarter-hours that Leneda covers, in ascending order."""

    quarter: Numbers
    wh: Floats
    is_estimated: Flags


class Division(NamedTuple):
    """Pieces of loose spans, and Leneda's energies as the registers say them."""

    quarter: Numbers
    wh: Floats
    span: Numbers
    """Index of the span of each piece."""
    covered_wh: Floats
    is_changed: Flags
    """Quarter-hours measured by Leneda whose energies are changed by more than the tolerance."""


def is_near(wh: Floats, other: Floats) -> Flags:
    """Return which energies of the meter and of Leneda differ only by the ends of quarter-hours."""
    difference: Flags = np.abs(wh - other) <= np.maximum(
        _TOLERANCE_WH, _TOLERANCE * np.maximum(wh, other)
    )
    return difference


class _Pieces(NamedTuple):
    """Loose spans, cut at quarter-hours. A span without length is one piece."""

    span: Numbers
    quarter: Numbers
    seconds: Floats
    share: Floats
    """Share of the piece in the energy of its span."""
    run: Numbers


class _Rows(NamedTuple):
    """Quarter-hours of Leneda in runs."""

    place: Numbers
    wh: Floats
    is_estimated: Flags
    run: Numbers
    seconds: Floats
    """Time inside of the run."""

    @property
    def inside(self) -> Floats:
        """Return the share of each row that belongs to its run, by time."""
        return np.where(self.seconds == 0, 1.0, self.seconds / QUARTER_S)


def divide_loose_energies(spans: LooseSpans, covered: Covered) -> Division:
    """Divide the energies of loose spans among the quarter-hours that Leneda does not cover."""
    order = np.lexsort((spans.end, spans.start))
    start, end, wh, imported_wh = (column[order] for column in spans)
    is_unknown, wh = np.isnan(wh), np.nan_to_num(wh)
    pieces = _cut(start, end)
    span, runs = pieces.span, int(pieces.run[-1]) + 1
    found = np.searchsorted(covered.quarter, pieces.quarter)
    is_covered = found < len(covered.quarter)
    is_covered[is_covered] = covered.quarter[found[is_covered]] == pieces.quarter[is_covered]
    is_touched = np.bincount(span, is_covered) > 0
    # Without Leneda, a long gap belongs to no quarter-hour, or to its last second.
    is_long = (end - start > MAX_SHARED_GAP.total_seconds()) & ~is_touched
    is_outage = is_long & (imported_wh > MAX_LEAP_WH)
    is_last = pieces.quarter == ((end - 1) // QUARTER_S).astype(np.int64)[span]
    share = np.where(is_long[span], is_last & ~is_outage[span], pieces.share)
    wh = np.where(is_outage, 0.0, wh)

    rows = _rows(pieces, found, is_covered, covered)
    is_cut = np.bincount(rows.run, minlength=runs) > 0
    left = np.where(is_covered, 0.0, share * wh[span])
    is_empty = is_cut & (np.bincount(pieces.run, left) == 0)
    by_time = np.where(is_covered | is_long[span], 0.0, pieces.seconds)
    left = np.where(is_empty[pieces.run], by_time, left)
    weights = np.bincount(pieces.run, left)

    of_run = pieces.run[np.searchsorted(span, np.arange(len(start)))]
    register = np.bincount(of_run, wh)
    inside = rows.wh * rows.inside
    measured = np.bincount(rows.run, np.where(rows.is_estimated, 0.0, inside), runs)
    estimated = np.bincount(rows.run, np.where(rows.is_estimated, inside, 0.0), runs)
    free = np.where(weights > 0, np.maximum(0.0, register - measured - estimated), 0.0)
    factor = np.divide(free, weights, out=np.ones(runs), where=is_cut & (weights > 0))
    has_estimates = np.bincount(rows.run, rows.is_estimated, runs) > 0
    estimates = np.where(has_estimates, np.maximum(0.0, register - measured - free), 0.0)
    is_known = np.bincount(of_run, is_unknown) == 0
    rows_wh, is_changed = rows.wh.copy(), np.zeros(len(rows.wh), bool)
    for chosen, target in (
        (rows.is_estimated, estimates),
        (~rows.is_estimated, register - free - estimates),
    ):
        fitted = np.flatnonzero(chosen & is_known[rows.run])
        part = _Rows._make(column[fitted] for column in rows)
        rows_wh[fitted], is_near_target = _fitted(part, target)
        is_changed[fitted] = ~is_near_target & ~part.is_estimated
    covered_wh, changed = covered.wh.copy(), np.zeros(len(covered.wh), bool)
    covered_wh[rows.place], changed[rows.place] = rows_wh, is_changed
    kept = ~is_covered & (share > 0) & ~is_outage[span]
    return Division(
        pieces.quarter[kept],
        (left * factor[pieces.run])[kept],
        order[span[kept]],
        covered_wh,
        changed,
    )


def _cut(start: Floats, end: Floats) -> _Pieces:
    """Cut spans, which are in the order of their starts. Spans that share a quarter-hour are a run.

    A register is known where a span ends at a quarter-hour's end, so a run ends there.
    """
    first = (start // QUARTER_S).astype(np.int64)
    last = np.maximum(first + 1, np.ceil(end / QUARTER_S).astype(np.int64))
    latest = np.maximum.accumulate(last)
    # A run begins with the first span, and with each span that starts after all earlier ones.
    run = np.cumsum(np.concatenate(([True], first[1:] >= latest[:-1]))) - 1
    count = last - first
    span = np.repeat(np.arange(len(start)), count)
    quarter = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[span]
    begin = np.maximum(start[span], quarter * QUARTER_S)
    seconds = np.minimum(end[span], (quarter + 1) * QUARTER_S) - begin
    length = (end - start)[span]
    share = np.divide(seconds, length, out=np.ones(len(span)), where=length > 0)
    return _Pieces(span, quarter, seconds, share, run[span])


def _rows(pieces: _Pieces, found: Numbers, is_covered: Flags, covered: Covered) -> _Rows:
    place, first, piece = np.unique(found[is_covered], return_index=True, return_inverse=True)
    seconds = np.bincount(piece, pieces.seconds[is_covered], len(place))
    run = pieces.run[is_covered][first]
    is_estimated = covered.is_estimated[place]
    return _Rows(place, covered.wh[place], is_estimated, run, np.minimum(seconds, QUARTER_S))


def _fitted(rows: _Rows, target: Floats) -> tuple[Floats, Flags]:
    """Scale rows so that a run can have its `target` inside. Return which had it nearly before."""
    is_full = rows.seconds > QUARTER_S - _NEGLIGIBLE_S
    least = np.bincount(rows.run, rows.wh * is_full, len(target))
    most = np.bincount(rows.run, rows.wh, len(target))
    by_time = np.maximum(rows.seconds, 1.0)
    weight = np.where(most[rows.run] > 0, rows.wh, by_time)
    up = target / np.maximum(np.bincount(rows.run, weight, len(target)), 1e-300)
    down = np.divide(target, least, out=np.ones(len(target)), where=least > 0)
    wh = np.where((target > most)[rows.run], weight * up[rows.run], rows.wh)
    wh = np.where((target < least)[rows.run] & is_full, rows.wh * down[rows.run], wh)
    return wh, is_near(target, np.clip(target, least, most))[rows.run]
