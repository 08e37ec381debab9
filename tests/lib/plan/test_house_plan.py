"""The plan of a house, compared with a program that knows the best one."""

import os
from collections.abc import Sequence
from math import inf
from random import Random
from typing import NamedTuple

import pytest

from dev.testing.random_examples import examples
from smartyp1.plan.house_battery import (
    BatteryRest,
    HouseBattery,
    battery_flow,
    battery_kw,
    plan_battery,
)
from smartyp1.plan.house_plan import MAX_LOADS, MAX_QUARTERS, HousePlan, plan_house
from smartyp1.plan.limit_price import follow_plan
from smartyp1.plan.next_kwh_price import Quarter, steps
from smartyp1.plan.planned_load import Load, at_once
from tests.lib.plan.best_plan import lowest_cost

# Energy in kWh of a dishwasher, a washing machine and a dryer, by quarter-hour.
PROFILES = (
    (0.3, 0.2, 0.03, 0.03, 0.03, 0.25, 0.2, 0.06),
    (0.3, 0.3, 0.1, 0.1, 0.05, 0.05),
    (0.5,) * 6,
)


class Day(NamedTuple):
    """Input of a plan."""

    quarters: Sequence[Quarter]
    net: Sequence[float]
    loads: Sequence[Load]
    battery: HouseBattery | None


