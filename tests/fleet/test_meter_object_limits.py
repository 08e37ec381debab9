"""How much the verified telegrams of one meter may make of the store."""

import re

import pytest

from dev.encoder import frame, telegram
from tests.fleet.made_up import Fleet

OWN = {"storage_delay", "last_seen", "frame_counter"}


def send(fleet: Fleet, counter: int, *lines: str) -> None:
    time = f"0-0:1.0.0(1707140440{counter:02}S)"
    fleet.nats.add(frame(counter, telegram(time, *lines, name="M1")))


def series(fleet: Fleet) -> set[tuple[str, str]]:
    """Return what was written of the objects: tags, and the name of a value."""
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
        # Whoever may publish can have a decoder begin anew, but not the bounds.
        fleet.nats.add(frame(counter, key=bytes(16)))
    fleet.start()
    await fleet.until_written(3)
    # Whoever else reads these telegrams keeps the same ones.
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
