"""Jumps of a clock, by the examples beside it in the code, and the kept months."""

from types import ModuleType

import pytest

from smartyp1.history import reading_segments, shown_month
from tests.lib.bill.support import Connection, at


def rows(module: ModuleType) -> list[list[str]]:
    """Return the table of a module's docstring, without its head."""
    lines = (line for line in str(module.__doc__).splitlines() if line.startswith("| "))
    _, *examples = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    assert len(examples) > 5
    return examples


def read_until_noon() -> Connection:
    house = Connection("2026-06-13T09:50:00S")
    house.read()
    house.draw(130, 10)
    assert house.time == at("2026-06-13T12:00:00S")
    return house


def set_clock(house: Connection, text: str) -> None:
    day, time = text.split()
    season = "W" if "01-01" in day else "S"
    house.time = at(f"{'2026-' if len(day) == 5 else ''}{day}T{time}:00{season}")


def change(house: Connection, what: str = "0 kWh") -> None:
    """Have another register, or another meter."""
    if what.endswith(" kWh"):
        house.imported_wh += int(what.removesuffix(" kWh")) * 1000
    else:
        house.serial = what


@pytest.mark.parametrize(("case", "between", "then", "expected"), rows(reading_segments))
def test_the_parts_that_a_wrong_clock_leaves(
    case: str, between: str, then: str, expected: str
) -> None:
    house = read_until_noon()
    time, length, *other = between.split(", ")
    registers = house.imported_wh, house.serial
    set_clock(house, time)
    change(house, *other)
    house.read()
    house.draw(int(length.removesuffix(" min")), 10)
    if other:
        house.imported_wh, house.serial = registers

    time, *other = then.split(", ")
    set_clock(house, time)
    change(house, *other)
    house.read()

    # The part before, the part now, and perhaps the part in between.
    stretches = house.meter.as_dict()["stretches"]
    assert len(stretches) == {"goes": 2, "stays": 3}[expected], case


@pytest.mark.parametrize(("case", "time", "drawn", "length", "expected"), rows(shown_month))
def test_which_month_is_shown(case: str, time: str, drawn: str, length: str, expected: str) -> None:
    house = read_until_noon()
    set_clock(house, time)
    change(house, drawn)
    house.read()
    demand = house.draw(60 * int(length.removesuffix(" h")), 1)

    assert f"{demand.month_start:%Y-%m}" == expected, case


def known_months(house: Connection) -> list[str]:
    """Return the known months, the shown month last."""
    demand = house.demand
    return [f"{month.start:%Y-%m}" for month in (*demand.earlier_months, demand.month)]


def use(house: Connection, quarter_hours: int, wh: int) -> None:
    """Use this energy in each quarter-hour. Nobody asks for the state, which is slow to compute."""
    for _ in range(quarter_hours):
        house.pass_by(900, wh)
        house.tell()


def test_25_months_are_kept_with_any_clock_in_between() -> None:
    house = Connection("2026-01-01T00:00:00W", reference_kw=3)
    real = [(2026 + n // 12, n % 12 + 1) for n in range(25)]
    for year, month in real:
        # A day of each, and then a clock that is lost again and again.
        house.time = at(f"{year}-{month:02}-02T00:00:00W")
        house.tell()
        use(house, 97, 100)
        for _ in range(3):
            house.time = at(f"{2040 + house.imported_wh % 50}-{month:02}-02T00:00:00W")
            house.tell()
            use(house, 1, 10)
            use(house, 1, 11)

    house.time = at("2028-01-03T01:00:00W")
    house.tell()
    use(house, 2, 10)
    assert known_months(house) == [f"{year}-{month:02}" for year, month in real]


def test_of_months_that_were_measured_the_oldest_is_forgotten() -> None:
    # The clock is lost at first. Its month is the first to be forgotten.
    house = Connection("2000-01-01T00:00:00W", reference_kw=3)
    house.tell()
    use(house, 2, 10)
    names = [f"{2026 + n // 12}-{n % 12 + 1:02}" for n in range(40)]
    for name in names:
        house.time = at(f"{name}-02T00:00:00W")
        house.tell()
        # A day and more; the shortest month is not the oldest.
        use(house, 97 if name == "2027-08" else 98, 100)

    assert known_months(house) == names[-25:]
    assert len(house.meter.meter.columns) == 36


def test_a_meter_alone_has_the_highest_quarter_hours_of_two_months() -> None:
    house = Connection("2026-05-31T20:00:00S")
    house.tell()
    use(house, 12, 1000)
    use(house, 14, 500)
    values = house.meter.meter.values
    assert values
    peaks = values.peak, values.peak_last_month, values.peak_12_months
    assert [peak and peak.mean_kw for peak in peaks] == [2.0, 4.0, None]
