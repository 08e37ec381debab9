"""Damaged, lost and restored files of lines: the months hold the energy of the registers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from smartyp1.bill.household import Household
from smartyp1.bill.quarter_hour_series import quarter_hours_between
from smartyp1.history.month_file_lines import HEADER, span_of_cells, split_line
from smartyp1.history.month_file_reader import REMOVED, with_removed
from smartyp1.history.register_amounts import Energies
from smartyp1.history.spans import SpanKind
from smartyp1.prices.contract import Contract
from tests.json_copy import through_json
from tests.lib.bill.support import REGISTER_WH, Connection, known

CONTRACT = Contract(reference_kw=3)


def house_with_lines() -> Connection:
    """Return a house with an hour of 1 kW, a gap of an hour, and another hour of 1 kW."""
    house = Connection("2026-06-02T10:00:00S")
    house.change(Contract(reference_kw=7))
    house.read()
    house.draw_hours(1, 1.0)
    house.after(3600, 2_000)
    house.draw_hours(25, 1.0)
    house.restart()
    return house


@cache
def same_house_with_lines() -> Connection:
    """Return the house above, for tests that change nothing of it."""
    return house_with_lines()


def other_digit(line: bytes) -> bytes:
    """Return a line with another digit in its imported energy."""
    cells = line.split(b",")
    cells[2] = cells[2].replace(b"2", b"9").replace(b"0", b"1")
    return b",".join(cells)


@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 6, 50, 103, 104, 105])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "junk", [b"", b"junk", b"2026-06-02T08:15Z,,x", b"\xff\x00", None, other_digit]
)
def test_a_damaged_line_becomes_a_gap_of_known_energy(
    place: int, count: int, junk: bytes | Callable[[bytes], bytes] | None
) -> None:
    house = same_house_with_lines()
    [(name, data)] = house.disk.files.items()
    header, *lines, _ = data.split(b"\n")
    assert len(lines) == 105
    kept = [lines[n] for n in range(place - 1)]
    damaged = lines[place - 1 : place - 1 + count]
    quarters = sum(
        span_of_cells(split_line(line.decode())[0]).kind is SpanKind.QUARTER_HOUR
        for line in damaged
    )
    more = [junk(line) if callable(junk) else junk for line in damaged if junk is not None]
    content = b"\n".join([header, *kept, *more, *lines[place - 1 + count :], b""])
    stored = house.meter.as_dict()

    meter = Household.from_dict(stored, house.contract, files={name: content})

    assert meter.meter.damaged == {name}
    before, after = house.household.month, known(meter).month
    assert after.imported_kwh == pytest.approx(before.imported_kwh)
    assert after.sums.quarter_hours == before.sums.quarter_hours - quarters
    # Restored, all is as before.
    meter = Household.from_dict(stored, house.contract, files={name: data})
    assert meter.meter.damaged == frozenset()
    assert known(meter).month.sums == before.sums


def test_a_missing_first_file_becomes_a_gap_of_known_energy() -> None:
    house = house_with_lines()
    stored = house.meter.as_dict()

    meter = Household.from_dict(stored, house.contract, files={})

    assert meter.meter.damaged == {"2026-06"}
    assert known(meter).month.imported_kwh == house.household.month.imported_kwh
    assert known(meter).month.sums.quarter_hours == 0


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("header", [HEADER.encode().strip(), b"start,\0pan,number,version=3"])
def test_a_header_that_is_damaged_or_ends_otherwise_hides_no_line(
    end: bytes, header: bytes
) -> None:
    house = house_with_lines()
    [(name, data)] = house.disk.files.items()
    content = end.join([header, *data.split(b"\n")[1:]])

    meter = Household.from_dict(house.meter.as_dict(), house.contract, files={name: content})

    assert meter.meter.damaged == frozenset()
    assert meter.snapshot == house.meter.snapshot


def test_a_file_that_was_removed_on_purpose_is_no_damage() -> None:
    house = Connection("2026-06-02T10:00:00S")
    house.change(Contract(reference_kw=7))
    house.read()
    for days in (0, -400, 400):
        # A clock is believed after a day.
        house.time += timedelta(days=days)
        house.draw_hours(27.5, 1.0)
    house.restart()
    name, *others = sorted(house.disk.files)
    assert name == "2025-04"
    files = {each: house.disk.files[each] for each in others}
    stored = house.meter.as_dict()

    # The energy of the removed month is still the meter's: it came between the two others.
    removed = with_removed(b"1-3\nrubbish\n", name, house.disk.files[name])
    for more, damaged in (({REMOVED: removed}, set()), ({}, {"2026-06"})):
        meter = Household.from_dict(stored, house.contract, files=files | more)
        assert meter.meter.damaged == damaged
        assert known(meter).month.imported_kwh == 3 * 110 * 0.25


def test_the_numbers_of_removed_files_are_joined() -> None:
    [(name, data)] = same_house_with_lines().disk.files.items()
    removed = b"200-300\n202-210\n1-3\n106-107\n"
    assert with_removed(removed, name, data) == b"1-107\n200-300\n"


def test_a_clock_that_leaps_more_than_two_years_damages_no_file() -> None:
    house = Connection("2026-06-02T10:00:00S")
    house.read()
    house.after(900, 250)
    house.time += timedelta(days=800)
    house.draw_hours(25, 1.0)
    house.restart()
    assert (house.meter.meter.damaged, house.household.month.sums.quarter_hours) == (
        frozenset(),
        99,
    )


def test_a_line_has_both_registers_at_the_end_of_its_quarter_hour() -> None:
    meter, start = Household(CONTRACT), datetime(2026, 6, 2, 8, tzinfo=UTC)
    for minutes, imported, exported in ((0, 100.0, 50.0), (10, 100.3, 50.6), (20, 100.5, 51.6)):
        meter.count_telegram(
            start + timedelta(minutes=minutes), Energies(imported, exported), None, "SAG1"
        )
    [span] = meter.meter.take_new()
    assert (span.imported_register_wh, span.exported_register_wh) == (100_400, 51_100)


def test_parts_after_the_last_stored_part_stay_after_a_kill() -> None:
    house = Connection("2026-06-02T00:00:00S")
    house.read()
    # Seven gaps, each with an hour after it, are more than may be doubtful.
    for _ in range(8):
        house.after(3600, 1_000)
        house.draw_hours(1, 1.0)
    stored = through_json(house.meter.as_dict())
    house.after(3600, 1_000)
    house.disk.write(house.meter)
    assert house.disk.files
    meter = Household.from_dict(stored, house.contract, files=house.disk.files)
    month = known(meter).month
    assert (month.sums.quarter_hours, month.imported_kwh) == (32, 16.0)
    assert known(meter).values.last_quarter == house.household.values.last_quarter


def test_the_last_quarter_hour_is_the_last_one_of_the_file_after_a_kill() -> None:
    house = Connection("2026-06-02T00:00:00S")
    house.draw_hours(1)
    stored = through_json(house.meter.as_dict())
    for used_wh in (100, 200, 300, 400):
        house.after(900, used_wh)
    house.disk.write(house.meter)
    meter = Household.from_dict(stored, house.contract, files=house.disk.files)
    assert known(meter).values.last_quarter == house.household.values.last_quarter


def test_after_a_kill_a_clock_that_was_put_back_stays_put_back() -> None:
    house = Connection("2026-07-02T10:00:00S")
    house.draw_hours(26)
    stored = through_json(house.meter.as_dict())
    house.after(900, 250)
    house.time -= timedelta(days=40)
    house.draw_hours(26)
    house.disk.write(house.meter)
    assert house.disk.files.keys() == {"2026-05", "2026-07"}
    meter = Household.from_dict(stored, house.contract, files=house.disk.files)
    assert known(meter).values.last_quarter == house.household.values.last_quarter
    assert booked_kwh(meter) == booked_kwh(house.meter)


def test_a_file_of_an_unknown_version_is_not_read_and_its_energy_is_known() -> None:
    house = house_with_lines()
    house.time = house.time.replace(month=7, day=1)
    house.imported_wh += 10_000
    house.read()
    house.draw_hours(25, 1.0)
    house.restart()
    data = house.disk.files["2026-06"].replace(b"version=3", b"version=4")
    files = {**house.disk.files, "2026-06": data}

    meter = Household.from_dict(house.meter.as_dict(), house.contract, files=files)

    assert "2026-06" in meter.meter.damaged
    assert known(meter).month.sums.quarter_hours == 100


@pytest.mark.parametrize("kept", [0, 40, 200])
def test_a_restored_file_counts_once_beside_the_gap_that_stood_for_it(kept: int) -> None:
    house = Connection("2026-06-29T10:00:00S")
    house.change(Contract(reference_kw=7))
    house.read()
    house.draw_hours(75, 1.0)
    house.restart()
    files = house.disk.files
    june, july = files["2026-06"], files.pop("2026-07")
    files["2026-06"] = b"\n".join([*june.split(b"\n")[:-3], b""])
    stored = house.meter.as_dict()

    # The lost lines become a gap, which is then a line of June.
    house.meter = Household.from_dict(stored, house.contract, files=files)
    house.after(900, 250)
    house.restart()
    assert booked_kwh(house.meter) == 301 * 0.25
    lines = july.split(b"\n")
    files["2026-06"] += b"\n".join([*june.split(b"\n")[-3:-1], b""])
    files["2026-07"] = b"\n".join([*lines[: kept + 1], b""])
    house.restart()

    assert booked_kwh(house.meter) == 301 * 0.25


def test_lines_that_are_restored_after_their_state_was_lost_count_once() -> None:
    house = house_with_lines()
    [(name, data)] = house.disk.files.items()
    lines = data.split(b"\n")
    house.disk.files[name] = b"\n".join([*lines[:60], b""])

    house.meter = Household.from_files(house.contract, house.disk.files)
    house.draw_hours(25, 1.0)
    house.restart()
    drawn_kwh = (house.imported_wh - REGISTER_WH) / 1000
    assert booked_kwh(house.meter) == pytest.approx(drawn_kwh)
    _, *new = house.disk.files[name].split(b"\n")[59:]
    house.disk.files[name] = b"\n".join([*lines[:-1], *new])
    house.restart()

    assert booked_kwh(house.meter) == pytest.approx(drawn_kwh)
    assert house.meter.meter.damaged == frozenset()


def booked_kwh(meter: Household) -> float:
    """Return the imported energy of all months."""
    household = known(meter)
    return sum(month.imported_kwh for month in (*household.earlier_months, household.month))


@pytest.mark.parametrize(
    "line",
    [
        *("", "junk", "\u00e4\u2028\0", "2026-06-15T12:15Z,1,2,3,4"),
        "2026-06-15T12:15,,1,2,3,4,,,2",
        *(
            f"2026-06-15T12:15Z,,{values},,,2"
            for values in (
                *("1,2,3", "1,2,3,4,5", ",2,3,4", "-0.5,2,3,4", "1,2,-0.5,4"),
                *("nan,2,3,4", "1,inf,3,4"),
            )
        ),
        "2026-06-15T12:15Z,,1e99,2,3,4,,,2",
    ],
)
def test_a_line_that_is_none_is_passed_over(line: str) -> None:
    good = "2026-06-15T12:{}Z,,250,2,30,0.4,,,{}\n"
    text = f"{HEADER}{good.format('00', 1)}{line}\n{good.format('30', 3)}"
    meter = Household.from_files(CONTRACT, {"2026-06": text.encode()})
    noon = datetime(2026, 6, 15, 12, tzinfo=UTC)
    found = quarter_hours_between(meter.table, noon, noon + timedelta(days=1))
    assert [(each.start.minute, each.mean_kw) for each in found] == [(0, 1.0), (30, 1.0)]
