"""Bills computed by hand: the arithmetic is beside the numbers."""

from datetime import date

import pytest

from smartyp1.bill.bill import lines_of
from smartyp1.prices.contract import Contract
from smartyp1.prices.published_prices import OlderPrices
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


def test_a_line_is_computed_from_its_shown_values() -> None:
    # 0.1234564 kWh is shown as 0.123 kWh: at 50 a kWh, 6.15 and not 6.17.
    june = month("2026-06", day("2026-06-01", 1, {7: 0.1234564}, exported_wh=123.4564))
    due = bill(june, agreed(reference_kw=7, feed_in_price=50, surcharge=50), local("2026-07-01"))
    assert lines(due)[-1] == ("feed_in", 0.123, 50, -6.15)
    assert due.above == 6.64  # 6.15 * 1.08 = 6.642


def test_the_cost_above_is_unknown_while_one_of_the_reference_powers_is() -> None:
    june = whole_month("2026-06", 30, kwh=300, above={7: 10})
    later = changing(("2026-06-01", Contract()), ("2026-06-16", Contract(reference_kw=7)))
    assert bill(june, later, june.end).above is None


def test_unpriced_energy_is_exact_to_the_watt_hour() -> None:
    june = whole_month("2026-06", 30, kwh=2.345, market_wh=1_111, market_cost=0.1)
    due = bill(june, agreed(reference_kw=7, energy_margin=0.1), local("2026-07-01"))
    assert due.unpriced_kwh == 1.234


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
