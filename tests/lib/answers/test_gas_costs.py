"""Costs of gas: sums by hand, at 0.90 EUR a cubic metre and 15.50 EUR a month."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from smartyp1.answers.gas_costs import gas_costs_report, gas_meter_costs, joined_days
from smartyp1.json_types import JsonMapping
from smartyp1.prices.gas_prices import DatedGasPrices, GasPrices

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
PRICES = DatedGasPrices(((None, GasPrices(0.9, 15.5)),))
ROUND = DatedGasPrices(((None, GasPrices(0.9, 15.0)),))
type Days = dict[datetime, tuple[float, float]]


def whole(first: str, last: str, m3: float, **changed: tuple[float, float]) -> Days:
    """Return days with the same m³, and others as (m³, share of 24 hours) by name (d1105)."""
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    found: Days = {}
    while day <= end:
        amount, share = changed.get(f"d{day:%m%d}", (m3, 1.0))
        start = datetime(day.year, day.month, day.day, tzinfo=LUXEMBOURG).astimezone(UTC)
        if share:
            found[start] = (amount, share * 86_400)
        day += timedelta(days=1)
    return found


def at(time: str) -> datetime:
    """Return a time of Luxembourg's clock."""
    return datetime.fromisoformat(time).replace(tzinfo=LUXEMBOURG)


def sums(month: JsonMapping | None) -> list[Any]:
    """Return a month without its single days."""
    assert month is not None
    names = ("month", "first", "last", "missing_days", "m3", "used", "fixed", "total")
    assert month.keys() == {*names, "days"}
    return [month[name] for name in names]


def test_the_running_month_and_the_same_days_a_year_ago() -> None:
    days = whole("2025-10-20", "2025-10-31", 3) | whole("2025-11-01", "2026-10-31", 5)
    days |= whole("2026-11-01", "2026-11-22", 4, d1122=(1.5, 0.6))
    report = gas_costs_report(days, ROUND, at("2026-11-22T14:35"))

    # 21 days of 4 m³ are 84 m³: 75.60 EUR, and 21 of 30 days of 15 EUR. Today is not over.
    assert sums(report["month"]) == ["2026-11", 1, 21, 0, 84.0, 75.6, 10.5, 86.1]
    # 21 days of 5 m³ are 105 m³: 94.50 EUR, and the same 10.50.
    assert sums(report["year_ago"]) == ["2025-11", 1, 21, 0, 105.0, 94.5, 10.5, 105.0]
    # A day costs 4 times 0.90 and a thirtieth of 15. A day that is to come has its part of the 15.
    daily = report["month"]["days"]
    assert daily["start"] == "2026-11-01"
    assert daily["amounts"] == [4.1] * 21 + [1.85] + [0.5] * 8
    assert daily["known"] == [1.0] * 21 + [0.6] + [0.0] * 8
    assert report["year_ago"]["days"]["amounts"] == [5.0] * 30
    assert (report["per_m3"], report["per_month"]) == (0.9, 15.0)


@pytest.mark.parametrize(
    ("day", "hours", "month", "total"),
    [
        # 23 hours are all of 29 March: 31 days of 2 m³, 55.80 and 15.50.
        ("d0329", 23, "2026-03", 71.3),
        # 25 hours are all of 25 October.
        ("d1025", 25, "2026-10", 71.3),
    ],
)
def test_the_day_on_which_clocks_change_is_a_day(
    day: str, hours: int, month: str, total: float
) -> None:
    changed = {"d0329": (2.0, 23 / 24), "d1025": (2.0, 25 / 24)} | {day: (2.0, hours / 24)}
    days = whole("2026-01-01", "2026-10-31", 2, **changed)
    number = int(month[5:])
    found = gas_costs_report(days, PRICES, at(f"2026-{number + 1:02}-01T00:30"))["month"]

    assert (found["month"], found["last"], found["missing_days"]) == (month, 31, 0)
    assert (found["total"], len(found["days"]["amounts"])) == (total, 31)
    # Without 2.6 hours, less than nine tenths of either day are known.
    part = whole("2026-01-01", "2026-10-31", 2, **(changed | {day: (2.0, (hours - 2.6) / 24)}))
    found = gas_costs_report(part, PRICES, at(f"2026-{number + 1:02}-01T00:30"))["month"]
    assert found["missing_days"] == 1
    assert found["total"] == total


def test_the_meter_that_was_changed_counts_until_then() -> None:
    old = whole("2025-10-20", "2026-11-09", 5)
    old |= whole("2026-11-10", "2026-11-10", 2, d1110=(2, 0.4))
    new = whole("2026-11-10", "2026-11-21", 4, d1110=(2.5, 0.55))
    now = at("2026-11-22T08:00")

    report = gas_costs_report(joined_days([new, old]), PRICES, now)
    # 9 days of 5, 4.5 of both on the 10th, 11 days of 4 m³: 93.5 m³ are 84.15 EUR, and 10.85.
    month = report["month"]
    assert (month["m3"], month["missing_days"], month["total"]) == (93.5, 0, 95.0)
    # A year ago, the old one counted 21 days of 5 m³: 94.50 EUR, and 10.85.
    assert report["year_ago"]["total"] == 105.35
    # The days of the new meter alone count from the 11th on.
    alone = gas_costs_report(new, PRICES, now)["month"]
    assert (alone["first"], alone["m3"], alone["fixed"]) == (11, 44.0, 5.68)


