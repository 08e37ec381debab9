"""A house without its loads, compared with the house that was made up before they were added."""

import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.plan.usual_house import LoadEnergy, usual_house, without_loads

START = datetime(2026, 6, 1, 22, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
DAYS = 28


def house(net_kwh: list[float]) -> list[QuarterHour]:
    """Return the quarter-hours of a house from its net energies."""
    return [
        QuarterHour(START + n * QUARTER, max(0.0, kwh) * 4, max(0.0, -kwh))
        for n, kwh in enumerate(net_kwh)
    ]


def by_hour(kwhs: dict[datetime, float]) -> dict[datetime, float]:
    hours = defaultdict[datetime, float](float)
    for start, kwh in kwhs.items():
        hours[start.replace(minute=0)] += kwh
    return hours


def car(hour: int, kwh: float, quarters: int) -> dict[datetime, float]:
    """Return the energy of a car that is charged each night."""
    return {
        START + timedelta(days=day, hours=hour) + n * QUARTER: kwh / quarters
        for day in range(DAYS)
        for n in range(quarters)
    }


def with_car(net_kwh: list[float], charged: dict[datetime, float]) -> list[QuarterHour]:
    added = [kwh + charged.get(START + n * QUARTER, 0.0) for n, kwh in enumerate(net_kwh)]
    return house(added)


@pytest.mark.parametrize("quarters", [1, 3, 4, 7])
def test_a_car_of_each_night_leaves_the_house_as_if_it_had_none(quarters: int) -> None:
    base = [0.1] * (DAYS * 96)
    charged = car(4, 1.75 * quarters, quarters)
    found = without_loads(with_car(base, charged), [LoadEnergy(by_hour(charged), {})])
    assert [each.mean_kw for each in found] == pytest.approx([0.4] * len(base))
    assert [usual.imported_kw for usual in usual_house(found).values()] == pytest.approx([0.4] * 96)


def test_known_quarter_hours_are_exact_and_several_loads_follow_each_other() -> None:
    seed = int(os.environ.get("SEED", Random().randrange(10**6)))  # noqa: S311 - no secret
    random = Random(seed)  # noqa: S311 - no secret
    base = [random.uniform(0.0, 0.8) for _ in range(DAYS * 96)]
    loads = [
        {
            START + n * QUARTER: random.uniform(0.0, 3.0)
            for n in range(DAYS * 96)
            if random.random() < 0.2
        }
        for _ in range(3)
    ]
    net = [
        kwh + sum(load.get(START + n * QUARTER, 0.0) for load in loads)
        for n, kwh in enumerate(base)
    ]
    found = without_loads(house(net), [LoadEnergy({}, load) for load in loads])
    assert [each.imported_kwh for each in found] == pytest.approx(base), seed

    # With hours alone, an hour is right and no quarter-hour falls below 0.
    found = without_loads(house(net), [LoadEnergy(by_hour(load), {}) for load in loads])
    assert min(each.mean_kw for each in found) >= 0, seed
    for hour in range(0, len(base), 4):
        left = sum(each.imported_kwh for each in found[hour : hour + 4])
        assert left >= sum(base[hour : hour + 4]) - 1e-9, seed


def test_a_load_that_took_solar_energy_gives_it_back() -> None:
    # At noon, the panels give 1 kWh in each quarter-hour: on every second day, the car takes it.
    base = [-0.9 if 40 <= n % 96 < 56 else 0.1 for n in range(DAYS * 96)]
    charged = {
        START + n * QUARTER: 1.5 for n in range(DAYS * 96) if 44 <= n % 96 < 52 and n // 96 % 2
    }
    found = without_loads(with_car(base, charged), [LoadEnergy(by_hour(charged), {})])
    assert [each.exported_kwh for each in found] == pytest.approx([max(0.0, -kwh) for kwh in base])
    assert [each.imported_kwh for each in found] == pytest.approx([max(0.0, kwh) for kwh in base])


def test_a_load_cannot_export_more_than_the_panels_ever_did() -> None:
    base = [-0.2 if n % 96 == 48 else 0.1 for n in range(DAYS * 96)]
    wrong = LoadEnergy({}, {START + n * QUARTER: 9.0 for n in range(DAYS * 96)})
    found = without_loads(house(base), [wrong])
    assert [each.exported_kwh for each in found] == [max(0.0, -kwh) for kwh in base]
    assert {each.mean_kw for each in found} == {0.0}
    # A house without a known export has none either.
    bare = [each._replace(exported_kwh=None) for each in house(base)]
    assert {load.exported_kwh for load in without_loads(bare, [wrong])} == {None}
