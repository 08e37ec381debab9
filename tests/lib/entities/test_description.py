"""Numbers that are shown once they have moved far enough, which keeps the database small."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from dev.testing.times import utc
from smartyp1.entities.deadband import DeadbandFilter, Shown
from smartyp1.entities.entity_description import local_times
from smartyp1.entities.meter_sensors import SENSORS
from smartyp1.entities.quarter_hour_power_sensors import DEMAND_SENSORS
from smartyp1.history.luxembourg_time import LUXEMBOURG

NOON = utc("2026-06-16 12:00")


def shown(
    key: str, values: Sequence[Shown], every: timedelta = timedelta(minutes=2)
) -> list[Shown]:
    """Return the states that a sensor shows for values, one after the other."""
    [sensor] = [each for each in (*SENSORS, *DEMAND_SENSORS) if each.key == key]
    if sensor.follow is None:
        return [*values]
    follower = DeadbandFilter(sensor.follow)
    return [follower.shown(value, NOON + n * every) for n, value in enumerate(values)]


def test_both_half_past_two_of_october_have_different_texts() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=LUXEMBOURG)
    texts = [local_times({"at": first.replace(fold=fold)}, LUXEMBOURG)["at"] for fold in (0, 1)]
    assert texts == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]


POWERS = [0.4, 0.419, 0.381, 0.42, 0.401, 0.4]
STEPS = [230.4, 231.3, 229.5, 231.4, 230.5, 230.4, 231.3, 228.0]
PHASES = ("l1", "l2", "l3")


@pytest.mark.parametrize(
    ("key", "sent", "expected"),
    [
        *(
            (f"voltage_{phase}", STEPS, [230.4, 230.4, 230.4, 231.4, 231.4, 230.4, 230.4, 228.0])
            for phase in PHASES
        ),
        *((f"power_net_{phase}", POWERS, [0.4, 0.4, 0.4, 0.42, 0.42, 0.4]) for phase in PHASES),
        ("power_net", POWERS, POWERS),
        ("demand_running", [1.2, 1.24, 1.25, 1.21, 1.2], [1.2, 1.2, 1.25, 1.25, 1.2]),
        # Out of range, or back in it: at once.
        ("voltage_l1", [253.0, 253.1], [253.0, 253.1]),
        ("voltage_l1", [253.4, 252.9], [253.4, 252.9]),
        ("voltage_l1", [207.3, 206.8], [207.3, 206.8]),
        ("voltage_l1", [206.9, 207.0], [206.9, 207.0]),
        # An unknown value resets the deadband.
        ("voltage_l1", [230.0, None, 230.5], [230.0, None, 230.5]),
    ],
)
def test_the_shown_states_of_values(key: str, sent: list[Shown], expected: list[Shown]) -> None:
    assert shown(key, sent) == expected


def test_a_voltage_that_creeps_is_never_shown_more_than_a_volt_wrong() -> None:
    sent = [tenths / 10 for tenths in range(2300, 2331)]
    found = shown("voltage_l1", sent)
    assert all(
        isinstance(value, float) and abs(value - volts) < 1
        for value, volts in zip(found, sent, strict=True)
    )
    assert {*found} == {230.0, 231.0, 232.0, 233.0}


def test_a_voltage_is_shown_once_in_two_minutes_unless_the_clock_stopped() -> None:
    sent = [230.0, 232.0, 234.0, 236.0]
    assert shown("voltage_l1", sent, timedelta(seconds=40)) == [230.0, 230.0, 230.0, 236.0]
    assert shown("voltage_l1", sent, timedelta(0)) == sent


def test_available_power_is_never_rounded_up() -> None:
    sent = [2.996, 3.0, 3.14, 3.149, 3.2, 3.1, 0.04, 0.1, 0.0, 31.0, 32.5, 32.6, 30.95]
    assert shown("demand_available", sent) == [
        *(2.9, 2.9, 3.1, 3.1, 3.1, 3.1, 0.0, 0.1, 0.0, 31.0, 31.0, 32.6, 30.9)
    ]
