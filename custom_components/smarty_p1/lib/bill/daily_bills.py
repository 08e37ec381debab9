"""Bills of a month up to each of its days or hours. Their differences are the costs of these."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from ..history.luxembourg_time import HOUR, day_end, hour_start, month_end
from .bill import Bill, bill_of_parts, month_prices, monthly_lines, more
from .ledger import Ledger


class PeriodBills(NamedTuple):
    """A period, and the bills of its month up to the period's start and up to its end."""

    start: datetime
    end: datetime
    before: Bill
    due: Bill

    @property
    def cost(self) -> float | None:
        """Return the cost of the period in EUR, None if it is unknown."""
        return more(self.before.total, self.due.total)

    @property
    def cost_above(self) -> float | None:
        """Return the additional cost of the energy above the reference power, None if unknown."""
        return more(self.before.above, self.due.above)

    @property
    def fixed_cost(self) -> float | None:
        """Return the part of the cost that the monthly prices make, None if it is unknown."""
        monthly = monthly_lines()
        return more(self.before.amount(*monthly), self.due.amount(*monthly))

    @property
    def cost_of_energy(self) -> float | None:
        """Return the cost without the monthly prices, None if it is unknown."""
        return more(self.fixed_cost, self.cost)


def bills_by_day(ledger: Ledger, start: datetime, until: datetime) -> Iterator[PeriodBills]:
    """Yield the bills of each day before `until` of the month that begins at `start`.

    The last day of an unfinished month ends at `until`. All bills have the VAT rate and the
    stand-in prices of the month's bill up to `until`.
    """
    return _bills(ledger, start, until, day_end, start)


def bills_by_ended_day_and_hour(
    ledger: Ledger, start: datetime, until: datetime, since: datetime
) -> Iterator[PeriodBills]:
    """Yield the bills of each ended day, and of each hour of the day that has not ended.

    The days before `since`, a midnight, are left out. Otherwise, the bills are like those of
    `bills_by_day`.
    """

    def end_of(time: datetime) -> datetime:
        end = day_end(time)
        return end if end <= until else hour_start(time) + HOUR

    return _bills(ledger, start, until, end_of, since)


def _bills(
    ledger: Ledger,
    start: datetime,
    until: datetime,
    end_of: Callable[[datetime], datetime],
    since: datetime,
) -> Iterator[PeriodBills]:
    until = min(until, month_end(start))
    begin, of_month = ledger.month_begin(start).astimezone(UTC), month_prices(ledger, start, until)
    time = max(begin, since)
    before = bill_of_parts(ledger.parts(begin, time), of_month)
    while time < until:
        end = min(end_of(time), until)
        due = bill_of_parts(ledger.parts(begin, end), of_month)
        yield PeriodBills(time, end, before, due)
        time, before = end, due
