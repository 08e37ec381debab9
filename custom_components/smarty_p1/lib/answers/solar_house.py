"""Answer about a house with solar panels: its consumption, and the part not drawn from the grid."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from ..advice.solar_house import Grid, HouseDay, Supplies, house_days, house_sum, without_supplies
from ..bill.bill import more
from ..bill.household_state import HouseholdState
from ..bill.ledger import Ledger
from ..bill.month import Month
from ..history.luxembourg_time import local_day, local_text, month_start
from ..history.month_columns import Columns
from ..history.month_file_lines import month_name
from ..json_types import JsonDict
from ..prices.kwh_price import rounded
from ..prices.published_prices import OlderPrices

MAX_MONTHS = 13
"""Number of months in the answer: the current month, and twelve months before."""


def first_day_of_house(household: HouseholdState) -> datetime:
    """Return the start of the first month in the answer of `house_report`."""
    return household.months[-MAX_MONTHS:][0].start


def house_report(
    household: HouseholdState,
    columns: Columns,
    supplies: Supplies,
    until: datetime,
) -> JsonDict:
    """Return the consumption and the own energy of a house, by day and by month.

    Own energy is the part of the consumption that was not drawn from the grid. The answer ends at
    `until`, the start of a quarter-hour. `columns` has the meter's spans.
    """
    months = (*household.earlier_months, household.known_month)[-MAX_MONTHS:]
    grid = Grid(months, columns, until)
    days = [*house_days(grid, supplies)]
    without = without_supplies(grid, supplies, days)
    since = max(supply.since for supply in supplies)
    return {
        "since": local_text(since),
        "until": local_text(until),
        "days": [
            {
                "day": local_day(day.start).isoformat(),
                "house_kwh": rounded(day.house_kwh, 3),
                "own_kwh": rounded(day.own_kwh, 3),
            }
            for day in days
        ],
        "months": [
            _month(Month(household.ledger, start), [*days_of_month], without)
            for start, days_of_month in groupby(days, lambda day: month_start(day.start))
        ],
    }


def _month(month: Month, days: Sequence[HouseDay], without: Ledger) -> JsonDict:
    """Return the sums of a month. `without` is the past without panels and batteries."""
    total, saved, older = house_sum(days), None, {}
    if total.own_kwh is not None:
        due = month._replace(ledger=without).bill()
        # Both bills have the same line of the exported energy.
        saved = more(month.bill().total, due.total)
        older = {} if saved is None else OlderPrices.answer(due.prices_of)
    return {
        "month": month_name(month.start),
        "house_kwh": rounded(total.house_kwh, 3),
        "own_kwh": rounded(total.own_kwh, 3),
        "saved": saved,
        "since": total.since and local_day(total.since).isoformat(),
        "unknown_days": total.unknown_days,
        **older,
    }
