"""Stories of any clocks, gaps, kills and full disks: months hold the rises of registers, once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings, strategies as st

from smartyp1.bill.bill_part_sums import Sums
from smartyp1.bill.household import Household
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.month import Month
from smartyp1.history.month_file_lines import HEADER, month_name, span_line
from smartyp1.history.register_amounts import Energies
from smartyp1.json_types import JsonMapping
from smartyp1.prices.contract import Contract
from tests.json_copy import through_json
from tests.lib.bill.months import DayOfMonth, days_of
from tests.random_examples import examples

CONTRACT = Contract(reference_kw=3)
EVERY = 150
LOCAL = ZoneInfo("Europe/Luxembourg")


class House:
    """A house whose meter's clock may be wrong, and a Home Assistant that may be killed."""

    def __init__(self, start: str, seed: int) -> None:
        self.time = datetime.fromisoformat(start)
        self.offset = timedelta()
        self.seed = seed
        self.registers = [10_000_000, 4_000_000]
        self.rises = [0, 0]
        self.serial = 0
        self.meter = Household(CONTRACT)
        # A kill may leave any of the last states, with all lines that were written.
        self.states: list[JsonMapping] = []
        self.files: dict[str, bytes] = {}
        self.waiting: list[tuple[str, bytes]] = []
        self.is_full = False
        self.read()

    def read(self) -> HouseholdState:
        imported, exported = self.registers
        self.meter.count_telegram(
            self.time + self.offset,
            Energies(imported / 1000, exported / 1000),
            None,
            f"SAG{self.serial}",
        )
        demand = self.meter.snapshot
        assert demand
        self.store()
        check(demand)
        return demand

    def store(self) -> None:
        """Store the news, if there is room on the disk."""
        for span in self.meter.meter.take_new():
            self.waiting.append((month_name(span.start), span_line(span).encode()))
        if self.is_full:
            return
        for name, line in self.waiting:
            self.files[name] = self.files.get(name, HEADER.encode()) + line
        self.waiting.clear()
        self.states = [*self.states[-3:], self.meter.as_dict()]

    def use(self, seconds: int) -> None:
        """Let time pass: up to 48 Wh in 150 s are 1.2 kW, now and then 6 kW."""
        self.time += timedelta(seconds=seconds)
        self.seed = (self.seed * 1103515245 + 12345) % 2**31
        for index, share in enumerate((self.seed >> 8, self.seed >> 16)):
            wh = (share % 49 + (200 if share % 7 == 0 else 0)) * seconds // EVERY
            # More than 10 kWh after a clock that leapt by months would have an unknown time.
            wh = min(wh, 8000)
            self.registers[index] += wh
            self.rises[index] += wh

    def run(self, minutes: int) -> HouseholdState:
        for _ in range(max(1, minutes * 60 // EVERY)):
            self.use(EVERY)
            demand = self.read()
        return demand

    def load(self, stored: JsonMapping, files: Mapping[str, bytes]) -> None:
        self.meter = Household.from_dict(through_json(stored), CONTRACT, files=files)

    def kill(self, number: int) -> None:
        """Go on from a state, and from files whose last line may have been cut."""
        files = dict(self.files)
        if files and number % 3 == 0:
            last = max(files, key=lambda name: number_of_last(files[name]))
            end = files[last].rstrip(b"\n")
            line = end.rfind(b"\n") + 1
            files[last] = end[: line + number % (len(end) + 1 - line)]
            self.files[last] = end[:line]
        self.load(self.states[-1 - number % len(self.states)], files)
        self.store()

    def tell(self, event: tuple[str, int]) -> None:
        match event:
            case "run", minutes:
                self.run(minutes)
            case "gap", minutes:
                self.use(minutes * 60)
                self.read()
                # The first reading after a start is saved at once.
                self.states = self.states[-1:]
            case "restart", _ if not self.is_full:
                self.load(self.meter.as_dict(), self.files)
            case "kill", number if not self.is_full:
                self.kill(number)
            case "full", _:
                self.is_full = not self.is_full
                self.read()
            case "clock", seconds:
                self.offset = timedelta(seconds=seconds)
                self.use(EVERY)
                self.read()
            case "meter", _ if not self.is_full:
                # A new meter begins at 0; the old meter's registers were read before.
                self.read()
                self.serial += 1
                self.registers = [0, 0]
                self.read()
                self.states = self.states[-1:]


def number_of_last(data: bytes) -> int:
    return int(data.rstrip(b"\n").rsplit(b",", 2)[1]) if data.count(b"\n") > 1 else 0


def check(demand: HouseholdState) -> None:
    """Check the invariants of a state."""
    months = (*demand.earlier_months, demand.month)
    starts = [month.start for month in months]
    assert starts == sorted(set(starts))
    for month in months:
        check_month(month)


def check_month(month: Month) -> None:
    days = days_of(month)
    assert all(a.start < b.start for a, b in pairwise(days))
    for day in days:
        assert day.start.astimezone(LOCAL).strftime("%Y-%m") == f"{month.start:%Y-%m}"
        assert min(day.imported_wh, day.exported_wh, day.gap_wh, day.sums.quarter_hours) >= 0
        assert day.sums.quarter_hours <= quarter_hours_of(day)
        assert 0 <= day.gap_wh <= day.imported_wh + 1e-6
    assert 0 <= month.measured_share(month.end) <= 1


def quarter_hours_of(day: DayOfMonth) -> int:
    """Return how many quarter-hours a day has: 92, 96 or 100."""
    local = day.start.astimezone(LOCAL)
    following = datetime(local.year, local.month, local.day, tzinfo=LOCAL) + timedelta(days=1)
    return round((following.astimezone(UTC) - day.start) / timedelta(minutes=15))


def booked(house: House) -> list[float]:
    """Return the energy of all months."""
    sums = house.meter.snapshot.ledger.all if house.meter.snapshot else Sums()
    return [sums.imported_wh, sums.exported_wh]


YEAR, DAY = 365 * 86400, 86400
CLOCKS = st.sampled_from(
    [0, 0, 0, -26 * YEAR, 74 * YEAR, YEAR, -60 * DAY, -DAY, 3 * DAY, DAY, -3600, -7200, 3600]
)
EVENTS = st.one_of(
    st.tuples(st.just("run"), st.one_of(st.integers(3, 90), st.integers(3, 2000))),
    st.tuples(st.just("gap"), st.one_of(st.integers(1, 90), st.integers(1, 20_000))),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("kill"), st.integers(0, 1000)),
    st.tuples(st.just("full"), st.just(0)),
    st.tuples(st.just("clock"), CLOCKS),
    st.tuples(st.just("clock"), CLOCKS),
    st.tuples(st.just("meter"), st.just(0)),
)
BEGINNINGS = st.sampled_from(
    [
        "2026-07-15T12:00:00+02:00",
        "2026-07-31T22:10:30+02:00",
        "2026-10-24T20:00:00+02:00",
        "2026-03-28T20:00:00+01:00",
        "2026-12-31T20:50:00+01:00",
    ]
)


# Two long gaps have more months than are kept. Months in the middle of a gap are forgotten first.
LONG_GAPS = [("run", 3), ("clock", YEAR), ("meter", 0), ("clock", 74 * YEAR)]
TORN = [("run", 800), ("kill", 9), ("kill", 1), ("full", 0), ("run", 40), ("full", 0), ("kill", 3)]


@example("2026-07-15T12:00:00+02:00", 0, LONG_GAPS)
@example("2026-07-15T12:00:00+02:00", 0, TORN)
@given(BEGINNINGS, st.integers(0, 2**31 - 1), st.lists(EVENTS, max_size=14))
@settings(max_examples=examples(12))
def test_the_months_hold_the_rises_of_the_registers(
    beginning: str, seed: int, events: list[tuple[str, int]]
) -> None:
    house = House(beginning, seed)
    for event in events:
        house.tell(event)
    house.is_full = False
    # The clock that is now has to prove itself, and the next quarter-hour has to begin.
    house.run(33)
    house.use(900 - int((house.time + house.offset).timestamp()) % 900)
    house.read()

    assert booked(house) == pytest.approx(house.rises, abs=0.01)


@given(BEGINNINGS, st.integers(0, 2**31 - 1), CLOCKS, st.integers(3, 23 * 60), st.booleans())
@settings(max_examples=examples(3))
def test_a_clock_that_is_wrong_for_less_than_a_day_leaves_nothing_behind(
    beginning: str,
    seed: int,
    offset: int,
    minutes: int,
    restarts: bool,  # noqa: FBT001
) -> None:
    house = House(beginning, seed)
    house.run(60)
    house.tell(("clock", offset))
    house.run(minutes)
    if restarts:
        house.tell(("restart", 0))
    house.tell(("clock", 0))
    demand = house.run(33)

    known = set(demand.ledger.months)
    begin = datetime.fromisoformat(beginning).astimezone(LOCAL)
    real = {begin.strftime("%Y-%m"), house.time.astimezone(LOCAL).strftime("%Y-%m")}
    assert {f"{start:%Y-%m}" for start in known} <= real
    assert f"{demand.month_start:%Y-%m}" in real
    house.use(900 - int(house.time.timestamp()) % 900)
    house.read()
    assert booked(house) == pytest.approx(house.rises, abs=0.01)
