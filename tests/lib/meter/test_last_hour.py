"""The ring of the powers of the last hour."""

from datetime import timedelta

from dev.testing.times import utc
from smartyp1.meter.last_hour import LastHour
from smartyp1.meter.meter_reader import MeterReader
from smartyp1.p1.telegram import Telegram

START = utc("2026-10-25 00:30:03")  # an hour later, the clocks go back
SECONDS = timedelta(seconds=1)
NAMES = {"net": 1, "l1": 21, "l2": 41, "l3": 61}


class House:
    """A meter, and its last hour."""

    def __init__(self) -> None:
        self.hour = LastHour()
        self._reader = MeterReader()

    def read(self, seconds: float, **kilowatts: float | None) -> None:
        """Note a telegram with powers; below 0 to the grid."""
        objects: dict[str, float | None] = {"1-0:2.8.0": 1.0}
        for name, kw in kilowatts.items():
            drawn, fed = (None, None) if kw is None else (max(kw, 0.0), max(-kw, 0.0))
            objects |= {f"1-0:{NAMES[name]}.7.0": drawn, f"1-0:{NAMES[name] + 1}.7.0": fed}
        time = START + seconds * SECONDS
        self.hour.note_reading(
            self._reader.read_telegram(Telegram("Lux5", "SAG1", time, objects, {}), time)
        )

    def net(self, seconds: float) -> dict[int, int]:
        """Return the known powers in W, by the seconds since START at which their slot began."""
        start, net, _ = self.hour.until(START + seconds * SECONDS)
        assert len(net) == 360
        first = round((start - START) / SECONDS) + 3
        return {first + 10 * n: watts for n, watts in enumerate(net) if watts is not None}


def test_the_last_reading_of_ten_seconds_counts() -> None:
    house = House()
    house.read(0, net=0.4)
    house.read(6, net=0.7)
    house.read(6.9, net=-1.234)
    house.read(7.5, net=2.5)
    house.read(20, net=None)
    house.read(30, net=0.0)
    assert house.net(30) == {0: -1234, 10: 2500, 30: 0}
    # An hour later only the last one is left, and then none.
    assert house.net(3619) == {30: 0}
    assert house.net(3630) == {}


def test_hours_of_silence_leave_nothing_behind() -> None:
    house = House()
    for seconds in range(0, 3600, 10):
        house.read(seconds, net=1.0)
    assert len(house.net(3590)) == 360
    house.read(3 * 3600 + 50, net=2.0)
    assert house.net(3 * 3600 + 60) == {3 * 3600 + 50: 2000}


def test_a_clock_that_was_wrong() -> None:
    house = House()
    house.read(0, net=0.1)
    house.read(100, net=0.2)
    house.read(50, net=0.3)  # set back by a minute: the value from the future is forgotten
    assert house.net(100) == {0: 100, 50: 300}
    house.read(-9000, net=0.4)
    assert house.net(-9000) == {-9000: 400}
    house.read(0, net=0.5)
    assert house.net(0) == {0: 500}


def test_phases_are_shown_if_two_are_known() -> None:
    house = House()
    house.read(0, net=1.0, l1=1.0)
    assert house.hour.until(START).phases == []
    house.read(10, net=1.0, l1=1.5, l2=-0.5)
    phases = house.hour.until(START + 10 * SECONDS).phases
    assert [phase[-2:] for phase in phases] == [[1000, 1500], [None, -500], [None, None]]