def random_prices(random: Random, count: int) -> list[float]:
    """Return prices of a fixed, a time-of-use or a market contract, in EUR per kWh."""
    kind = random.choice(("fixed", "night", "market", "market"))
    if kind == "fixed":
        return [0.18] * count
    if kind == "night":
        return [0.15 if n % 96 < 24 else 0.2 for n in range(count)]
    hourly = [0.19]
    for hour in range(1, count // 4 + 1):
        of_sun = -0.06 if 10 < hour % 24 < 16 else 0.0
        mean = 0.18 + (0.08 if hour % 24 in (7, 18, 19) else of_sun)
        hourly.append(0.7 * hourly[-1] + 0.3 * mean + random.gauss(0, 0.02))
    return [hourly[n // 4] + random.gauss(0, 0.004) for n in range(count)]


def random_net(random: Random, count: int, peak: float | None = None) -> list[float]:
    """Return the net import of a house in kWh. `peak` is the peak of its solar panels."""
    if peak is None:
        peak = random.choice((0.0, 0.0, 0.8, 1.6)) * random.uniform(0.2, 1.0)
    return [
        random.lognormvariate(-2.6, 0.6)
        + (random.random() < 0.06) * random.uniform(0.2, 0.6)
        - peak * max(0.0, 1 - ((n % 96 - 52) / 24) ** 2) * random.uniform(0.6, 1.0)
        for n in range(count)
    ]


def random_loads(random: Random, count: int) -> list[Load]:
    """Return a car mostly, and up to four other loads."""
    loads = []
    for name, max_kw, likely in (("car", 11.0, 0.8), ("water", 2.5, 0.5), ("car 2", 3.7, 0.2)):
        if random.random() < likely:
            first = random.randrange(count // 2)
            end = random.randrange(first + 12, count)
            kwh = min(random.uniform(2, 40), max_kw / 4 * (end - first))
            loads.append(Load(name, kwh, max_kw, first, end))
    for number in range(random.choice((0, 1, 2))):
        profile = random.choice(PROFILES)
        first = random.randrange(count // 2)
        end = random.randrange(first + len(profile) + 1, count)
        loads.append(Load(f"machine {number}", sum(profile), 0.0, first, end, profile))
    return loads or [Load("car", 9.0, 3.7, 0, count)]


def random_day(random: Random, *, has_battery: bool) -> Day:
    count = random.choice((96, 128, 168))
    prices = random_prices(random, count)
    reference, feed_in = random.choice((3, 7, 12)), random.choice((0.0, 0.08, 0.15))
    battery = None
    if has_battery:
        stored = random.uniform(0, 10)
        battery = HouseBattery(10.0, 5.0, 0.95, stored, max(0.0, min(prices)) * 0.95)
    return Day(
        [Quarter(price, feed_in, reference / 4, 0.0826) for price in prices],
        random_net(random, count),
        random_loads(random, count),
        battery,
    )


def bill(day: Day, energies: Sequence[Sequence[float]]) -> float:
    """Return the bill of a house with the energies of loads and battery."""
    total = [sum(parts) for parts in zip(day.net, *energies, strict=True)]
    return sum(quarter.bill(kwh) for quarter, kwh in zip(day.quarters, total, strict=True))


def at_once_bill(day: Day) -> float:
    """Return the bill of a house whose loads begin at once, and whose battery rests."""
    stored = day.battery.stored * day.battery.end_value if day.battery else 0.0
    return bill(day, [at_once(load, len(day.net)) for load in day.loads]) - stored


def assert_is_possible(day: Day, plan: HousePlan) -> None:
    """Check energy, power and window of each load, and the energy that the battery holds."""
    for load in day.loads:
        planned = plan.loads[load.name]
        assert sum(planned.kwh) + planned.missing_kwh == pytest.approx(load.kwh)
        assert max(planned.kwh) <= max(load.max_kw / 4, *load.profile, 0) + 1e-6
        assert min(planned.kwh) >= -1e-6
        assert all(load.first <= begin < end <= load.end for begin, end in planned.runs)
    cost = bill(day, [*(planned.kwh for planned in plan.loads.values()), plan.battery])
    stored = 0.0
    if day.battery:
        stored = day.battery.stored
        for flow in plan.battery:
            stored += day.battery.into(flow)
            assert -1e-6 <= stored <= day.battery.kwh + 1e-6
        stored *= day.battery.end_value
    assert plan.cost == pytest.approx(cost - stored, abs=1e-6)


# With a battery, the gap of 360 days was 1 % of what plans save; of 30 days it was 0.5 to 2.2 %.
# Of fewer days it may be more, so each run has the same days unless SEED says otherwise.
@pytest.mark.parametrize(("has_battery", "most_gap"), [(False, 0.01), (True, 0.03)])
def test_plans_of_random_days_cost_little_more_than_the_best_ones(
    *, has_battery: bool, most_gap: float
) -> None:
    seed = int(os.environ.get("SEED", "1"))
    random = Random(seed)  # noqa: S311 - no secret
    gap = saved = 0.0
    # A day with a battery takes six times as long.
    for _ in range(examples(5 if has_battery else 30)):
        day = random_day(random, has_battery=has_battery)
        plan = plan_house(*day)
        assert_is_possible(day, plan)
        best = lowest_cost(*day)
        gap += plan.cost - best
        saved += at_once_bill(day) - best
        assert plan.cost > best - 1e-3, f"SEED={seed}"
    assert gap <= most_gap * saved, f"SEED={seed}"


@pytest.mark.parametrize("charges_from_grid", [True, False])
def test_a_battery_sells_nothing_and_keeps_its_limits_at_each_moment(
    *, charges_from_grid: bool
) -> None:
    seed = int(os.environ.get("SEED", Random().randrange(10**6)))  # noqa: S311 - no secret
    random = Random(seed)  # noqa: S311 - no secret
    powers = set()
    for _ in range(examples(20)):
        day = random_day(random, has_battery=True)
        assert day.battery
        most_kw = random.choice((3.0, 8.0, inf))
        quarters = [quarter._replace(max_kwh=most_kw / 4) for quarter in day.quarters]
        battery = day.battery._replace(
            stored=random.choice((0.0, 0.1, 5.0, 10.0)),
            charges_from_grid=charges_from_grid,
            out_kw=random.choice((None, 2.5)),
        )
        _, values = plan_battery(battery, quarters, day.net)
        for n, after in enumerate(values[1:]):
            house_kw, hours = random.uniform(-6, 9), random.choice((1 / 60, 0.1, 0.25))
            rest = BatteryRest(hours, random.uniform(-1, 1), house_kw)
            kw = battery_kw(battery, quarters[n], rest, after)
            powers.add(kw)
            assert -battery.most_out * 4 - 1e-6 <= kw <= battery.kw + 1e-6, f"SEED={seed}"
            assert -1e-6 <= battery.stored + battery.into(kw * hours) <= battery.kwh + 1e-6
            assert house_kw + min(0.0, kw) >= min(0.0, house_kw) - 1e-6
            highest = most_kw if charges_from_grid else 0.0
            assert house_kw + max(0.0, kw) <= max(house_kw, highest) + 1e-6
    assert min(powers) < 0 < max(powers)


def assert_stays_below(day: Day, most: float) -> None:
    """Check that a plan with a highest energy of each quarter-hour brings no house above it."""
    day = day._replace(quarters=[quarter._replace(max_kwh=most) for quarter in day.quarters])
    plan = plan_house(*day)
    assert_is_possible(day, plan)
    energies = [*(planned.kwh for planned in plan.loads.values()), plan.battery]
    for house, *added in zip(day.net, *energies, strict=True):
        assert house + sum(added) <= max(house, most) + 1e-6


@pytest.mark.parametrize("most", [0.4, 1.0, 2.0])
def test_nothing_brings_the_house_above_its_highest_power(most: float) -> None:
    seed = int(os.environ.get("SEED", Random().randrange(10**6)))  # noqa: S311 - no secret
    print(f"SEED={seed}")  # noqa: T201 - how to see it again
    random = Random(seed)  # noqa: S311 - no secret
    for _ in range(examples(20)):
        day = random_day(random, has_battery=random.random() < 0.5)
        loads = [load._replace(min_kw=random.choice((0.0, load.max_kw / 3))) for load in day.loads]
        assert_stays_below(day._replace(loads=loads), most)


def test_no_load_relies_on_a_battery_that_may_be_planned_anew() -> None:
    # This day has loads in quarter-hours in which an earlier round took energy out of the battery.
    assert_stays_below(random_day(Random(189), has_battery=True), 0.4)  # noqa: S311 - no secret


@pytest.mark.parametrize("feed_in", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("net", [-0.8, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("limit", [0.75, inf])
def test_steps_are_the_bill_and_their_prices_rise(feed_in: float, net: float, limit: float) -> None:
    quarter = Quarter(0.2, feed_in, limit, 0.08)
    all_steps = [*steps(quarter, net, 2.5)]
    assert sum(step.kwh for step in all_steps) == pytest.approx(2.5)
    assert sum(step.kwh * step.price for step in all_steps) == pytest.approx(
        quarter.added(net, 2.5)
    )
    assert [*all_steps] == sorted(all_steps, key=lambda step: step.price)


def test_a_limit_price_separates_the_planned_from_all_dearer_energy() -> None:
    prices = [0.3] * 8 + [0.1] * 8 + [0.2] * 8
    quarters = [Quarter(price, 0.05, 0.75, 0.08) for price in prices]
    net = [0.25] * 24
    car = Load("car", 8 * 0.5, 11.0, 0, 24)
    assert plan_house(quarters, net, [car]).loads["car"].limit_price == 0.1
    more = plan_house(quarters, net, [car._replace(kwh=4.5)]).loads["car"]
    assert more.limit_price == pytest.approx(0.18)
    assert more.missing_kwh == 0.0
    least = car._replace(kwh=5 * 1.025, min_kw=4.1)
    planned = plan_house(quarters, net, [least]).loads["car"]
    assert all(kwh == 0 or kwh >= 1.025 - 1e-9 for kwh in planned.kwh)
    assert planned.runs == [(8, 13)]


def test_loads_push_each_other_to_where_both_are_cheap() -> None:
    quarters = [Quarter(price, 0.0, inf, 0.0) for price in (0.1, 0.2, 0.5)]
    free, bound = Load("free", 0.5, 2.0, 0, 2), Load("bound", 0.5, 2.0, 0, 1)
    for loads in ([free, bound], [bound, free]):
        plan = plan_house(
            [quarters[0]._replace(limit=0.5, surcharge=1.0), *quarters[1:]], [0.0] * 3, loads
        )
        assert plan.loads["bound"].kwh == [0.5, 0.0, 0.0]
        assert plan.loads["free"].kwh == [0.0, 0.5, 0.0]


@pytest.mark.parametrize(("price", "runs"), [(0.14, [(0, 4)]), (0.05, [(0, 2), (6, 8)])])
def test_a_further_start_saves_two_cents(price: float, runs: list[tuple[int, int]]) -> None:
    prices = [0.1, 0.1, 0.15, 0.15, 0.15, 0.15, price, price]
    quarters = [Quarter(each, 0.0, inf, 0.0) for each in prices]
    plan = plan_house(quarters, [0.0] * 8, [Load("car", 1.0, 1.0, 0, 8)])
    assert plan.loads["car"].runs == runs


def test_a_load_that_does_not_fit_has_missing_energy() -> None:
    quarters = [Quarter(0.2, 0.0, inf, 0.0)] * 6
    loads = [
        Load("car", 9.0, 11.0, 2, 4),
        Load("late", 1.0, 0.0, 4, 6, (0.5, 0.3, 0.2)),
        Load("empty", 0.0, 2.0, 0, 6),
    ]
    plan = plan_house(quarters, [0.0] * 6, loads)
    assert plan.loads["car"].missing_kwh == pytest.approx(3.5)
    assert (plan.loads["late"].runs, plan.loads["late"].missing_kwh) == ([], 1.0)
    assert (plan.loads["empty"].runs, plan.loads["empty"].limit_price) == ([], -inf)


def test_a_battery_gives_energy_to_the_house_alone() -> None:
    """Follow the values when the house needs other energy than planned."""
    quarters = [Quarter(0.1, 0.3, inf, 0.0)] * 8 + [Quarter(0.4, 0.3, inf, 0.0)] * 8
    battery = HouseBattery(10.0, 4.0, 0.95, 5.0, 0.0)
    plan = plan_house(quarters, [-0.5] * 8 + [0.2] * 8, [], battery)
    assert min(plan.battery[:8]) >= 0
    assert sum(plan.battery[8:]) == pytest.approx(-1.6)
    assert battery_flow(battery, quarters[8], 0.7, plan.values[9]) == pytest.approx(-0.7)
    assert battery_flow(battery, quarters[8], -0.7, plan.values[9]) >= 0
    alone = battery._replace(stored=0.0, charges_from_grid=False)
    assert max(plan_house(quarters, [0.3] * 16, [], alone).battery) == 0


def test_a_battery_that_can_only_charge_is_not_planned_to_hold_back_or_to_give_less() -> None:
    random = Random(3)  # noqa: S311 - no secret
    charged = 0
    for _ in range(20):
        day = random_day(random, has_battery=True)
        assert day.battery
        battery = day.battery._replace(
            can_only_charge=True, charges_from_grid=random.random() < 0.7, out_kw=2.0
        )
        plan = plan_house(day.quarters, day.net, [], battery)
        stored, alone_stored = battery.stored, battery.stored
        alone = []
        for net, flow in zip(day.net, plan.battery, strict=True):
            own = by_itself(battery, stored, net)
            assert flow == pytest.approx(own, abs=1e-6) or flow > max(0.0, own)
            charged += flow > max(0.0, own) + 0.01
            stored += battery.into(flow)
            alone.append(by_itself(battery, alone_stored, net))
            alone_stored += battery.into(alone[-1])
        left_alone = bill(day, [alone]) - alone_stored * battery.end_value
        assert plan.cost <= left_alone + 0.02
    assert charged > 20


def by_itself(battery: HouseBattery, stored: float, net: float) -> float:
    """Return the energy into a battery that takes what the house exports, and gives what it needs.

    It gives at most 0.5 kWh and takes at most 1.25 kWh in a quarter-hour.
    """
    if net > 0:
        return -min(net, 0.5, stored * battery.one_way)
    return min(-net, 1.25, (battery.kwh - stored) / battery.one_way)


def test_the_work_of_a_plan_has_bounds() -> None:
    """Plan the largest house at the most uneven prices."""
    random = Random(1)  # noqa: S311 - no secret
    quarters = [
        Quarter(random.choice((0.1, 0.3)), random.choice((0.0, 0.2)), 0.75, 0.08)
        for _ in range(MAX_QUARTERS)
    ]
    net = [random.uniform(-1, 1) for _ in quarters]
    loads = [Load(f"{n}", 90.0, 3.0, 3 * n, MAX_QUARTERS - n) for n in range(MAX_LOADS)]
    plan = plan_house(quarters, net, loads)
    assert sum(load.missing_kwh for load in plan.loads.values()) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="too many"):
        plan_house([*quarters, quarters[0]], [*net, 0.0], [])
    with pytest.raises(ValueError, match="too many"):
        plan_house(quarters, net, [*loads, loads[0]._replace(name="more")])
    with pytest.raises(ValueError, match="the same"):
        plan_house(quarters, net, [loads[0], loads[0]])


def test_a_load_follows_its_limit_price_and_is_done_in_time() -> None:
    quarters = [Quarter(price, 0.05, 1.0, 0.08) for price in (0.2, 0.1, 0.1, 0.3)]
    car = Load("car", 1.5, 4.0, 0, 4)
    planned = plan_house(quarters, [0.2] * 4, [car]).loads["car"]
    assert planned.kwh == pytest.approx([0.0, 0.8, 0.7, 0.0])
    # The house exports at first, which is cheaper, and needs more later, so the rest is late.
    taken = follow_plan(car, planned, quarters, [-0.4, 0.9, 0.9, 0.0])
    assert taken == pytest.approx([0.4, 0.1, 0.1, 0.9])
