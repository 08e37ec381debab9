"""Missing telegrams, other meters, registers that fall and clocks that are set."""

from tests.lib.bill.support import Connection, at


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
        for _ in range(97 if name == "2027-08" else 98):
            house.after(900, 100)

    assert known_months(house) == names[-25:]
    assert len(house.meter.columns) == 36
