"""Months, days and contracts, as the tests of the bill write them down."""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil, inf, nan
from typing import Any, NamedTuple, TypedDict, Unpack
from zoneinfo import ZoneInfo

import numpy as np

from smartyp1.bill.bill import Bill
from smartyp1.bill.bill_part_sums import Sums
from smartyp1.bill.household_table import table_and_refused
from smartyp1.bill.ledger import Ledger
from smartyp1.bill.leneda_days import NO_LENEDA_DAYS, LenedaDays
from smartyp1.bill.month import Month
from smartyp1.energy_table.filled_market_prices import filled
from smartyp1.energy_table.table import RowSource, Spans, Table, table_of
from smartyp1.energy_table.wall_clock import Floats, quarter_number
from smartyp1.history.luxembourg_time import day_end, month_end
from smartyp1.history.month_columns import Columns
from smartyp1.prices.contract import Contract, Contracts
from smartyp1.prices.published_prices import REFERENCE_POWERS

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TWO_PRICES = Contract(
    reference_kw=3,
    energy_price=0.2,
    second_price=0.08,
    second_hours="22:00-06:00",
    feed_in_price=0.06,
)


class Counted(TypedDict, total=False):
    """Optional energies and amounts of a day."""

    exported_wh: float
    market_wh: float
    market_cost: float
    market_exported_wh: float
    market_revenue: float


class CountedAbove(Counted, total=False):
    """All energies and amounts of a day."""

    kwh: float
    above: dict[float, float]


def local(text: str) -> datetime:
    """Return a time of Luxembourg's clock: `2026-06-01`, or with `T12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=LUXEMBOURG).astimezone(UTC)


class Known(NamedTuple):
    """Month with a table of its known days."""

    start: datetime
    days: Sequence[Table] = ()

    @property
    def table(self) -> Table:
        """Return the table of all days."""
        columns = zip(*(self.days or [_NO_DAYS]), strict=True)
        return Table._make(np.concatenate(column, axis=-1) for column in columns)

    @property
    def end(self) -> datetime:
        """Return the midnight at which the next month begins."""
        return month_end(self.start)

    def within(self, contracts: Contracts) -> Month:
        """Return the month under `contracts`. Monthly prices count from its start."""
        return months_under(contracts, self)[0]


def ledger_of(
    table: Table, contracts: Contracts, *, is_begun: bool = True, until: datetime | None = None
) -> Ledger:
    """Return the ledger of a whole past, with stand-in prices of what was known at `until`."""
    priced = filled(table, [since for since, _ in contracts.entries], until)
    return Ledger.of_table(priced, contracts, is_begun=is_begun)


def months_under(contracts: Contracts, *months: Known) -> list[Month]:
    """Return months of one household under `contracts`."""
    tables = [month.table for month in months]
    table = Table._make(np.concatenate(columns, axis=-1) for columns in zip(*tables, strict=True))
    ledger = ledger_of(table, contracts, is_begun=False)
    return [Month(ledger, month.start) for month in months]


class DayOfMonth(NamedTuple):
    """Day of a month, with its sums."""

    start: datetime
    sums: Sums
    gap_wh: float
    """Imported energy of gaps."""

    @property
    def imported_wh(self) -> float:
        """Return the imported energy."""
        return self.sums.imported_wh

    @property
    def exported_wh(self) -> float:
        """Return the exported energy."""
        return self.sums.exported_wh


def days_of(month: Month) -> list[DayOfMonth]:
    """Return the days of a month with known energy."""
    start, days = month.start.astimezone(UTC), []
    while start < month.end:
        end = day_end(start)
        if month.ledger.has_rows(start, end):
            rows = month.ledger.between(start, end).table
            gap_wh = float(rows.imported[rows.source == RowSource.GAP].sum())
            days.append(DayOfMonth(start, month.ledger.sums(start, end), gap_wh))
        start = end
    return days


def months_of(
    columns: Columns, leneda: LenedaDays = NO_LENEDA_DAYS, contracts: Contracts | None = None
) -> dict[datetime, Month]:
    """Return the months of some spans and of Leneda's days, by their starts."""
    table = table_and_refused(columns, leneda)[0]
    ledger = Ledger.of_table(table, contracts or Contracts(), is_begun=False)
    return {start: Month(ledger, start) for start in ledger.months}


def bill(month: Known, contracts: Contracts, until: datetime | None = None) -> Bill:
    """Return the bill of a month."""
    return month.within(contracts).bill(until)


