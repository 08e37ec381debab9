"""Late telegrams of a port without a queue, judged by the known deviation of the meter's clock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from dev.encoder import DEVICE_NAME, KEY, TITLE, frame, telegram
from dev.testing.times import utc
from smartyp1.meter.meter_identity import NamedMeter
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.meter.meter_session import MeterSession
from smartyp1.p1.frame_decryptor import FrameDecryptor

BEGIN = utc("2026-01-10 12:00")
NEW_TITLE = b"SAGgp\x04\x10\x30"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Cable:
    """A meter at a cable, whose clock is ahead by some time, over restarts."""

    ahead: timedelta = timedelta()
    now: datetime = BEGIN
    memory: MeterMemory = field(default_factory=MeterMemory)
    counter: int = 0
    title: bytes = TITLE

    def frame(self, time: datetime | None) -> bytes:
        """Return the meter's next frame, with a time."""
        self.counter += 1
        local = time and time + HOUR
        lines = [f"0-0:1.0.0({local:%y%m%d%H%M%S}W)"] if local else []
        text = telegram(*lines, f"1-0:1.8.0({self.counter / 1000:010.3f}*kWh)")
        return frame(self.counter, text, title=self.title)

    def read(self, data: bytes, *, may_be_late: bool = False) -> Reading:
        """Return the reading of a frame."""
        decryptor = FrameDecryptor(KEY, last_counters=self.memory.last_counters(KEY))
        meter = NamedMeter(DEVICE_NAME, MeterReader(self.memory), decryptor)
        session = MeterSession(meter, may_be_late=may_be_late)
        [reading] = session.feed(data, self.now, 0)
        assert isinstance(reading, Reading)
        return reading

    def hears(self, data: bytes) -> bool:
        """Read a frame. Return whether it is current."""
        return self.read(data).is_current

    def sends(self) -> bool:
        """Return whether the next telegram is current."""
        return self.hears(self.frame(self.now + self.ahead))

    def lives(self, time: timedelta) -> None:
        """Read the meter for some time. Each telegram is current."""
        end = self.now + time
        while self.now < end:
            assert self.sends()
            self.now += HOUR
        assert self.sends()

    def stored(self) -> MeterMemory:
        """Return the memory as a backup restores it."""
        stored = self.memory.as_dict() | {"demand": self.memory.demand_meter.as_dict()}
        return MeterMemory.from_dict(stored)


def test_after_a_restored_backup_recorded_frames_are_late() -> None:
    cable = Cable()
    cable.lives(DAY)
    backup = cable.stored()
    cable.now += DAY
    recorded = [cable.frame(cable.now + n * 10 * timedelta(seconds=1)) for n in range(480)]
    cable.now += timedelta(days=21)
    cable.memory = backup
    assert not any(map(cable.hears, recorded))
    # The telegrams are stored at their own time.
    last = cable.memory.demand_meter.values
    assert last
    assert last.time == BEGIN + 2 * DAY + 4790 * timedelta(seconds=1)
    assert cable.memory.clock.deviation == timedelta()
    # The meter itself is current.
    assert cable.sends()


@pytest.mark.parametrize(
    ("ahead", "older", "is_current"),
    [
        (timedelta(), 69 * MINUTE, True),
        (timedelta(), 71 * MINUTE, False),
        (timedelta(), -400 * DAY, True),
        (-150 * DAY, 69 * MINUTE, True),
        (-150 * DAY, 71 * MINUTE, False),
        (-150 * DAY, -150 * DAY, True),
        (4 * MINUTE, 71 * MINUTE, False),
        # A telegram ahead of the computer's clock teaches nothing.
        (6 * MINUTE, 400 * DAY, True),
        (400 * DAY, 400 * DAY, True),
    ],
)
def test_a_day_of_telegrams_makes_the_clock_known(
    ahead: timedelta, older: timedelta, *, is_current: bool
) -> None:
    cable = Cable(ahead)
    cable.lives(DAY - HOUR)
    cable.memory = cable.stored()
    assert cable.hears(cable.frame(cable.now + ahead - 400 * DAY))  # not known yet
    cable = Cable(ahead)
    cable.lives(DAY - HOUR)
    cable.memory = cable.stored()
    cable.lives(HOUR)
    cable.memory = cable.stored()
    assert cable.hears(cable.frame(cable.now + ahead - older)) is is_current
    assert cable.sends()


