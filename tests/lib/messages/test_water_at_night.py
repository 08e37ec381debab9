"""Water at night: captures of a night, and the messages that they cause."""

from datetime import datetime, timedelta

import pytest

from smartyp1.messages.meter_watches import MessageState
from smartyp1.messages.water_watch import WaterCapture, WaterNights, watch_water
from smartyp1.stored_json import dump, load
from tests.lib.bill.months import LUXEMBOURG


def restarted(state: WaterNights) -> WaterNights:
    return load(MessageState, dump(MessageState(water=state))).water


def told(
    captures: list[tuple[datetime, float]], state: WaterNights | None = None
) -> list[tuple[str, str, float]]:
    """Return the times, keys and litres of the messages, with a restart after each capture."""
    due: list[tuple[str, str, float]] = []
    state = state or {}
    for time, litres in captures:
        state, messages = watch_water(restarted(state), {"water": WaterCapture(time, litres)})
        due += [
            (f"{time:%d %H:%M}", m.key, round(float(m.values.get("litres", 0)))) for m in messages
        ]
    return due


def night(
    flow: float, day: int = 17, minute: int = 10, step: int = 60, start: float = 5000
) -> list[tuple[datetime, float]]:
    """Return captures from midnight to 8:00 with a constant flow in litres an hour."""
    midnight = datetime(2026, 11, day, tzinfo=LUXEMBOURG)
    minutes = range(minute, 8 * 60, step)
    return [
        (midnight + timedelta(minutes=n), start + (day * 1440 + n) * flow // 60) for n in minutes
    ]


def hourly(day: str, clocks: str) -> list[tuple[datetime, float]]:
    """Return captures at these times of a day, of 10 litres more each."""
    times = [datetime.fromisoformat(f"{day}T{clock}") for clock in clocks.split()]
    return [(time, 5000 + 10 * n) for n, time in enumerate(times)]


@pytest.mark.parametrize(
    ("captures", "expected"),
    [
        (night(10), [("17 05:10", "water_at_night", 40)]),
        # Captures each five minutes show the flow in whole litres only now and then.
        (night(3, minute=0, step=5), [("17 05:00", "water_at_night", 12)]),
        (night(0), []),
        # A toilet at 1:30 and one at 3:30.
        (
            [
                (time, 5000 + 9 * ((time.hour, time.minute) > (1, 30)) + 9 * (time.hour > 3))
                for time, _ in night(0)
            ],
            [],
        ),
        # Captures each three hours leave the hours between unknown.
        (night(10, step=180), []),
        (night(10, step=1440), []),
        # Only half of the night was captured.
        ([pair for pair in night(10) if pair[0].hour >= 3], []),
        ([pair for pair in night(10) if pair[0].hour < 3], []),
        # A meter that was exchanged at three begins at 0.
        ([(time, litres - 5000 * (time.hour >= 3)) for time, litres in night(10)], []),
        # Much water: at once, and once.
        (night(300), [("17 02:10", "water_flood", 300)]),
        # Summer time ends: the hour from 2 to 3 comes twice.
        (
            hourly("2026-10-25", "01:10+02 02:10+02 02:10+01 03:10+01 04:10+01 05:10+01"),
            [("25 05:10", "water_at_night", 50)],
        ),
        # Summer time begins: there is no hour from 2 to 3.
        (
            hourly("2026-03-29", "01:10+01 03:10+02 04:10+02 05:10+02"),
            [("29 05:10", "water_at_night", 30)],
        ),
    ],
)
def test_a_night(
    captures: list[tuple[datetime, float]], expected: list[tuple[str, str, float]]
) -> None:
    assert told(captures) == expected


def test_after_three_nights_the_same_leak_causes_a_weekly_message() -> None:
    captures = [pair for day in range(1, 29) for pair in night(10, day=day, start=0)]
    days = [int(time[:2]) for time, *_ in told(captures)]
    assert days == [1, 2, 3, 10, 17, 24]
    # A night without flow ends it.
    captures = [
        pair for day in range(1, 9) for pair in night(0 if day == 5 else 10, day=day, start=0)
    ]
    assert [(int(time[:2]), key) for time, key, _ in told(captures)] == [
        *((day, "water_at_night") for day in (1, 2, 3)),
        (5, "leak_over"),
        *((day, "water_at_night") for day in (6, 7, 8)),
    ]


def test_a_message_names_the_night_of_the_leak() -> None:
    state: WaterNights = {}
    nights = []
    for day in range(1, 12):
        for time, litres in night(10, day=day, start=0):
            state, messages = watch_water(state, {"water": WaterCapture(time, litres)})
            nights += [(day, m.values.get("night"), m.values.get("nights")) for m in messages]
    assert nights == [(1, None, None), (2, "second", 2), (3, "third", 3), (10, "more", 10)]


@pytest.mark.parametrize(
    ("nights", "expected"),
    [
        # Flow (litres an hour) of each night; None is a night without captures.
        ([10, 0, 0], [(1, "water_at_night"), (2, "leak_over")]),
        # Only a told leak can be over.
        ([0, 0, 10], [(3, "water_at_night")]),
        # An unknown night does not end a leak.
        ([10, None, 0], [(1, "water_at_night"), (3, "leak_over")]),
        ([300, 0, 0], [(1, "water_flood"), (2, "leak_over")]),
    ],
)
def test_the_end_of_a_leak_causes_one_message(
    nights: list[int | None], expected: list[tuple[int, str]]
) -> None:
    captures = [
        pair
        for day, flow in enumerate(nights, 1)
        if flow is not None
        for pair in night(flow, day=day, start=0)
    ]
    assert [(int(time[:2]), key) for time, key, _ in told(captures)] == expected


def test_the_message_of_the_end_names_the_begin_of_the_leak() -> None:
    state: WaterNights = {}
    for time, litres in [*night(10, day=1), *night(10, day=2), *night(0, day=3)]:
        state, messages = watch_water(state, {"water": WaterCapture(time, litres)})
        for message in messages:
            if message.key == "leak_over":
                assert message.values == {"from_at": "2026-11-01T01:10:00+01:00"}
                return
    pytest.fail("not told")


def test_meters_are_judged_alone() -> None:
    state: WaterNights = {}
    due = []
    for (time, cold), (_, warm) in zip(night(10), night(0), strict=True):
        captures = {"cold": WaterCapture(time, cold), "warm": WaterCapture(time, warm)}
        state, messages = watch_water(state, captures)
        due += [message.key for message in messages]
        # The same captures come with each telegram.
        assert watch_water(state, captures)[0] is state
    assert due == ["water_at_night"]


def test_of_more_than_eight_meters_the_newest_are_remembered() -> None:
    state: WaterNights = {}
    time, litres = night(10)[1]
    for name in "abcdefghij":
        state, _ = watch_water(state, {name: WaterCapture(time, litres)})
    assert restarted(state) == state
    assert "".join(state) == "cdefghij"
