"""Jumps of a clock, by examples of the rules beside the code, and the kept months.

In each example of SEGMENTS, a meter is read until 12:00 on 13 June (segment A). The column
"segment" has the start of segment B by the meter's clock, and the length of B. The column "reading"
has the time of R by the meter's clock. The column "result" says whether B stays or goes. A number
before the event is the number of the case in which B is dropped.

In those of SHOWN_MONTHS, a meter was read until 12:00 of 13 June. The columns are the clock after a
break, the energy drawn in the break, and the hours of reading after the break.
"""

import pytest

from tests.lib.bill.support import Connection, at

SEGMENTS = """
| event | segment | reading | result |
|---|---|---|---|
| 1: the clock was lost, and is set right | 2000-01-01 00:00, 20 min | 06-13 12:21 | goes |
| 1: the same, but nobody read for two hours | 2000-01-01 00:00, 20 min | 06-13 14:21 | goes |
| 3: the clock was an hour slow, and is set right | 06-13 11:00, 20 min | 06-13 12:20 | goes |
| the same, but only 10 min passed for 20 min read | 06-13 11:00, 20 min | 06-13 12:10 | stays |
| the clock stays an hour slow; then a gap | 06-13 11:00, 20 min | 06-13 11:50 | stays |
| 2: the clock was a month ahead, and is set right | 07-14 12:00, 20 min | 06-13 12:20 | goes |
| 2: 25 h ahead, with up to 15 min between telegrams | 06-14 13:00, 20 min | 06-13 12:49 | goes |
| a gap of 60 min; then the clock is set back 30 min | 06-13 13:00, 20 min | 06-13 12:50 | stays |
| a gap of a month; then the clock is set back an hour | 07-14 12:00, 20 min | 07-14 11:21 | stays |
| the same, but with a gap of more than 40 days | 07-24 12:00, 20 min | 07-24 11:21 | stays |
| 1: another meter was read for a while | 06-13 12:01, 20 min, meter 2 | 06-13 12:22 | goes |
| 1: the register was far too low for a while | 06-13 12:01, 20 min, -20 kWh | 06-13 12:22 | goes |
| 1: after a gap, the register was too high | 06-13 13:00, 20 min, 50 kWh | 06-13 15:00 | goes |
| 4: two gaps with less than a quarter-hour between | 06-13 13:00, 5 min | 06-13 14:00 | goes |
| two gaps of 5 h with less than a quarter-hour between | 06-13 17:00, 5 min | 06-13 22:00 | stays |
| two gaps with a whole quarter-hour between | 06-13 13:00, 20 min | 06-13 14:00 | stays |
| 4: the clock was lost; then it is an hour slow | 2000-01-01 00:00, 5 min | 06-13 11:00 | goes |
| the clock was lost; then another meter | 2000-01-01 00:00, 5 min | 06-13 12:06, meter 2 | stays |
| the clock was two hours slow; then one hour slow | 06-13 10:00, 5 min | 06-13 11:00 | stays |
"""
SHOWN_MONTHS = """
| event | the clock says | drawn | read for | shown |
|---|---|---|---|---|
| nobody read for a month | 2026-07-14 12:00 | 12 kWh | 1 h | 2026-07 |
| nobody read for a summer | 2026-09-20 12:00 | 40 kWh | 1 h | 2026-09 |
| the clock has leapt ahead | 2026-07-14 12:00 | 1 kWh | 20 h | 2026-06 |
| the same; a day proves it | 2026-07-14 12:00 | 1 kWh | 25 h | 2026-07 |
| the clock is lost | 2000-01-01 00:00 | 0 kWh | 20 h | 2026-06 |
| the clock is a month slow | 2026-05-13 12:00 | 0 kWh | 20 h | 2026-06 |
"""


def rows(table: str) -> list[list[str]]:
    """Return the rows of a table, without its head."""
    _, _, *examples = table.strip().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in examples]


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


@pytest.mark.parametrize(("case", "between", "then", "expected"), rows(SEGMENTS))
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


@pytest.mark.parametrize(("case", "time", "drawn", "length", "expected"), rows(SHOWN_MONTHS))
def test_which_month_is_shown(case: str, time: str, drawn: str, length: str, expected: str) -> None:
    house = read_until_noon()
    set_clock(house, time)
    change(house, drawn)
    house.read()
    household = house.draw(60 * int(length.removesuffix(" h")), 1)

    assert f"{household.month_start:%Y-%m}" == expected, case


def known_months(house: Connection) -> list[str]:
    """Return the known months, the shown month last."""
    household = house.household
    return [f"{month.start:%Y-%m}" for month in (*household.earlier_months, household.month)]


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
