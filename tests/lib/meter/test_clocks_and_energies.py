"""Energies and verdicts of meters whose clock, computer or line is wrong."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from dev.encoder import DEVICE_NAME, KEY, frame, telegram
from dev.testing.random_examples import each
from smartyp1.bill.household import Household
from smartyp1.clock_verdict import ClockVerdict
from smartyp1.meter.meter_identity import NamedMeter
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.meter.meter_session import MeterSession
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.prices.contract import Contract

BEGIN = datetime(2026, 1, 10, 12, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
STEP = 7.5 * MINUTE

type Clock = Callable[[datetime], datetime]


class Line:
    """A meter that draws 600 W and sends each seven and a half minutes."""

    def __init__(self, *, is_queue: bool = False) -> None:
        self.household = Household(Contract(reference_kw=3))
        reader = MeterReader(MeterMemory(self.household))
        meter = NamedMeter(DEVICE_NAME, reader, FrameDecryptor(KEY))
        self._session = MeterSession(meter, may_be_late=is_queue)
        self._counter = 0
        self.now = BEGIN

    def read(self, sent: datetime, received: datetime) -> ClockVerdict:
        """Return the verdict on the next telegram."""
        self._counter += 1
        energy = f"1-0:1.8.0({1000 + 0.075 * self._counter:010.3f}*kWh)"
        text = telegram(f"0-0:1.0.0({sent + HOUR:%y%m%d%H%M%S}W)", energy)
        [reading] = self._session.feed(frame(self._counter, text), received, 0)
        assert isinstance(reading, Reading)
        return reading.clock

    def lives(
        self, time: timedelta, clock: Clock, computer: Clock = lambda now: now
    ) -> Sequence[ClockVerdict]:
        """Return the verdicts of some time, by the clock of the meter and of the computer."""
        verdicts: list[ClockVerdict] = []
        for _ in range(time // STEP):
            verdicts.append(self.read(clock(self.now), computer(self.now)))
            self.now += STEP
        return verdicts

    @property
    def quarter_hours(self) -> int:
        """Return the number of measured quarter-hours."""
        return sum(month.quarter_hours for month in self.household.meter.columns.values())

    def assert_all_is_in(self, *months: str) -> None:
        """Check that these months have all energy since the first telegram."""
        state = self.household.snapshot
        assert state
        of_month = {
            f"{month.start:%Y-%m}": month.imported_kwh
            for month in (*state.earlier_months, state.month)
            if month.imported_kwh
        }
        assert of_month.keys() == set(months)
        assert sum(of_month.values()) == pytest.approx(0.075 * (self._counter - 1), abs=0.2)


def ahead(time: timedelta) -> Clock:
    """Return a clock that is ahead by `time`."""
    return lambda now: now + time


@pytest.mark.parametrize("is_queue", [False, True])
@pytest.mark.parametrize(
    ("off", "is_right", "is_counted"),
    [
        (40 * SECOND, True, True),
        (-90 * SECOND, True, True),
        (10 * MINUTE, False, True),
        # The hour of the summer time, or a wrong flag of it.
        (HOUR, False, True),
        (-HOUR, False, True),
        (365 * DAY, False, False),
        (-365 * DAY, False, False),
    ],
)
def test_the_clock_of_a_new_meter_is_off(
    off: timedelta, *, is_queue: bool, is_right: bool, is_counted: bool
) -> None:
    line = Line(is_queue=is_queue)
    verdicts = line.lives(DAY, ahead(off))
    assert {verdict.is_right for verdict in verdicts} == {None if is_queue else is_right}
    # A queue may have delayed a telegram that is behind.
    is_current = not is_queue or off > -5 * MINUTE
    assert {verdict.is_current for verdict in verdicts} == {is_current}
    assert line.quarter_hours in ({94, 95} if is_counted else {0})
    line.assert_all_is_in("2026-01")


@pytest.mark.parametrize("off", each(2, [10 * MINUTE, 40 * SECOND, 365 * DAY, HOUR]))
def test_a_clock_that_jumps_loses_no_energy(off: timedelta) -> None:
    line = Line()
    line.lives(DAY, ahead(timedelta()))
    for half_hour in range(24):
        line.lives(HOUR / 2, ahead(off * (half_hour % 2)))
    line.lives(25 * HOUR, ahead(timedelta()))
    line.assert_all_is_in("2026-01")


@pytest.mark.parametrize(
    ("known", "stalled"), [(DAY + HOUR, DAY), (2 * STEP, 2 * DAY), (2 * STEP, HOUR)]
)
@pytest.mark.parametrize("is_queue", [False, True])
def test_telegrams_of_a_stalled_line_count_at_their_own_time(
    known: timedelta, stalled: timedelta, *, is_queue: bool
) -> None:
    line = Line(is_queue=is_queue)
    line.lives(known, ahead(timedelta()))
    end = line.now + stalled
    line.lives(stalled, ahead(timedelta()), lambda _now: end)
    assert {verdict.is_current for verdict in line.lives(DAY, ahead(timedelta()))} == {True}
    # The first and the last quarter-hour are not whole.
    assert line.quarter_hours == (known + stalled + DAY) // (15 * MINUTE) - 2
    line.assert_all_is_in("2026-01")


def test_a_queue_is_read_for_the_first_time_when_it_has_five_days() -> None:
    line = Line(is_queue=True)
    end = line.now + 5 * DAY
    verdicts = line.lives(5 * DAY, ahead(timedelta()), lambda _now: end)
    assert sum(verdict.is_current for verdict in verdicts) == 0
    line.lives(DAY, ahead(timedelta()))
    assert line.quarter_hours == 6 * 96 - 2
    line.assert_all_is_in("2026-01")


@pytest.mark.parametrize("is_known", [False, True])
def test_the_computers_clock_is_set_after_its_start(*, is_known: bool) -> None:
    line = Line()
    if is_known:
        line.lives(DAY, ahead(timedelta()))
    line.lives(2 * STEP, ahead(timedelta()), ahead(-90 * DAY))
    line.lives(DAY, ahead(timedelta()))
    assert line.quarter_hours == (191 if is_known else 94)
    line.assert_all_is_in("2026-01")
