"""Bills computed by hand: the arithmetic is beside the numbers."""

from dataclasses import replace
from datetime import date

import pytest

from smartyp1.advice.class_comparison import compare
from smartyp1.bill.bill import lines_of
from smartyp1.prices.contract import Contract
from smartyp1.prices.price_file import OlderPrices
from tests.lib.bill.months import (
    agreed,
    bill,
    changing,
    day,
    lines,
    local,
    month,
    sums,
    whole_month,
)
from tests.lib.bill.support import Connection


def test_all_lines_in_their_order() -> None:
    june = whole_month("2026-06", 30, kwh=300, above={7: 10}, exported_wh=200_000)
    contract = {"energy_price": 0.15, "energy_fee": 2.5, "feed_in_price": 0.08, "meter_ampere": 63}
    due = bill(june, agreed(reference_kw=7, **contract), local("2026-07-01"))

    assert lines(due) == [
        ("energy", 300, 0.15, 45.00),
        ("energy_fee", 1, 2.5, 2.50),
        ("network_fixed", 1, 12.84, 12.84),
        ("network_variable", 300, 0.051, 15.30),
        ("meter", 1, 8.69, 8.69),  #        63 A
        ("surcharge", 10, 0.0765, 0.77),
        ("feed_in", 200, 0.08, -16.00),  #  200 * 0.08, which the household is paid
    ]
    # 45.00 + 2.50 + 12.84 + 15.30 + 8.69 + 0.77 = 85.10; less 16.00 is 69.10. VAT is on bought
    # energy only: 85.10 * 0.08 = 6.808; 69.10 + 6.81 = 75.91
    assert sums(due) == (69.10, 6.81, 75.91)
    units = ["kWh", "month", "month", "kWh", "month", "kWh", "kWh"]
    assert [line.unit for line in due.lines] == units
    assert (due.missing, due.vat_rate, due.unpriced_kwh) == ((), 0.08, 0)
    assert due.amount("feed_in") == -16.00
    assert due.amount("energy", "energy_fee") == 51.30  # 47.50 * 1.08
    # 12.84 + 15.30 + 8.69 = 36.83; 36.83 * 1.08 = 39.7764
    assert due.amount("network_fixed", "network_variable", "meter") == 39.78
    assert due.amount("surcharge") == 0.83  # 0.77 * 1.08 = 0.8316
    # 51.30 + 39.78 + 0.83 - 16.00 = 75.91


@pytest.mark.parametrize(
    ("until", "share", "fixed", "meter"),
    [
        ("2026-06-01", 0, 0.00, 0.00),
        ("2026-06-11", 0.333333, 4.28, 1.91),  # 10 of 30 days: 12.84 / 3; 5.72 / 3 = 1.9067
        ("2026-06-11T18:00", 0.358333, 4.60, 2.05),  # 10.75 / 30: 4.601; 2.0497
        ("2027-01-01", 1, 12.84, 5.72),
        ("2026-05-01", 0, 0.00, 0.00),
    ],
)
def test_the_running_month(until: str, share: float, fixed: float, meter: float) -> None:
    june = month("2026-06", day("2026-06-01", 12), day("2026-06-10", 8))
    due = bill(june, agreed(reference_kw=7), local(until))
    assert lines(due) == [
        ("network_fixed", share, 12.84, fixed),
        ("network_variable", 20, 0.051, 1.02),
        ("meter", share, 5.72, meter),
        ("surcharge", 0, 0.0765, 0.00),
    ]


def test_october_with_its_day_of_25_hours() -> None:
    # The 25th has 25 hours, and 13 have passed at noon: 24.52 of 31 days. 12.84 * 24.52/31 =
    # 10.1560; 5.72 * 24.52/31 = 4.5243
    october = month("2026-10", day("2026-10-25", 20))
    due = bill(october, agreed(reference_kw=7), local("2026-10-25T12:00"))
    assert lines(due)[0] == ("network_fixed", 0.790968, 12.84, 10.16)
    assert lines(due)[2] == ("meter", 0.790968, 5.72, 4.52)

    # A change at the midnight that ends it: 25 of 31 days with 7 kW, 6 of 31 with 12 kW.
    # 12.84 * 25/31 = 10.3548; 19.61 * 6/31 = 3.7955
    contracts = changing(
        ("2020-01-01", Contract(reference_kw=7)), ("2026-10-26", Contract(reference_kw=12))
    )
    whole = bill(october, contracts, local("2026-11-01"))
    assert lines(whole)[:2] == [
        ("network_fixed", 0.806452, 12.84, 10.35),
        ("network_fixed", 0.193548, 19.61, 3.80),
    ]