def test_the_first_month_counts_from_its_first_whole_day() -> None:
    days = whole("2026-11-04", "2026-11-20", 4, d1104=(1, 0.3))
    report = gas_costs_report(days, ROUND, at("2026-11-21T10:00"))

    # 5 to 20 November are 16 days: 64 m³, 57.60 EUR, and 16 of 30 days of 15 EUR.
    assert sums(report["month"]) == ["2026-11", 5, 20, 0, 64.0, 57.6, 8.0, 65.6]
    assert report["year_ago"] is None
    # A first whole day that the year before had not.
    leap = gas_costs_report(whole("2028-02-29", "2028-02-29", 4), PRICES, at("2028-03-01T08:00"))
    assert leap["year_ago"] is None
    # On the first day, nothing is whole.
    first = whole("2026-11-04", "2026-11-04", 1, d1104=(1, 0.3))
    report = gas_costs_report(first, PRICES, at("2026-11-04T20:00"))
    assert (report["month"], report["year_ago"]) == (None, None)
    assert gas_costs_report({}, PRICES, at("2026-11-04T20:00"))["month"] is None


@pytest.mark.parametrize("missing", [(1, 2), (5, 6)])
def test_a_day_that_is_missing_makes_it_the_least(missing: tuple[int, int]) -> None:
    first, second = missing
    days = whole("2025-11-01", "2026-10-31", 5)
    changed = {f"d11{first:02}": (0.0, 0.0), f"d11{second:02}": (1.0, 0.5)}
    days |= whole("2026-11-01", "2026-11-20", 4, **changed)
    report = gas_costs_report(days, PRICES, at("2026-11-21T10:00"))

    # 18 days of 4 m³ and 1 m³: 65.70 EUR. The fixed price is due for all 20 days: 10.33.
    assert (report["month"]["first"], report["month"]["missing_days"]) == (1, 2)
    assert (report["month"]["m3"], report["month"]["total"]) == (73.0, 76.03)
    # The least of this year is compared with nothing.
    assert report["year_ago"] is None


class Meter(NamedTuple):
    """A gas meter, as the records know it."""

    days: Days
    time: datetime | None


@pytest.mark.parametrize(
    ("last", "now", "fixed"),
    [
        # Both meters are read: 22 of 30 days of 15 EUR.
        ("2026-11-22", "2026-11-23T12:00", (11.0, 0.0)),
        # The first one has fallen silent in this month, in the last one, and long ago.
        ("2026-11-10", "2026-11-23T12:00", (5.0, 0.0)),
        ("2026-10-10", "2026-11-23T12:00", (0.0, 10.5)),
        ("2026-09-10", "2026-11-23T12:00", (None, 10.5)),
        ("2026-09-10", "2026-11-01T12:00", (None, 14.52)),
    ],
)
def test_one_of_two_meters_has_the_monthly_price(
    last: str, now: str, fixed: tuple[float | None, float | None]
) -> None:
    until = (at(now).date() - timedelta(days=2)).isoformat()
    meters = [
        Meter(whole("2025-11-01", last, 4), at(f"{last}T12:00")),
        Meter(whole("2025-11-01", until, 4), at(f"{until}T23:59")),
    ]
    reports = [gas_meter_costs(meter, meters, ROUND, at(now)) for meter in meters]
    assert tuple(report["month"] and report["month"]["fixed"] for report in reports) == fixed


# A cubic metre costs 0.90 EUR until the end of 2026, 1.20 EUR in January, 1.00 EUR from 15 January.
DATED = DatedGasPrices(
    (
        (None, GasPrices(0.9, 15.5)),
        (date(2027, 1, 1), GasPrices(1.2, 31.0)),
        (date(2027, 1, 15), GasPrices(1.0, 31.0)),
    )
)


@pytest.mark.parametrize(
    ("now", "month", "used", "fixed"),
    [
        # The price of January leaves December alone: 31 days of 4 m³, also on 1 January.
        ("2026-12-31T12:00", "2026-12", 108.0, 15.0),
        ("2027-01-01T12:00", "2026-12", 111.6, 15.5),
        ("2027-01-03T12:00", "2027-01", 9.6, 2.0),
        # 14 days at 1.20 and two at 1.00.
        ("2027-01-17T12:00", "2027-01", 75.2, 16.0),
    ],
)
def test_each_day_has_the_price_of_its_day(now: str, month: str, used: float, fixed: float) -> None:
    until = at(now).date() - timedelta(days=1)
    report = gas_costs_report(whole("2025-11-01", until.isoformat(), 4), DATED, at(now))
    found = report["month"]
    assert (found["month"], found["used"], found["fixed"]) == (month, used, fixed)
    # The same days a year ago cost as much, as their gas was the same.
    assert (report["year_ago"]["used"], report["year_ago"]["fixed"]) == (used, fixed)
    assert sum(found["days"]["amounts"][: found["last"]]) == pytest.approx(found["total"])


def test_days_before_the_first_price_are_not_known() -> None:
    since = DatedGasPrices(((date(2026, 11, 11), GasPrices(0.9, 15.0)),))
    days = whole("2026-10-01", "2026-11-20", 4)
    report = gas_costs_report(days, since, at("2026-11-21T12:00"))
    # Ten days of 4 m³ at 0.90 EUR, and twenty thirtieths of the monthly price from the 1st on.
    assert sums(report["month"])[:6] == ["2026-11", 1, 20, 10, 40.0, 36.0]
    assert report["month"]["days"]["amounts"][9] == 0.0
    assert report["year_ago"] is None
    before = gas_costs_report(days, since, at("2026-11-05T12:00"))
    assert (before["per_m3"], before["month"]) == (None, None)
