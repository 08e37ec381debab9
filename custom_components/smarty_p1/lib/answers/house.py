"""Answer about a house with solar panels: its consumption, and the part not drawn from the grid."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from ..advice.solar_house import Grid, HouseDay, Supply, hour_prices, house_days, house_sum
from ..bill.household_state import HouseholdState
from ..history.calendar import LUXEMBOURG, local_text, month_start
from ..history.market_prices import NO_PRICES
from ..history.month_columns import Columns
from ..history.month_file_lines import month_name
from ..prices.contract import Contracts
from ..prices.kwh_price import price_of_kwh
from ..prices.price_file import OlderPrices

MAX_MONTHS = 13
"""Number of months in the answer: the current month, and twelve months before."""


def first_day_of_house(demand: HouseholdState) -> datetime:
    """Return the start of the first month in the answer of `house_report`."""
    return demand.months[-MAX_MONTHS:][0].start


def house_report(
    demand: HouseholdState,
    columns: Columns,
    supplies: Sequence[Supply],
    until: datetime,
) -> dict[str, Any]:
    """Return the consumption and the own energy of a house, by day and by month.

    Own energy is the part of the consumption that was not drawn from the grid. The answer ends at
    `until`, the start of a quarter-hour. `columns` has the meter's spans.
    """
    months = (*demand.earlier_months, demand.known_month)[-MAX_MONTHS:]
    grid = Grid(months, columns, until)
    days = [*house_days(grid, supplies, hour_prices(months, until))]
    since = max(supply.since for supply in supplies)
    return {
        "since": local_text(since),
        "until": local_text(until),
        "days": [
            {
                "day": _date(day.start),
                "house_kwh": _rounded(day.house_kwh, 3),
                "own_kwh": _rounded(day.own_kwh, 3),
            }
            for day in days
        ],
        "months": [
            _month(start, list(days_of_month), demand.contracts)
            for start, days_of_month in groupby(days, lambda day: month_start(day.start))
        ],
    }


def _month(start: datetime, days: Sequence[HouseDay], contracts: Contracts) -> dict[str, Any]:
    total = house_sum(days)
    older = {}
    if total.saved is not None:
        known = [day for day in days if day.own_kwh is not None]
        prices = (price_of_kwh(contracts, day.start, NO_PRICES) for day in known)
        older = OlderPrices.answer(OlderPrices.joined(price.prices_of for price in prices))
    return {
        "month": month_name(start),
        "house_kwh": _rounded(total.house_kwh, 3),
        "own_kwh": _rounded(total.own_kwh, 3),
        "saved": _rounded(total.saved, 2),
        "unpriced_kwh": round(total.unpriced_kwh, 3),
        "since": total.since and _date(total.since),
        "unknown_days": total.unknown_days,
        **older,
    }


def _date(day: datetime) -> str:
    return day.astimezone(LUXEMBOURG).date().isoformat()


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
