"""Errors of the month's forecast and of a simple rule, over the twelve months of homes."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import NamedTuple

from smartyp1.advice.month_forecast import Estimate, estimate_month
from smartyp1.bill.bill import compute_bill
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.bill.month import ClassExcess, Day, Month
from smartyp1.bill.month_cache import months_of
from smartyp1.history.calendar import KEPT_MONTHS, day_end
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.prices.contract import Contract, Contracts

DAYS = (1, 4, 10, 20)
"""Days of the month on whose midnights a forecast is made."""
_MIN_SHARE = 0.99
"""A month is judged only if this share of its quarter-hours is known."""
_BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)


class Score(NamedTuple):
    """One forecast, compared with the truth. Amounts are in EUR."""

    traits: str
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


def score_home(
    traits: str, quarter_hours: Iterable[QuarterHour], contract: Contract, count: int = 12
) -> list[Score]:
    """Return the scores of the last `count` whole months of a home."""
    contracts = Contracts(((_BEGINNING, contract),))
    by_start = months_of({}, LenedaDays(quarter_hours), contracts)
    months = [by_start[start] for start in sorted(by_start)]
    whole = [n for n, month in enumerate(months) if month.known_share(month.end) >= _MIN_SHARE]
    return [
        score
        for n in whole[-count:]
        for day in DAYS
        if (score := _score(traits, months[max(0, n - KEPT_MONTHS) : n + 1], contracts, day))
    ]


def _score(traits: str, months: Sequence[Month], contracts: Contracts, day: int) -> Score | None:
    *earlier, whole = months
    until = whole.start.replace(day=day).astimezone(UTC)
    so_far = Month(start=whole.start, days=tuple(d for d in whole.days if d.start < until))
    begin = process_time()
    estimate = estimate_month(so_far, earlier, contracts, until)
    seconds = process_time() - begin
    truth = compute_bill(whole, contracts, whole.end).total
    if not isinstance(estimate, Estimate) or truth is None:
        return None
    simple = None
    if so_far.days:
        simple = compute_bill(_continued(so_far, until), contracts, whole.end).total
    return Score(
        traits,
        day,
        abs(estimate.total - truth),
        None if simple is None else abs(simple - truth),
        estimate.low <= truth <= estimate.high,
        estimate.high - estimate.low,
        seconds,
    )


def _continued(month: Month, until: datetime) -> Month:
    """Return `month`, continued from `until` to its end with the mean of its days."""
    length = (until - month.start) / timedelta(days=1)
    powers = {kw for day in month.days for kw in day.above}
    imported_wh = sum(day.imported_wh for day in month.days) / length
    exported_wh = sum(day.exported_wh for day in month.days) / length
    above = {kw: ClassExcess(0, month.above(kw).energy_wh / length) for kw in powers}
    days = list(month.days)
    while until < month.end:
        share = (day_end(until) - until) / timedelta(days=1)
        days.append(
            Day(
                start=until,
                imported_wh=imported_wh * share,
                exported_wh=exported_wh * share,
                above={kw: ClassExcess(0, part.energy_wh * share) for kw, part in above.items()},
            )
        )
        until = day_end(until)
    return Month(start=month.start, days=tuple(days))