def test_a_year_that_is_not_known_has_the_prices_of_the_last_one() -> None:
    january = whole_month("2031-01", 31, kwh=300)
    due = bill(january, agreed(reference_kw=7), january.end)
    assert [amount for *_, amount in lines(due)] == [12.84, 15.30, 5.72, 0.00]
    assert due.prices_of == OlderPrices({"grid": date(2026, 12, 31)}, {})
    # Where all prices are one's own, none is of another year.
    own = {"network_fixed": 1, "network_variable": 1, "surcharge": 1, "meter_fee": 1}
    assert bill(january, agreed(reference_kw=7, **own), january.end).prices_of is None
    with_levies = agreed(reference_kw=7, has_levies=True, **own)
    last = date(2026, 12, 31)
    due = bill(january, with_levies, january.end)
    assert due.prices_of == OlderPrices({"levies": last}, {"state_aid": last})
    # Each part names the age of its own prices.
    assert [due.older_prices(part) for part in ("network", "surcharge", "energy")] == [None] * 3
    assert due.older_prices("levies") == due.prices_of


def test_the_switch_of_vat_holds_for_all_months() -> None:
    june = whole_month("2026-06", 30, kwh=100)
    contract = Contract(reference_kw=7, energy_price=0.15)
    contracts = changing(("2020-01-01", contract), ("2026-08-10", replace(contract, has_vat=False)))
    due = bill(june, contracts, june.end)
    # 15 + 12.84 + 5.10 + 5.72
    assert (due.vat_rate, *sums(due)) == (0, 38.66, 0, 38.66)
    ledger = june.within(contracts).ledger
    found = compare(ledger, [june.start], local("2026-08-11"))
    assert found.months[0].classes[7].fixed == 12.84


def test_the_first_contract_also_holds_for_the_time_before_it() -> None:
    june = whole_month("2026-06", 30, kwh=300)
    contracts = changing(("2026-09-01", Contract(reference_kw=7)))
    assert lines(bill(june, contracts, local("2026-07-01")))[0][3] == 12.84


@pytest.mark.parametrize(
    ("priced_kwh", "cost", "price", "amount", "unpriced_kwh"),
    [
        (300, 21.00, 0.17, 51.00, 0),  #         21.00 + 300 * 0.10 = 51.00
        # Up to a tenth costs the mean of a day: 280 kWh at 21.00 are 0.075 each, 300 at 0.175 are
        # 52.50
        (280, 21.00, 0.175, 52.50, 20),
        (270, 18.90, 0.17, 51.00, 30),
        (269.9, 18.893, None, None, 30.1),
        (0, 0, None, None, 300),
    ],
)
def test_the_price_of_the_market(
    priced_kwh: float, cost: float, price: float | None, amount: float | None, unpriced_kwh: float
) -> None:
    june = month(
        "2026-06",
        day("2026-06-01", 100),
        day("2026-06-02", 200, market_wh=priced_kwh * 1000, market_cost=cost),
    )
    due = bill(june, agreed(reference_kw=7, energy_margin=0.10), june.end)
    assert (due.unpriced_kwh, due.unpriced_market_kwh) == (unpriced_kwh, unpriced_kwh)
    # The grid: 12.84 + 300 * 0.051 + 5.72 = 33.86; 2.71 of VAT
    if price is None or amount is None:
        assert (due.missing, sums(due), due.subtotal) == (("energy",), (None,) * 3, 36.57)
        assert lines(due)[0] == ("network_fixed", 1, 12.84, 12.84)
        assert due.amount("energy") is None
        assert (due.part("energy"), due.part("network")) == (None, 36.57)
    else:
        assert lines(due)[0] == ("energy", 300, price, amount)
        assert (due.missing, due.net) == ((), round(33.86 + amount, 2))
    # No energy has come before the first watt-hour, so none lacks a price.
    due = bill(month("2026-06"), agreed(reference_kw=7, energy_margin=0.1), june.start)
    assert (due.amount("energy"), due.unpriced_kwh, due.missing) == (0, 0, ())


