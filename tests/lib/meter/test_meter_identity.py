"""Which meter speaks at a port, and which name its title may say."""

from datetime import UTC, datetime

import pytest

from dev.encoder import DEVICE_NAME, KEY, TITLE, frame, telegram
from smartyp1.meter import MeterMemory, MeterReader, MeterSession, NamedMeter, OtherMeter, Reading
from smartyp1.p1 import Opener, Reason, Rejection

OTHER_NAME = "SAG1030790002575"
OTHER_TITLE = b"SAGgp\x04\x10\x2f"
NEW_TITLE = b"SAGgp\x04\x10\x30"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Port:
    """A port at which the meter with a name is read, over restarts."""

    def __init__(self) -> None:
        self.memory = MeterMemory()
        self._counter = 0
        self.restart()

    def restart(self) -> None:
        """Begin with what was stored."""
        self.memory = MeterMemory.from_dict(
            self.memory.as_dict() | {"demand": self.memory.demand_meter.as_dict()}
        )
        opener = Opener(KEY, last_counters=self.memory.last_counters(KEY))
        meter = NamedMeter(DEVICE_NAME, MeterReader(self.memory), opener)
        self.session = MeterSession(meter)

    def says(self, name: str | None, title: bytes) -> str:
        """Return what becomes of a telegram that says a name, sealed with a title."""
        self._counter += 1
        text = telegram("1-0:1.8.0(000001.000*kWh)", name=name)
        [event] = self.session.feed(frame(self._counter, text, title=title), NOW, 0)
        return {Reading: "read", OtherMeter: "other"}[type(event)]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    "story",
    [
        # The meter, and another one with the same key that says its name.
        [
            (DEVICE_NAME, TITLE, "read"),
            (OTHER_NAME, OTHER_TITLE, "other"),
            (DEVICE_NAME, OTHER_TITLE, "other"),
            (DEVICE_NAME, TITLE, "read"),
        ],
        # A meter that says another name is not read, and is again when it says its own.
        [(DEVICE_NAME, TITLE, "read"), (OTHER_NAME, TITLE, "other"), (DEVICE_NAME, TITLE, "read")],
        # It was exchanged: its title is new.
        [
            (DEVICE_NAME, TITLE, "read"),
            (DEVICE_NAME, NEW_TITLE, "read"),
            (None, NEW_TITLE, "read"),
            (None, TITLE, "other"),
        ],
        # Without a name, its title proves it.
        [
            (None, TITLE, "other"),
            (DEVICE_NAME, TITLE, "read"),
            (None, TITLE, "read"),
            (None, OTHER_TITLE, "other"),
        ],
        # What somebody else on the line says first takes nothing from the meter.
        [(OTHER_NAME, TITLE, "other"), (DEVICE_NAME, TITLE, "read")],
    ],
)
def test_a_title_and_a_name_belong_together(
    story: list[tuple[str | None, bytes, str]], *, restarts: bool
) -> None:
    port = Port()
    for name, title, expected in story:
        assert port.says(name, title) == expected
        if restarts:
            port.restart()


def test_frames_are_accepted_once_also_after_a_restart() -> None:
    port = Port()
    assert port.says(DEVICE_NAME, TITLE) == "read"
    port.restart()
    [event] = port.session.feed(frame(1), NOW, 0)
    assert event == Rejection(Reason.REPLAY, 1, TITLE)
    assert port.session.reception.rejections == {Reason.REPLAY: 1}


def test_what_is_remembered_of_other_meters_is_bounded() -> None:
    port = Port()
    assert port.says(DEVICE_NAME, TITLE) == "read"
    for number in range(100):
        name, title = f"SAG{number:013}", b"SAG" + number.to_bytes(5)
        assert port.says(name, title) == "other"
    stored = port.memory.as_dict()
    [counters] = stored["counters"].values()
    assert len(counters) == len(stored["names"]) == 16
    assert TITLE.hex() in counters
    assert stored["names"][TITLE.hex()] == DEVICE_NAME
    assert len(port.session.reception.other_meters) == 17
    assert port.says(DEVICE_NAME, OTHER_TITLE) == "read"  # nobody has said otherwise yet
