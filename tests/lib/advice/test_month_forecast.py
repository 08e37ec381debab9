"""Forecast of the current month, computed by hand.

Equal days have neither season nor weekend, so each coming day equals them.
"""

import random
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import nan
from typing import NamedTuple

import numpy as np
import pytest

from dev.testing.random_examples import examples
from smartyp1.advice.month_forecast import Estimate, Lack, estimate_month, estimated
from smartyp1.bill.month import Month
from smartyp1.energy_table.table import RowSource, Table
from smartyp1.prices.contract import Aid, AidVat, Contract, Contracts
from tests.lib.bill.months import (
    LUXEMBOURG,
    Counted,
    Known,
    agreed,
    alike_days,
    changing,
    day,
    ledger_of,
    local,
    month,
    months_under,
)
from tests.lib.bill.support import Connection
from tests.lib.bill.tables import DayRows, ledger_of_days

CONTRACTS = agreed(reference_kw=7, energy_price=0.15)


MAY = alike_days("2026-05", 31, 10)
JUNE = alike_days("2026-06", 10, 10)
LAST_YEAR = alike_days("2025-06", 30, 10)


def known_in_part(text: str, count: int, kwh: float = 10) -> Table:
    """Return a day with only some known quarter-hours."""
    of = day(text, kwh)
    is_known = (of.source != RowSource.MEASURED) | (np.arange(len(of.quarter)) < count + 2)
    return of.where(is_known)


def estimate(
    of: Known, earlier: Sequence[Known], contracts: Contracts, until: datetime
) -> Estimate | Lack | None:
    """Return the estimate of a month under `contracts`."""
    return estimate_month(months_under(contracts, *earlier, of)[-1], until)


def total(
    of: Known, earlier: Sequence[Known], contracts: Contracts, until: datetime
) -> float | None:
    """Return the estimated total of a month that has an estimate."""
    found = estimate(of, earlier, contracts, until)
    assert isinstance(found, Estimate)
    assert found.low < found.total < found.high
    return found.total


def test_equal_days_go_on_and_the_range_is_narrow_after_months_of_them() -> None:
    # 300 kWh: 45.00 + 12.84 + 15.30 + 5.72 = 78.86; 6.31 of VAT
    earlier = [alike_days(f"2026-{name:02}", 28, 10) for name in range(1, 6)]
    found = estimate(JUNE, earlier, CONTRACTS, local("2026-06-11"))
    assert isinstance(found, Estimate)
    assert found.total == 85.17
    # 200 kWh to come cost 43.42 with VAT. The household's past has no error, but seldom has one.
    alone = estimate(JUNE, [], CONTRACTS, local("2026-06-11"))
    assert isinstance(alone, Estimate)
    assert 85.17 - 43.42 / 4 < alone.low < found.low < 85.17 < found.high < alone.high


def test_days_that_differ_make_the_range_wide() -> None:
    # A car that is charged for a week, and then for three weeks is not.
    def uneven(name: str, count: int) -> Known:
        parts = [day(f"{name}-{n:02}", 40 if n <= 7 else 10) for n in range(1, count + 1)]
        return month(name, *parts)

    spans = []
    for of in (uneven, lambda name, count: alike_days(name, count, 17)):
        earlier = [of(f"2026-{name:02}", 28) for name in range(1, 6)]
        found = estimate(of("2026-06", 10), earlier, CONTRACTS, local("2026-06-11"))
        assert isinstance(found, Estimate)
        spans.append(found.high - found.low)
    assert spans[0] > 1.5 * spans[1]


def test_energy_that_is_fed_in_widens_the_range_and_goes_below_nothing_to_pay() -> None:
    def sunny(known: Known, kwh: float) -> Known:
        return alike_days(f"{known.start:%Y-%m}", len(known.days), 10, kwh)

    contracts = agreed(reference_kw=7, energy_price=0.15, feed_in_price=0.30)
    # 300 kWh as above, less 300 * 0.30: 85.17 - 90.00; with 900 kWh fed in, -184.83
    assert total(sunny(JUNE, 10), [sunny(MAY, 10)], contracts, local("2026-06-11")) == -4.83
    found = estimate(sunny(JUNE, 30), [sunny(MAY, 30)], contracts, local("2026-06-11"))
    assert isinstance(found, Estimate)
    assert found.total == -184.83
    assert found.high - found.low > 2 * 0.1 * 180


