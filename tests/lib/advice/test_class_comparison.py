"""The cheapest class, computed by hand: the arithmetic is beside the numbers."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pytest

from smartyp1.advice.class_comparison import Comparison, compare
from smartyp1.energy_table.table import RowSource
from smartyp1.prices.contract import Contract, Contracts
from smartyp1.prices.published_prices import OlderPrices
from tests.lib.bill.months import (
    Known,
    agreed,
    changing,
    day,
    local,
    month,
    months_under,
    whole_month,
)


def compared(
    months: Sequence[Known],
    contracts: Contracts,
    until: datetime,
    *,
    is_at_current_prices: bool = False,
) -> Comparison:
    known = months_under(contracts, *(months or [month("2026-06")]))
    starts = [each.start for each in months]
    ledger = known[0].ledger
    return compare(ledger, starts, until, is_at_current_prices=is_at_current_prices)


def test_before_a_whole_month_no_class_is_the_cheapest() -> None:
    june = month("2026-06", *(day(f"2026-06-{n:02}", 5) for n in range(2, 31)))
    whole = whole_month("2026-06", 30)
    last = whole.days[-1]
    source = np.where(last.is_whole, RowSource.ESTIMATED, last.source).astype(np.int8)
    estimated = last._replace(source=source)
    for months, until in (
        ([], "2026-07-01"),
        ([june], "2026-07-01"),  # 29 of 30 days: 0.967
        ([whole._replace(days=(*whole.days[:-1], estimated))], "2026-07-01"),
        ([whole], "2026-06-30T23:59"),
    ):
        found = compared(months, agreed(reference_kw=7), local(until))
        assert len(found.months) == len(months)
        assert (len(found.decisive), found.cheapest, found.saving_per_year) == (0, None, None)


def test_the_last_twelve_whole_months_decide() -> None:
    names = [f"2025-{n:02}" for n in range(6, 13)] + [f"2026-{n:02}" for n in range(1, 7)]
    # In the first of these thirteen, 7 kW would have been far cheaper than 3 kW.
    months = [
        whole_month(name, monthrange(*map(int, name.split("-")))[1], above={3: 1000 * (n == 0)})
        for n, name in enumerate(names)
    ]
    found = compared(months, agreed(reference_kw=7), local("2026-07-01"))
    assert (len(found.decisive), found.cheapest) == (12, 3)
    # Six months of 2025 and six of 2026: 6 * (20.81 - 12.00) + 6 * (13.87 - 8.01) = 52.86 + 35.16
    assert found.saving_per_year == 88.02


def test_a_class_that_was_not_published_is_not_judged() -> None:
    huge: dict[float, float] = {100: 50_000}
    found = compared(
        [whole_month("2025-06", 30, above=huge)], agreed(reference_kw=150), local("2025-07-01")
    )
    assert found.months[0].classes[150] == (0, None, 0, None)
    assert found.cheapest == 100  # all others have a higher surcharge
    assert found.saving_per_year is None
    # In 2026 it is known.
    found = compared(
        [whole_month("2026-06", 30, above=huge)], agreed(reference_kw=100), local("2026-07-01")
    )
    assert found.cheapest == 150


def test_the_prices_of_the_other_classes_are_published_ones_and_become_old() -> None:
    own = {"network_fixed": 10, "network_variable": 0.06, "surcharge": 0.1, "meter_fee": 6}
    contracts, june = agreed(reference_kw=7, **own), whole_month("2026-06", 30, above={3: 100})
    found = compared([june], contracts, local("2027-01-01"), is_at_current_prices=True)
    assert found.prices_of == OlderPrices({"grid": date(2026, 12, 31)}, {})


def test_at_the_prices_that_hold_now() -> None:
    year = [whole_month("2025-12", 31, above={3: 100}), whole_month("2026-01", 31, above={3: 60})]
    contracts = changing(
        ("2020-01-01", Contract(reference_kw=3, network_fixed=99, surcharge=9)),
        ("2026-01-16", Contract(reference_kw=7)),
    )
    found = compared(year, contracts, local("2026-02-01"), is_at_current_prices=True)
    # 100 * 0.0765 * 1.08 = 8.262; 4.9572; 2 * 13.87 - (16.27 + 12.97) = -1.50
    assert found.months[0].classes[3] == (100, 8.01, 8.26, 16.27)
    assert found.months[1].classes[3] == (60, 8.01, 4.96, 12.97)
    assert found.months[0].classes[150].fixed == 223.13  # 223.128
    assert (found.cheapest, found.saving_per_year, found.is_about_the_same) == (7, 0, True)
    before = compared(year, contracts, local("2026-02-01"))
    assert before.months[0].classes[3] == (100, 106.92, 972, 1078.92)
    assert before.months[0].classes[7].fixed == 20.81
    # The year begins at Luxembourg's midnight, when it is 23 o'clock in UTC.
    midnight = compared(
        year, agreed(reference_kw=7), local("2026-01-01"), is_at_current_prices=True
    )
    assert midnight.months[0].classes[3].fixed == 8.01


@pytest.mark.parametrize(
    ("kwh", "saving", "is_about_the_same"),
    # 8.01 + kWh * 0.08262 against 13.87, times 12
    [(65.8, 5.04, False), (66, 4.92, True), (100, 0, True)],
)
def test_less_than_5_euro_a_year_is_about_the_same(
    kwh: float, saving: float, *, is_about_the_same: bool
) -> None:
    june = whole_month("2026-06", 30, above={3: kwh})
    found = compared([june], agreed(reference_kw=7), june.end)
    assert (found.saving_per_year, found.is_about_the_same) == (saving, is_about_the_same)
    assert compared([june], agreed(), june.end).is_about_the_same is None
