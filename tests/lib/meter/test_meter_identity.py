"""The telegrams of a line that are read, their meters, and the memory of them."""

import pytest

from dev.encoder import DEVICE_NAME, KEY, TITLE, frame, stored_example, telegram
from dev.simulator.frame import AUTHENTICATION_KEY
from dev.testing.times import utc
from smartyp1.meter.meter_identity import NamedMeter
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader
from smartyp1.meter.meter_session import MeterSession, OtherMeter
from smartyp1.meter.object_count_and_rate_limits import Limits
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.rejection_reasons import Reason, Rejection

OTHER_NAME = "SAG1030790002575"
OTHER_TITLE = b"SAGgp\x04\x10\x2f"
NEW_TITLE = b"SAGgp\x04\x10\x30"
OTHER_KEY = bytes(range(16))
NOW = utc("2026-01-15 12:00")
ENERGY = "1-0:1.8.0(000001.000*kWh)"
NAMELESS = telegram(ENERGY, name=None)
OTHER_PLAIN = telegram(ENERGY, name=OTHER_NAME)
PLAIN = telegram(ENERGY)
DAMAGED = PLAIN.replace(b"1.8.0(0", b"1.8.0(9")


class Port:
    """A port at which the meter with a name is read, over restarts."""

    def __init__(self, key: bytes | None = KEY, *, needs_tag: bool = True) -> None:
        self._needs_tag = needs_tag
        self.memory = MeterMemory()
        self.warned: list[tuple[str, float]] = []
        self.restart(key)

    def restart(self, key: bytes | None) -> None:
        """Begin with the stored memory."""
        self.memory = MeterMemory.from_dict(
            self.memory.as_dict() | {"demand": self.memory.demand_meter.as_dict()}
        )
        decryptor = key and FrameDecryptor(
            key, last_counters=self.memory.last_counters(key), needs_tag=self._needs_tag
        )
        limits = Limits(warn=lambda *warning: self.warned.append(warning))
        meter = NamedMeter(DEVICE_NAME, MeterReader(self.memory, limits), decryptor or None)
        self.session = MeterSession(meter, limits=limits)

    def hears(self, data: bytes, clock: float = 0.0) -> list[str]:
        """Return the outcome of each telegram in the next bytes."""
        events = self.session.feed(data, NOW, clock)

        def outcome(event: object) -> str:
            if isinstance(event, Rejection):
                return event.reason.value
            return "other" if isinstance(event, OtherMeter) else "read"

        return [outcome(event) for event in events]


def says(
    counter: int, name: str | None = DEVICE_NAME, title: bytes = TITLE, key: bytes = KEY
) -> bytes:
    """Return a frame with a meter's name, encrypted under a title and a key."""
    return frame(counter, telegram(ENERGY, name=name), title=title, key=key)


def small_frame(counter: int, title: bytes = TITLE) -> bytes:
    """Return a frame of 31 bytes that can be made without a key."""
    return b"\xdb\x08" + title + b"\x82\x00\x12\x30" + counter.to_bytes(4) + bytes(13)


STORIES: dict[str, list[tuple[bytes, str]]] = {
    "another one with the same key says its name": [
        (says(1), "read"),
        (says(2, OTHER_NAME, OTHER_TITLE), "other"),
        (says(3, DEVICE_NAME, OTHER_TITLE), "other"),
        (says(4), "read"),
    ],
    "a meter is read again when it says its own name": [
        (says(1), "read"),
        (says(2, OTHER_NAME), "other"),
        (says(3), "read"),
    ],
    "it was exchanged: its title is new": [
        (says(1), "read"),
        (says(2, DEVICE_NAME, NEW_TITLE), "read"),
        (says(3, None, NEW_TITLE), "read"),
        (says(4, None), "other"),
    ],
    "without a name, its title proves it": [
        (says(1, None), "other"),
        (says(2), "read"),
        (says(3, None), "read"),
        (says(4, None, OTHER_TITLE), "other"),
    ],
    "who speaks first takes nothing from the meter": [
        (says(1, OTHER_NAME), "other"),
        (says(2), "read"),
    ],
    "a frame is read once": [
        (says(900), "read"),
        (says(900), "replay"),
        (says(899), "replay"),
        (says(901), "read"),
        (says(0, OTHER_NAME, OTHER_TITLE), "other"),
        (says(0, OTHER_NAME, OTHER_TITLE), "replay"),
    ],
    "what is refused takes nothing from the meter, and nobody's counter goes on": [
        (says(1), "read"),
        (small_frame(500), "tag"),
        (small_frame(500, OTHER_TITLE), "tag"),
        (says(500, key=OTHER_KEY), "tag"),
        (stored_example("other_authentication_key").data, "authentication_key"),
        (PLAIN, "downgrade"),
        (OTHER_PLAIN, "downgrade"),
        (DAMAGED, "crc"),
        (says(2), "read"),
    ],
}
PLAIN_STORY = [
    *((PLAIN, "read"), (NAMELESS, "other"), (OTHER_PLAIN, "other"), (DAMAGED, "crc")),
    *((says(1), "key_missing"), (PLAIN, "read"), (PLAIN, "read")),
]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("key", "story"),
    [*((KEY, story) for story in STORIES.values()), (None, PLAIN_STORY)],
    ids=[*STORIES, "plain telegrams are not read once only"],
)
def test_the_outcome_of_each_telegram(
    key: bytes | None, story: list[tuple[bytes, str]], *, restarts: bool
) -> None:
    port = Port(key)
    for data, expected in story:
        assert port.hears(data) == [expected]
        if restarts:
            port.restart(key)
    if not restarts:
        told = [expected for _, expected in story]
        reception = port.session.reception
        assert reception.telegrams == told.count("read")
        assert reception.other_meters.total() == told.count("other")
        assert reception.rejections == {
            reason: told.count(reason) for reason in Reason if reason in told
        }


