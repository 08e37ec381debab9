"""Energy and costs of each hour of a household.

The hours are computed from its ledger. They add up to the months and to the bills, and are never
stored:

- An hour has the energy of its quarter-hours. The energy of a gap is divided in proportion to time.
- A kilowatt-hour costs the price of its time. A market price is the price of the quarter-hour, or
  a stand-in price, as on the bill. Without such a price, the hour has no cost.
- The bill of a day also has fixed prices, roundings and the surcharge. The surcharge belongs to the
  hour that exceeded the reference power. The rest is shared equally among all hours of the day.
- Until its day has ended, an hour costs the difference of the bills at its end and at its start, in
  whole cents. So an hour of the day does not change with each further hour.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import compress
from typing import NamedTuple

import numpy as np

from ..energy_table.wall_clock import AN_HOUR, Flags, Floats, number_from, time_of
from ..history.luxembourg_time import month_end
from ..prices.contract import BEGINNING
from .bill import month_prices
from .daily_bills import bills_by_ended_day_and_hour
from .ledger import Ledger
from .ledger_row_prices import billed_cost, prices_of_rows

type HourlyValues = dict[datetime, float]
"""Values in kWh or EUR by the start of the hour in UTC."""


class HourlyAmounts(NamedTuple):
    """Energies in kWh, and amounts of money in EUR, of ended hours."""

    imported: HourlyValues
    exported: HourlyValues
    cost: HourlyValues
    """Cost of the imported energy with VAT, without monthly prices and surcharge. Shared energy
    costs the price of the grid and the price of the energy community."""
    compensation: HourlyValues
    """Revenue of the exported energy. Hours without a feed-in price are left out."""
    total: HourlyValues
    """Part of the bill. The energy community's own bill is not included."""


def amounts_by_hour(
    ledger: Ledger, months: Iterable[datetime], until: datetime, since: datetime = BEGINNING
) -> HourlyAmounts:
    """Return the amounts of the hours from `since`, a midnight, that have ended at `until`.

    `months` are the first midnights of the months in question. The ledger is without the running
    quarter-hour: its energy would be shared among the hours of the day.
    """
    amounts = HourlyAmounts({}, {}, {}, {}, {})
    for start in months:
        for hours, of_month in zip(amounts, _of_month(ledger, start, until, since), strict=True):
            hours.update(of_month)
    return amounts


def _of_month(ledger: Ledger, start: datetime, until: datetime, since: datetime) -> HourlyAmounts:
    begin, end = max(start, since), month_end(start)
    rows = ledger.between(begin, end)
    of_month = month_prices(ledger, start, min(until, end))
    prices, table = prices_of_rows(rows, of_month), rows.table
    first = number_from(begin) // AN_HOUR
    count = number_from(end) // AN_HOUR - first
    place = table.quarter // AN_HOUR - first

    def by_hour(values: Floats) -> Floats:
        hours: Floats = np.bincount(place, values, count).astype(float)
        return hours

    wh, fed = table.imported, np.nan_to_num(table.exported)
    community = table.shared.sum(axis=0) * prices.community / 1000
    billed = by_hour(billed_cost(table, prices))
    # Without stand-in prices, the bill counts only exported energy with a market price.
    compensation = by_hour(np.nan_to_num(fed * prices.exported / 1000))
    own = np.nan_to_num(billed) - compensation + by_hour(rows.above_wh * prices.excess / 1000)
    total = np.full(count, np.nan)
    for period_begin, period_until, before, due in bills_by_ended_day_and_hour(
        ledger, start, until, begin
    ):
        if before.total is not None and due.total is not None:
            last = -(-number_from(period_until) // AN_HOUR)
            period = slice(number_from(period_begin) // AN_HOUR - first, last - first)
            rest = due.total - before.total - own[period].sum()
            total[period] = own[period] + rest / (period.stop - period.start)
    ended = np.arange(count) < number_from(until.replace(minute=0, second=0)) // AN_HOUR - first
    is_known = ended & (np.bincount(place, minlength=count) > 0)
    has_feed_in = is_known & (by_hour(prices.has_feed_in.astype(float)) > 0)

    times = [time_of((first + at) * AN_HOUR) for at in range(count)]

    def chosen(values: Floats, which: Flags) -> HourlyValues:
        is_chosen = which & ~np.isnan(values)
        return dict(compress(zip(times, values.tolist(), strict=True), is_chosen.tolist()))

    return HourlyAmounts(
        chosen(by_hour(wh) / 1000, is_known),
        chosen(by_hour(fed) / 1000, is_known),
        chosen(billed + by_hour(community), is_known),
        chosen(compensation, has_feed_in),
        chosen(total, ended),
    )
