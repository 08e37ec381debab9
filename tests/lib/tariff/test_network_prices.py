"""The published prices, as the data file has them."""

import tomllib
from pathlib import Path

import pytest

import smartyp1.tariff
from smartyp1.tariff import LATEST_YEAR, METER_SIZES, REFERENCE_POWERS, network_prices

FILE = Path(str(smartyp1.tariff.__file__)).with_name("network_prices.toml")


def test_2025() -> None:
    prices = network_prices(2025)
    assert prices is not None
    assert (prices.vat, prices.variable, prices.surcharge) == (0.08, 0.0759, 0.1139)
    assert prices.fixed == {
        3: 11.11,
        7: 19.27,
        12: 29.46,
        17: 39.65,
        27: 60.03,
        43: 92.64,
        70: 147.66,
        100: 208.80,
    }
    assert prices.meter == {40: 5.90, 63: 11.72, 120: 36.41}


def test_2026() -> None:
    prices = network_prices(2026)
    assert prices is not None
    assert (prices.vat, prices.variable, prices.surcharge) == (0.08, 0.0510, 0.0765)
    assert prices.fixed == {
        3: 7.42,
        7: 12.84,
        12: 19.61,
        17: 26.39,
        27: 39.94,
        43: 61.62,
        70: 98.20,
        100: 138.85,
        150: 206.60,
        200: 274.35,
    }
    assert prices.meter == {40: 5.72, 63: 8.69, 120: 29.60}


def test_a_year_that_is_not_known_has_the_prices_of_the_last_one() -> None:
    assert network_prices(LATEST_YEAR + 1) == network_prices(LATEST_YEAR)
    assert network_prices(2099) == network_prices(LATEST_YEAR)


def test_nothing_is_known_before_the_tariff() -> None:
    assert network_prices(2024) is None


@pytest.mark.parametrize("year", range(2025, LATEST_YEAR + 1))
def test_each_year_is_plausible_and_names_its_sources(year: int) -> None:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))[str(year)]
    assert table["sources"]
    prices = network_prices(year)
    assert prices is not None
    assert prices != network_prices(year - 1)
    assert set(prices.fixed) <= set(REFERENCE_POWERS)
    assert list(prices.fixed.values()) == sorted(prices.fixed.values())
    assert tuple(prices.meter) == METER_SIZES
    assert 0 < prices.vat < 0.3
    assert 0 < prices.variable < prices.surcharge < 1


def test_levies_of_category_a_and_what_is_known_from_one_private_source_only() -> None:
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = {}
    for year in (2025, 2026):
        prices = network_prices(year)
        assert prices is not None
        found[year] = prices.electricity_tax, prices.compensation
        # No official page has it, so a household is to compare it with a bill.
        private = ["compensation"] if year == 2025 else []
        assert tables[str(year)].get("one_private_source", []) == private
    assert found == {2025: ({"A": 0.0010}, {"A": -0.0376}), 2026: ({"A": 0.0010}, {"A": -0.0010})}
    page = (Path(__file__).parents[3] / "docs" / "tariff.md").read_text(encoding="utf-8")
    assert "known from one private source only" in page.lower()
