"""Errors of the month's forecast and of a simple rule, over the twelve months of homes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from time import process_time
from typing import NamedTuple

from smartyp1.advice.month_forecast import Estimate, estimate_month
from smartyp1.bill.bill import Bill, bill_of_parts
from smartyp1.bill.bill_part_sums import Sums
from smartyp1.bill.household_table import table_and_refused
from smartyp1.bill.ledger import Ledger
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.month import Month
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.prices.contract import Contract, Contracts

DAYS = (1, 4, 10, 20)
"""Days of the month on whose midnights a forecast is made."""
_MIN_SHARE = 0.99
"""A month is judged only if this share of its quarter-hours is known."""
_BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)
_CONTRACT = Contract(
    reference_kw=7, energy_price=0.15, energy_fee=2.5, feed_in_price=0.08, has_levies=True
)
"""Contract of all homes, because files do not tell the real one."""


class Score(NamedTuple):
    """One forecast, compared with the truth. Amounts are in EUR."""

    home: str
    day: int
    """Day of the month on whose midnight the forecast was made."""
    error: float
    simple_error: float | None
    """Error of the simple rule: each coming day is the mean of this month's days so far. None on
    the 1st."""
    is_held: bool
    """Whether the truth lies between `low` and `high`."""
    width: float
    """`high` minus `low`."""
    seconds: float
    """CPU time of the forecast."""


def score_home(home: str, quarter_hours: Iterable[QuarterHour]) -> list[Score]:
    """Return the scores of the last twelve whole months of a home."""
    table, _ = table_and_refused({}, LenedaDays(quarter_hours))
    ledger = Ledger.of_table(table, Contracts(((_BEGINNING, _CONTRACT),)))
    months = [Month(ledger, start) for start in ledger.months]
    whole = [month for month in months if month.known_share(month.end) >= _MIN_SHARE]
    return [score for month in whole[-12:] for day in DAYS if (score := _score(home, month, day))]


def _score(home: str, whole: Month, day: int) -> Score | None:
    until = whole.start.replace(day=day).astimezone(UTC)
    so_far = Month(whole.ledger.between(_BEGINNING, until), whole.start)
    begin = process_time()
    estimate = estimate_month(so_far, until)
    seconds = process_time() - begin
    truth = whole.bill().total
    if not isinstance(estimate, Estimate) or truth is None:
        return None
    simple = _continued(so_far, until).total if so_far.is_known else None
    return Score(
        home,
        day,
        abs(estimate.total - truth),
        None if simple is None else abs(simple - truth),
        estimate.low <= truth <= estimate.high,
        estimate.high - estimate.low,
        seconds,
    )


def _continued(month: Month, until: datetime) -> Bill:
    """Return the bill of `month`, continued from `until` to its end with the mean of its days."""
    ledger, passed = month.ledger, until - month.start
    known = ledger.parts(ledger.month_begin(month.start), until)
    (coming,) = ledger.parts(until, month.end)
    more = [value * ((month.end - until) / passed) for value in month.sums]
    return bill_of_parts([*known, coming._replace(sums=Sums(*more))])
