"""Clocks of meters that are more than a day from the computer's clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.tariff import Contract, DemandMeter, Energies, Kind
from tests.lib.tariff.support import SERIAL, Disk

NOW = datetime(2026, 11, 10, 11, 3, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1)  # noqa: DTZ001 - of Luxembourg's calendar
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

    def __init__(self) -> None:
        self.meter = DemandMeter(Contract(reference_kw=3))
        self.disk = Disk()
        self.now = NOW
        self.wh = FIRST_WH

    def reads(self, clock: Clock, time: timedelta, wh: int = WH_A_STEP) -> None:
        """Read the meter for some time."""
        for _ in range(time // STEP):
            self.meter.update(
                clock(self.now),
                Energies(self.wh / 1000),
                wh / 125,
                SERIAL,
                received_at=self.now,
            )
            self.now += STEP
            self.wh += wh

    def restart(self) -> None:
        """Go on from the stored state."""
        self.disk.write(self.meter)
        stored = self.meter.as_dict()
        self.meter = DemandMeter.from_dict(stored, Contract(reference_kw=3), files=self.disk.files)
        assert not self.meter.damaged

    @property
    def drawn_kwh(self) -> float:
        """Return the energy from the first to the last telegram."""
        return (self.wh - WH_A_STEP - FIRST_WH) / 1000

    def months(self) -> dict[str, float]:
        """Return the energy of each month, in kWh."""
        assert self.meter.snapshot
        demand = self.meter.snapshot
        return {
            f"{month.start:%Y-%m}": round(month.imported_kwh, 3)
            for month in (*demand.earlier_months, demand.month)
            if month.imported_kwh
        }

    def measured(self) -> int:
        """Return the number of measured quarter-hours."""
        return sum(month.quarter_hours for month in self.meter.columns.values())


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("days", [0.01, 1, 3, 7])
@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)
def test_when_a_new_meters_clock_is_set_november_has_its_energy(
    clock: Clock, days: float, *, restarts: bool
) -> None:
    house = House()
    for _ in range(4):
        house.reads(clock, days * DAY / 4)
        if restarts:
            house.restart()
    house.reads(right, timedelta(hours=25))
    house.restart()
    house.reads(right, STEP)
    assert house.months() == {"2026-11": pytest.approx(house.drawn_kwh, abs=0.01)}
    # Only the quarter-hours of the right clock are measured.
    assert house.measured() in {98, 99, 100}
