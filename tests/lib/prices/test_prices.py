"""A price has a day from which it holds: the past keeps its own. Computed by hand."""

from dataclasses import replace

import pytest

from smartyp1.bill import Demand, compute_bill
from tests.lib.bill.support import Connection, at, cost


def house_with(price: float | None, start: str) -> Connection:
    """Return a connection with a reference power of 3 kW that has been read once."""
    house = Connection(start, reference_kw=3, price=price)
    house.read()
    return house


def use(house: Connection, quarter_hours: int = 1) -> Demand:
    """Draw 5 kW, 2 kW above the reference power: 0.5 kWh a quarter-hour."""
    for _ in range(quarter_hours):
        house.after(450, 625)
        demand = house.after(450, 625)
    return demand


def wait_until(house: Connection, text: str) -> Demand:
    """Let time pass without using anything, with a telegram every ten minutes."""
    while house.time < at(text):
        demand = house.after(min(600.0, (at(text) - house.time).total_seconds()))
    return demand


def test_the_switch_of_vat_waits_for_its_day_and_then_holds_for_all_months() -> None:
    house = house_with(0.1, "2026-07-30T12:00:00S")

    def rates(demand: Demand) -> list[float | None]:
        """Return the rate of VAT of each month's bill."""
        months = (*demand.earlier_months, demand.month)
        return [compute_bill(month, demand.contracts, month.end).vat_rate for month in months]

    house.change(replace(house.contract, has_vat=False), "2026-08-02")
    demand = house.read()
    assert rates(demand) == [0.08]
    assert house.read().contracts is demand.contracts
    house.restart()
    assert rates(wait_until(house, "2026-08-01T23:50:00S")) == [0.08, 0.08]
    assert rates(wait_until(house, "2026-08-02T00:10:00S")) == [0, 0]

    # The first telegram of a month still shows the month before, with the last VAT of that month.
    house.change(replace(house.contract, has_vat=True), "2026-09-01")
    assert rates(wait_until(house, "2026-09-01T00:00:00S")) == [0, 0]
    assert rates(house.after(10)) == [0.08, 0.08, 0.08]


@pytest.mark.parametrize(("minutes", "price"), [(7, 0.3), (8, 0.1)])
def test_a_quarter_hour_has_the_price_of_its_greater_part(minutes: int, price: float) -> None:
    house = house_with(0.1, "2026-07-15T12:00:00S")
    house.after(minutes * 60, 625)
    house.set_price(0.3)
    house.restart()

    demand = house.after(900 - minutes * 60, 625)
    assert cost(demand) == pytest.approx(0.5 * price)
    assert cost(use(house)) == pytest.approx(0.5 * price + 0.15)


@pytest.mark.parametrize(("corrected", "price"), [("2026-07-16", 0.3), ("2026-07-18", 0.1)])
def test_the_day_of_a_price_is_corrected_before_and_after_it_has_come(
    corrected: str, price: float
) -> None:
    house = house_with(0.1, "2026-07-15T23:45:00S")
    house.set_price(0.3, "2026-07-17")
    house.set_price(0.3, corrected)
    house.restart()
    use(house)
    wait_until(house, "2026-07-17T12:00:00S")
    assert cost(use(house, 2)) == pytest.approx(0.05 + price)  # 0.5 * 0.1, then 2 * 0.5 * price

    wait_until(house, "2026-07-19T00:00:00S")
    assert cost(use(house, 2)) == pytest.approx(0.35 + price)  # and 2 * 0.5 * 0.3
    house.set_price(0.3, "2026-07-19")
    assert cost(house.demand) == pytest.approx(0.45)  # on the 17th, too, it is 0.1
    house.restart()
    assert cost(use(house, 2)) == pytest.approx(0.75)
