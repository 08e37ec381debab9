"""What a clock may do, each case by the example that stands beside it in the code."""

from types import ModuleType

import pytest

from smartyp1.history import meter_clock_jumps, shown_month
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


@pytest.mark.parametrize(("case", "between", "then", "expected"), rows(meter_clock_jumps))
def test_what_stays_of_a_wrong_clock(case: str, between: str, then: str, expected: str) -> None:
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

    # What was before, what is now, and perhaps what came in between.
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
