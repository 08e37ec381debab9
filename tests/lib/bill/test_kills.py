"""Kills at any moment, torn and damaged lines, full disks: the months hold what the registers say.

Each story is made by the dice of its seed, which is in the name of its test.
"""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from smartyp1.bill import NO_LENEDA_DAYS, DemandMeter, quarter_hours_between
from smartyp1.history import (
    HEADER,
    REMOVED,
    Energies,
    SpanKind,
    line_of,
    month_name,
    span_of,
    with_removed,
)
from smartyp1.prices import Contract
from tests.lib.bill.support import REGISTER_WH, Connection, known
from tests.random_examples import examples

CONTRACT = Contract(reference_kw=3)
CLOCKS = (0, 0, 0, -3600, 3600, -2 * 86_400, 3 * 86_400, -60 * 86_400)


class Computer:
    """A computer that reads a meter, and its disk: files of lines, and states one after another."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        start = self.dice.choice(("2026-07-15T12:00", "2026-07-31T21:10", "2026-10-24T20:00"))
        self.time = datetime.fromisoformat(start).replace(tzinfo=UTC)
        self.offset = timedelta()
        self.registers = [10_000_000, 4_000_000]
        self.rises = [0, 0]
        self.files: dict[str, bytes] = {}
        self.states: list[dict[str, Any]] = []
        self.waiting: list[tuple[str, bytes]] = []
        self.is_full = False
        self.kills = 0
        self.meter = DemandMeter(CONTRACT)
        self.read()

    def read(self) -> None:
        """Read the meter, and store what is new."""
        imported, exported = self.registers
        self.meter.update(
            self.time + self.offset, Energies(imported / 1000, exported / 1000), None, "SAG1"
        )
        self.store()

    def store(self) -> None:
        """Store what is new, if there is room."""
        for span in self.meter.take_new():
            self.waiting.append((month_name(span.start), line_of(span).encode()))
        if self.is_full:
            return
        for name, line in self.waiting:
            self.files[name] = self.files.get(name, HEADER.encode()) + line
        self.waiting.clear()
        # Any of these may be what a kill leaves.
        self.states = [*self.states[-3:], json.loads(json.dumps(self.meter.as_dict()))]

    def run(self, minutes: float) -> None:
        """Let time pass with a telegram every two and a half minutes."""
        for _ in range(max(1, int(minutes / 2.5))):
            self.use(150)
            self.read()

    def use(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)
        for n in (0, 1):
            wh = min(8_000, self.dice.randrange(50) * seconds // 150)
            self.registers[n] += wh
            self.rises[n] += wh

    def kill(self) -> None:
        """Go on from what a kill at a random moment leaves on the disk."""
        self.kills += 1
        self.waiting.clear()
        files = dict(self.files)
        if files and self.dice.random() < 0.3:
            # In the middle of a line, the last one that was written.
            last = max(files, key=lambda name: number_of_last(files[name]))
            end = files[last].rstrip(b"\n")
            cut = self.dice.randrange(end.rfind(b"\n") + 1, len(end) + 1)
            files[last] = end[:cut]
            self.files[last] = end[: end.rfind(b"\n") + 1]
        state = self.dice.choice(self.states)
        self.meter = DemandMeter.from_dict(state, CONTRACT, files=files)
        self.store()

    def tell(self) -> None:
        """Let something happen."""
        match self.dice.choice(("run", "run", "kill", "kill", "gap", "full", "clock", "long")):
            case "run":
                self.run(self.dice.uniform(3, 90))
            case "long":
                self.run(self.dice.uniform(90, 1800))
            case "gap":
                self.use(60 * self.dice.randrange(1, 2_000))
                self.read()
                self.states = self.states[-1:]
            case "full":
                self.is_full = not self.is_full
                self.read()
            case "clock":
                self.offset = timedelta(seconds=self.dice.choice(CLOCKS))
                self.use(150)
                self.read()
            case "kill":
                if not self.is_full:
                    self.kill()

    def booked(self) -> list[float]:
        """Return what all months hold, once the clock has proved itself."""
        demand = self.meter.snapshot
        assert demand
        months = self.meter._months.made(self.meter.contracts).values()
        return [
            sum(day.imported_wh for month in months for day in month.days),
            sum(day.exported_wh for month in months for day in month.days),
        ]


def number_of_last(data: bytes) -> int:
    return int(data.rstrip(b"\n").rsplit(b",", 2)[1]) if data.count(b"\n") > 1 else 0


@pytest.mark.parametrize("seed", range(examples(12)), ids="seed {}".format)
def test_a_kill_at_any_moment_loses_nothing_and_counts_nothing_twice(seed: int) -> None:
    computer = Computer(seed)
    for _ in range(computer.dice.randrange(6, 24)):
        computer.tell()
    computer.is_full = False
    computer.run(33)
    now = int((computer.time + computer.offset).timestamp())
    computer.use(900 - now % 900)
    computer.read()

    assert computer.booked() == pytest.approx(computer.rises, abs=0.05)


def house_with_lines() -> Connection:
    """Return a house with an hour of 1 kW, a gap of an hour, and another hour of 1 kW."""
    house = Connection("2026-06-02T10:00:00S")
    house.change(Contract(reference_kw=7))
    house.read()
    for _ in range(4):
        house.after(900, 250)
    house.after(3600, 2_000)
    for _ in range(100):
        house.after(900, 250)
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
    quarters = sum(span_of(line.decode()).kind is SpanKind.QUARTER_HOUR for line in damaged)
    more = [junk(line) if callable(junk) else junk for line in damaged if junk is not None]
    content = b"\n".join([header, *kept, *more, *lines[place - 1 + count :], b""])
    stored = house.meter.as_dict()

    meter = DemandMeter.from_dict(stored, house.contract, files={name: content})

    assert meter.damaged == {name}
    before, after = house.demand.month, known(meter).month
    assert after.imported_kwh == pytest.approx(before.imported_kwh)
    assert after.quarter_hours == before.quarter_hours - quarters
    # Restored, all is as before.
    meter = DemandMeter.from_dict(stored, house.contract, files={name: data})
    assert meter.damaged == frozenset()
    assert known(meter).month == before


def test_a_missing_first_file_becomes_a_gap_of_known_energy() -> None:
    house = house_with_lines()
    stored = house.meter.as_dict()

    meter = DemandMeter.from_dict(stored, house.contract, files={})

    assert meter.damaged == {"2026-06"}
    assert known(meter).month.imported_kwh == house.demand.month.imported_kwh
    assert known(meter).month.quarter_hours == 0


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("header", [HEADER.encode().strip(), b"start,\0pan,number,version=2"])
def test_a_header_that_is_damaged_or_ends_otherwise_hides_no_line(
    end: bytes, header: bytes
) -> None:
    house = house_with_lines()
    [(name, data)] = house.disk.files.items()
    content = end.join([header, *data.split(b"\n")[1:]])

    meter = DemandMeter.from_dict(house.meter.as_dict(), house.contract, files={name: content})

    assert meter.damaged == frozenset()
    assert meter.snapshot == house.meter.snapshot


def test_a_file_that_was_removed_on_purpose_is_no_damage() -> None:
    house = Connection("2026-06-02T10:00:00S")
    house.change(Contract(reference_kw=7))
    house.read()
    for days in (0, -400, 400):
        # A clock is believed after a day.
        house.time += timedelta(days=days)
        for _ in range(110):
            house.after(900, 250)
    house.restart()
    name, *others = sorted(house.disk.files)
    assert name == "2025-04"
    files = {each: house.disk.files[each] for each in others}
    stored = house.meter.as_dict()

    # Its energy is the meter's all the same: it came between the two others.
    removed = with_removed(b"1-3\nrubbish\n", name, house.disk.files[name])
    for more, damaged in (({REMOVED: removed}, set()), ({}, {"2026-06"})):
        meter = DemandMeter.from_dict(stored, house.contract, files=files | more)
        assert meter.damaged == damaged
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
    for _ in range(100):
        house.after(900, 250)
    house.restart()
    assert (house.meter.damaged, house.demand.month.quarter_hours) == (frozenset(), 99)


def test_a_line_has_both_registers_at_the_end_of_its_quarter_hour() -> None:
    meter, start = DemandMeter(CONTRACT), datetime(2026, 6, 2, 8, tzinfo=UTC)
    for minutes, imported, exported in ((0, 100.0, 50.0), (10, 100.3, 50.6), (20, 100.5, 51.6)):
        meter.update(start + timedelta(minutes=minutes), Energies(imported, exported), None, "SAG1")
    [span] = meter.take_new()
    assert (span.imported_register_wh, span.exported_register_wh) == (100_400, 51_100)


def test_what_follows_the_part_that_was_stored_last_stays_after_a_kill() -> None:
    house = Connection("2026-06-02T00:00:00S")
    house.read()
    # Seven gaps, each with an hour after it, are more than may be doubtful.
    for _ in range(8):
        house.after(3600, 1_000)
        for _ in range(4):
            house.after(900, 250)
    stored = json.loads(json.dumps(house.meter.as_dict()))
    house.after(3600, 1_000)
    house.disk.write(house.meter)
    assert house.disk.files
    meter = DemandMeter.from_dict(stored, house.contract, files=house.disk.files)
    month = known(meter).month
    assert (month.quarter_hours, month.imported_kwh) == (32, 16.0)


def test_a_file_of_an_unknown_version_is_not_read_and_its_energy_is_known() -> None:
    house = house_with_lines()
    house.time = house.time.replace(month=7, day=1)
    house.imported_wh += 10_000
    house.read()
    for _ in range(100):
        house.after(900, 250)
    house.restart()
    data = house.disk.files["2026-06"].replace(b"version=2", b"version=3")
    files = {**house.disk.files, "2026-06": data}

    meter = DemandMeter.from_dict(house.meter.as_dict(), house.contract, files=files)

    assert "2026-06" in meter.damaged
    assert known(meter).month.quarter_hours == 100


@pytest.mark.parametrize("kept", [0, 40, 200])
def test_a_restored_file_counts_once_beside_the_gap_that_stood_for_it(kept: int) -> None:
    house = Connection("2026-06-29T10:00:00S")
    house.change(Contract(reference_kw=7))
    house.read()
    for _ in range(300):
        house.after(900, 250)
    house.restart()
    files = house.disk.files
    june, july = files["2026-06"], files.pop("2026-07")
    files["2026-06"] = b"\n".join([*june.split(b"\n")[:-3], b""])
    stored = house.meter.as_dict()

    # The lost lines become a gap, which is then a line of June.
    house.meter = DemandMeter.from_dict(stored, house.contract, files=files)
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

    house.meter = DemandMeter.from_files(house.contract, None, house.disk.files)
    for _ in range(100):
        house.after(900, 250)
    house.restart()
    drawn_kwh = (house.imported_wh - REGISTER_WH) / 1000
    assert booked_kwh(house.meter) == pytest.approx(drawn_kwh)
    _, *new = house.disk.files[name].split(b"\n")[59:]
    house.disk.files[name] = b"\n".join([*lines[:-1], *new])
    house.restart()

    assert booked_kwh(house.meter) == pytest.approx(drawn_kwh)
    assert house.meter.damaged == frozenset()


def booked_kwh(meter: DemandMeter) -> float:
    """Return the imported energy of all months."""
    demand = known(meter)
    return sum(month.imported_kwh for month in (*demand.earlier_months, demand.month))


@pytest.mark.parametrize(
    "line",
    [
        *("", "junk", "\u00e4\u2028\0", "2026-06-15T12:15Z,1,2,3,4"),
        "2026-06-15T12:15,,1,2,3,4,,,,,,,2",
        *(
            f"2026-06-15T12:15Z,,{values},,,,,,,2"
            for values in ("1,2,3", "1,2,3,4,5", ",2,3,4", "-1,2,3,4", "nan,2,3,4", "1,inf,3,4")
        ),
        "2026-06-15T12:15Z,,1e99,2,3,4,,,,,,,2",
    ],
)
def test_a_line_that_is_none_is_passed_over(line: str) -> None:
    good = "2026-06-15T12:{}Z,,250,2,30,0.4,,,,,,,{}\n"
    text = f"{HEADER}{good.format('00', 1)}{line}\n{good.format('30', 3)}"
    meter = DemandMeter.from_files(CONTRACT, None, {"2026-06": text.encode()})
    noon = datetime(2026, 6, 15, 12, tzinfo=UTC)
    found = quarter_hours_between(meter.columns, NO_LENEDA_DAYS, noon, noon + timedelta(days=1))
    assert [(each.start.minute, each.mean_kw) for each in found] == [(0, 1.0), (30, 1.0)]