def test_a_household_that_only_exports_has_an_estimate() -> None:
    contracts = agreed(reference_kw=7, energy_price=0.15, feed_in_price=0.30)
    may, june = (
        alike_days(name, count, 0, 10) for name, count in (("2026-05", 31), ("2026-06", 10))
    )
    # 12.84 + 5.72 = 18.56; 1.48 of VAT, less 300 * 0.30
    assert total(june, [may], contracts, local("2026-06-11")) == -69.96


@pytest.mark.parametrize(
    ("until", "without", "with_last_year"),
    [
        ("2026-06-01", Lack.LAST_YEAR, True),
        ("2026-06-01T00:15", Lack.LAST_YEAR, True),
        ("2026-06-03T23:45", Lack.LAST_YEAR, True),
        ("2026-06-04", True, True),
        ("2026-06-10T23:45", True, True),
        ("2026-07-01", False, False),
        ("2026-08-01", False, False),
        ("2026-05-31", False, False),
    ],
)
def test_from_the_fourth_day_and_with_last_year_from_the_first(
    until: str, *, without: Lack | bool, with_last_year: bool
) -> None:
    june = JUNE._replace(days=JUNE.days[: max(1, (local(until) - JUNE.start).days + 1)])
    for earlier, expected in (([MAY], without), ([LAST_YEAR, MAY], with_last_year)):
        found = estimate(june, earlier, CONTRACTS, local(until))
        assert (found if isinstance(found, Lack) else found is not None) == expected
    # 26 of 30 days are too few.
    other = alike_days("2025-06", 26, 10)
    found = estimate(JUNE, [other, MAY], CONTRACTS, local("2026-06-02"))
    assert found is Lack.LAST_YEAR


def test_on_the_first_day_a_missing_quarter_hour_is_not_asked_for() -> None:
    june = month("2026-06")
    # At 00:15, 299.896 kWh are to come: 44.98 + 12.84 + 15.29 + 5.72 = 78.83; 6.31 of VAT
    assert total(june, [LAST_YEAR, MAY], CONTRACTS, local("2026-06-01T00:15")) == 85.14
    found = estimate(june, [LAST_YEAR, MAY], CONTRACTS, local("2026-06-02"))
    assert found is Lack.QUARTER_HOURS


@pytest.mark.parametrize("hours", [1, 4, 12, 23])
def test_a_gap_of_the_first_day_takes_away_no_estimate(hours: int) -> None:
    first = known_in_part("2026-06-01", 96 - 4 * hours)
    june = month("2026-06", first, *(day(f"2026-06-{n:02}", 10) for n in range(2, 11)))
    for quarters in range(1, 9 * 96, 29):
        until = local("2026-06-01") + quarters * timedelta(minutes=15)
        known = Month(ledger_of(june.table, CONTRACTS), june.start).ledger.between(
            local("2020-01-01"), until
        )
        tables = [LAST_YEAR.table, MAY.table, known.table]
        of = Table._make(np.concatenate(columns, axis=-1) for columns in zip(*tables, strict=True))
        found = estimate_month(Month(ledger_of(of, CONTRACTS), june.start), until)
        assert isinstance(found, Estimate), until


def test_a_first_month_has_fixed_prices_from_its_day() -> None:
    june = month("2026-06", *(day(f"2026-06-{n:02}", 10) for n in range(2, 21)))
    first = Month(ledger_of(june.table, CONTRACTS), june.start)
    # 29 of 30 days, and 290 kWh: 43.50 + 12.41 + 14.79 + 5.53 = 76.23; 6.10 of VAT
    found = estimate_month(first, local("2026-06-21"))
    assert isinstance(found, Estimate)
    assert found.total == 82.33


def test_none_of_a_whole_month_that_has_ended_and_today_is_no_whole_day() -> None:
    june = alike_days("2026-06", 30, 10)
    assert estimate(june, [MAY], CONTRACTS, june.end) is None
    june = JUNE._replace(days=(*JUNE.days, known_in_part("2026-06-11", 95, 50)))
    # 150 + (19 + 1 / 96) * 10 = 340.104 kWh: 51.02 + 12.84 + 17.35 + 5.72 = 86.93; 6.95
    assert total(june, [MAY], CONTRACTS, local("2026-06-11T23:45")) == 93.88


