"""Clocks of meters that are more than a day from the computer's clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.bill.household import Household
from smartyp1.clock_verdict import ClockVerdict
from smartyp1.history.register_amounts import Energies
from smartyp1.prices.contract import Contract
from tests.lib.bill.support import SERIAL, Disk

NOW = datetime(2026, 11, 10, 11, 3, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FIRST_WH = 1_000_000
STEP = 7.5 * MINUTE
WH_A_STEP = 75

type Clock = Callable[[datetime], datetime]

CLOCKS: dict[str, Clock] = {
    "at 2000": lambda now: datetime(2000, 1, 1, tzinfo=UTC) + (now - NOW),
    "five months behind": lambda now: now - 153 * DAY,
    "twenty days behind": lambda now: now - 20 * DAY,
    "a day and an hour behind": lambda now: now - 25 * 60 * MINUTE,
    "twenty days ahead": lambda now: now + 20 * DAY,
    "a year ahead": lambda now: now + 365 * DAY,
    "standing still": lambda _now: datetime(2026, 6, 1, tzinfo=UTC),
    "too slow": lambda now: NOW - 100 * DAY + (now - NOW) / 2,
    "begun anew each day": lambda now: datetime(2000, 1, 1, tzinfo=UTC) + (now - NOW) % DAY,
}


def right(now: datetime) -> datetime:
    """Return the time of a right clock, which is two seconds behind."""
    return now - timedelta(seconds=2)


class House:
    """A new meter that draws 600 W, and the clock of the computer."""

    def __init__(self, now: datetime = NOW) -> None:
        self.meter = Household(Contract(reference_kw=3))
        self.disk = Disk()
        self.now = now
        self.wh = FIRST_WH

    def reads(self, clock: Clock, time: timedelta, wh: int = WH_A_STEP) -> None:
        """Read the meter for some time."""
        for _ in range(time // STEP):
            self.meter.count_telegram(
                clock(self.now),
                Energies(self.wh / 1000),
                wh / 125,
                SERIAL,
                clock=ClockVerdict(clock(self.now) - self.now),
            )
            self.now += STEP
            self.wh += wh

    def restart(self) -> None:
        """Go on from the stored state."""
        self.disk.write(self.meter)
        stored = self.meter.as_dict()
        self.meter = Household.from_dict(stored, Contract(reference_kw=3), files=self.disk.files)
        assert not self.meter.meter.damaged

    @property
    def drawn_kwh(self) -> float:
        """Return the energy from the first to the last telegram."""
        return (self.wh - WH_A_STEP - FIRST_WH) / 1000

    def months(self) -> dict[str, float]:
        """Return the energy of each month, in kWh."""
        assert self.meter.snapshot
        household = self.meter.snapshot
        return {
            f"{month.start:%Y-%m}": round(month.imported_kwh, 3)
            for month in (*household.earlier_months, household.month)
            if month.imported_kwh
        }

    def measured(self) -> int:
        """Return the number of measured quarter-hours."""
        return sum(month.quarter_hours for month in self.meter.meter.columns.values())


@pytest.mark.parametrize("days", [0.01, 3])
@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
def test_when_a_new_meters_clock_is_set_november_has_its_energy(clock: Clock, days: float) -> None:
    house = House()
    for _ in range(4):
        house.reads(clock, days * DAY / 4)
        if days > 1:
            house.restart()
    house.reads(right, timedelta(hours=25))
    house.restart()
    house.reads(right, STEP)
    assert house.months() == {"2026-11": pytest.approx(house.drawn_kwh, abs=0.01)}
    # Only the quarter-hours of the right clock are measured.
    assert house.measured() in {98, 99, 100}


def test_while_a_clock_is_doubtful_november_has_a_gap_and_no_quarter_hours() -> None:
    house = House()
    house.reads(CLOCKS["a year ahead"], DAY)
    household = house.meter.snapshot
    assert household
    assert house.meter.meter.history.is_held
    # A second telegram that was received at the same moment counts, too.
    house.now -= STEP
    house.reads(CLOCKS["a year ahead"], STEP)
    assert house.months() == {"2026-11": pytest.approx(house.drawn_kwh)}
    assert (
        household.values.running_kw,
        household.values.projected_kw,
        household.values.available_kw,
    ) == (
        None,
        None,
        None,
    )
    assert household.values.will_exceed is household.values.last_quarter is None
    # The month of the computer's clock is shown.
    house = House(NOW + 20 * DAY)
    house.reads(CLOCKS["a year ahead"], DAY + timedelta(hours=3))
    assert house.meter.snapshot
    assert f"{house.meter.snapshot.month_start:%Y-%m}" == "2026-12"
    assert house.months().keys() == {"2026-11", "2026-12"}


def test_from_the_second_day_on_quarter_hours_follow_the_clock() -> None:
    house = House()
    clock = CLOCKS["five months behind"]
    house.reads(clock, 2 * DAY + timedelta(hours=5))
    assert not house.meter.meter.history.is_held
    months = house.months()
    assert months.keys() == {"2026-06", "2026-11"}
    assert sum(months.values()) == pytest.approx(house.drawn_kwh, abs=0.2)
    assert house.measured() in range(17, 21)
    house.restart()
    # After a week, the clock is accepted for good.
    house.reads(clock, 7 * DAY)
    house.reads(right, timedelta(hours=25))
    assert house.months()["2026-06"] > 100


def test_the_user_confirms_a_clock() -> None:
    house = House()
    house.meter.meter.confirm_clock()  # no time to confirm
    house.reads(CLOCKS["a year ahead"], timedelta(hours=10))
    house.meter.meter.confirm_clock()
    house.reads(CLOCKS["a year ahead"], timedelta(hours=10))
    assert not house.meter.meter.history.is_held
    assert house.measured() in {38, 39}
    assert house.months() == {"2026-11": pytest.approx(6, 0.02), "2027-11": pytest.approx(6, 0.02)}
    house.restart()
    house.reads(CLOCKS["a year ahead"], timedelta(hours=10))
    assert not house.meter.meter.history.is_held


def test_a_computer_that_starts_in_the_past_books_nothing_there() -> None:
    house = House()
    right_now = house.now + 90 * DAY
    house.reads(lambda now: now + 90 * DAY, STEP * 2)
    house.now = right_now + 2 * STEP
    house.reads(right, timedelta(hours=25))
    house.restart()
    assert house.months() == {"2027-02": pytest.approx(house.drawn_kwh, abs=0.01)}


def test_the_gap_of_a_first_day_covers_its_hours_in_spite_of_a_restart() -> None:
    house = House()
    clock = CLOCKS["at 2000"]
    house.reads(clock, timedelta(hours=5))
    house.now += timedelta(hours=1)  # no telegrams come
    house.wh += 600
    house.restart()
    house.reads(clock, timedelta(hours=3))
    house.reads(right, timedelta(hours=25))
    spans = house.meter.meter.columns[min(house.meter.meter.columns)].loose
    assert spans[0].start == NOW
    gaps = [span for span in spans if span.kind == "gap" and span.end <= NOW + 9 * DAY / 24]
    assert sum(span.amounts.imported_wh for span in gaps) == pytest.approx(5400, abs=80)
    assert house.months() == {"2026-11": pytest.approx(house.drawn_kwh, abs=0.01)}


def test_a_known_meter_that_loses_its_time_for_three_days() -> None:
    house = House()
    house.reads(right, 2 * DAY)
    lost = house.now
    house.reads(lambda now: datetime(2000, 1, 1, tzinfo=UTC) + (now - lost), DAY)
    house.restart()
    house.reads(lambda now: datetime(2000, 1, 1, tzinfo=UTC) + (now - lost), 2 * DAY)
    house.reads(right, timedelta(hours=25))
    house.restart()
    assert house.months() == {"2026-11": pytest.approx(house.drawn_kwh, abs=0.01)}
    assert house.measured() in range(285, 295)


def test_a_known_meter_is_read_on_by_a_computer_whose_clock_is_wrong() -> None:
    house = House()
    house.reads(right, 2 * DAY)
    house.now += 400 * DAY
    house.reads(lambda now: now - 400 * DAY + timedelta(hours=1), timedelta(hours=10))
    assert not house.meter.meter.history.is_held
    assert house.months().keys() == {"2026-11"}
