"""Missing telegrams, other meters, registers that fall and clocks that are set."""

from datetime import timedelta

import pytest

from smartyp1.tariff import QuarterHour
from tests.lib.tariff.support import Connection, at, cost

WRONG = [
    "2000-01-01T00:00:00W",
    "2026-05-03T10:00:00S",
    "2027-07-15T12:20:00S",
    "2099-12-31T23:00:00W",
]


@pytest.mark.parametrize(
    ("wrong", "minutes", "has_restarts"),
    [
        (wrong, minutes, (m + n) % 2 == 0)
        for n, wrong in enumerate(WRONG)
        for m, minutes in enumerate((1, 20, 45))
    ],
)
def test_a_clock_that_was_lost_goes_on_in_the_right_month(
    wrong: str, minutes: int, *, has_restarts: bool
) -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3, price=0.1)
    house.read()
    house.draw(15, 100)  # 6 kW: 0.75 kWh above, 0.075 EUR

    right, house.time = house.time, at(wrong)
    house.read()
    house.draw(minutes, 10)
    if has_restarts:
        house.restart()
    house.time = right + timedelta(minutes=minutes)
    house.after(60)
    if has_restarts:
        house.restart()
    demand = house.after(60)

    assert demand.month_start == at("2026-07-01T00:00:00S")
    assert demand.peak == QuarterHour(at("2026-07-15T12:00:00S"), 6.0)
    assert (demand.excess_kwh, cost(demand)) == (0.75, 0.075)
    while house.time.minute % 15:
        house.after(60)
    assert house.draw(15, 100).excess_kwh == 1.5


def test_two_telegrams_of_a_lost_clock_show_no_other_month() -> None:
    house = Connection("2026-07-15T12:00:00S", reference_kw=3)
    house.read()
    house.draw(15, 100)

    house.time = at("2000-01-01T00:00:00W")
    house.read()
    for _ in range(5):
        assert house.after(10).month_start == at("2026-07-01T00:00:00S")
    # Nor do quarter-hours, before a day of them has been measured.
    assert house.draw(24 * 60 - 1, 10).month_start == at("2026-07-01T00:00:00S")
    assert house.draw(1, 10).month_start == at("2000-01-01T00:00:00W")


@pytest.mark.parametrize(
    ("minutes", "gaps", "is_once"), [(2, 1, True), (30, 2, False), (90, 1, False), (90, 2, True)]
)
def test_a_clock_set_back_soon_after_a_gap_costs_nothing(
    minutes: int, gaps: int, *, is_once: bool
) -> None:
    house = Connection("2026-07-15T08:00:00S", reference_kw=3)
    house.read()
    house.draw(60, 100)  # four quarter-hours of 6 kW: 4 * 0.75 kWh above
    for _ in range(gaps):
        house.pass_by(2 * 3600)
        house.read()
        house.draw(60, 100)
    assert house.draw(60, 100).excess_kwh == 6.0 + gaps * 3.0  # each hour has four

    right = house.time
    house.time -= timedelta(minutes=minutes)
    house.read()
    if is_once:
        house.time = right
    demand = house.draw(30, 10)

    assert demand.excess_kwh == 6.0 + gaps * 3.0
    # The hours at 6 kW, and half an hour at 0.6 kW, of which the last quarter-hour may run.
    assert demand.month.imported_kwh == pytest.approx(12.3 + gaps * 6.0, abs=0.15)


def known_months(house: Connection) -> list[str]:
    """Return the months that are known, the one that is shown last."""
    demand = house.demand
    return [f"{month.start:%Y-%m}" for month in (*demand.earlier_months, demand.month)]


def test_25_months_are_kept_whatever_a_clock_says_in_between() -> None:
    house = Connection("2026-01-01T00:00:00W", reference_kw=3)
    real = [(2026 + n // 12, n % 12 + 1) for n in range(25)]
    for year, month in real:
        # A day of each, and then a clock that is lost again and again.
        house.time = at(f"{year}-{month:02}-02T00:00:00W")
        house.read()
        for _ in range(97):
            house.after(900, 100)
        for _ in range(3):
            house.time = at(f"{2040 + house.imported_wh % 50}-{month:02}-02T00:00:00W")
            house.read()
            house.after(900, 10)
            house.after(900, 11)

    house.time = at("2028-01-03T01:00:00W")
    house.read()
    house.after(900, 10)
    house.after(900, 10)
    assert known_months(house) == [f"{year}-{month:02}" for year, month in real]


def test_what_a_wrong_clock_left_is_forgotten_in_time() -> None:
    house = Connection("2000-01-01T00:00:00W", reference_kw=3)
    house.read()
    house.draw(30, 10)
    for month in range(40):
        house.time = at(f"{2026 + month // 12}-{month % 12 + 1:02}-02T00:00:00W")
        house.read()
        house.draw(30, 100)

    assert known_months(house) == [f"{2026 + n // 12}-{n % 12 + 1:02}" for n in range(15, 40)]


def test_of_months_that_were_measured_the_oldest_is_forgotten() -> None:
    house = Connection("2026-01-01T00:00:00W", reference_kw=3)
    names = [f"{2026 + n // 12}-{n % 12 + 1:02}" for n in range(40)]
    for name in names:
        house.time = at(f"{name}-02T00:00:00W")
        house.read()
        # A day and more; the least of all in one that is not the oldest.
        for _ in range(97 if name == "2027-08" else 120):
            house.after(900, 100)

    assert known_months(house) == names[-25:]
    assert len(house.meter.columns) == 36