@pytest.mark.parametrize(("quarter_hours", "is_known"), [(86, False), (87, True)])
def test_no_forecast_with_too_few_measured_quarter_hours(
    quarter_hours: int, *, is_known: bool
) -> None:
    # 86 of 96 are 0.8958.
    june = month(
        "2026-06", *(known_in_part(f"2026-06-{n:02}", quarter_hours) for n in range(1, 11))
    )
    found = estimate(june, [MAY], CONTRACTS, local("2026-06-11"))
    assert (found is Lack.QUARTER_HOURS) is not is_known


def test_not_while_days_are_known_that_are_still_to_come() -> None:
    until = local("2026-06-09T12:00")
    assert estimate(JUNE, [MAY], CONTRACTS, until) is Lack.QUARTER_HOURS


class Unshared(NamedTuple):
    """Days whose shared energy is unknown: before a day of June, and the last ones."""

    before: int
    last: int


@pytest.mark.parametrize("unshared", [None, Unshared(0, 0), Unshared(0, 2), Unshared(4, 1)])
@pytest.mark.parametrize("seed", range(examples(6)))
def test_equal_days_come_to_the_bill_of_the_whole_month(
    seed: int, unshared: Unshared | None
) -> None:
    chance = random.Random(seed)  # noqa: S311
    kwh = [round(chance.choice([0.02, 0.1, 0.4]) * chance.random(), 4) for _ in range(96)]
    shares = [chance.choice([0, 0.5, 1]) if 30 <= n < 70 else 0 for n in range(96)]
    shared_kwh = [of * share for of, share in zip(kwh, shares, strict=True)]

    first = date(2026, chance.choice([6, 7, 12]), 1)
    length = monthrange(first.year, first.month)[1]

    def days(last: int) -> dict[str, DayRows]:
        """Return 30 days, and the month up to a day. On its last day, all sharing is known."""
        found = {}
        for date_of in (first + timedelta(n) for n in range(-30, last)):
            is_now, n = date_of >= first, date_of.day
            is_unknown = (
                unshared is None or n + unshared.last > last < length or n < unshared.before
            )
            is_shared = not is_unknown if is_now else bool(unshared and not unshared.before)
            found[f"{date_of}"] = DayRows(kwh, shared_kwh=shared_kwh if is_shared else nan)
        return found

    def priced() -> Contract:
        hours = chance.choice(["22:00-06:00", "12:00-16:00", "06:00-22:00 sat sun", "sun"])
        fixed = Contract(reference_kw=7, energy_price=0.25, second_price=0.1, has_levies=True)
        return replace(fixed, second_hours=hours)

    def month_until(day: int) -> Month:
        return Month(ledger_of_days(contracts, days(day)), local(f"{first}"))

    change, end = (first.replace(day=chance.randrange(4, 29)) for _ in range(2))
    unit, amount = chance.choice([("kWh", 0.04), ("month", 6.2)])
    aid = Aid("Bonus", date(2026, 5, 1), end, amount, unit, AidVat.EXCLUDED)
    contracts = changing(("2020-01-01", priced()), (f"{change}", priced()))
    contracts = replace(contracts, aids=(aid,))
    last = chance.randrange(6, 29)
    found = estimate_month(month_until(last), local(f"{first + timedelta(last)}"))
    assert isinstance(found, Estimate)
    assert found.total == pytest.approx(month_until(length).bill().total, abs=0.02)


def test_a_price_that_follows_the_market_since_the_1st() -> None:
    def priced(name: str, count: int, price: float) -> list[Table]:
        dates = [f"{name}-{n:02}" for n in range(1, count + 1)]
        return [day(each, 10, market_wh=10_000, market_cost=10 * price) for each in dates]

    # The price of a single day was unknown.
    june = month("2026-06", *priced("2026-06", 9, 0.10), day("2026-06-10", 10))
    market = agreed(reference_kw=7, energy_margin=0.02)
    # The day without a price costs the mean of the day before: 300 * 0.12 = 36.00
    # 12.84 + 15.30 + 5.72: 69.86; 5.59 of VAT
    until = local("2026-06-11")
    last_year = month("2025-06", *priced("2025-06", 30, 0.05))
    assert total(june, [last_year, MAY], market, until) == 75.45
    # At last year's price, where this year has none: 20 * 10 * 0.07 of 300 kWh, and 100 kWh without
    # a price are more than a tenth.
    assert estimate(JUNE, [last_year, MAY], market, until) is None
    # The market's price stays unknown where nothing was priced.
    assert estimate(JUNE, [MAY], market, until) is None


