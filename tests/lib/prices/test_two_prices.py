"""A second price by hours and days, a discount: months computed by hand."""

import pytest

from smartyp1.bill import compute_bill
from smartyp1.prices import Contract, time_of_use_hours
from tests.lib.bill.months import agreed, lines, local, whole_month
from tests.lib.bill.support import Connection

NIGHT, WEEKEND = "22:00-06:00", "sat sun"


def two_prices(hours: str, reference_kw: float = 7) -> Contract:
    return Contract(
        reference_kw=reference_kw, energy_price=0.16, second_price=0.11, second_hours=hours
    )


def test_what_is_not_known_by_hours_has_the_first_price_and_is_said() -> None:
    june = whole_month("2026-06", 30, kwh=300)
    prices = {"energy_price": 0.16, "second_price": 0.11, "second_hours": NIGHT}
    due = compute_bill(june, agreed(reference_kw=7, **prices), june.end)
    assert lines(due)[:2] == [("energy", 300, 0.16, 48.00), ("energy_second", 0, 0.11, 0.00)]
    assert due.unsplit_kwh == 300


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
        # Nobody reads; the register goes on, and its energy is shared out by time.
        house.pass_by(quarters * 900, quarters * 100)
        house.read()
        house.draw(30, 0)
    else:
        for _ in range(quarters):
            house.after(900, 100)
        house.restart()
    [day] = [day for day in house.read().month.days if day.start == begin]
    assert day.second[hours].energy_wh == pytest.approx(quarters * 100, abs=0.01)
    assert day.second[hours].second_wh == pytest.approx(second * 100, abs=0.01)
    due = compute_bill(house.read().month, house.read().contracts, house.time)
    by_name = {line.name: line.quantity for line in due.lines}
    assert by_name["energy_second"] == pytest.approx(second / 10)
    assert by_name["energy"] == pytest.approx((quarters - second) / 10)
    assert due.unsplit_kwh == 0


def test_hours_as_text() -> None:
    assert time_of_use_hours("22:00:00", "06:00:00", []) == NIGHT
    assert time_of_use_hours(None, None, ["sun", "sat"]) == WEEKEND
    assert time_of_use_hours("22:00", "06:00", ["sat"]) == f"{NIGHT} sat"
    assert time_of_use_hours("22:00", None, []) is None
    for text in ("25:00-06:00", "22:00", "someday"):
        house = Connection("2026-06-15T00:00:00S")
        stored = house.meter.as_dict()
        stored["contracts"][0]["second_hours"] = text
        with pytest.raises(ValueError):  # noqa: PT011 - it says no more
            type(house.meter).from_dict(stored, house.contract)