@pytest.mark.parametrize(
    ("priced_kwh", "revenue", "line", "unpriced_kwh"),
    [
        # 6.30 / 90 = 0.07 is the day's mean; less 0.01, 100 kWh are worth 6.00
        (90, 6.30, ("feed_in", 100, 0.06, -6.00), 10),
        # Where less is known, only that is paid: 3.50 - 50 * 0.01
        (50, 3.50, ("feed_in", 50, 0.06, -3.00), 50),
        (0, 0, None, 100),
    ],
)
def test_feeding_in_at_the_price_of_the_market(
    priced_kwh: float,
    revenue: float,
    line: tuple[str, float, float, float] | None,
    unpriced_kwh: float,
) -> None:
    june = whole_month(
        "2026-06",
        30,
        exported_wh=100_000,
        market_exported_wh=priced_kwh * 1000,
        market_revenue=revenue,
    )
    contract = {"reference_kw": 7, "energy_price": 0.15}
    due = bill(june, agreed(**contract, feed_in_margin=-0.01), june.end)
    assert [each for each in lines(due) if each[0] == "feed_in"] == ([line] if line else [])
    assert due.unpriced_exported_kwh == unpriced_kwh
    assert due.amount("feed_in") == (line[3] if line else None)
    # The household owes the grid's 18.56 all the same, with 1.48 of VAT.
    owed = round(20.04 + (line[3] if line else 0), 2)
    assert (due.missing, due.total) == ((), owed)

    nothing = bill(june, agreed(**contract), june.end)
    assert (nothing.missing, nothing.total, nothing.unpriced_exported_kwh) == ((), 20.04, 100)


def test_without_an_energy_price_there_is_no_total() -> None:
    june = whole_month("2026-06", 30, kwh=300, above={7: 10}, exported_wh=50_000)
    due = bill(june, agreed(reference_kw=7, energy_fee=2, feed_in_price=0.1), june.end)
    assert (due.missing, due.unpriced_kwh, due.unpriced_market_kwh) == (("energy",), 300, 0)
    assert (*sums(due), due.vat_base) == (None,) * 4
    # The fee is of the energy, too. 12.84 + 15.30 + 5.72 + 0.77 = 34.63; 2.77 of VAT; less 5.00
    assert due.subtotal == 32.40
    parts = {name: due.part(name) for name in ("energy", "network", "surcharge", "feed_in")}
    # 33.86 * 1.08 = 36.5688; 0.765 * 1.08 = 0.8262
    assert parts == {"energy": None, "network": 36.57, "surcharge": 0.83, "feed_in": -5.00}


def test_a_surcharge_without_other_known_parts_is_the_subtotal() -> None:
    june = whole_month("2026-06", 30, kwh=300, above={9: 0.182})
    due = bill(june, agreed(reference_kw=9), june.end)
    assert due.missing == ("energy", "network_fixed")
    # 0.182 * 0.0765 = 0.0139, which is a line of 0.01. With VAT, the product would be 0.02.
    assert (due.part("surcharge"), due.subtotal) == (0.01, 0.01)


@pytest.mark.parametrize(
    ("later", "market_kwh"),
    [
        (Contract(reference_kw=7, energy_price=0.15), 0),
        (Contract(reference_kw=7, energy_margin=0.1), 12),
    ],
)
def test_an_energy_price_since_a_day_of_the_month(later: Contract, market_kwh: float) -> None:
    # 100 kWh without a price, and 200 kWh with a market price for 188.
    june = month(
        "2026-06",
        day("2026-06-01", 100),
        day("2026-06-20", 200, market_wh=188_000, market_cost=20.0),
    )
    contracts = changing(("2020-01-01", Contract(reference_kw=7)), ("2026-06-10", later))
    due = bill(june, contracts, june.end)
    assert due.missing == ("energy",)
    assert (due.unpriced_kwh, due.unpriced_market_kwh) == (100 + market_kwh, market_kwh)


@pytest.mark.parametrize(
    ("name", "contract", "expected"),
    [
        # 150 and 200 kW have a published price since 2026, and 5 kW has none.
        ("2025-06", {"reference_kw": 150, "energy_price": 0}, ("network_fixed",)),
        ("2025-06", {"reference_kw": 5, "energy_price": 0}, ("network_fixed",)),
        ("2025-06", {"reference_kw": 150, "energy_price": 0, "network_fixed": 300}, ()),
        ("2026-06", {"reference_kw": 150, "energy_price": 0}, ()),
        ("2026-06", {}, ("energy", "network_fixed", "surcharge")),
        ("2026-06", {"energy_price": 0, "surcharge": 0.08, "network_fixed": 9}, ("surcharge",)),
        (
            "2024-06",
            {"reference_kw": 7, "energy_price": 0},
            ("network_fixed", "network_variable", "meter", "surcharge"),
        ),
    ],
)
def test_a_missing_price_leaves_no_total(
    name: str, contract: dict[str, float], expected: tuple[str, ...]
) -> None:
    june = whole_month(name, 30, kwh=300)
    due = bill(june, agreed(**contract), june.end)
    assert due.missing == expected
    assert all(due.amount(name) is None for name in expected)
    assert (due.total is None) == bool(expected)


