"""Starts that were told: a plan moves them only for five cents, and not in their last half hour."""

from random import Random

import pytest

from dev.testing.random_examples import examples
from smartyp1.plan import announced_starts
from smartyp1.plan.announced_starts import plan_as_announced
from smartyp1.plan.house_plan import HousePlan
from smartyp1.plan.next_kwh_price import NO_KWH, Quarter
from smartyp1.plan.planned_load import Load, Planned
from tests.lib.plan.test_house_plan import PROFILES, random_net, random_prices

_DAY = 96
_HALF_HOUR = 2


def next_start(planned: Planned) -> int | None:
    """Return the start that the entity of a load tells: the next one after now."""
    return next((begin for begin, _ in planned.runs if begin > 0), None)


class Evening:
    """Random loads of a house, planned anew each quarter-hour with other prices and forecasts."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._prices = random_prices(random, _DAY)
        self._net = random_net(random, _DAY)
        self._limit = random.choice((0.75, 1.75, 3.0))
        car = random.uniform(3, 20), random.choice((3.7, 11.0)), random.choice((0.0, 1.4, 4.1))
        self.loads = [
            Load("car", car[0], car[1], 0, random.randrange(30, _DAY), min_kw=min(car[1:])),
            Load("water", random.uniform(1, 5), 2.5, 0, random.randrange(30, _DAY)),
        ]
        profile = random.choice(PROFILES)
        self.loads.append(Load("dishes", sum(profile), 0.0, 0, random.randrange(30, _DAY), profile))

    def pass_quarter(self, taken: HousePlan) -> None:
        """Let a quarter-hour pass: prices and forecasts differ, and the loads have got energy."""
        random = self._random
        if random.random() < 0.1:
            self._prices = [price + random.gauss(0, 0.03) for price in self._prices]
        self._prices = [price + random.gauss(0, 0.002) for price in self._prices[1:]]
        self._net = [net + random.gauss(0, 0.05) for net in self._net[1:]]
        loads = []
        for load in self.loads:
            kwh = taken.loads[load.name].kwh[0]
            left = load.kwh - kwh
            has_begun = bool(load.profile) and kwh > NO_KWH
            if load.end > 1 and left > 0.05 and not has_begun:
                loads.append(load._replace(kwh=left, end=load.end - 1, is_running=kwh > NO_KWH))
        self.loads = loads

    @property
    def quarters(self) -> list[Quarter]:
        return [Quarter(max(0.01, price), 0.06, self._limit, 0.0826) for price in self._prices]

    @property
    def net(self) -> list[float]:
        return [*self._net]


def is_kept(load: Load, planned: Planned, told: int) -> bool:
    """Return whether a load starts as told, or goes on until then."""
    runs_now = load.is_running
    earlier = [begin for begin, _ in planned.runs if begin < told and (begin or not runs_now)]
    return not earlier and planned.kwh[told] > NO_KWH


def bill(evening: Evening, plan: HousePlan) -> float:
    """Return the cost of a plan in EUR."""
    loads = [planned.kwh for planned in plan.loads.values()]
    nets = [sum(parts) for parts in zip(evening.net, *loads, strict=True)]
    return sum(quarter.bill(net) for quarter, net in zip(evening.quarters, nets, strict=True))


def has_room(load: Load, planned: Planned, told: int) -> bool:
    """Return whether a load gets its energy from a told start on, and in the run that goes on."""
    if load.profile:
        return told + len(load.profile) <= load.end
    going_on = planned.runs[0][1] if load.is_running and planned.runs[0][0] == 0 else 0
    return (going_on + load.end - told) * load.max_kw / 4 >= load.kwh


@pytest.mark.parametrize("seed", range(examples(1)))
def test_no_shown_start_moves_for_less_than_five_cents(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening, told = Evening(Random(seed)), dict[str, int]()  # noqa: S311 - no secret
    for _ in range(_DAY - 40):
        quarters, net, loads = evening.quarters, evening.net, evening.loads
        plan = plan_as_announced(quarters, net, loads, told)
        moved = [
            load.name
            for load in loads
            if load.name in told
            and not is_kept(load, plan.loads[load.name], told[load.name])
            and has_room(load, plan.loads[load.name], told[load.name])
        ]
        if moved:
            with monkeypatch.context() as patch:
                patch.setattr(announced_starts, "FIXED_QUARTERS", _DAY)
                kept = plan_as_announced(quarters, net, loads, told)
            assert min(told[name] for name in moved) > _HALF_HOUR
            assert bill(evening, kept) - bill(evening, plan) >= 0.05 * len(moved) - 1e-9
        evening.pass_quarter(plan)
        told = {
            load.name: start - 1
            for load in evening.loads
            if (start := next_start(plan.loads[load.name])) is not None
        }
