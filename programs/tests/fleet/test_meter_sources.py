"""The place of a meter as its gateway names it: the stored labels, and their number."""

import re

import pytest

from dev.encoder import KEY, TITLE, frame, telegram
from smarty_p1_fleet.frames.meter_sources import read_source
from smarty_p1_gateway import Keys
from tests.fleet.made_up import Fleet

WITHOUT = "smarty_p1,meter=M1,title=534147677004102E"
# 2017-07-14 02:40:01 UTC.
FIRST = 1_500_000_001


def add(fleet: Fleet, counter: int, **headers: str) -> dict[str, str]:
    named = {f"Smarty-{name.capitalize()}": value for name, value in headers.items()}
    text = telegram(f"0-0:1.0.0(1707140440{counter:02}S)", "1-0:1.7.0(1*kW)", name="M1")
    fleet.nats.add(frame(counter, text), headers=named or None)
    return named


def seen(fleet: Fleet) -> list[tuple[str, str]]:
    """Return tags and times of the lines with the place of the meter."""
    found = [re.fullmatch(r"(.*) last_seen=(\S+) \d+", line) for line in fleet.store.lines()]
    return [(one[1], one[2]) for one in found if one]


async def test_gateway_and_port_are_stored_with_the_time_of_the_telegram(fleet: Fleet) -> None:
    add(fleet, 1, gateway="cellar", port="house 3")
    # The meter is at another gateway now. Until that is sure, its place is not stored.
    for counter in range(2, 5):
        add(fleet, counter, gateway="attic")
    # Another program publishes these frames, without headers.
    for counter in range(5, 8):
        add(fleet, counter)
    fleet.start()
    await fleet.until_written(7)
    assert seen(fleet) == [
        (rf"{WITHOUT},gateway=cellar,port=house\ 3", f"{FIRST}.0"),
        (f"{WITHOUT},gateway=attic", f"{FIRST + 3}.0"),
        (WITHOUT, f"{FIRST + 6}.0"),
    ]


async def test_a_replay_through_another_gateway_is_seen_nowhere(fleet: Fleet) -> None:
    for counter in range(1, 15, 2):
        add(fleet, counter, gateway="cellar")
        add(fleet, counter, gateway="thief")
        # Another collector got the original frame, so this one is newer than all earlier frames
        # here.
        add(fleet, counter + 1, gateway="thief")
    fleet.start()
    await fleet.until_written(21)
    assert {tags for tags, _ in seen(fleet)} == {f"{WITHOUT},gateway=cellar"}


async def test_a_header_is_cut_and_stays_in_its_label(fleet: Fleet) -> None:
    headers = add(fleet, 1, gateway="a,b=c d\x07", port="x" * 1000)
    fleet.start()
    await fleet.until_written(1)
    lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
    assert len(read_source(f"NATS/1.0\r\n{lines}\r\n".encode()).port) == 64
    assert seen(fleet) == [(rf"{WITHOUT},gateway=a\,b\=c\ d_,port={'x' * 64}", f"{FIRST}.0")]


async def test_a_meter_has_eight_places_at_most(fleet: Fleet) -> None:
    for counter in range(1, 37):
        add(fleet, counter, gateway="cellar", port=f"{(counter - 1) // 3 % 10}")
    fleet.start()
    await fleet.until_written(36)
    ports = dict.fromkeys(tags.partition("port=")[2] for tags, _ in seen(fleet))
    assert [*ports] == ["0", "1", "2", "3", "4", "5", "6", "7", ""]


async def test_rejections_are_counted_by_meter(fleet: Fleet) -> None:
    def count(title: str, reason: str) -> float:
        return fleet.value("meter_rejected_total", title=title, reason=reason)

    fleet.verifier.use(Keys({TITLE: KEY}, None))
    for number in range(300):
        title = b"NOKEY" + number.to_bytes(3)
        fleet.nats.add(frame(1, title=title), f"smarty_p1.sealed.{title.hex().upper()}")
    fleet.nats.add(frame(2, key=bytes(16)))
    fleet.nats.add(b"no frame")
    fleet.start()
    await fleet.until_acknowledged(302)
    known = "534147677004102E"
    assert count(known, "tag") == 1
    # Any program that may publish can make up their titles.
    assert count(b"NOKEY\0\0\0".hex().upper(), "no_key") == 1
    assert count("other", "no_key") == 100
    assert count("other", "malformed") == 1


OWN = {"storage_delay", "last_seen", "frame_counter"}


def send(fleet: Fleet, counter: int, *lines: str) -> None:
    time = f"0-0:1.0.0(1707140440{counter:02}S)"
    fleet.nats.add(frame(counter, telegram(time, *lines, name="M1")))


def series(fleet: Fleet) -> set[tuple[str, str]]:
    """Return the written series of the objects: tags, and the name of a value."""
    found = set()
    for line in fleet.store.lines():
        tags, fields, _ = re.split(r"(?<!\\) ", line)
        found |= {(tags, field.partition("=")[0]) for field in fields.split(",")}
    return {(tags, name) for tags, name in found if name not in OWN}


async def test_objects_that_no_specification_knows(
    fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    for counter in (1, 2, 3):
        others = (
            f"1-0:{99 + counter}.{number % 250}.{number // 250}(1.5*kW)" for number in range(500)
        )
        send(fleet, counter, "1-0:1.8.0(000001.000*kWh)", *others)
        # A forged frame can make a decoder begin anew, but does not move the bounds.
        fleet.nats.add(frame(counter, key=bytes(16)))
    fleet.start()
    await fleet.until_written(3)
    # Every reader of these telegrams keeps the same objects.
    names = {f"1_0_100_{number}_0" for number in range(64)} | {"active_energy_imported"}
    assert {name for _, name in series(fleet)} == names
    assert fleet.value("ignored_total", kind="objects") == 436 + 500 + 500
    assert [text for text in caplog.messages if "are ignored" in text] == [
        "534147677004102E: more than 64 objects that no specification knows; the others are ignored"
    ]


async def test_meters_on_the_mbus(fleet: Fleet) -> None:
    for counter in range(1, 11):
        lines = []
        for channel in range(1, 5):
            identifier = f"{counter:02}{channel:02}".encode().hex()
            lines += [
                f"0-{channel}:24.1.0(003)",
                f"0-{channel}:96.1.0({identifier})",
                f"0-{channel}:24.2.1(260115125500W)(00112.384*m3)",
            ]
        send(fleet, counter, *lines)
    fleet.start()
    await fleet.until_written(10)
    assert len(series(fleet)) == 16
    assert fleet.value("ignored_total", kind="meters") == 24
