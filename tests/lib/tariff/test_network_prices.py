"""The published prices, as the data file has them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from smartyp1.tariff import (
    APPROVED_UNTIL,
    LUXEMBOURG,
    METER_SIZES,
    REFERENCE_POWERS,
    NetworkPrices,
    lasting_prices_at,
    network_prices_at,
)
from tests.lib.tariff.months import local

FIXED = {
    2025: (11.11, 19.27, 29.46, 39.65, 60.03, 92.64, 147.66, 208.80),
    2026: (7.42, 12.84, 19.61, 26.39, 39.94, 61.62, 98.20, 138.85, 206.60, 274.35),
}
OTHERS = {
    2025: (0.08, 0.0759, 0.1139, (5.90, 11.72, 36.41)),
    2026: (0.08, 0.0510, 0.0765, (5.72, 8.69, 29.60)),
}


def on(day: str) -> NetworkPrices:
    """Return the prices of a day's first moment in Luxembourg."""
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), LUXEMBOURG)
    prices = network_prices_at(midnight.astimezone(UTC))
    assert prices is not None
    return prices


@pytest.mark.parametrize("year", [2025, 2026])
@pytest.mark.parametrize("day", ["01-01", "12-31"])
def test_years(year: int, day: str) -> None:
    prices = on(f"{year}-{day}")
    assert prices.fixed == dict(zip(REFERENCE_POWERS, FIXED[year], strict=False))
    sizes = tuple(prices.meter[size] for size in METER_SIZES)
    assert (prices.vat, prices.variable, prices.surcharge, sizes) == OTHERS[year]
    assert prices.electricity_tax == {"A": 0.0010}


@pytest.mark.parametrize(
    ("day", "compensation"),
    [
        ("2025-12-31", -0.0376),
        ("2026-01-01", -0.0010),
        ("2026-07-31", -0.0010),
        ("2026-08-01", -0.0371),  # the State's aid
        ("2026-12-31", -0.0371),
        ("2027-01-01", -0.0010),
    ],
)
def test_the_compensation_changes_at_the_midnights_of_its_days(
    day: str, compensation: float
) -> None:
    assert on(day).compensation == {"A": compensation}


@pytest.mark.parametrize("day", ["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"])
def test_a_price_of_a_year_is_that_after_an_aid(day: str) -> None:
    midnight = local(day)
    lasting = lasting_prices_at(midnight)
    # The contribution of 2025 had no last day.
    compensation = -0.0376 if day < "2026" else -0.0010
    assert lasting == replace(on(day), compensation={"A": compensation})
    assert lasting_prices_at(local("2024-12-31")) is None


def test_after_the_last_approved_day_the_latest_prices_go_on() -> None:
    last = APPROVED_UNTIL.isoformat()
    following = (APPROVED_UNTIL + timedelta(days=1)).isoformat()
    assert (on(last).are_approved, on(following).are_approved) == (True, False)
    assert on("2099-01-01").fixed == on(last).fixed


def test_nothing_is_known_before_the_tariff() -> None:
    assert network_prices_at(datetime(2024, 12, 31, 22, 59, 59, tzinfo=UTC)) is None
    assert network_prices_at(datetime(2024, 12, 31, 23, tzinfo=UTC)) is not None