def day(
    text: str, kwh: float = 0.0, above: dict[float, float] | None = None, **more: Unpack[Counted]
) -> Table:
    """Return a day with its imported energy, and the energy above some classes, in kWh.

    All quarter-hours are measured, without energy. The first one is repeated with energies above
    the classes. The rest of the day's energy is loose at its start.
    """
    start = local(text)
    numbers = np.arange(quarter_number(start), quarter_number(day_end(start)))
    high = _energies_above(above or {})
    whole = np.concatenate((high, np.zeros(len(numbers))))
    market_wh, cost = more.get("market_wh", 0.0), more.get("market_cost", 0.0)
    sold_wh, revenue = more.get("market_exported_wh", 0.0), more.get("market_revenue", 0.0)
    loose = [
        (market_wh, sold_wh, _price(cost, market_wh), _price(revenue, sold_wh)),
        (kwh * 1000 - market_wh - whole.sum(), more.get("exported_wh", 0.0) - sold_wh, nan, nan),
    ]
    imported, exported, market, feed_in = np.array(loose).T
    unknown = np.full(len(whole), nan)
    count = len(loose) + len(whole)
    source = [RowSource.PART] * len(loose) + [RowSource.MEASURED] * len(whole)
    return Table(
        quarter=np.concatenate((np.repeat(numbers[:1], len(loose) + len(high)), numbers)),
        imported=np.concatenate((imported, whole)),
        exported=np.concatenate((exported, np.zeros(len(whole)))),
        source=np.array(source, np.int8),
        market=np.concatenate((market, unknown)),
        feed_in=np.concatenate((feed_in, unknown)),
        is_market_filled=np.zeros(count, bool),
        is_feed_in_filled=np.zeros(count, bool),
        shared=np.zeros((5, count)),
        is_sharing_known=np.zeros(count, bool),
    )


def _energies_above(above: dict[float, float]) -> Floats:
    """Return energies in Wh of quarter-hours that exceed each power by the given kWh in all.

    No energy exceeds a power that is not in `above`.
    """
    energies = np.empty(0)
    for kw, kwh in sorted(above.items(), reverse=True):
        left_wh = kwh * 1000 - np.maximum(0.0, energies - kw * 250).sum()
        assert left_wh > -1e-6
        most_wh = min([power - kw for power in REFERENCE_POWERS if power > kw], default=inf) * 250
        count = ceil(left_wh / most_wh - 1e-9) or int(left_wh > 0)
        energies = np.concatenate((energies, np.full(count, kw * 250 + left_wh / max(1, count))))
    return energies


def _price(cost: float, wh: float) -> float:
    return cost / wh * 1000 if wh else nan


def shared(of: Table, kwh: float, layer: int = 1) -> Table:
    """Return a day with known sharing, and `kwh` of its loose energy shared."""
    layers = np.zeros_like(of.shared)
    layers[layer - 1, 1] = kwh * 1000
    return of._replace(shared=layers, is_sharing_known=np.ones_like(of.is_sharing_known))


def month(name: str, *days: Table) -> Known:
    """Return a month, `2026-06`, of some days."""
    start = datetime.fromisoformat(f"{name}-01").replace(tzinfo=LUXEMBOURG)
    return Known(start, days)


_NO_DAYS = table_of(Spans._make([np.empty(0)] * 4 + [np.empty(0, np.int8)]))


def alike_days(name: str, count: int, kwh: float, exported_kwh: float = 0.0) -> Known:
    """Return a month whose first days are alike."""
    dates = [f"{name}-{n:02}" for n in range(1, count + 1)]
    return month(name, *(day(date, kwh, exported_wh=exported_kwh * 1000) for date in dates))


def whole_month(name: str, count: int, **of_first_day: Unpack[CountedAbove]) -> Known:
    """Return a month all of whose days were measured, with all energy on the first one."""
    dates = [f"{name}-{n:02}" for n in range(1, count + 1)]
    return month(name, day(dates[0], **of_first_day), *map(day, dates[1:]))


def agreed(**contract: Any) -> Contracts:  # noqa: ANN401 - whatever a contract says
    """Return a contract that holds for all times."""
    return Contracts(((LONG_AGO, Contract.of_terms(contract)),))


def changing(*entries: tuple[str, Contract]) -> Contracts:
    """Return contracts, each with the time of Luxembourg's clock from which it holds."""
    return Contracts(tuple((local(since), contract) for since, contract in entries))


def lines(bill: Bill) -> list[tuple[str, float, float, float]]:
    """Return the lines of a bill: name, quantity, price, amount."""
    return [(line.name, line.quantity, line.price, line.amount) for line in bill.lines]


def sums(bill: Bill) -> tuple[float | None, float | None, float | None]:
    """Return net, VAT and total of a bill."""
    return bill.net, bill.vat, bill.total
