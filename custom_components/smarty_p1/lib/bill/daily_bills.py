"""Bills of a month up to each of its days. Their differences are the costs of the days."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from ..history.calendar import day_end, month_end
from .bill import Bill, bill_of_parts, month_prices
from .ledger import Ledger


class DayBills(NamedTuple):
    """A day, and the bills of its month up to the day's start and up to the day's end.

    The last day of an unfinished month ends where the bill ends.
    """

    start: datetime
    end: datetime
    before: Bill
    due: Bill


def bills_by_day(ledger: Ledger, start: datetime, until: datetime) -> Iterator[DayBills]:
    """Yield the bills of each day before `until` of the month that begins at `start`.

    All of them have the VAT rate and the stand-in prices of the month's bill up to `until`.
    """
    until = min(until, month_end(start))
    begin, of_month = ledger.month_begin(start).astimezone(UTC), month_prices(ledger, start, until)
    day, before = begin, bill_of_parts(ledger.parts(begin, begin), of_month)
    while day < until:
        end = min(day_end(day), until)
        due = bill_of_parts(ledger.parts(begin, end), of_month)
        yield DayBills(day, end, before, due)
        day, before = end, due
