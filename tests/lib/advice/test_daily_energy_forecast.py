"""The energy of coming days, from days made independently of the forecast."""

import random
from collections.abc import Callable
from datetime import date
from math import cos, pi

import numpy as np
import pytest

from smartyp1.advice.daily_energy_forecast import EnergyForecast, forecast_energy

FIRST = date(2026, 11, 4).toordinal()


def forecast(
    of: Callable[[int], float], known: int, count: int = 27, first: int = FIRST
) -> EnergyForecast:
    """Return the forecast after `known` days, whose energies in Wh `of` gives by ordinal."""
    days = np.arange(first - known, first)
    return forecast_energy(days, np.array([of(day) for day in days.tolist()]), first, count)


@pytest.mark.parametrize("known", [1, 3, 30, 750])
def test_equal_days_stay_equal(known: int) -> None:
    found = forecast(lambda _: 9_600.0, known)
    assert found.coming_wh == pytest.approx([9_600] * 27)
    assert found.past_errors_wh == pytest.approx([0] * len(found.past_errors_wh), abs=1e-6)


@pytest.mark.parametrize("swing", [-8_000, 8_000])
def test_two_years_show_how_autumn_becomes_winter_or_summer_ends(swing: float) -> None:
    def season(day: int) -> float:
        return 10_000 + swing * cos(2 * pi * (date.fromordinal(day).timetuple().tm_yday - 15) / 365)

    for name in (1, 4, 7, 10):
        first = date(2026, name, 4).toordinal()
        truth = sum(map(season, range(first, first + 27)))
        # The mean of the last 28 days would be wrong by up to 95 kWh.
        found = sum(forecast(season, 730, first=first).coming_wh)
        assert found == pytest.approx(truth, abs=30_000)


def test_a_household_that_draws_more_than_last_year_is_expected_to_go_on() -> None:
    def doubled(day: int) -> float:
        return 20_000.0 if day >= FIRST - 90 else 10_000.0

    assert forecast(doubled, 730).coming_wh == pytest.approx([20_000] * 27, rel=0.1)


def test_weekends_differ_once_they_have_differed_for_weeks() -> None:
    def weekly(day: int) -> float:
        return 17_000.0 if date.fromordinal(day).isoweekday() > 5 else 10_000.0

    coming = forecast(weekly, 364, 14, date(2026, 11, 2).toordinal()).coming_wh
    working, weekend = coming[:5], coming[5:7]
    assert coming[7:] == pytest.approx(coming[:7], rel=0.03)
    assert 14_500 < min(weekend) < max(weekend) < 17_000
    assert 10_000 < min(working) < max(working) < 11_000


def test_cold_days_go_on_for_some_days_and_then_no_longer() -> None:
    def cold(day: int) -> float:
        return 15_000.0 if day >= FIRST - 5 else 10_000.0

    coming = forecast(cold, 364).coming_wh
    assert coming[0] > 13_000
    assert coming[0] > coming[1] > coming[5] > coming[20]
    assert coming[20] == pytest.approx(10_400, abs=300)


def test_energy_never_falls_below_nothing() -> None:
    def ended(day: int) -> float:
        return 0.0 if day >= FIRST - 20 else 10_000.0

    found = forecast(ended, 200)
    assert min(found.coming_wh) == 0


def test_past_errors_are_as_large_as_the_days_are_uneven() -> None:
    chance = random.Random(68)  # noqa: S311
    noise = {day: chance.gauss(0, 2_000) for day in range(FIRST - 750, FIRST)}
    errors = forecast(lambda day: 10_000 + noise[day], 750, 9).past_errors_wh
    # A sum of 9 days deviates by 6,000 Wh, and the forecast's own mean of past days by less.
    assert 50 <= len(errors) <= 60
    mean_square = sum(error**2 for error in errors) / len(errors)
    assert 5_000 < mean_square**0.5 < 12_000
    assert len(forecast(lambda day: 10_000 + noise[day], 20, 9).past_errors_wh) <= 1


def test_unknown_days_are_left_out() -> None:
    days = np.array([day for day in range(FIRST - 300, FIRST) if not 40 < FIRST - day < 200])
    known_wh = np.full(len(days), 9_600.0)
    assert forecast_energy(days, known_wh, FIRST, 3).coming_wh == pytest.approx([9_600] * 3)
