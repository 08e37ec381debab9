"""Published prices of a price zone, as Energy-Charts sends them."""

from typing import Any

import pytest

from dev.testing.times import utc
from smartyp1.json_types import JsonDict
from smartyp1.prices.zone_price_response import zone_prices

START, END = utc("2025-09-29 22:00"), utc("2025-10-31 23:00")
HOUR = int(utc("2025-09-30 20:00").timestamp())
# Two hours, and two quarter-hours of October.
TIMES = [HOUR, HOUR + 3600, HOUR + 7200, HOUR + 8100]


def response(**changes: Any) -> JsonDict:  # noqa: ANN401 - any JSON
    return {
        "license_info": "CC BY 4.0 from Bundesnetzagentur | SMARD.de",
        "unix_seconds": TIMES,
        "price": [100.0, -12.5, 80, 40.25],
        "unit": "EUR / MWh",
        "deprecated": False,
    } | changes


def read(data: object) -> list[tuple[str, float]]:
    return [(f"{price.start:%d %H:%M}", price.price) for price in zone_prices(data, START, END)]


def test_hours_and_quarter_hours_have_a_price_of_a_kwh() -> None:
    hours = [(f"30 20:{m:02}", 0.1) for m in (0, 15, 30, 45)]
    hours += [(f"30 21:{m:02}", -0.0125) for m in (0, 15, 30, 45)]
    assert read(response()) == [*hours, ("30 22:00", 0.08), ("30 22:15", 0.04025)]
    # A missing price is left out, and so is a row before or behind the month.
    assert read(response(price=[None, None, 80, None])) == [("30 22:00", 0.08)]
    moved = [time - 86_400 * 2 for time in TIMES]
    assert read(response(unix_seconds=moved)) == []
    # A row behind a gap is as long as the row before it.
    gap = [HOUR, HOUR + 900, HOUR + 5400, HOUR + 9000]
    assert len(read(response(unix_seconds=gap))) == 1 + 1 + 4 + 4
    assert read(response(unix_seconds=[], price=[])) == []


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "prices",
        {},
        response(unit="EUR / kWh"),
        response(unit=None),
        response(price=[100.0]),
        response(price={"a": 1}),
        response(price=["100"] * 4),
        response(price=[True] * 4),
        response(price=[float("nan")] * 4),
        response(price=[1e6] * 4),
        response(unix_seconds=TIMES[::-1]),
        response(unix_seconds=[HOUR] * 4),
        response(unix_seconds=[HOUR + 1, *TIMES[1:]]),
        response(unix_seconds=["now"] * 4),
        response(unix_seconds=[1e300, *TIMES[1:]]),
        response(unix_seconds=[float("inf"), *TIMES[1:]]),
        response(unix_seconds=[*range(0, 900 * 3000, 900)], price=[1] * 3000),
    ],
)
def test_other_data_are_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"^$|zip"):
        zone_prices(data, START, END)
