"""Telegrams that are made of the states of entities, and how a trial of them is judged."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.meter import (
    QUANTITIES,
    EntityState,
    Trial,
    assess,
    entity_telegram,
    value_of,
)
from smartyp1.p1 import Telegram, Verification

TIME = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "unit", "kwh"),
    [
        ("23457.123", "kWh", 23457.123),
        ("23457123", "Wh", 23457.123),
        ("23.457123", "MWh", 23457.123),
        ("0", "kWh", 0.0),
        ("-0.001", "kWh", None),
        ("nan", "kWh", None),
        ("inf", "kWh", None),
        ("1e9", "kWh", None),
        ("1" * 33, "Wh", None),
        ("unavailable", "kWh", None),
        ("", "kWh", None),
        ("5", "m³", None),
        ("5", "kW", None),
        ("5", None, None),
    ],
)
def test_energy(text: str, unit: str | None, kwh: float | None) -> None:
    value = value_of(QUANTITIES["energy_imported"], EntityState(text, unit))
    assert value == (None if kwh is None else pytest.approx(kwh))


@pytest.mark.parametrize(
    ("text", "unit", "kw"),
    [("1234", "W", 1.234), ("1.234", "kW", 1.234), ("-1", "W", None), ("1001", "kW", None)],
)
def test_power(text: str, unit: str, kw: float | None) -> None:
    assert value_of(QUANTITIES["power_imported"], EntityState(text, unit)) == kw


def test_two_tariffs_are_added() -> None:
    states = {
        "energy_imported": [EntityState("1000.1", "kWh"), EntityState("2000200", "Wh")],
        "power_exported": [EntityState("500", "W")],
    }
    telegram = entity_telegram(states, TIME, "ESPHome")
    assert telegram.objects == {"1-0:1.8.0": 3000.3, "1-0:2.7.0": 0.5}
    assert (telegram.time, telegram.serial_number) == (TIME, None)
    assert telegram.verification is Verification.INTEGRATION
    assert telegram.identification == "ESPHome"


@pytest.mark.parametrize(
    ("watts", "has_sun", "exported"),
    [("500", True, 0.0), ("0", True, None), ("0", False, 0.0), ("unknown", False, None)],
)
def test_one_of_the_powers_is_nothing(watts: str, has_sun: bool, exported: float | None) -> None:  # noqa: FBT001
    states = {
        "energy_imported": [EntityState("1", "kWh")],
        "power_imported": [EntityState(watts, "W")],
    }
    if has_sun:
        states["energy_exported"] = [EntityState("1", "kWh")]
    assert entity_telegram(states, TIME, "").objects["1-0:2.7.0"] == exported


@pytest.mark.parametrize("text", ["unknown", "unavailable", "-1"])
def test_a_tariff_that_is_away_leaves_no_sum(text: str) -> None:
    states = {"energy_imported": [EntityState("1000.1", "kWh"), EntityState(text, "kWh")]}
    assert entity_telegram(states, TIME, "").objects == {"1-0:1.8.0": None}


def telegrams(seconds: list[float], kwh: list[float], kw: float | None = None) -> list[Telegram]:
    """Return telegrams with these times and totals."""
    power = {} if kw is None else {"1-0:1.7.0": kw}
    return [
        Telegram("", None, TIME + timedelta(seconds=at), {"1-0:1.8.0": total, **power}, {})
        for at, total in zip(seconds, kwh, strict=True)
    ]


@pytest.mark.parametrize(
    ("sent", "last_report", "trial"),
    [
        # 4 x 1 Wh, and 1000 W x 10 s / 900 s.
        (telegrams([0, 10, 20], [5.001, 5.004, 5.007], 1.0), None, Trial(3, 10, 1, 15)),
        # The longest interval counts, 4 x 10 Wh + 21000 W x 60 s / 900 s.
        (telegrams([0, 10, 70], [5.01, 5.02, 5.05], 21.0), None, Trial(3, 60, 10, 1440)),
        # Without a power: 0.1 kWh in 60 s are 6000 W, and 400 + 6000 x 30 / 900.
        (telegrams([0, 30, 60], [5.1, 5.1, 5.2]), None, Trial(3, 30, 100, 600)),
        # The report before the trial counts only for a single telegram.
        (telegrams([0], [5.0], 0.0), TIME - timedelta(seconds=240), Trial(1, 240, 1000, 4000)),
        (telegrams([0, 10], [5.5, 5.5]), TIME - timedelta(hours=2), Trial(2, 10, 100, 400)),
        # A total of 0 tells no step.
        (telegrams([0, 10], [0.0, 0.0]), None, Trial(2, 10, 1, 4)),
        (telegrams([0], [5.0]), None, None),
        ([], TIME, None),
    ],
)
def test_a_trial(sent: list[Telegram], last_report: datetime | None, trial: Trial | None) -> None:
    assert assess(sent, last_report) == trial
