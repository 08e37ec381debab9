"""Prices of a source by quarter-hour: their lines in month files, and the price that is kept."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from dev.testing.times import utc
from smartyp1.data_retention import MAX_MONTHS
from smartyp1.history.luxembourg_time import QUARTER_HOUR, day_start
from smartyp1.prices.market_price_series import HEADER, PriceOrigin, PriceSeries, QuarterPrice

NOON = utc("2026-06-15 10:00")
HOURLY, MEASURED, LISTED = PriceOrigin


def file(*prices: QuarterPrice, name: str = "2026-06") -> dict[str, bytes]:
    return {name: "".join([HEADER, *(price.line for price in prices)]).encode()}


def test_a_written_line_is_read_again() -> None:
    chance = random.Random(7)  # noqa: S311
    prices = [
        QuarterPrice(
            NOON + n * QUARTER_HOUR,
            round(chance.uniform(-1, 6), chance.randrange(10)),
            chance.choice((HOURLY, MEASURED, LISTED)),
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
        "2026-06-15T10:00Z,6.1,",
        "2026-06-15T10:00Z,-1.01,",
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


def test_a_price_is_replaced_by_a_more_exact_one_and_by_a_later_list() -> None:
    for first in PriceOrigin:
        for second in PriceOrigin:
            series = PriceSeries()
            assert series.add_price(QuarterPrice(NOON, 0.1, first))
            version = series.changes.version
            is_replaced = second > first or second is LISTED
            assert series.add_price(QuarterPrice(NOON, 0.2, second)) == is_replaced
            assert series.at(NOON) == (0.2 if is_replaced else 0.1)
            assert (series.changes.version > version) == is_replaced
            assert not series.lacking_days(NOON, NOON + QUARTER_HOUR)
            # The same price again is no change, and needs no line.
            assert not series.add_price(QuarterPrice(NOON, 0.2 if is_replaced else 0.1, second))


def test_a_correction_survives_a_restart() -> None:
    prices = [QuarterPrice(NOON, price, LISTED) for price in (0.1, 0.3, 0.2)]
    series = PriceSeries.of_files(file(QuarterPrice(NOON, 5.7), *prices))
    assert series.at(NOON) == 0.2
    assert not series.add_price(QuarterPrice(NOON, 0.4))


@pytest.mark.parametrize(
    ("change", "is_damaged"),
    [
        (lambda data: data, False),
        (lambda _: b"", True),
        (lambda data: data[: len(data) // 2], True),
        (lambda data: data.replace(b"0.1", b"0.7"), True),
        (lambda data: data[data.index(b"\n") + 1 :], True),
    ],
    ids=["whole", "emptied", "half", "altered", "no header"],
)
def test_a_damaged_file_is_noticed(change: Callable[[bytes], bytes], is_damaged: bool) -> None:  # noqa: FBT001
    data = file(*(QuarterPrice(NOON + n * QUARTER_HOUR, 0.1) for n in range(9)))["2026-06"]
    assert PriceSeries.of_files({"2026-06": change(data)}).damaged == (
        {"2026-06"} if is_damaged else set()
    )


def test_days_that_lack_a_price() -> None:
    series = PriceSeries()
    days = [day_start(NOON) + n * timedelta(days=1) for n in range(20)]
    for n in range(20 * 96):
        if n not in {5, 96 * 3 + 95, 96 * 16}:
            series.add_price(QuarterPrice(days[0] + n * QUARTER_HOUR, 0.1))
    assert series.lacking_days(days[0], days[19]) == [days[0], days[3], days[16]]
    assert series.lacking_days(days[0] + 6 * QUARTER_HOUR, days[16]) == [days[3]]
    assert series.lacking_days(days[19], days[19] + timedelta(days=2)) == [days[-1] + timedelta(1)]
    for empty in (NOON, NOON - QUARTER_HOUR):
        assert PriceSeries().lacking_days(NOON, empty) == []


def test_the_price_so_far_is_no_new_version() -> None:
    series = PriceSeries()
    for price in (0.1, 0.2):
        series.running = QuarterPrice(NOON, price)
        assert (series.at(NOON), series.at(NOON + QUARTER_HOUR)) == (price, None)
    assert (series.changes.version, series.lacking_days(NOON, NOON + QUARTER_HOUR)) == (0, [NOON])
    series.add_price(QuarterPrice(NOON, 0.4, HOURLY))
    assert (series.changes.version, series.at(NOON)) == (1, 0.4)


def test_a_wrong_clock_drops_no_month_of_prices() -> None:
    series = PriceSeries()
    months = [NOON + timedelta(days=30.5 * n) for n in range(-MAX_MONTHS + 1, 1)]
    for time in months:
        for n in range(96):
            series.add_price(QuarterPrice(time + n * QUARTER_HOUR, 0.1))
    for year in range(2030, 2040):
        series.add_price(QuarterPrice(NOON.replace(year=year), 0.2))
    assert len(series.months) == MAX_MONTHS
    assert all(series.at(time) == 0.1 for time in months[1:])
