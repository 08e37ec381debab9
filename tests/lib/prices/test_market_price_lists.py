"""The market's prices of the hours to come, from lists as integrations give them."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.json_types import JsonDict
from smartyp1.prices.market_price_lists import (
    end_of_published,
    prices_by_quarter,
    prices_of_attributes,
)

QUARTER = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
TEN = "2026-11-20T10:00:00+01:00"
ELEVEN = "2026-11-20T11:00:00+01:00"
NOON = "2026-11-20T12:00:00+01:00"
TOMORROW = "2026-11-21T00:00:00+01:00"


def utc(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def hour(start: int, price: float) -> dict[datetime, float]:
    return {utc(start, minute): price for minute in (0, 15, 30, 45)}


def of(attributes: dict[str, object], price_now: float = 0.1) -> dict[datetime, float]:
    return prices_of_attributes(attributes, 1.0, QUARTER, price_now)


def test_hours_are_four_quarter_hours() -> None:
    rows = [
        {"start": TEN, "end": ELEVEN, "value": 100},
        {"start": ELEVEN, "end": NOON, "value": -5},
    ]
    assert prices_by_quarter(rows, 0.001) == hour(9, 0.1) | hour(10, -0.005)


def test_a_row_without_an_end_lasts_until_the_next_and_the_last_as_long() -> None:
    rows = [{"time": ELEVEN, "price": 0.2}, {"time": TEN, "price": 0.1}]
    assert prices_by_quarter(rows, 1.0) == hour(9, 0.1) | hour(10, 0.2)
    assert prices_by_quarter(rows[:1], 1.0) == prices_by_quarter([], 1.0) == {}
    # A row without a price ends the row before, too.
    unpriced = {"time": NOON, "price": None}
    late = {"time": "2026-11-20T14:00:00+01:00", "price": 0.3}
    assert prices_by_quarter([*rows, unpriced, late], 1.0) == (
        hour(9, 0.1) | hour(10, 0.2) | hour(13, 0.3)
    )


@pytest.mark.parametrize(
    "row",
    [
        "10:00",
        {"start": TEN, "end": ELEVEN},
        {"start": TEN, "end": ELEVEN, "value": True},
        {"start": TEN, "end": ELEVEN, "value": "0.1"},
        {"start": TEN, "end": ELEVEN, "value": float("nan")},
        {"start": TEN, "end": ELEVEN, "value": 101},
        {"start": TEN, "end": ELEVEN, "value": 10**400},
        {"start": "9999-12-31T23:45:00+00:00", "value": 0.1},
        {"start": ELEVEN, "end": TEN, "value": 0.1},
        {"start": "2026-11-20T10:00:00", "end": ELEVEN, "value": 0.1},
        {"start": "2026-11-20T10:05:00+01:00", "end": ELEVEN, "value": 0.1},
        {"start": "tomorrow", "end": ELEVEN, "value": 0.1},
    ],
    ids=str,
)
def test_a_malformed_row_is_left_out(row: object) -> None:
    good = {"start": ELEVEN, "end": NOON, "value": 0.2}
    assert prices_by_quarter([row, good], 1.0) == hour(10, 0.2)


def test_two_prices_of_one_time_are_none() -> None:
    rows = [
        {"start": TEN, "end": ELEVEN, "value": 0.1},
        {"start": TEN, "end": ELEVEN, "value": 0.2},
    ]
    assert prices_by_quarter(rows, 1.0) == {}
    # The rows may lack their end.
    rows = [{"start": TEN, "value": value} for value in (0.1, 0.2)]
    assert prices_by_quarter([*rows, {"start": ELEVEN, "value": 0.3}], 1.0) == hour(10, 0.3)
    # The same price twice is one.
    rows = [{"start": start, "value": 0.1} for start in (TEN, ELEVEN, ELEVEN)]
    assert prices_by_quarter(rows, 1.0) == hour(9, 0.1) | hour(10, 0.1)


def test_a_long_list_is_read_in_part() -> None:
    start = utc(0)
    times = (start + n * timedelta(minutes=15) for n in range(100_000))
    rows = [{"start": time, "end": time + timedelta(minutes=15), "value": 0.1} for time in times]
    assert len(prices_by_quarter(rows, 1.0)) == 600


def test_the_lists_of_today_and_tomorrow() -> None:
    today = [{"start": TEN, "end": ELEVEN, "value": 0.1}]
    tomorrow = [{"start": TOMORROW, "end": "2026-11-21T01:00:00+01:00", "value": 0.3}]
    found = of({"raw_today": today, "unit": "kWh", "raw_tomorrow": tomorrow})
    assert found == hour(9, 0.1) | hour(23, 0.3)


def test_a_list_with_another_present_price_is_not_the_entitys_own() -> None:
    rows: list[JsonDict] = [
        {"start_time": TEN, "end_time": ELEVEN, "price_per_kwh": 0.1},
        {"start_time": ELEVEN, "end_time": NOON, "price_per_kwh": 0.2},
    ]
    # The state has margin and tax, which the list lacks.
    assert of({"data": rows}, 0.15) == {}
    assert of({"data": rows}, 0.1005) == hour(9, 0.1) | hour(10, 0.2)


def test_a_list_without_now_is_not_taken_alone() -> None:
    assert of({"raw_tomorrow": [{"start": ELEVEN, "end": NOON, "value": 0.1}]}) == {}


@pytest.mark.parametrize(
    ("now", "end"),
    [
        # 12:44 and 12:45 in Luxembourg, in summer and in winter.
        ("2026-06-15T10:44Z", "2026-06-15T22:00Z"),
        ("2026-06-15T10:45Z", "2026-06-16T22:00Z"),
        ("2026-11-30T11:44Z", "2026-11-30T23:00Z"),
        ("2026-11-30T11:45Z", "2026-12-01T23:00Z"),
        ("2026-06-15T21:59Z", "2026-06-16T22:00Z"),
        ("2026-06-15T22:00Z", "2026-06-16T22:00Z"),
    ],
)
def test_tomorrow_is_published_from_12_45_on(now: str, end: str) -> None:
    assert end_of_published(datetime.fromisoformat(now)) == datetime.fromisoformat(end)
