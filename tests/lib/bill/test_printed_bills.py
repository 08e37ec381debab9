"""Printed bills to the cent, and months whose prices have days: the arithmetic is beside them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from dev.leneda.export_file import CONSUMPTION, NOW, export
from smartyp1.bill.bill import Bill
from smartyp1.bill.leneda_days import LenedaDays
from smartyp1.json_types import JsonDict
from smartyp1.leneda.measured_and_estimated_rows import quarter_hours_of
from smartyp1.leneda.portal_file import read_export
from smartyp1.prices.contract import Aid, AidVat, Contract
from tests.lib.bill.months import (
    Known,
    agreed,
    bill,
    day,
    lines,
    local,
    month,
    months_of,
    shared,
    sums,
    whole_month,
)
from tests.lib.bill.support import Connection, set_contracts

# The household of both printed bills.
CONTRACT: JsonDict = {
    "reference_kw": 12,
    "energy_price": 0.1125,
    "energy_fee": 3.50,
    "discount": 1.00,
    "has_levies": True,
}
REBATE = Aid("Electronic bill", date(2026, 1, 1), None, 0.50, "month", AidVat.EXCLUDED)
PARTS = ("energy", "network", "levies", "surcharge", "feed_in")
# In the evening of the 20th, ten minutes of 18.3 kW or a little more make more than 12 kW.
EXCEEDED = 19 * 96 + 72


def split_up(kwh: float, exceeding_wh: int, days: int) -> list[int]:
    """Return the Wh of each quarter-hour of a month that has one above 12 kW."""
    others = days * 96 - 1
    each, more = divmod(round(kwh * 1000) - exceeding_wh, others)
    found = [each + (n < more) for n in range(others)]
    return [*found[:EXCEEDED], exceeding_wh, *found[EXCEEDED:]]


def by_telegrams(start: str, quarters: list[int]) -> Bill:
    """Return the bill after a month of telegrams, each minute while more than usual is drawn."""
    house = Connection("2026-01-01T00:00:00W")
    house.time = local(start) - timedelta(hours=1)
    house.change(Contract(**CONTRACT))
    set_contracts(house.meter, replace(house.meter._contracts, aids=(REBATE,)))
    house.read()
    house.pass_by(45 * 60)
    for n, wh in enumerate([50, *quarters, 50]):
        if n == EXCEEDED + 1:
            for _ in range(10):
                house.spend(60, wh // 10)
            house.spend(300)
        else:
            house.spend(900, wh)
    household = house.read()
    [*_, ended] = household.earlier_months
    return ended.bill()


def by_files(start: str, quarters: list[int]) -> Bill:
    """Return the bill by a file of the platform, with the mean kW of each quarter-hour."""
    begin = local(start).isoformat()
    found = read_export(export(begin, [f"{wh / 250:.3f}" for wh in quarters]), NOW)
    contracts = replace(agreed(**CONTRACT), aids=(REBATE,))
    past = LenedaDays(quarter_hours_of({CONSUMPTION: found.rows}))
    [ended] = months_of({}, past, contracts).values()
    return ended.bill()


@pytest.mark.parametrize("by", [by_telegrams, by_files])
@pytest.mark.parametrize(
    ("start", "quarters", "expected", "totals"),
    [
        (
            "2026-06-01",
            split_up(281.304, 3_050, 30),
            [
                ("energy", 281.304, 0.1125, 31.65),  #           31.6467
                ("energy_fee", 1, 3.50, 3.50),
                ("discount", 1, -1.00, -1.00),
                ("aid_per_month", 1, -0.50, -0.50),
                ("network_fixed", 1, 19.61, 19.61),
                ("network_variable", 281.304, 0.0510, 14.35),  # 14.3465
                ("meter", 1, 5.72, 5.72),
                ("surcharge", 0.05, 0.0765, 0.00),
                ("electricity_tax", 281.304, 0.0010, 0.28),
                ("compensation", 281.304, -0.0010, -0.28),
            ],
            (73.33, 5.87, 79.20),  # 5.8664
        ),
        (
            "2026-08-01",
            split_up(382.759, 3_080, 31),
            [
                ("energy", 382.759, 0.1125, 43.06),  #           43.0604
                ("energy_fee", 1, 3.50, 3.50),
                ("discount", 1, -1.00, -1.00),
                ("aid_per_month", 1, -0.50, -0.50),
                ("network_fixed", 1, 19.61, 19.61),
                ("network_variable", 382.759, 0.0510, 19.52),  # 19.5207
                ("meter", 1, 5.72, 5.72),
                ("surcharge", 0.08, 0.0765, 0.01),  #            0.0061
                ("electricity_tax", 382.759, 0.0010, 0.38),
                ("compensation", 382.759, -0.0371, -14.20),  #   14.2004
            ],
            (76.10, 6.09, 82.19),  # 6.088
        ),
    ],
    ids=["june", "august"],
)
def test_the_printed_bills(
    by: Callable[[str, list[int]], Bill],
    start: str,
    quarters: list[int],
    expected: list[tuple[str, float, float, float]],
    totals: tuple[float, float, float],
) -> None:
    due = by(start, quarters)
    assert lines(due) == expected
    assert sums(due) == totals
    assert (due.subtotal, due.missing, due.prices_of) == (totals[-1], (), None)


JUNE = month("2026-06", *(day(f"2026-06-{n:02}", 10) for n in range(1, 31)))
# Without an aid, June is 300 * 0.15 + 12.84 + 300 * 0.051 + 5.72 = 78.86; 6.31 of VAT; 85.17
HOUSE: JsonDict = {"reference_kw": 7, "energy_price": 0.15}


def with_aids(*aids: Aid, house: JsonDict = HOUSE, of: Known = JUNE) -> Bill:
    """Return the bill of a whole month with aids."""
    return bill(of, replace(agreed(**house), aids=aids), of.end)


# From the 11th: 200 of 300 kWh, and 20 of 30 days.
@pytest.mark.parametrize(
    ("unit", "amount", "vat", "line", "totals"),
    [
        ("kWh", 0.04, AidVat.EXCLUDED, (200, -0.04, -8.00), (70.86, 70.86, 5.67, 76.53)),
        # 0.04 / 1.08; 7.4074. With VAT, it is 8 € less than 85.17
        ("kWh", 0.04, AidVat.INCLUDED, (200, -0.037037, -7.41), (71.45, 71.45, 5.72, 77.17)),
        ("kWh", 0.04, AidVat.NONE, (200, -0.04, -8.00), (70.86, 78.86, 6.31, 77.17)),
        ("month", 6, AidVat.EXCLUDED, (0.666667, -6, -4.00), (74.86, 74.86, 5.99, 80.85)),
        # 6 / 1.08 = 5.555556; 3.7037
        ("month", 6, AidVat.INCLUDED, (0.666667, -5.555556, -3.70), (75.16, 75.16, 6.01, 81.17)),
        ("month", 6, AidVat.NONE, (0.666667, -6, -4.00), (74.86, 78.86, 6.31, 81.17)),
    ],
)
def test_an_own_aid(
    unit: str,
    amount: float,
    vat: AidVat,
    line: tuple[float, float, float],
    totals: tuple[float, float, float, float],
) -> None:
    due = with_aids(Aid("Bonus", date(2026, 6, 11), date(2026, 7, 31), amount, unit, vat))
    [found] = [each for each in due.lines if each.name == f"aid_per_{unit.lower()}"]
    assert (found.quantity, found.price, found.amount) == line
    assert (found.label, found.has_vat) == ("Bonus", vat is not AidVat.NONE)
    assert (due.net, due.vat_base, due.vat, due.total) == totals
    assert sum(due.part(name) or 0 for name in PARTS) == pytest.approx(due.total)


@pytest.mark.parametrize(
    ("kwh", "amount", "expected"),
    [
        (471.585, 0.0367, -16.03),  # 16.0252; with the price -0.033981 of the line, 16.0249
        (350, 0.0416, -13.48),  # 13.4815
        (27, 0.0402, -1.01),  # exactly 1.005
    ],
)
def test_an_aid_with_vat_is_exact(kwh: float, amount: float, expected: float) -> None:
    june = whole_month("2026-06", 30, kwh=kwh)
    aid = Aid("Bonus", date(2026, 6, 1), None, amount, "kWh", AidVat.INCLUDED)
    due = with_aids(aid, of=june)
    assert due.lines[-1].amount == expected
    assert due.lines[-1].price == round(-amount / 1.08, 6)


def test_an_aid_that_changes_in_the_middle_of_a_month_is_two_lines() -> None:
    aids = (
        Aid("State", date(2026, 5, 1), date(2026, 6, 10), 0.04, "kWh", AidVat.EXCLUDED),
        Aid("State", date(2026, 6, 11), None, 0.05, "kWh", AidVat.EXCLUDED),
        Aid("Later", date(2026, 7, 1), None, 9, "month", AidVat.EXCLUDED),
    )
    due = with_aids(*aids)
    assert lines(due) == [
        ("energy", 300, 0.15, 45.00),
        ("network_fixed", 1, 12.84, 12.84),
        ("network_variable", 300, 0.051, 15.30),
        ("meter", 1, 5.72, 5.72),
        ("surcharge", 0, 0.0765, 0.00),
        ("aid_per_kwh", 100, -0.04, -4.00),
        ("aid_per_kwh", 200, -0.05, -10.00),
    ]
    assert sums(due) == (64.86, 5.19, 70.05)  # 5.1888


def test_a_household_that_shares_and_has_the_aid_as_a_line_of_its_own() -> None:
    house: JsonDict = {
        "reference_kw": 7,
        "energy_price": 0.109,
        "energy_fee": 4.00,
        "discount": 2.50,
        "feed_in_price": 0.05,
        "has_levies": True,
        "compensation": -0.0010,
        "community_price": 0.09,
    }
    first = day("2026-08-01", 300, exported_wh=10_000)
    august = month("2026-08", shared(first, 100, 4))
    aid = Aid("Aid", date(2026, 8, 1), date(2026, 12, 31), 0.04, "kWh", AidVat.INCLUDED)
    due = with_aids(aid, house=house, of=august)
    assert lines(due) == [
        ("energy", 200, 0.109, 21.80),
        ("energy_fee", 1, 4.00, 4.00),
        ("discount", 1, -2.50, -2.50),
        ("network_fixed", 1, 12.84, 12.84),
        ("network_variable", 300, 0.0510, 15.30),
        ("meter", 1, 5.72, 5.72),
        ("surcharge", 0, 0.0765, 0.00),
        ("electricity_tax", 200, 0.0010, 0.20),
        ("compensation", 200, -0.0010, -0.20),
        ("aid_per_kwh", 200, -0.037037, -7.41),  # the supplier's part alone: 7.4074
        ("feed_in", 10, 0.05, -0.50),
    ]
    # 49.75 and 3.98 of VAT, less the exports; and 100 kWh at 0.09 to the community
    assert (sums(due), due.vat_base) == ((49.25, 3.98, 53.23), 49.75)
    assert due.community
    assert (due.community.amount, due.total_with_community) == (9.00, 62.23)
