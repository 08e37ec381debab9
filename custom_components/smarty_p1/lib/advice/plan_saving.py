"""Saving of a month by the plan: the bill with each load at once, minus the true bill.

Nothing is stored. The energy of a load comes from its own statistics, and moves within the window
between two of its deadlines: to the time at which the load was connected or ready, or else to the
begin of the window. There it has its full power. The saving can be below 0.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import inf
from typing import NamedTuple

import numpy as np

from ..bill.bill import more
from ..bill.month import Month
from ..energy_table.table import shown_quarter_hours
from ..energy_table.wall_clock import QUARTER_S, Floats, Numbers, number_from
from ..history.luxembourg_time import month_start
from ..plan.daily_load import DailyLoad
from ..plan.next_kwh_price import NO_KWH
from ..plan.usual_house import LoadEnergy, by_quarter
from ..prices.kwh_price import sum_of_known
from .what_if_tables import with_load


class MeasuredLoad(NamedTuple):
    """Load that the household has entered, with its measured energy."""

    load: DailyLoad
    energy: LoadEnergy
    entered_at: datetime
    """Time from which it has been planned."""
    ready_at: Sequence[datetime] = ()
    """Known times at which it was connected or ready, in the order of time."""

    def windows(self, month: Month) -> Iterator[tuple[datetime, datetime]]:
        """Yield begin and deadline of each window whose deadline is in the month."""
        begin = self.load.last_deadline(month.start)
        while begin < month.end:
            deadline = self.load.deadline(begin)
            if month.start < deadline <= month.end and self.entered_at < deadline:
                yield max(begin, self.entered_at), deadline
            begin = deadline

    def ready_in(self, begin: datetime, deadline: datetime) -> datetime:
        """Return the time in a window at which it was ready. If unknown, it is the begin."""
        return next((time for time in self.ready_at if begin <= time < deadline), begin)


def plan_saving(month: Month, loads: Sequence[MeasuredLoad]) -> float | None:
    """Return the saving in EUR of a month with these loads. Return None while a price is unknown.

    A window that begins in the month before counts in the month of its deadline.
    """
    first = min((load.load.last_deadline(month.start) for load in loads), default=month.start)
    table = month.ledger.table.between(first, month.end)
    is_shown, quarters = table.is_shown, [*shown_quarter_hours(table)]
    numbers, moved_kwh = table.quarter[is_shown], np.zeros(len(quarters))
    # Without panels, a load has at most what the house imports, whatever its sensor says.
    has_sun = bool(np.nansum(table.exported) > 0)
    left_kwh = np.array([inf if has_sun else quarter.imported_kwh for quarter in quarters])
    for load in loads:
        measured = np.array([kwh for _, kwh in by_quarter(quarters, load.energy)])
        true_kwh = np.minimum(measured, left_kwh)
        left_kwh -= true_kwh
        moved_kwh += _at_once(load, month, numbers, true_kwh) - true_kwh
    moved_wh = np.zeros(len(is_shown))
    moved_wh[is_shown] = moved_kwh * 1000
    moved = with_load(table, lambda _numbers: moved_wh)
    at_once = month.ledger.with_rows(first, month.end, moved)
    starts = {month_start(first), month.start}
    then, now = (
        sum_of_known([Month(ledger, start).bill().total for start in starts])
        for ledger in (at_once, month.ledger)
    )
    return more(now, then)


def _at_once(load: MeasuredLoad, month: Month, numbers: Numbers, true_kwh: Floats) -> Floats:
    """Return the energy of a load at once, in the quarter-hours `numbers`.

    `true_kwh` is its true energy. A quarter-hour takes at most the full power, or the highest true
    power. If the time until the deadline is too short for it, the load begins earlier.
    """
    kwh = true_kwh.copy()
    for begin, deadline in load.windows(month):
        window = slice(*np.searchsorted(numbers, (number_from(begin), number_from(deadline))))
        of_window = true_kwh[window]
        if (needed := float(of_window.sum())) <= NO_KWH:
            continue
        most = max(load.load.max_kw / 4, float(of_window.max()))
        ready, part = divmod(load.ready_in(begin, deadline).timestamp() / QUARTER_S, 1)
        first = float(np.searchsorted(numbers[window], ready))
        if ready in numbers[window]:
            first += part
        first = min(first, len(of_window) - needed / most)
        taken = np.clip((np.arange(len(of_window) + 1) - first) * most, 0.0, needed)
        kwh[window] = np.diff(taken)
    return kwh
