"""Prices of a source by quarter-hour: their lines in month files, and the price that is kept."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.history.calendar import MAX_MONTHS, QUARTER_HOUR
from smartyp1.prices.price_series import HEADER, PriceOrigin, PriceSeries, QuarterPrice

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)
RUNNING, HOURLY, MEASURED = PriceOrigin


def file(*prices: QuarterPrice, name: str = "2026-06") -> dict[str, bytes]:
    return {name: "".join([HEADER, *(price.line for price in prices)]).encode()}


def test_what_a_line_says_is_read_again() -> None:
    chance = random.Random(7)  # noqa: S311
    prices = [
        QuarterPrice(
            NOON + n * QUARTER_HOUR,
            round(chance.uniform(-0.5, 100), chance.randrange(10)),
            chance.choice((HOURLY, MEASURED)),
        )
        for n in range(200)
    ]
    assert [QuarterPrice.of_line(price.line[:-1]) for price in prices] == prices
    series = PriceSeries.of_files(file(*prices))
    assert [series.at(price.start) for price in prices] == [price.price for price in prices]
    assert series.at(NOON - QUARTER_HOUR) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "start,price,origin,check,version=1",
        "2026-06-15T10:00Z,0.1,,x0000",
        "2026-06-15T10:01Z,0.1,",
        "2026-06-15T10:00,0.1,",
        "2026-06-15T10:00Z,nan,",
        "2026-06-15T10:00Z,inf,",
        "2026-06-15T10:00Z,100.1,",
        "2026-06-15T10:00Z,-101,",
        "2026-06-15T10:00Z,,",
        "2026-06-15T10:00Z,0.1,daily",
        "2026-06-15T10:00Z,0.1,hourly,x1,2",
        "2026-07-15T10:00Z,0.1,",
        "2026-06-15T10:00Z,0.1\xe9,",
    ],
)
def test_a_damaged_line_costs_one_price(line: str) -> None:
    good = QuarterPrice(NOON, 0.2)
    data = f"{HEADER}{line}\n{good.line}".encode("latin-1")
    series = PriceSeries.of_files({"2026-06": data})
    assert series.at(NOON) == 0.2
    [month] = series.months.values()
    assert month.count == 1


def test_a_torn_line_and_a_strange_file_are_no_price() -> None:
    torn = f"{HEADER}2026-06-15T10:00Z,0.1,".encode()
    files = {"2026-06": torn, "strange": torn + b"\n", "2026-13": torn + b"\n"}
    assert not PriceSeries.of_files(files).months


def test_a_price_is_replaced_only_by_a_more_exact_one() -> None:
    for first in PriceOrigin:
        for second in PriceOrigin:
            series = PriceSeries()
            assert series.put(QuarterPrice(NOON, 0.1, first))
            version = series.version
            is_replaced = second > first or second is first is RUNNING
            assert series.put(QuarterPrice(NOON, 0.2, second)) == is_replaced
            assert series.at(NOON) == (0.2 if is_replaced else 0.1)
            assert (series.version > version) == is_replaced
            assert series.lacks(NOON) == (max(first, second) < HOURLY)
            assert series.lacks(NOON, MEASURED) == (max(first, second) < MEASURED)


def test_the_same_price_so_far_changes_nothing() -> None:
    series = PriceSeries()
    assert series.put(QuarterPrice(NOON, 0.1, RUNNING))
    assert not series.put(QuarterPrice(NOON, 0.1, RUNNING))


def test_a_wrong_clock_drops_no_month_of_prices() -> None:
    series = PriceSeries()
    months = [NOON + timedelta(days=30.5 * n) for n in range(-MAX_MONTHS + 1, 1)]
    for time in months:
        for n in range(3):
            series.put(QuarterPrice(time + n * QUARTER_HOUR, 0.1))
    for year in range(2030, 2040):
        series.put(QuarterPrice(NOON.replace(year=year), 0.2))
    assert len(series.months) == MAX_MONTHS
    assert all(series.at(time) == 0.1 for time in months[1:])
