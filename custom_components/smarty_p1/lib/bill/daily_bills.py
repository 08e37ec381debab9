"""Bills of a month up to each of its days or hours. Their differences are the costs of these."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..history.calendar import day_end, month_end
from .bill import Bill, bill_of_parts, month_prices
from .ledger import Ledger

_HOUR = timedelta(hours=1)


class PeriodBills(NamedTuple):
    """A period, and the bills of its month up to the period's start and up to its end."""

    start: datetime
    end: datetime
    before: Bill
    due: Bill


def bills_by_day(ledger: Ledger, start: datetime, until: datetime) -> Iterator[PeriodBills]:
    """Yield the bills of each day before `until` of the month that begins at `start`.

    The last day of an unfinished month ends at `until`. All bills have the VAT rate and the
    stand-in prices of the month's bill up to `until`.
    """
    return _bills(ledger, start, until, day_end)


def bills_by_ended_day_and_hour(
    ledger: Ledger, start: datetime, until: datetime
) -> Iterator[PeriodBills]:
    """Yield the bills of each ended day, and of each hour of the day that has not ended.

    Otherwise, they are like the bills of `bills_by_day`.
    """

    def end_of(time: datetime) -> datetime:
        end = day_end(time)
        return end if end <= until else time.replace(minute=0, second=0, microsecond=0) + _HOUR

    return _bills(ledger, start, until, end_of)


def _bills(
    ledger: Ledger, start: datetime, until: datetime, end_of: Callable[[datetime], datetime]
) -> Iterator[PeriodBills]:
    until = min(until, month_end(start))
    begin, of_month = ledger.month_begin(start).astimezone(UTC), month_prices(ledger, start, until)
    time, before = begin, bill_of_parts(ledger.parts(begin, begin), of_month)
    while time < until:
        end = min(end_of(time), until)
        due = bill_of_parts(ledger.parts(begin, end), of_month)
        yield PeriodBills(time, end, before, due)
        time, before = end, due