def test_each_key_has_counters_of_its_own() -> None:
    port = Port()
    for key, counter, expected in [
        (KEY, 900, "read"),
        (OTHER_KEY, 0, "read"),
        (KEY, 0, "replay"),
        (KEY, 900, "replay"),
        (OTHER_KEY, 0, "replay"),
        (KEY, 901, "read"),
    ]:
        port.restart(key)
        assert port.hears(says(counter, key=key)) == [expected]


def test_a_stored_title_belongs_to_the_chosen_serial_number_without_stored_names() -> None:
    port = Port()
    port.memory.system_title = TITLE
    port.restart(KEY)
    for counter, name, title, expected in [
        (1, DEVICE_NAME, NEW_TITLE, "read"),
        (1, OTHER_NAME, TITLE, "other"),
        (2, DEVICE_NAME, TITLE, "read"),
        (1, OTHER_NAME, OTHER_TITLE, "other"),
        (2, DEVICE_NAME, OTHER_TITLE, "other"),
    ]:
        assert port.hears(says(counter, name, title)) == [expected]


def test_the_memory_of_other_meters_is_bounded() -> None:
    port = Port()
    assert port.hears(says(1)) == ["read"]
    for number in range(100):
        name, title = f"SAG{number:013}", b"SAG" + number.to_bytes(5)
        assert port.hears(says(1, name, title)) == ["other"]
    stored = port.memory.as_dict()
    [counters] = stored["counters"].values()
    assert len(counters) == len(stored["names"]) == 16
    assert counters[TITLE.hex()] == 1
    assert stored["names"][TITLE.hex()] == DEVICE_NAME
    assert len(port.session.reception.other_meters) == 17
    assert port.hears(says(1)) == ["replay"]
    assert port.hears(says(1, DEVICE_NAME, OTHER_TITLE)) == ["read"]  # the flag has its default


def test_the_name_of_another_meter_is_cut_for_people() -> None:
    session = Port(None).session
    for number in range(30):
        text = telegram(ENERGY, name=f"[{number:06}](http://a)" + "N" * 6000)
        [event] = session.feed(text, NOW, 0.0)
        assert isinstance(event, OtherMeter)
        assert event.name == f"?{number:06}??http???a?" + "N" * 46
    assert len(session.reception.other_meters) == 17
    assert session.reception.other_meters.total() == 30


def test_plain_telegrams_have_thirty_turns_at_once_and_two_a_second() -> None:
    plain = Port(None)
    assert plain.hears(PLAIN * 100) == ["read"] * 30
    for clock in range(1, 50):
        assert plain.hears(PLAIN * 20, float(clock)) == ["read"] * 2
    assert plain.session.reception.ignored == {"telegrams": 70 + 49 * 18}
    assert plain.warned == [("telegrams", 2.0)]


@pytest.mark.parametrize("needs_tag", [True, False])
def test_a_backlog_of_frames_is_read_to_its_end(*, needs_tag: bool) -> None:
    port = Port(needs_tag=needs_tag)
    key = AUTHENTICATION_KEY if needs_tag else OTHER_KEY
    frames = [frame(n, PLAIN, authentication_key=key) for n in range(100)]
    assert port.hears(b"".join(frames)) == ["read"] * 100
    assert not port.session.reception.ignored


def test_without_a_tag_a_recorded_frame_makes_one_telegram() -> None:
    port = Port(needs_tag=False)
    recorded = bytearray(frame(7, PLAIN, authentication_key=OTHER_KEY))
    counter = slice(14, 18)
    assert recorded[counter] == (7).to_bytes(4)
    # With another counter, the text is noise.
    for number in (*range(7), *range(8, 1000), (1 << 32) - 1):
        recorded[counter] = number.to_bytes(4)
        assert port.hears(bytes(recorded)) == ["tag"]
    recorded[counter] = (7).to_bytes(4)
    assert port.hears(bytes(recorded) * 3) == ["read", "replay", "replay"]


def test_repeated_objects_are_counted_up_to_a_limit() -> None:
    port = Port()
    for first in (0, 30, 60):
        lines = [f"9-9:1.2.{first + number}(1)" for number in range(40)]
        text = telegram(ENERGY, *lines, *lines, name=DEVICE_NAME)
        assert port.hears(frame(first + 1, text)) == ["read"]
    counted = port.session.reception.repeated_objects
    assert len(counted) == 64
    assert (counted["9-9:1.2.0"], counted["9-9:1.2.39"]) == (1, 2)