def test_shared_energy_has_the_price_of_the_days_to_come() -> None:
    def priced(name: str, count: int, price: float, shared_kwh: float) -> dict[str, DayRows]:
        return {
            f"{name}-{n:02}": DayRows(10, market=price, shared_kwh=shared_kwh)
            for n in range(1, count + 1)
        }

    # Sharing is known since June only.
    days = priced("2026-05", 31, 0.06, nan) | priced("2026-06", 10, 0.16, 6)
    market = agreed(reference_kw=7, energy_margin=0.0)
    june = Month(ledger_of_days(market, days), JUNE.start)
    # 40 % of 300 kWh are the supplier's: 40 kWh cost 6.40. The other 80 kWh cost the mean of the
    # billed energy, 10 days of 4 kWh at 0.16 and 18 of 10 kWh at 0.06: 17.20 / 220. 6.40 + 6.25 +
    # 12.84 + 15.30 + 5.72 = 46.51; 3.72 of VAT
    found = estimate_month(june, local("2026-06-11"))
    assert isinstance(found, Estimate)
    assert found.total == 50.23


def test_energy_fed_in_at_the_price_of_the_market() -> None:
    sold: Counted = {"exported_wh": 2_000, "market_exported_wh": 2_000, "market_revenue": 0.1}
    june = month(
        "2026-06",
        *(day(f"2026-06-{n:02}", 10, exported_wh=2_000) for n in range(1, 6)),
        *(day(f"2026-06-{n:02}", 10, **sold) for n in range(6, 11)),
    )
    contracts = agreed(reference_kw=7, energy_price=0.1, feed_in_margin=0.0)
    # 10 kWh so far have a price, and 40 kWh to come: of 60 too few for a mean. 50 * 0.05 = 2.50
    # 30.00 + 12.84 + 15.30 + 5.72 = 63.86; 5.11 of VAT
    assert total(june, [], contracts, local("2026-06-11")) == 66.47


def test_a_market_price_that_begins_later_in_the_month_is_not_known() -> None:
    june = alike_days("2026-06", 10, 10, 2)
    fixed = Contract(reference_kw=7, energy_price=0.15, feed_in_price=0.05)
    for later in (
        replace(fixed, feed_in_price=None, feed_in_margin=0.0),
        replace(fixed, energy_price=None, energy_margin=0.0),
    ):
        # From the next month on, it does not matter.
        for since, is_known in (("2026-06-26", False), ("2026-07-01", True)):
            contracts = changing(("2025-01-01", fixed), (since, later))
            found = estimate(june, [MAY], contracts, local("2026-06-11"))
            assert isinstance(found, Estimate) is is_known


def test_the_forecast_changes_with_the_quarter_hour_and_not_with_each_telegram() -> None:
    house = Connection("2026-06-01T00:00:00S")
    house.change(Contract(reference_kw=7, energy_price=0.15))
    house.read()
    for _ in range(4 * 96):
        house.spend(900, 100)
    before = estimated(house.read())
    # 4 of 30 days of 9.6 kWh: 288 kWh; 43.20 + 12.84 + 14.69 + 5.72 = 76.45; 6.12 of VAT
    assert isinstance(before, Estimate)
    assert before.total == 82.57
    assert {estimated(house.after(60, 180)) for _ in range(14)} == {before}
    # 2.7 kWh in the quarter-hour, and not 0.1: 290.6 kWh, and 0.95 kWh above 7 kW
    # 43.59 + 12.84 + 14.82 + 5.72 + 0.07 = 77.04; 6.16
    after = estimated(house.after(60, 180))
    assert isinstance(after, Estimate)
    assert after.total == 83.20


def test_without_a_total_there_is_none() -> None:
    assert estimate(JUNE, [MAY], Contracts(), local("2026-06-11")) is None
    empty = month("2026-06")
    found = estimate(empty, [], CONTRACTS, local("2026-06-11"))
    assert found is Lack.QUARTER_HOURS
    assert estimate(JUNE, [], CONTRACTS, JUNE.start.astimezone(LUXEMBOURG) + timedelta(9))
