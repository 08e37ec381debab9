"""A finished hour of the statistics is seldom rewritten, although prices are missing or late."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from math import nan

import numpy as np
import pytest

from custom_components.smarty_p1.coordinator.statistics.hourly_statistics import Series, plan_of
from custom_components.smarty_p1.coordinator.statistics.statistic_ids import StatisticKind
from custom_components.smarty_p1.lib.bill.hourly_amounts import amounts_by_hour
from custom_components.smarty_p1.lib.bill.ledger import Ledger
from custom_components.smarty_p1.lib.energy_table.filled_market_prices import filled
from custom_components.smarty_p1.lib.energy_table.table import RowSource, Table
from custom_components.smarty_p1.lib.energy_table.wall_clock import quarter_number
from custom_components.smarty_p1.lib.history.luxembourg_time import month_start
from custom_components.smarty_p1.lib.prices.contract import BEGINNING, Contract, Contracts
from dev.testing.random_examples import each
from tests.lib.bill.months import local

HOUR = timedelta(hours=1)
BEGIN, END = local("2026-10-30"), local("2026-11-06T03:00")
CONTRACTS = Contracts(
    (
        (BEGINNING, Contract(reference_kw=3, energy_margin=0.02, feed_in_margin=-0.01)),
        (local("2026-11-05"), Contract(reference_kw=3, energy_margin=0.03, energy_fee=2.5)),
    )
)
MAX_REWRITES = 3


class Prices:
    """Market prices of quarter-hours; some come late or never."""

    def __init__(self, lost: Sequence[tuple[str, int]], late: Sequence[tuple[str, int]]) -> None:
        self._lost = _quarters(lost)
        self._late = _quarters(late)

    def known_at(self, time: datetime, quarters: Sequence[int]) -> list[float]:
        """Return the prices that are known at a time. The recorder is read 20 minutes past."""
        read = quarter_number(time - timedelta(minutes=45))
        return [
            nan
            if n in self._lost or (n in self._late and n >= read)
            else round(0.05 + n * 37 % 101 / 400, 5)
            for n in quarters
        ]


def _quarters(periods: Sequence[tuple[str, int]]) -> set[int]:
    return {quarter_number(local(start)) + n for start, count in periods for n in range(count)}


def table_at(time: datetime, prices: Prices) -> Table:
    """Return the table of all quarter-hours until a time."""
    quarter = np.arange(quarter_number(BEGIN), quarter_number(time))
    count = len(quarter)
    known = np.array(prices.known_at(time, quarter.tolist()))
    return Table(
        quarter=quarter,
        imported=np.array(100.0 + quarter * 53 % 211 * 10, float),
        exported=np.where(quarter % 96 > 20, 70.0 + quarter * 29 % 97, 0.0),
        source=np.full(count, RowSource.MEASURED, np.int8),
        market=known,
        feed_in=known - 0.01,
        shared=np.zeros((5, count)),
        is_market_filled=np.zeros(count, bool),
        is_feed_in_filled=np.zeros(count, bool),
        is_sharing_known=np.zeros(count, bool),
    )


def writes(prices: Prices) -> Mapping[StatisticKind, Counter[datetime]]:
    """Write the statistics after each hour. Return how often each hour is written."""
    kinds = [
        kind for kind in StatisticKind if kind in {"imported", "cost", "compensation", "total"}
    ]
    rows: dict[StatisticKind, dict[datetime, float]] = {kind: {} for kind in kinds}
    counts: dict[StatisticKind, Counter[datetime]] = {kind: Counter() for kind in kinds}
    time = BEGIN + HOUR
    while time <= END:
        ledger = Ledger.of_table(filled(table_at(time, prices), [BEGINNING], time), CONTRACTS)
        months = [month for month in ledger.months if month >= month_start(time - HOUR)]
        amounts = amounts_by_hour(ledger, months, time)
        for kind in kinds:
            periods = [(months[0], time)]
            series = Series(kind, kind, "", None, getattr(amounts, kind), periods)
            stored, written = rows[kind], set[datetime]()
            plan = plan_of(stored, series, can_delete=True)
            for since, rise in plan.shifts.items():
                later = [hour for hour in stored if hour >= since]
                stored.update({hour: stored[hour] + rise for hour in later})
                written.update(later)
            for hour in plan.deleted:
                del stored[hour]
            for row in plan.rows:
                stored[row["start"]] = row["sum"]
                written.add(row["start"])
            counts[kind].update(written)
            rows[kind] = dict(sorted(stored.items()))
        time += HOUR
    return counts


LOST = [("2026-11-01T12:00", 2), ("2026-11-03T00:30", 7), ("2026-11-05T09:00", 3)]
LATE = [("2026-11-01T15:00", 4), ("2026-11-02T18:00", 9), ("2026-11-04T01:00", 8)]


@pytest.mark.parametrize("changes", each(3, [*product(([], LOST), ([], LATE))]))
def test_a_finished_hour_is_rewritten_at_most_three_times(
    changes: tuple[list[tuple[str, int]], list[tuple[str, int]]],
) -> None:
    counts = writes(Prices(*changes))
    for kind, by_hour in counts.items():
        assert max(by_hour.values()) <= 1 + MAX_REWRITES, kind
    assert set(counts[StatisticKind.IMPORTED].values()) == {1}
    if changes == ([], []):
        assert set(counts[StatisticKind.COST].values()) == {1}
        assert max(counts[StatisticKind.TOTAL].values()) == 2
