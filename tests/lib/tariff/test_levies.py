"""Electricity tax and compensation mechanism: months computed by hand."""

import pytest

from smartyp1.tariff import Contract, Contracts, MarketPrices, compute_bill, price_of_kwh
from tests.lib.tariff.months import agreed, changing, day, lines, local, month, sums, whole_month
from tests.lib.tariff.support import Connection

PARTS = ("energy", "network", "levies", "surcharge")


def test_a_month_of_2025() -> None:
    june = whole_month("2025-06", 30, kwh=325, above={7: 10})
    contract = {"reference_kw": 7, "energy_price": 0.1329, "energy_fee": 1.75}
    due = compute_bill(june, agreed(**contract, has_levies=True), june.end)

    assert lines(due) == [
        ("energy", 325, 0.1329, 43.19),  #               43.1925
        ("energy_fee", 1, 1.75, 1.75),
        ("network_fixed", 1, 19.27, 19.27),
        ("network_variable", 325, 0.0759, 24.67),  #     24.6675
        ("meter", 1, 5.90, 5.90),
        ("surcharge", 10, 0.1139, 1.14),
        ("electricity_tax", 325, 0.0010, 0.33),  #       0.325
        ("compensation", 325, -0.0376, -12.22),
    ]
    # 95.92 + 0.33 - 12.22 = 84.03; 8 % of it is 6.7224
    assert sums(due) == (84.03, 6.72, 90.75)
    assert due.amount("compensation") == -13.20  # 12.22 * 1.08 = 13.1976
    # With VAT: 48.5352, 53.8272, -12.8412 and 1.2301, which the energy's cents make 90.75.
    assert [due.part(name) for name in PARTS] == [48.53, 53.83, -12.84, 1.23]
    assert due.part("energy", "levies") == 35.69
    # Without: 95.92 + 7.6736
    assert sums(compute_bill(june, agreed(**contract), june.end)) == (95.92, 7.67, 103.59)


def test_ones_own_figures() -> None:
    june = whole_month("2025-06", 30, kwh=1000)
    own = {"electricity_tax": 0.0015, "compensation": -0.02}
    due = compute_bill(june, agreed(reference_kw=7, has_levies=True, **own), june.end)
    assert [amount for *_, amount in lines(due)[-2:]] == [1.50, -20.00]


def test_above_25_000_kwh_nothing_is_known() -> None:
    june = whole_month("2026-06", 30, kwh=3000)
    contract = {
        "reference_kw": 43,
        "energy_price": 0.1,
        "has_levies": True,
        "consumer_category": "B",
    }
    due = compute_bill(june, agreed(**contract), june.end)
    assert due.missing == ("electricity_tax", "compensation")
    assert sums(due) == (None, None, None)
    assert (due.part("levies"), due.part("surcharge")) == (None, 0.0)
    own = {"electricity_tax": 0.0005, "compensation": 0.0}
    assert compute_bill(june, agreed(**contract, **own), june.end).total


def test_added_in_the_middle_of_a_month() -> None:
    june = month("2025-06", day("2025-06-10", 100), day("2025-06-20", 200))
    contracts = changing(
        ("2020-01-01", Contract(reference_kw=7)),
        ("2025-06-16", Contract(reference_kw=7, has_levies=True)),
    )
    assert lines(compute_bill(june, contracts, june.end))[-2:] == [
        ("electricity_tax", 200, 0.0010, 0.20),
        ("compensation", 200, -0.0376, -7.52),
    ]


@pytest.mark.parametrize(
    ("contract", "price"),
    [
        (agreed(energy_price=0.15, has_levies=True, compensation=0.01), 0.22896),  # 0.212 * 1.08
        (agreed(energy_price=0.15, has_levies=True, consumer_category="B"), None),
        (agreed(energy_price=0.15, consumer_category="B"), 0.21708),
    ],
)
def test_they_are_in_the_price_of_a_kwh(contract: Contracts, price: float | None) -> None:
    assert price_of_kwh(contract, local("2026-06-15"), MarketPrices()).imported == price


def test_what_nobody_has_said_becomes_valid_from_the_first_of_the_month() -> None:
    house = Connection("2026-05-30T00:00:00S")
    before = Contract(reference_kw=7, energy_price=0.15)
    house.change(before)
    house.draw(4 * 24 * 60, 10)
    may, june = house.read().earlier_months[-1], house.read().month
    total = compute_bill(may, house.read().contracts, may.end).total

    house.change(Contract(reference_kw=7, energy_price=0.15, has_levies=True, compensation=-0.1))
    house.restart()
    demand = house.read()

    assert compute_bill(may, demand.contracts, may.end).total == total
    compensation = lines(compute_bill(demand.month, demand.contracts, june.end))[-1]
    assert compensation[:2] == ("compensation", pytest.approx(demand.month.imported_kwh, abs=1e-3))
