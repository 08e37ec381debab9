"""Costs of a period by cause: its energies, the prices of its hours, its fixed prices."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import isnan
from typing import NamedTuple, Self

import numpy as np

from ..bill.bill import bill_of_parts, month_prices, monthly_lines
from ..bill.bill_part_sums import BillPart, Sums
from ..bill.ledger import Ledger
from ..bill.ledger_row_prices import RowPrices, prices_of_rows
from ..energy_table.wall_clock import A_DAY, QUARTER_S, wall_clock
from ..history.luxembourg_time import SECOND, day_end, month_start
from ..prices.agreed_prices import AgreedPrices, price_file
from ..prices.contract import Contracts
from ..prices.kwh_price import sum_of_known

_EVENINGS = timedelta(days=28)
# An evening lasts from noon to noon: a car is charged past midnight.
_NOON = A_DAY // 2


def terms_at(contracts: Contracts, time: datetime) -> Contracts:
    """Return contract, aids and published prices of a time, as if they always held."""
    always = (
        aid._replace(first_day=date.min, last_day=date.max) for aid in contracts.aids_at(time)
    )
    return Contracts.always(contracts.at(time), tuple(always), price_file().at(time))


class PeriodCosts(NamedTuple):
    """Energies in kWh and amounts in EUR of a period. The amounts have VAT."""

    imported: float
    exported: float
    full: float
    """Cost of the imported energy as if nothing was shared, without the excess."""
    shared: float
    """Amount by which shared energy lowers the bill."""
    above: float
    """Cost of the energy above the reference power, in addition to its other prices."""
    sold: float
    fixed: float

    @property
    def cost(self) -> float:
        """Return the cost on the bill. The bill rounds its lines."""
        return self.full - self.shared + self.above - self.sold + self.fixed

    @classmethod
    def mean(cls, costs: Sequence[Self], weights: Sequence[float] = ()) -> Self:
        """Return the mean of each field. Without any weight, all costs have the same one."""
        used = weights if sum(weights) else None
        return cls._make(np.average(np.array(costs), axis=0, weights=used).tolist())


def costs_between(
    ledger: Ledger, begin: datetime, until: datetime, billed_until: datetime
) -> PeriodCosts | None:
    """Return the costs of a period of one month, None if a price is unknown.

    The month's bill ends at `billed_until`. A quarter-hour that `until` divides counts in
    proportion to time.
    """
    of_month = month_prices(ledger, month_start(begin), billed_until)
    fixed = _fixed(ledger.parts(begin, until))
    rows = ledger.between(begin, until)
    return _costs(rows, until, prices_of_rows(rows, of_month), fixed)


def costs_under(
    terms: Contracts, months: float, ledger: Ledger, period: tuple[datetime, datetime, datetime]
) -> PeriodCosts | None:
    """Return the costs that a period of whole days would have had under `terms`.

    `period` has the times of `costs_between`. The fixed prices are those of a share of a month.
    """
    begin, until, billed_until = period
    of_month = month_prices(ledger, month_start(begin), billed_until)
    fixed = _fixed([BillPart(AgreedPrices.of_contracts(terms, begin), terms.aids, months, Sums())])
    days = ledger.between(begin, day_end(until - SECOND))
    rows = Ledger.of_table(days.table, terms).between(begin, until)
    return _costs(rows, until, prices_of_rows(rows, of_month), fixed)


def _costs(
    rows: Ledger, until: datetime, prices: RowPrices, fixed: float | None
) -> PeriodCosts | None:
    table = rows.table
    part = np.clip(until.timestamp() / QUARTER_S - table.quarter, 0.0, 1.0)
    part = np.where(table.is_whole, part, 1.0) / 1000
    kwh, fed = table.imported * part, np.nan_to_num(table.exported) * part
    shared = table.shared.sum(axis=0) * part
    spared = prices.imported - prices.shared + prices.community
    amounts = (
        np.where(kwh != 0, kwh * prices.imported, 0.0),
        np.where(shared != 0, shared * spared, 0.0),
        rows.above_wh * part * prices.excess,
        fed * np.nan_to_num(prices.exported),
    )
    full, less, above, sold = (float(values.sum()) for values in amounts)
    if fixed is None or isnan(full + less):
        return None
    return PeriodCosts(float(kwh.sum()), float(fed.sum()), full, less, above, sold, fixed)


def _fixed(parts: Sequence[BillPart]) -> float | None:
    """Return the fixed prices of parts of a month.

    Return None if one of them, or the price of the energy above the reference power, is unknown.
    """
    if not all(part.prices.knows_excess for part in parts):
        return None
    months = [
        bill_of_parts([part._replace(months=1.0, sums=Sums())]).amount(*monthly_lines())
        for part in parts
    ]
    return sum_of_known(
        [month and month * part.months for month, part in zip(months, parts, strict=True)]
    )


def usual_evening_cost(ledger: Ledger, now: datetime, price: float) -> float | None:
    """Return the mean cost in EUR of an evening above the reference power in the last 28 days.

    `price` is the additional price of a kWh above it. Evenings below it do not count. Return None
    if there was no evening above it.
    """
    rows = ledger.between(now - _EVENINGS, now)
    evenings = wall_clock(rows.table.quarter - _NOON).day
    above_wh = (
        np.bincount(evenings - evenings.min(), rows.above_wh) if len(evenings) else np.empty(0)
    )
    above_wh = above_wh[above_wh > 0]
    return float(above_wh.mean()) / 1000 * price if len(above_wh) else None