def test_a_clock_that_has_stopped_or_leaps_is_never_known() -> None:
    cable = Cable()
    for hour in range(72):
        cable.now = BEGIN + hour * HOUR
        assert cable.hears(cable.frame(BEGIN))
        assert cable.memory.clock.deviation is None
    cable = Cable()
    for hour in range(72):
        cable.now = BEGIN + hour * HOUR
        cable.ahead = -6 * MINUTE * (hour % 2)
        assert cable.sends()
    assert cable.memory.clock.deviation is None


def test_a_clock_that_is_set_or_drifts_is_known_anew_after_a_day() -> None:
    cable = Cable()
    cable.lives(DAY)
    cable.ahead = -HOUR  # the wrong summer time
    cable.lives(DAY - HOUR)
    assert cable.memory.clock.deviation == timedelta()
    cable.lives(HOUR)
    assert cable.memory.clock.deviation == -HOUR
    for _ in range(60):
        cable.ahead -= 2 * MINUTE
        cable.lives(DAY)
    assert cable.memory.clock.deviation == cable.ahead + 2 * MINUTE
    # A computer that starts in the past learns nothing there, and forgets nothing.
    before, right = cable.memory.clock.deviation, cable.now
    cable.now -= 100 * DAY
    cable.ahead += 100 * DAY
    cable.lives(2 * DAY)
    assert cable.memory.clock.deviation == before
    cable.now, cable.ahead = right, before
    assert cable.sends()


def test_an_exchanged_meter_has_no_known_clock() -> None:
    cable = Cable()
    cable.lives(DAY)
    cable.title = NEW_TITLE
    cable.ahead = -150 * DAY
    assert cable.sends()
    assert cable.memory.clock.deviation is None


@pytest.mark.parametrize(
    ("ahead", "known", "is_right", "is_current", "delay", "known_then"),
    [
        (0, None, True, True, 0, None),
        (4, None, True, True, 0, None),
        (-5, None, None, True, 5, None),
        (5, None, None, True, 0, None),
        (-6, None, False, False, 6, None),
        (400 * 24 * 60, None, False, True, 0, None),
        # A clock that is known to be behind, or ahead. A telegram in the future disproves it.
        (-12, -10, False, True, 2, -10),
        (-16, -10, False, False, 6, -10),
        (-5, -10, None, True, 0, -10),
        (-4, -10, True, True, 4, None),
        (10, 10, False, True, 0, 10),
        (4, 10, True, False, 6, 10),
    ],
)
def test_a_queue_hides_whether_the_clock_is_right_and_delays_telegrams(  # noqa: PLR0913, PLR0917
    ahead: int,
    known: int | None,
    is_right: bool | None,  # noqa: FBT001
    is_current: bool,  # noqa: FBT001
    delay: int,
    known_then: int | None,
) -> None:
    time = ahead * MINUTE
    cable = Cable(time)
    direct = cable.read(cable.frame(cable.now + time)).clock
    assert (direct.deviation, direct.is_right, direct.is_current) == (time, is_right, True)
    assert direct.delay == timedelta()
    cable.memory.clock_deviation = None if known is None else known * MINUTE
    queued = cable.read(cable.frame(cable.now + time), may_be_late=True).clock
    assert (queued.deviation, queued.is_right, queued.delay) == (time, None, delay * MINUTE)
    assert queued.is_current is is_current
    assert cable.memory.clock_deviation == (None if known_then is None else known_then * MINUTE)


def test_a_telegram_that_came_sooner_shows_how_far_the_clock_is_behind() -> None:
    cable = Cable()
    cable.memory.clock_deviation = -10 * MINUTE
    for behind, delay in ((12, 2), (6, 0), (12, 6)):
        data = cable.frame(cable.now - behind * MINUTE)
        assert cable.read(data, may_be_late=True).clock.delay == delay * MINUTE


def test_telegrams_without_a_time_are_current() -> None:
    cable = Cable()
    cable.lives(DAY)
    assert cable.hears(cable.frame(None))
