"""The price of a kilowatt-hour now, and above the reference power."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from dev.testing.times import utc
from smartyp1.history.market_prices import NO_PRICES, MarketPrices
from smartyp1.json_types import JsonDict
from smartyp1.prices.agreed_prices import AgreedPrices
from smartyp1.prices.contract import Aid, AidVat, Contract
from smartyp1.prices.kwh_price import price_of_kwh
from smartyp1.prices.published_prices import OlderPrices
from tests.lib.bill.months import agreed, local

FIXED = {"energy_price": 0.15, "feed_in_price": 0.08}
LEVIED = {**FIXED, "has_levies": True}
NIGHT = {"energy_price": 0.16, "second_price": 0.11, "second_hours": "22:00-06:00"}
MARKET = {"energy_margin": 0.10, "feed_in_margin": -0.01, "has_vat": False}


@pytest.mark.parametrize(
    ("contract", "moment", "market", "imported", "exported"),
    [
        # (0.15 + 0.0510) * 1.08; VAT is not added to the feed-in price
        (FIXED, "2026-06-15", (), 0.21708, 0.08),
        (FIXED, "2025-12-31T23:59", (), 0.243972, 0.08),  # (0.15 + 0.0759) * 1.08
        (FIXED, "2026-01-01", (), 0.21708, 0.08),
        ({"energy_price": 0.15, "network_variable": 0.05}, "2026-06-15", (), 0.216, None),
        # (0.15 + 0.0510 + 0.0010 - 0.0010) * 1.08, and with -0.0371 instead: 0.1649 * 1.08
        (LEVIED, "2026-07-31T23:59", (), 0.21708, 0.08),
        (LEVIED, "2026-08-01", (), 0.178092, 0.08),
        (LEVIED, "2026-12-31T23:59", (), 0.178092, 0.08),
        (LEVIED, "2027-01-01", (), 0.21708, 0.08),
        # An entered price is kept: (0.15 + 0.0510 + 0.0010 - 0.0010) * 1.08
        ({**LEVIED, "compensation": -0.001}, "2026-08-01", (), 0.21708, 0.08),
        ({**LEVIED, "compensation": 0.01}, "2026-06-15", (), 0.22896, 0.08),  # 0.212 * 1.08
        ({**LEVIED, "consumer_category": "B"}, "2026-06-15", (), None, 0.08),
        ({**FIXED, "consumer_category": "B"}, "2026-06-15", (), 0.21708, 0.08),
        # (0.16 + 0.051) * 1.08 by day, (0.11 + 0.051) * 1.08 by night
        (NIGHT, "2026-06-15T21:59:59", (), 0.22788, None),
        (NIGHT, "2026-06-15T22:00", (), 0.17388, None),
        (NIGHT, "2026-06-16T05:59", (), 0.17388, None),
        (NIGHT, "2026-06-16T06:00", (), 0.22788, None),
        # 0.085 + 0.10 + 0.0510; 0.085 - 0.01
        (MARKET, "2026-06-15", (0.085, 0.085), 0.236, 0.075),
        (MARKET, "2026-06-15", (-0.2, None), -0.049, None),
        (MARKET, "2026-06-15", (), None, None),
        ({}, "2026-06-15", (0.1, 0.1), None, None),
        # The tariff has not begun.
        (FIXED, "2024-12-31T23:59", (), None, 0.08),
        (
            {"energy_price": 0.15, "network_variable": 0.05, "has_vat": False},
            "2024-06-15",
            (),
            0.2,
            None,
        ),
    ],
)
def test_prices(
    contract: JsonDict,
    moment: str,
    market: tuple[float | None, ...],
    imported: float | None,
    exported: float | None,
) -> None:
    found = price_of_kwh(agreed(**contract), local(moment), MarketPrices(*market))
    assert found[:2] == (imported, exported)


def test_of_when_the_prices_are() -> None:
    def said(moment: str, **more: Any) -> OlderPrices | None:  # noqa: ANN401 - whatever a contract says
        return price_of_kwh(agreed(**LEVIED, **more), local(moment), MarketPrices()).prices_of

    assert said("2026-12-31T23:59") is None
    last = date(2026, 12, 31)
    aid = {"state_aid": last}
    assert said("2027-01-01") == OlderPrices({"grid": last, "levies": last}, aid)
    own = {"network_variable": 0.05, "electricity_tax": 0.001}
    assert said("2027-01-01", **own) == OlderPrices({"levies": last}, aid)
    assert said("2027-01-01", **own, compensation=-0.001) is None


@pytest.mark.parametrize(
    ("vat", "imported"),
    [
        # (0.15 + 0.0510) * 1.08 = 0.21708, less 0.04 * 1.08 = 0.0432
        (AidVat.EXCLUDED, 0.17388),
        # 0.04 / 1.08 is 0.037037, in millionths of a euro: 0.163963 * 1.08
        (AidVat.INCLUDED, 0.17708),
        (AidVat.NONE, 0.17708),  # 0.21708 - 0.04
    ],
)
def test_an_own_aid(vat: AidVat, imported: float) -> None:
    days = date(2026, 8, 1), date(2026, 12, 31)
    aids = Aid("Resilience", *days, 0.04, "kWh", vat), Aid("Bonus", *days, 5.0, "month", vat)
    contracts = replace(agreed(**FIXED), aids=aids)
    for moment, price in (
        ("2026-07-31T23:59", 0.21708),
        ("2026-08-01", imported),
        ("2026-12-31T23:59", imported),
        ("2027-01-01", 0.21708),
    ):
        found = price_of_kwh(contracts, local(moment), MarketPrices()).imported
        assert found == pytest.approx(price, abs=1e-6)


def test_an_aid_may_have_the_first_and_the_last_day_of_all() -> None:
    aid = Aid("Resilience", date.min, date.max, 0.01, "kWh", AidVat.NONE)
    moment = utc("2026-07-10 00:00")
    with_aid = replace(agreed(**FIXED), aids=(aid,))
    without = price_of_kwh(agreed(**FIXED), moment, NO_PRICES).imported
    assert without is not None
    assert price_of_kwh(with_aid, moment, NO_PRICES).imported == pytest.approx(without - 0.01)
    assert with_aid.aid_changes(utc("2026-07-01 00:00"), moment) == set()


def test_a_kwh_above_the_reference_power() -> None:
    june = local("2026-06-15")
    assert (
        AgreedPrices.of_contract(Contract(reference_kw=7), june).excess == 0.08262
    )  # 0.0765 * 1.08
    earlier = local("2025-06-15")
    assert (
        AgreedPrices.of_contract(Contract(reference_kw=7), earlier).excess == 0.123012
    )  # 0.1139 * 1.08
    instead = Contract(reference_kw=7, replaces_variable=True, has_vat=False)
    assert AgreedPrices.of_contract(instead, june).excess == 0.0255  # 0.0765 - 0.0510
    assert AgreedPrices.of_contract(Contract(), june).excess is None
    assert AgreedPrices.of_contract(Contract(reference_kw=7), local("2024-06-15")).excess is None
