"""What the current month will come to, computed by hand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from smartyp1.tariff import (
    Aid,
    AidVat,
    Contract,
    Contracts,
    Day,
    Estimate,
    Month,
    Shared,
    TimeOfUseSplit,
    estimate_month,
    estimated,
)
from tests.lib.tariff.months import LUXEMBOURG, agreed, changing, day, local, month
from tests.lib.tariff.support import Connection

CONTRACTS = agreed(reference_kw=7, energy_price=0.15)


def days(name: str, count: int, kwh: float) -> Month:
    """Return a month whose first days are alike."""
    return month(name, *(day(f"{name}-{n:02}", kwh) for n in range(1, count + 1)))


MAY = days("2026-05", 31, 12)
JUNE = days("2026-06", 10, 10)


def test_the_rest_is_as_the_last_28_whole_days() -> None:
    # 10 days of 10 kWh, 18 of 12: 316 / 28 = 11.285714. 100 + 20 * 11.285714 = 325.714 kWh
    # 48.86 + 12.84 + 16.61 + 5.72 = 84.03; 6.72 of VAT
    found = estimate_month(JUNE, [MAY], CONTRACTS, local("2026-06-11"))
    assert found == Estimate(90.75, None, None)


def test_a_range_where_last_year_is_known() -> None:
    last_year = days("2025-06", 30, 9)
    # 100 + 20 * 9 = 280 kWh: 42.00 + 12.84 + 14.28 + 5.72 = 74.84; 5.99 of VAT
    found = estimate_month(JUNE, [last_year, MAY], CONTRACTS, local("2026-06-11"))
    assert found == Estimate(90.75, 80.83, 90.75)
    other = days("2025-06", 26, 9)
    found = estimate_month(JUNE, [other, MAY], CONTRACTS, local("2026-06-11"))
    assert found == Estimate(90.75, None, None)


@pytest.mark.parametrize(
    ("until", "is_known"),
    [
        ("2026-06-03T23:45", False),
        ("2026-06-04", True),
        ("2026-06-10T23:45", True),
        ("2026-07-01", False),
        ("2026-08-01", False),
    ],
)
def test_from_the_fourth_day_to_the_last(until: str, *, is_known: bool) -> None:
    assert (estimate_month(JUNE, [MAY], CONTRACTS, local(until)) is not None) is is_known


def test_a_first_month_has_fixed_prices_from_its_day() -> None:
    june = month("2026-06", *(day(f"2026-06-{n:02}", 10) for n in range(2, 21)))
    june = replace(june, since=local("2026-06-02"))
    # 29 of 30 days, and 290 kWh: 43.50 + 12.41 + 14.79 + 5.53 = 76.23; 6.10 of VAT
    assert estimate_month(june, [], CONTRACTS, local("2026-06-21")) == Estimate(82.33, None, None)


def test_none_of_a_whole_month_that_has_ended_and_today_is_no_whole_day() -> None:
    june = days("2026-06", 30, 10)
    assert estimate_month(june, [MAY], CONTRACTS, june.end) is None
    today = replace(day("2026-06-11", 50), quarter_hours=95)
    june = replace(JUNE, days=(*JUNE.days, today))
    # 150 + (19 + 1 / 96) * 11.285714 = 364.546 kWh: 54.68 + 12.84 + 18.59 + 5.72 = 91.83; 7.35
    found = estimate_month(june, [MAY], CONTRACTS, local("2026-06-11T23:45"))
    assert found == Estimate(99.18, None, None)


@pytest.mark.parametrize(("quarter_hours", "is_known"), [(86, False), (87, True)])
def test_not_where_too_little_was_measured(quarter_hours: int, *, is_known: bool) -> None:
    # 86 of 96 are 0.8958.
    some = [replace(each, quarter_hours=quarter_hours) for each in JUNE.days]
    june = replace(JUNE, days=tuple(some))
    assert (estimate_month(june, [MAY], CONTRACTS, local("2026-06-11")) is not None) is is_known


def test_a_change_that_is_to_come_and_what_is_above() -> None:
    above = [
        replace(each, above=day("2026-06-01", 0, {7: 0.5, 12: 0.2}).above) for each in JUNE.days
    ]
    june = replace(JUNE, days=tuple(above))
    contracts = changing(
        ("2020-01-01", Contract(reference_kw=7, energy_price=0.1)),
        ("2026-06-16", Contract(reference_kw=12, energy_price=0.1)),
    )
    # 6.42 + 9.81 + 15.30 + 5.72; 15 days of 0.5 above 7 kW, 15 of 0.2 above 12: 10.5 kWh, 0.80
    # 30.00 and 38.05; 5.44 of VAT
    assert estimate_month(june, [], contracts, local("2026-06-11")) == Estimate(73.49, None, None)


def test_two_prices() -> None:
    hours = "22:00-06:00"
    some = [replace(each, second={hours: TimeOfUseSplit(10_000, 4_000)}) for each in JUNE.days]
    # One of them is not known by hours.
    june = replace(JUNE, days=(*some[:-1], JUNE.days[-1]))
    both = {"second_price": 0.10, "second_hours": hours}
    # 300 kWh, of which 9 * 4 + 20 * 4 = 116: 27.60 + 11.60 + 12.84 + 15.30 + 5.72 = 73.06; 5.84
    found = estimate_month(
        june, [], agreed(reference_kw=7, energy_price=0.15, **both), local("2026-06-11")
    )
    assert found == Estimate(78.90, None, None)


def test_last_years_days_at_two_prices_that_are_known_of_this_year_alone() -> None:
    hours = "22:00-06:00"
    june = replace(
        JUNE,
        days=tuple(
            replace(each, second={hours: TimeOfUseSplit(10_000, 4_000)}) for each in JUNE.days
        ),
    )
    both = agreed(reference_kw=7, energy_price=0.15, second_price=0.10, second_hours=hours)
    # 40 % of 325.714 kWh: 29.31 + 13.03 + 12.84 + 16.61 + 5.72 = 77.51; 6.20 of VAT
    # and of 280 kWh: 25.20 + 11.20 + 12.84 + 14.28 + 5.72 = 69.24; 5.54
    found = estimate_month(june, [days("2025-06", 30, 9), MAY], both, local("2026-06-11"))
    assert found == Estimate(83.71, 74.78, 83.71)


def test_a_price_that_follows_the_market_since_the_1st() -> None:
    def priced(each: Day, price: float) -> Day:
        return replace(
            each, market_wh=each.imported_wh, market_cost=each.imported_wh * price / 1000
        )

    # Of one day the price was not known.
    some = [priced(each, 0.10) for each in JUNE.days[:-1]]
    june = replace(JUNE, days=(*some, JUNE.days[-1]))
    market = agreed(reference_kw=7, energy_margin=0.02)
    # The day without a price costs the mean: 325.714 * 0.12 = 39.09
    # 12.84 + 16.61 + 5.72: 74.26; 5.94 of VAT. Of last year's days no price is known: 280 * 0.12
    # 33.60 + 12.84 + 14.28 + 5.72 = 66.44; 5.32
    until = local("2026-06-11")
    last_year = days("2025-06", 30, 9)
    found = estimate_month(june, [last_year, MAY], market, until)
    assert found == Estimate(80.20, 71.76, 80.20)
    # At the prices of last year, where these are known: 90 * 0.10 + 180 * 0.05 = 18.00 for 270 kWh
    # make 18.67 for 280, and 280 * 0.02
    known = replace(last_year, days=tuple(priced(each, 0.05) for each in last_year.days))
    found = estimate_month(june, [known, MAY], market, until)
    # 24.27 + 12.84 + 14.28 + 5.72 = 57.11; 4.57
    assert found == Estimate(80.20, 61.68, 80.20)
    # Nobody knows what the market will ask where nothing was priced.
    assert estimate_month(JUNE, [MAY], market, until) is None


def test_shared_energy_has_the_price_of_the_days_to_come() -> None:
    def priced(each: Day, price: float, share: float | None) -> Day:
        wh, cost = each.imported_wh, each.imported_wh * price / 1000
        whole = Shared(market_wh=wh, layer_4_wh=wh, market_cost=cost)
        shared = None if share is None else whole.times(share)._replace(known_wh=wh)
        return replace(each, market_wh=wh, market_cost=cost, shared=shared)

    def of_days(known: Month, price: float, share: float | None) -> Month:
        return replace(known, days=tuple(priced(each, price, share) for each in known.days))

    # Of sharing since June alone, and of last June's market at another price.
    may, last_year = of_days(MAY, 0.06, None), of_days(days("2025-06", 30, 9), 0.05, None)
    june = of_days(JUNE, 0.16, 0.6)
    market = agreed(reference_kw=7, energy_margin=0.0)
    found = estimate_month(june, [last_year, may], market, local("2026-06-11"))
    # 10 days of 10 kWh at 0.16, and 18 of 12 at 0.06: 28.96 / 316 = 0.0916456. Of 325.714 kWh, 40 %
    # are the supplier's: 6.40 and 8.27. 14.67 + 12.84 + 16.61 + 5.72 = 49.84; 3.99 of VAT
    # Of 280 kWh: 6.40 and 180 * 0.4 * 0.05: 10.00 + 12.84 + 14.28 + 5.72 = 42.84; 3.43
    assert found == Estimate(53.83, 46.27, 53.83)


def test_what_is_fed_in_at_the_markets_price() -> None:
    some = [replace(each, exported_wh=2_000) for each in JUNE.days]
    others = [replace(each, market_exported_wh=2_000, market_revenue=0.1) for each in some[5:]]
    june = replace(JUNE, days=(*some[:5], *others))
    contracts = agreed(reference_kw=7, energy_price=0.1, feed_in_margin=0.0)
    # 10 kWh so far have a price, and 40 kWh to come: of 60 too few for a mean. 50 * 0.05 = 2.50
    # 30.00 + 12.84 + 15.30 + 5.72 = 63.86; 5.11 of VAT
    found = estimate_month(june, [], contracts, local("2026-06-11"))
    assert found == Estimate(66.47, None, None)


# Ten kWh a day at 0.15, 7 kW and 40 A: of a month of 31 days, without levies, 46.50 + 12.84 + 15.81
# + 5.72 = 80.87.
@pytest.mark.parametrize(
    ("name", "until", "aid", "total"),
    [
        # In July at July's prices, until its end: 310 * 0.0010 - 310 * 0.0010; 6.47 of VAT
        ("2026-07", "2026-07-11", None, 87.34),
        ("2026-07", "2026-07-31", None, 87.34),
        # In December at December's: 80.87 + 0.31 - 11.50 = 69.68; 5.57 of VAT
        ("2026-12", "2026-12-20", None, 75.25),
        ("2026-12", "2026-12-31", None, 75.25),
        # An aid that ends on the 15th is for 150 kWh, before that day and after it: less 6.00
        # 74.87; 5.99 of VAT
        ("2026-07", "2026-07-11", ("2026-07-15", "kWh", 0.04), 80.86),
        ("2026-07", "2026-07-21", ("2026-07-15", "kWh", 0.04), 80.86),
        # By the month, it is 15 of 31 days: 6.20 * 15 / 31 = 3.00; 77.87; 6.23 of VAT
        ("2026-07", "2026-07-11", ("2026-07-15", "month", 6.20), 84.10),
    ],
)
def test_prices_that_change(
    name: str, until: str, aid: tuple[str, str, float] | None, total: float
) -> None:
    aids: tuple[Aid, ...] = ()
    if aid:
        last_day, unit, amount = aid
        days_of_it = date(2026, 5, 1), date.fromisoformat(last_day)
        aids = (Aid("Bonus", *days_of_it, amount, unit, AidVat.EXCLUDED),)
    contracts = agreed(reference_kw=7, energy_price=0.15, has_levies=True)
    passed = days(name, int(until[-2:]) - 1, 10)
    assert estimate_month(passed, [], replace(contracts, aids=aids), local(until)) == Estimate(
        total, None, None
    )


def test_it_changes_with_the_quarter_hour_and_not_with_each_telegram() -> None:
    house = Connection("2026-06-01T00:00:00S")
    house.change(Contract(reference_kw=7, energy_price=0.15))
    house.read()
    for _ in range(4 * 96):
        house.after(900, 100)
    before = estimated(house.read())
    # 4 of 30 days of 9.6 kWh: 288 kWh; 43.20 + 12.84 + 14.69 + 5.72 = 76.45; 6.12 of VAT
    assert before == Estimate(82.57, None, None)
    assert {estimated(house.after(60, 180)) for _ in range(14)} == {before}
    # 2.7 kWh in the quarter-hour, and not 0.1: 290.6 kWh, and 0.95 kWh above 7 kW
    # 43.59 + 12.84 + 14.82 + 5.72 + 0.07 = 77.04; 6.16
    assert estimated(house.after(60, 180)) == Estimate(83.20, None, None)


def test_without_a_total_there_is_none() -> None:
    assert estimate_month(JUNE, [MAY], Contracts(), local("2026-06-11")) is None
    empty = Month(start=JUNE.start)
    assert estimate_month(empty, [], CONTRACTS, local("2026-06-11")) is None
    assert estimate_month(JUNE, [], CONTRACTS, JUNE.start.astimezone(LUXEMBOURG) + timedelta(9))
    assert JUNE.days[0] == Day(start=local("2026-06-01"), imported_wh=10_000, quarter_hours=96)
