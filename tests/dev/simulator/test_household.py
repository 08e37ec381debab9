"""The household: registers are the integral of the powers, and know no past but the clock."""

from datetime import UTC, datetime, timedelta

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


@settings(max_examples=10)
@given(st.sampled_from(range(len(HOUSES))), MOMENTS)
def test_answers_do_not_depend_on_earlier_questions(index: int, when: datetime) -> None:
    fresh = Household(HOUSES[index], index + 1)
    assert fresh.powers_at(when) == HOUSEHOLDS[index].powers_at(when)
    assert fresh.registers_at(when) == HOUSEHOLDS[index].registers_at(when)
