"""Sun on panels: times of the sun, yields of a year, days that differ."""

from datetime import UTC, datetime

import numpy as np
import pytest

from smartyp1.advice.solar_yield import solar_wh
from smartyp1.energy_table.wall_clock import Floats, quarter_number

YEAR = np.arange(
    quarter_number(datetime(2026, 1, 1, tzinfo=UTC)),
    quarter_number(datetime(2027, 1, 1, tzinfo=UTC)),
)


def of_day(text: str, direction: float = 180, tilt: float = 30) -> Floats:
    first = quarter_number(datetime.fromisoformat(f"{text}T00:00+00:00"))
    return solar_wh(np.arange(first, first + 96), direction, tilt)


@pytest.mark.parametrize(
    ("direction", "tilt", "kwh"),
    [(180, 30, 950), (90, 30, 795), (270, 30, 795), (0, 30, 587), (180, 90, 576), (0, 0, 846)],
)
def test_a_year(direction: float, tilt: float, kwh: float) -> None:
    made = solar_wh(YEAR, direction, tilt)
    assert made.sum() / 1000 == pytest.approx(kwh, abs=3)
    assert made.min() == 0
    assert made.max() < 0.9 * 250


def test_a_direction_has_its_time_of_day() -> None:
    # Luxembourg's longitude is worth 24.5 minutes, the equation of time 1.8 and -16.4 minutes.
    for day, minutes in (("2026-06-21", -24.5 + 1.8), ("2026-11-01", -24.5 - 16.4)):
        noon = 12 + minutes / 60
        made = of_day(day)
        mean = (np.arange(96) + 0.5) @ made / made.sum() / 4
        assert mean == pytest.approx(noon, abs=0.05)
        east, west = of_day(day, 90, 45).argmax() / 4, of_day(day, 270, 45).argmax() / 4
        assert east < noon - 1 < noon + 1 < west


def test_the_sun_rises_and_sets() -> None:
    # Without the air, these days have 16.1 and 7.9 hours of sun: arccos(-tan 49.6° tan 23.44°).
    for day, hours in (("2026-06-21", 16.1), ("2026-12-21", 7.9)):
        assert (of_day(day) > 0).sum() / 4 == pytest.approx(hours, abs=0.26)


def test_days_are_dull_or_sunny() -> None:
    days = np.array([day.sum() for day in np.split(solar_wh(YEAR, 180, 30), 365)])
    june = days[151:181]
    assert june.max() > 2.5 * june.min()
    assert days[335:].mean() < 0.35 * june.mean()


def test_a_leap_day_is_like_the_day_before() -> None:
    assert of_day("2028-02-29").sum() == pytest.approx(of_day("2028-02-28").sum(), rel=0.03)
    assert np.isfinite(of_day("2028-12-31")).all()
