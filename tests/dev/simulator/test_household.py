"""The household: registers are the integral of the powers, and know no past but the clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from dev.simulator.house import HOUSES
from dev.simulator.household import EPOCH, Household

HOUSEHOLDS = [Household(house, seed) for seed, house in enumerate(HOUSES, 1)]
SUMMER = datetime(2026, 6, 20, tzinfo=UTC)
WINTER = datetime(2026, 1, 10, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=9999)).map(lambda age: EPOCH + age)
STEP = timedelta(seconds=10)

everyone = pytest.mark.parametrize("household", HOUSEHOLDS, ids=["1", "2", "3", "4", "5"])


def every(start: datetime, count: int, step: timedelta) -> list[datetime]:
    return [start + n * step for n in range(count)]


@everyone
@pytest.mark.parametrize("day", [SUMMER, WINTER], ids=["summer", "winter"])
def test_registers_follow_the_powers(household: Household, day: datetime) -> None:
    hours = STEP.total_seconds() / 3600
    new = household.registers_at(day)
    for before in every(day, 8640, STEP):
        powers = household.powers_at(before)
        net, reactive = sum(powers.active) * hours, sum(powers.reactive) * hours
        old, new = new, household.registers_at(before + STEP)
        assert new.imported_kwh - old.imported_kwh == pytest.approx(max(net, 0), abs=1e-9)
        assert new.exported_kwh - old.exported_kwh == pytest.approx(max(-net, 0), abs=1e-9)
        assert new.reactive_imported_kvarh - old.reactive_imported_kvarh == pytest.approx(
            max(reactive, 0), abs=1e-9
        )
        assert new.reactive_exported_kvarh - old.reactive_exported_kvarh == pytest.approx(
            max(-reactive, 0), abs=1e-9
        )


@everyone
def test_registers_never_fall_over_days_and_years(household: Household) -> None:
    moments = every(EPOCH + timedelta(days=361), 6 * 24 * 8, timedelta(minutes=10))
    for old, new in pairwise(map(household.registers_at, moments)):
        assert all(a <= b for a, b in zip(old, new, strict=True))


@given(st.sampled_from(HOUSEHOLDS), MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_registers_never_fall(household: Household, when: datetime, later: timedelta) -> None:
    for a, b in zip(
        household.registers_at(when), household.registers_at(when + later), strict=True
    ):
        assert a <= b


@settings(max_examples=10)
@given(st.sampled_from(range(len(HOUSES))), MOMENTS)
def test_answers_do_not_depend_on_earlier_questions(index: int, when: datetime) -> None:
    fresh = Household(HOUSES[index], index + 1)
    assert fresh.powers_at(when) == HOUSEHOLDS[index].powers_at(when)
    assert fresh.registers_at(when) == HOUSEHOLDS[index].registers_at(when)


@everyone
def test_grid_stays_within_its_limits(household: Household) -> None:
    for when in every(SUMMER, 1440, timedelta(minutes=1)):
        powers = household.powers_at(when)
        assert len(powers.active) == household.house.phases
        assert all(225 <= volts <= 240 for volts in powers.voltage)
        assert all(abs(watts) < 15 for watts in powers.active)


def test_a_year_is_plausible() -> None:
    for household in HOUSEHOLDS:
        year = household.registers_at(EPOCH + timedelta(days=364))
        assert 1000 < year.imported_kwh < 12000
        assert 300 < year.gas_m3 < 3000
        assert 40 < year.water_m3 < 250
        assert (year.exported_kwh > 1000) == bool(household.house.solar_peak)


def test_sun_shines_by_day_and_more_in_summer() -> None:
    def exported(day: datetime, start: int, end: int) -> float:
        day = day.replace(hour=0)
        old, new = (HOUSEHOLDS[0].registers_at(day + timedelta(hours=h)) for h in (start, end))
        return new.exported_kwh - old.exported_kwh

    def month(first: datetime, start: int, end: int) -> float:
        return sum(exported(first + timedelta(days=d), start, end) for d in range(28))

    assert month(SUMMER, 0, 2) == 0
    assert month(SUMMER, 4, 20) > 2 * month(WINTER, 4, 20) > 0


def test_phases_balance_while_each_flows_its_own_way() -> None:
    # One-phase panels feed while other phases draw: only the balance counts in the registers.
    household = HOUSEHOLDS[3]
    opposed = [
        powers
        for when in every(SUMMER, 1440, timedelta(minutes=1))
        if min((powers := household.powers_at(when)).active) < 0 < max(powers.active)
    ]
    assert opposed


def test_car_charges_on_some_evenings_only() -> None:
    def peak(day: int) -> float:
        start = WINTER + timedelta(days=day, hours=16)
        return max(
            sum(HOUSEHOLDS[0].powers_at(when).active)
            for when in every(start, 300, timedelta(minutes=1))
        )

    evenings = [peak(day) > 10.5 for day in range(28)]
    assert 4 <= sum(evenings) <= 20


def test_nothing_is_known_before_the_epoch() -> None:
    with pytest.raises(ValueError, match="installed in 2024"):
        HOUSEHOLDS[0].registers_at(EPOCH - STEP)
