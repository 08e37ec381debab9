"""Bills of a month up to each of its days. Their differences are the costs of the days."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from ..history.calendar import day_end, day_start
from ..prices.contract import Contracts
from .bill import Bill, MonthPrices, compute_bill, month_prices
from .month import Month


class DayBills(NamedTuple):
    """A day, and the bills of its month up to the day's start and up to the day's end.

    The last day of an unfinished month ends where the bill ends.
    """

    start: datetime
    end: datetime
    before: Bill
    due: Bill


def bills_by_day(month: Month, contracts: Contracts, until: datetime) -> Iterator[DayBills]:
    """Yield the bills of each day of the month before `until`.

    All of them have the VAT rate and the mean prices of the month's bill up to `until`.
    """
    until = min(until, month.end)
    start = day_start(month.since or month.start)
    of_month = month_prices(month, contracts, until)
    before = _bill_until(month, contracts, start, of_month)
    while start < until:
        end = min(day_end(start), until)
        due = _bill_until(month, contracts, end, of_month)
        yield DayBills(start, end, before, due)
        before, start = due, day_end(start)


def _bill_until(month: Month, contracts: Contracts, time: datetime, of_month: MonthPrices) -> Bill:
    """Return the bill of `month` as if the month ended at `time`."""
    passed = tuple(day for day in month.days if day.start < time)
    return compute_bill(replace(month, days=passed), contracts, time, of_month=of_month)
