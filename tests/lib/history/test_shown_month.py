"""Totals of the month as long-term statistics add them up, with any clock of the meter."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from dev.testing.random_examples import each
from smartyp1.bill.household_state import HouseholdState
from smartyp1.bill.leneda_days import LenedaDays
from tests.lib.bill.months import LUXEMBOURG
from tests.lib.bill.support import Connection, at, platform

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Statistics:
    """Total added up as Home Assistant does: from 0 whenever its `last_reset` changes."""

    def __init__(self) -> None:
        self.sum = 0.0
        self.shown: dict[datetime, float] = {}
        self._last: tuple[datetime, float] | None = None

    def note(self, month: datetime, value: float) -> None:
        if self._last is None:
            self.sum = value
        elif self._last[0] == month:
            self.sum += value - self._last[1]
        else:
            self.sum += value
        self._last = month, value
        self.shown[month] = value


class Watched:
    """A connection whose totals are added up, telegram by telegram, and its right clock."""

    def __init__(self, start: str) -> None:
        self.house = Connection(start, reference_kw=3)
        self.right = at(start)
        self.excess, self.cost = Statistics(), Statistics()
        self.households: list[HouseholdState] = []
        self.read()

    def read(self) -> None:
        household = self.house.read()
        self.households.append(household)
        assert household.values.excess_kwh is not None
        self.excess.note(household.month_start, household.values.excess_kwh)
        due = household.month.bill(household.until)
        self.cost.note(household.month_start, sum(line.amount for line in due.lines))

    def run(self, minutes: int, wh_a_minute: int = 100) -> None:
        """Let time pass by; 100 Wh a minute are 6 kW, 0.75 kWh above 3 kW in a quarter-hour."""
        every = 5 if minutes < 24 * 60 else 15
        for passed in range(0, minutes, every):
            step = min(every, minutes - passed)
            self.house.pass_by(step * 60, step * wh_a_minute)
            self.right += timedelta(minutes=step)
            self.read()

    def prepare(self, minutes: int) -> None:
        """Let time pass by in which the shown month stays."""
        for passed in range(0, minutes, 15):
            step = min(15, minutes - passed)
            self.house.pass_by(step * 60, step * 100)
            self.house.tell()
        self.right += timedelta(minutes=minutes)
        self.read()

    def set_clock(self, time: datetime) -> None:
        self.house.time = time
        self.right += timedelta(seconds=10)
        self.read()

    def set_right(self) -> None:
        self.set_clock(self.right + timedelta(seconds=10))

    def be_off(self, time: timedelta) -> None:
        """Let no telegram come for a while, in which 200 W are drawn."""
        hours = time / HOUR
        self.house.pass_by(hours * 3600, round(hours * 200))
        self.right += time
        self.house.restart()
        self.read()


CLOCKS: dict[str, Callable[[datetime], datetime]] = {
    "lost": lambda _right: at("2000-01-01T00:00:00W"),
    "a month ahead": lambda right: right + 31 * DAY,
    "a month back": lambda right: right - 31 * DAY,
    "an hour ahead": lambda right: right + HOUR,
    "an hour back": lambda right: right - HOUR,
    "days ahead": lambda right: right + 3 * DAY,
    "in 2099": lambda _right: at("2099-12-31T23:50:00W"),
}
STARTS = {
    "within a month": "2026-07-14T08:00:00S",
    "a month's end": "2026-07-30T19:30:00S",
    "a month's beginning": "2026-07-30T22:40:00S",
    "summer time": "2026-03-27T21:10:00W",
    "winter time": "2026-10-23T21:10:00S",
    "a month and winter time": "2026-10-30T23:10:00W",
}


COMBINATIONS = [
    (start, clock, minutes, is_killed)
    for n, start in enumerate(STARTS)
    for m, clock in enumerate(CLOCKS)
    for minutes, is_killed in ((2, bool(n % 2)), (30, m % 2 == n % 2), (180, m % 2 == 0))
]


# These five have five starts, five clocks and all durations.
@pytest.mark.parametrize("combination", each(29, COMBINATIONS))
def test_no_month_is_counted_twice(combination: tuple[str, str, int, bool]) -> None:
    begin, clock, minutes, is_killed = combination
    start = STARTS[begin]
    watched = Watched(start)
    watched.prepare(27 * 60 + 11)

    watched.set_clock(CLOCKS[clock](watched.right))
    watched.run(minutes // 2)
    if is_killed:
        watched.house.restart()
    watched.run(minutes // 2)
    watched.set_right()
    watched.run(40)
    if is_killed:
        watched.be_off(HOUR)
    watched.run(30 * 60)

    for statistics in (watched.excess, watched.cost):
        assert statistics.sum == pytest.approx(sum(statistics.shown.values()))
    months = [household.month_start for household in watched.households]
    assert months == sorted(months)
    assert {f"{month:%Y-%m}" for month in months} <= {
        start[:7],
        f"2026-{int(start[5:7]) + 1:02}",
    }
    # Afterwards it is the month of the right clock.
    assert months[-1].month == watched.right.month


@pytest.mark.parametrize(
    ("start", "days", "known_until", "months"),
    [
        ("2026-07-31T20:00:00S", 0.2, None, "2026-07 2026-08"),
        ("2026-07-28T20:00:00S", 36, None, "2026-07 2026-08 2026-09"),
        ("2026-09-20T08:00:00S", 100, "2026-12-28", "2026-09 2026-10 2026-11 2026-12"),
    ],
)
def test_a_month_without_readings_is_shown_before_the_next_month(
    start: str, days: float, known_until: str | None, months: str
) -> None:
    watched = Watched(start)
    watched.run(60)
    watched.be_off(timedelta(days=days))
    if known_until:
        past = LenedaDays(platform("2026-09-01", known_until, 0.2))
        watched.house.meter.set_leneda_days(past)
    watched.run(60)

    last = watched.households[-1]
    assert [f"{month:%Y-%m}" for month in watched.cost.shown] == months.split()
    for month in (*last.earlier_months, last.month):
        due = month.bill(last.until)
        shown = watched.cost.shown[month.start]
        assert shown == pytest.approx(sum(line.amount for line in due.lines)), month.start
    assert watched.cost.sum == pytest.approx(sum(watched.cost.shown.values()))


def test_a_month_is_shown_again_after_days_of_a_clock_that_was_ahead() -> None:
    watched = Watched("2026-07-14T08:00:00S")
    shown = []
    watched.run(27 * 60)
    # August has only a part of the gap to September.
    watched.set_clock(watched.right + 62 * DAY)
    for minutes in (10, 30 * 60):
        watched.run(minutes)
        shown.append(watched.households[-1].month_start.astimezone(LUXEMBOURG).month)
    watched.set_right()
    watched.run(31)
    shown.append(watched.households[-1].month_start.astimezone(LUXEMBOURG).month)
    assert shown == [7, 9, 7]


def test_a_new_month_stays_shown_when_the_clock_is_set_back() -> None:
    # Until 0:05 of 1 August.
    watched = Watched("2026-07-30T20:54:00S")
    watched.run(27 * 60)
    watched.run(11)
    watched.set_clock(watched.right - HOUR)
    watched.run(50)
    assert [f"{month:%m}" for month in watched.cost.shown] == ["07", "08"]
    assert watched.households[-1].month_start.month == 8

    watched.set_right()
    watched.run(40)
    watched.be_off(31 * DAY)
    watched.run(28 * 60)
    watched.set_clock(watched.right - 62 * DAY)
    watched.run(31)
    assert watched.households[-1].month_start.month == 9
