"""Tables with a row for each quarter-hour of some days, as the tests write them down."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import NamedTuple

import numpy as np

from smartyp1.bill.ledger import Ledger
from smartyp1.energy_table.table import RowSource, Table
from smartyp1.energy_table.wall_clock import Floats, quarter_number
from smartyp1.history.luxembourg_time import day_end
from smartyp1.prices.contract import Contracts
from tests.lib.bill.months import ledger_of, local

type Values = float | Sequence[float]
"""A value for each quarter-hour of a day, or one number for the day."""


class DayRows(NamedTuple):
    """Rows of a day. One energy for the day is spread evenly. One price holds all day."""

    kwh: Values = 0.0
    exported_kwh: Values = 0.0
    """NaN if unknown."""
    market: Values = nan
    feed_in: Values = nan
    shared_kwh: Values = nan
    """Energy of layer 1. NaN if unknown."""


def table_of_days(
    days: Mapping[str, DayRows | Values], source: RowSource = RowSource.MEASURED
) -> Table:
    """Return the table of some days, such as `{"2026-06-01": 9.6}`. The days are in any order."""
    tables = [
        _day_table(text, rows if isinstance(rows, DayRows) else DayRows(rows), source)
        for text, rows in sorted(days.items())
    ]
    return Table._make(np.concatenate(columns, axis=-1) for columns in zip(*tables, strict=True))


def ledger_of_days(contracts: Contracts, days: Mapping[str, DayRows | Values]) -> Ledger:
    """Return the ledger of some measured days."""
    return ledger_of(table_of_days(days), contracts)


def _day_table(text: str, rows: DayRows, source: RowSource) -> Table:
    start = local(text)
    quarter = np.arange(quarter_number(start), quarter_number(day_end(start)))
    count = len(quarter)

    def energies(kwh: Values) -> Floats:
        return _column(kwh / count if isinstance(kwh, int | float) else kwh, count) * 1000

    shared = np.zeros((5, count))
    shared[0] = energies(rows.shared_kwh)
    return Table(
        quarter=quarter,
        imported=energies(rows.kwh),
        exported=energies(rows.exported_kwh),
        source=np.full(count, source, np.int8),
        market=_column(rows.market, count),
        feed_in=_column(rows.feed_in, count),
        is_market_filled=np.zeros(count, bool),
        is_feed_in_filled=np.zeros(count, bool),
        shared=np.nan_to_num(shared),
        is_sharing_known=~np.isnan(shared[0]),
    )


def _column(values: Values, count: int) -> Floats:
    """Return a value for each of the `count` quarter-hours. Raises ValueError for another count."""
    return np.broadcast_to(np.array(values, float), count).copy()
