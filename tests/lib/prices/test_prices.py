"""A price has a day from which it holds; a second price has hours and days. Computed by hand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from smartyp1.bill.household_state import HouseholdState
from smartyp1.prices.contract import NO_CONTRACT, Contract, Contracts
from smartyp1.prices.time_of_use import time_of_use_hours
from tests.lib.bill.months import local
from tests.lib.bill.support import Connection, at, cost, set_contracts


def house_with(price: float | None, start: str) -> Connection:
    """Return a connection with a reference power of 3 kW that has been read once."""
    house = Connection(start, reference_kw=3, price=price)
    house.read()
    return house


def use(house: Connection, quarter_hours: int = 1) -> HouseholdState:
    """Draw 5 kW, 2 kW above the reference power: 0.5 kWh a quarter-hour."""
    for _ in range(quarter_hours):
        house.spend(450, 625)
        household = house.after(450, 625)
    return household


def wait_until(house: Connection, text: str) -> HouseholdState:
    """Let time pass without using anything, with a telegram every ten minutes."""
    while house.time < at(text):
        household = house.after(min(600.0, (at(text) - house.time).total_seconds()))
    return household


def test_a_price_holds_from_its_day_and_another_day_bills_the_past_again() -> None:
    house = house_with(0.1, "2026-07-15T23:45:00S")
    first, dearer = house.contract, replace(house.contract, surcharge=0.3)
    dated = [(None, first), (date(2026, 7, 17), dearer)]
    set_contracts(house.meter, Contracts.of_days(dated))
    house.restart()
    use(house)
    wait_until(house, "2026-07-16T23:45:00S")
    assert cost(use(house)) == pytest.approx(0.1)  # 2 * 0.5 * 0.1
    assert cost(use(house, 2)) == pytest.approx(0.1 + 0.3)  # and 2 * 0.5 * 0.3

    for day, price in ((16, 0.05 + 0.45), (18, 0.2), (17, 0.4)):
        dated = [(date(2026, 7, day), dearer), (None, first)]
        set_contracts(house.meter, Contracts.of_days(dated))
        assert cost(house.household) == pytest.approx(price)


def test_prices_before_the_first_day_are_unknown() -> None:
    first, dearer = Contract(energy_price=0.1), Contract(energy_price=0.2)
    days = [(date(2026, 6, 1), dearer), (date(2026, 5, 31), NO_CONTRACT), (date(2026, 5, 1), first)]
    contracts = Contracts.of_days([*days, (date(2026, 5, 31), first)])
    held = {
        day: contracts.at(local(f"2026-{day}")).energy_price
        for day in ("01-01", "04-30", "05-01", "05-31", "06-01")
    }
    assert held == {"01-01": None, "04-30": None, "05-01": 0.1, "05-31": 0.1, "06-01": 0.2}


NIGHT, WEEKEND = "22:00-06:00", "sat sun"


def two_prices(hours: str, reference_kw: float = 7) -> Contract:
    return Contract(
        reference_kw=reference_kw, energy_price=0.16, second_price=0.11, second_hours=hours
    )


# From midnight to midnight, 0.1 kWh in each quarter-hour.
@pytest.mark.parametrize(
    ("hours", "start", "quarters", "second"),
    [
        (NIGHT, "2026-06-15", 96, 32),  #               a Monday: 0-6 and 22-24 o'clock
        (WEEKEND, "2026-06-15", 96, 0),
        (WEEKEND, "2026-06-13", 96, 96),  #             a Saturday
        (f"{NIGHT} {WEEKEND}", "2026-06-13", 96, 96),
        (f"{NIGHT} sat", "2026-06-14", 96, 32),  #      a Sunday
        ("12:15-13:00", "2026-06-15", 96, 3),
        (NIGHT, "2026-03-29", 92, 28),  #               without the hour from 2 to 3
        (WEEKEND, "2026-03-29", 92, 92),
        (NIGHT, "2026-10-25", 100, 36),  #              with that hour twice
        (WEEKEND, "2026-10-25", 100, 100),
        ("02:00-03:00", "2026-03-29", 92, 0),
        ("02:00-03:00", "2026-10-25", 100, 8),
    ],
)
@pytest.mark.parametrize("is_off", [False, True])
def test_days(hours: str, start: str, quarters: int, second: int, *, is_off: bool) -> None:
    begin = local(start)
    house = Connection("2026-01-01T00:00:00W")
    house.time = begin
    house.change(two_prices(hours))
    house.read()
    if is_off:
        # No telegram comes; the register goes on, and its energy is shared out by time.
        house.pass_by(quarters * 900, quarters * 100)
        house.read()
        house.draw(30, 0)
    else:
        for _ in range(quarters):
            house.spend(900, 100)
        house.restart()
    sums = house.read().month.ledger.sums(begin, begin + timedelta(hours=quarters / 4))
    assert sums.imported_wh == pytest.approx(quarters * 100, abs=0.01)
    assert sums.second_wh == pytest.approx(second * 100, abs=0.01)
    due = house.read().month.bill(house.time)
    by_name = {line.name: line.quantity for line in due.lines}
    assert by_name["energy_second"] == pytest.approx(second / 10)
    assert by_name["energy"] == pytest.approx((quarters - second) / 10)


def test_hours_as_text() -> None:
    assert time_of_use_hours("22:00:00", "06:00:00", []) == NIGHT
    assert time_of_use_hours(None, None, ["sun", "sat"]) == WEEKEND
    assert time_of_use_hours("22:00", "06:00", ["sat"]) == f"{NIGHT} sat"
    assert time_of_use_hours("22:00", None, []) is None
