"""Bill of the shown month while a quarter-hour runs.

    bill = RunningBill(demand)
    bill.after(later).total

All that the quarter-hour's readings do not change is computed once: contracts, prices, and the
energy before the quarter-hour. `after` returns the same bill as `HouseholdState.month.bill`.
"""

from ..energy_table.wall_clock import time_of
from .bill import Bill, bill_of_parts
from .bill_part_sums import month_share
from .household_state import HouseholdState


class RunningBill:
    """Bill of the month that `demand` shows. It holds for the running quarter-hour."""

    def __init__(self, demand: HouseholdState) -> None:
        month = demand.month
        begin = month.ledger.month_begin(month.start)
        until, end = max(begin, min(demand.until, month.end)), max(begin, month.end)
        self._parts = [*demand.ledger.timed_parts(begin, until, end)]

    def after(self, demand: HouseholdState) -> Bill:
        """Return the bill after a reading of the same quarter-hour."""
        running, parts = demand.month.ledger.running, []
        for start, end, known in self._parts:
            parts.append(known)
            if running and start <= time_of(running.quarter) < end:
                parts[-1] = known._replace(sums=known.sums.plus(running.sums))
        until = max(start, min(demand.until, end))
        parts[-1] = parts[-1]._replace(months=month_share(start, until))
        return bill_of_parts(parts)