@pytest.mark.parametrize(
    ("price", "amount"),
    [(2.675, 2.68), (1.005, 1.01), (0.615, 0.62), (1.115, 1.12), (2.6749, 2.67), (0.005, 0.01)],
)
def test_half_a_cent_is_rounded_up_in_spite_of_binary_fractions(
    price: float, amount: float
) -> None:
    june = whole_month("2026-06", 30, exported_wh=1000)
    due = bill(june, agreed(reference_kw=7, feed_in_price=price, energy_fee=price), june.end)
    assert (lines(due)[0][3], lines(due)[-1][3]) == (amount, -amount)


def test_a_line_is_computed_from_its_shown_values() -> None:
    # 0.1234564 kWh is shown as 0.123 kWh: at 50 a kWh, 6.15 and not 6.17.
    june = month("2026-06", day("2026-06-01", exported_wh=123.4564))
    due = bill(june, agreed(reference_kw=7, feed_in_price=50), local("2026-07-01"))
    assert lines(due)[-1] == ("feed_in", 0.123, 50, -6.15)


def test_unpriced_energy_is_exact_to_the_watt_hour() -> None:
    june = whole_month("2026-06", 30, kwh=2.345, market_wh=1_111, market_cost=0.1)
    due = bill(june, agreed(reference_kw=7, energy_margin=0.1), local("2026-07-01"))
    assert due.unpriced_kwh == 1.234


CONTRACT = Contract(reference_kw=7, energy_price=0.15)


def test_a_meter_that_was_added_on_the_21st() -> None:
    house = Connection("2026-06-21T10:05:00S")
    house.change(CONTRACT)
    house.read()
    assert house.read().month.since == local("2026-06-21T10:00")
    house.draw(2 * 60, 10)
    house.pass_by(9 * 24 * 3600 + 12 * 3600, 10_000)
    house.read()
    house.draw(60, 0)
    for _ in range(2):
        june = house.read().earlier_months[-1]
        due = june.bill()
        # From the 21st at 10:00 to the 30th: 9 days and 14 hours of 30 days.
        assert june.since == local("2026-06-21T10:00")
        assert [line[1:] for line in lines(due) if line[0] in {"network_fixed", "meter"}] == [
            (0.319444, 12.84, 4.10),
            (0.319444, 5.72, 1.83),
        ]
        # July is a month like any other.
        july = house.read().month
        assert july.since is None
        assert lines(july.bill(local("2026-07-11")))[1][1] == 0.322581
        house.restart()
        house.after(60)


def test_parts_with_vat_add_up() -> None:
    june = month("2026-06", day("2026-06-10", 100, {7: 1}))
    due = bill(june, agreed(reference_kw=7, energy_price=0.1213), local("2026-07-01"))
    # Energy 12.13, network 12.84 + 5.10 + 5.72 = 23.66, surcharge 0.08: 35.87; 2.8696 of VAT
    assert sums(due) == (35.87, 2.87, 38.74)
    # The surcharge is shown more exactly: 0.0765 * 1.08 = 0.08262, which is 0.08. Of the others,
    # 13.1004 and 25.5528 are 38.65 when cut off, and 38.66 are left for them.
    assert [due.part(name) for name in ("energy", "network", "surcharge")] == [13.10, 25.56, 0.08]
    assert due.part("feed_in") is None
    # 8.68 and 27.68 are 9.3744 and 29.8944: of equal remainders, the first part has the cent, also
    # after a restart.
    terms = agreed(reference_kw=12, energy_price=0.1125, energy_fee=3.5)
    due = bill(month("2026-06", day("2026-06-01", 46)), terms, local("2026-07-01"))
    assert (due.part("energy"), due.part("network"), due.total) == (9.38, 29.89, 39.27)


@pytest.mark.parametrize("kwh", range(1, 60))
def test_any_parts_add_up_to_the_total(kwh: int) -> None:
    june = whole_month("2025-06", 30, kwh=kwh / 7, above={7: kwh / 70}, exported_wh=kwh * 77)
    contract = {"energy_price": 0.1377, "discount": 2.5, "feed_in_price": 0.0813}
    due = bill(june, agreed(reference_kw=7, has_levies=True, **contract), june.end)
    names = ("energy", "network", "surcharge", "feed_in", "levies")
    parts = [due.part(name) or 0 for name in names]
    assert round(sum(parts), 2) == due.total
    assert due.part(*names) == due.total
    assert parts[3] == due.amount("feed_in")
    [above] = [line for line in due.lines if line.name == "surcharge"]
    # The sensor of the surcharge shows more decimals.
    assert f"{parts[2]:.2f}" == f"{above.quantity * above.price * 1.08 + 1e-9:.2f}"
    for name in ("energy", "network", "levies"):
        assert abs((due.part(name) or 0) - (due.amount(*lines_of(name)) or 0)) <= 0.0101
