"""Answers with days: their sums, peaks and costs.

The cost of a day is the bill up to the day's end minus the bill up to the day's start. So the costs
of the days add up to the month's bill. Even a day without any measurement has its share of the
fixed prices.
"""

from collections.abc import Iterator
from datetime import date, datetime

from ..bill.bill import more
from ..bill.daily_bills import bills_by_day
from ..bill.household_state import HouseholdState
from ..bill.ledger import Ledger
from ..bill.month import Month
from ..history.luxembourg_time import QUARTER_HOUR, day_end, day_start, local_day
from ..json_types import JsonDict
from ..prices.agreed_prices import older_prices_of
from ..prices.published_prices import OlderPrices
from .bills import peak_report

MAX_DAYS = 400


def days_report(household: HouseholdState, start: date, end: date) -> JsonDict:
    """Return the days from `start` up to the day before `end`.

    If there are more than MAX_DAYS days, return only the last MAX_DAYS days.
    """
    days = [
        day
        for month in household.months
        if month.end.date() > start and month.start.date() < end
        for day in _days(month, household.until)
        if start.isoformat() <= day["day"] < end.isoformat()
    ]
    return {"days": days[-MAX_DAYS:]}


def _days(month: Month, until: datetime) -> Iterator[JsonDict]:
    """Yield the data of each day of `month` that begins before `until`."""
    contracts = month.ledger.contracts
    for day in bills_by_day(*month, until):
        _, end, before, due = day
        # The first day of a household begins with its first reading.
        start = day_start(day.start)
        # While none of the month's exported energy has a known price, the bill has no line
        # `feed_in`. In this case, count 0 EUR for the time before the day.
        feed_in = more(before.amount("feed_in") or 0.0, due.amount("feed_in"))
        used = more(feed_in or 0.0, day.cost_of_energy)
        yield {
            "day": local_day(start).isoformat(),
            "start": start.isoformat(),
            "end": day_end(start).isoformat(),
            **_sums(month.ledger, start, end),
            "cost": day.cost,
            "subtotal": more(before.subtotal, due.subtotal),
            "cost_used": used,
            "cost_fixed": day.fixed_cost,
            "cost_above": day.cost_above,
            "feed_in": feed_in,
            **OlderPrices.answer(older_prices_of(contracts, [start])),
        }


def _sums(ledger: Ledger, start: datetime, end: datetime) -> JsonDict:
    """Return the sums of the day from `start` to `end`."""
    sums, is_known = ledger.sums(start, end), ledger.has_rows(start, end)
    return {
        "imported_wh": round(sums.imported_wh) if is_known else None,
        "exported_wh": round(sums.exported_wh) if is_known else None,
        "quarter_hours": round(sums.quarter_hours),
        "leneda_quarter_hours": round(sums.leneda),
        "estimated_quarter_hours": round(sums.estimated),
        "of_quarter_hours": (end - start) // QUARTER_HOUR,
        "reference_kw": ledger.contracts.at(start).reference_kw,
        "quarter_hours_above": round(sums.above),
        "above_wh": round(sums.above_wh),
        "peak": peak_report(ledger.peak(start, day_end(start)), 3),
    }
