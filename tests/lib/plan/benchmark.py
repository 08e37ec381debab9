"""Benchmark of the plan: its gap to the best plans, its gap to perfect knowledge, its CPU time.

The gap is the additional cost of the plan, divided by the saving of the best plan against all loads
at once. For the gap to perfect knowledge, a car charges on 60 real days of the market. It plans
with a usual house and follows its limit price in the true house, and then again with the true house
in its plan.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import fmean

from dev.arguments import count
from smartyp1.plan.house_plan import plan_house
from smartyp1.plan.limit_price import energy_by_limit_price
from smartyp1.plan.next_kwh_price import Quarter
from smartyp1.plan.planned_load import Load
from tests.lib.plan.best_plan import lowest_cost
from tests.lib.plan.test_house_plan import at_once_bill, random_day, random_net

PRICES = Path(__file__).with_name("day_ahead_prices.csv")
MAX_GAPS = {False: 0.01, True: 0.02}
MAX_EUR_A_YEAR = 4.0
MAX_MS = 20.0
_PLUGGED_IN, _HOURS = 18, 13
_CAR_KW, _CAR_KWH = 11.0, 9.0


def main() -> int:
    """Print the figures with their bars. Return 1 if any of them is missed."""
    parser = argparse.ArgumentParser(prog="scripts/bench plan", description=__doc__)
    parser.add_argument("--days", type=count, default=100, help="random days of each kind (100)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    is_good = True
    print("| what | plan | bar |\n|---|---:|---:|")
    for has_battery, bar in MAX_GAPS.items():
        gap, ms = _gap(Random(options.seed), options.days, has_battery=has_battery)  # noqa: S311
        name = "with battery" if has_battery else "without battery"
        print(f"| gap to the best plan, {name} | {gap:.2%} | {bar:.0%} |")
        print(f"| ms a plan, {name} | {ms:.1f} | {MAX_MS:.0f} |")
        is_good &= gap <= bar and ms <= MAX_MS
    for reference_kw in (3, 7):
        euros = _euros_to_perfect_knowledge(reference_kw, options.seed)
        bar = MAX_EUR_A_YEAR
        print(f"| EUR a year to perfect knowledge, {reference_kw} kW | {euros:.2f} | {bar:.0f} |")
        is_good &= euros <= bar
    return not is_good


def _gap(random: Random, days: int, *, has_battery: bool) -> tuple[float, float]:
    """Return the mean gap of random days, and the CPU time of a plan in ms."""
    gap = saved = seconds = 0.0
    for _ in range(days):
        day = random_day(random, has_battery=has_battery)
        begin = time.process_time()
        plan = plan_house(*day)
        seconds += time.process_time() - begin
        best = lowest_cost(*day)
        gap += plan.cost - best
        saved += at_once_bill(day) - best
    return gap / saved, 1000 * seconds / days


def _market_prices() -> list[list[float]]:
    """Return the prices of a kWh of each day by quarter-hour, with grid, levies and VAT, in EUR."""
    days = []
    for line in PRICES.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            values = [float(value) / 1000 for value in line.split(",")[1:]]
            of_quarters = [values[n * len(values) // 96] for n in range(96)]
            days.append([(value + 0.02 + 0.051) * 1.08 for value in of_quarters])
    return days


def _euros_to_perfect_knowledge(reference_kw: float, seed: int) -> float:
    """Return how much less the car would cost in a year if it knew the house."""
    random = Random(seed)  # noqa: S311 - no secret
    days = _market_prices()
    houses = [random_net(random, 192, peak=0.0) for _ in days]
    usual = [fmean(house[n] for house in houses) for n in range(192)]
    costs = {False: 0.0, True: 0.0}
    for first, second, house in zip(days, days[1:], houses, strict=False):
        quarters = [Quarter(price, 0.08, reference_kw / 4, 0.0826) for price in first + second]
        begin = 4 * _PLUGGED_IN
        window = slice(begin, begin + 4 * _HOURS)
        for knows, expected in ((False, usual), (True, house)):
            costs[knows] += _night(quarters[window], house[window], expected[window])
    return (costs[False] - costs[True]) * 365 / (len(days) - 1)


def _night(quarters: Sequence[Quarter], house: Sequence[float], usual: Sequence[float]) -> float:
    """Return the additional bill of a night with a car that is planned each quarter-hour."""
    left, cost = _CAR_KWH, 0.0
    for at, quarter in enumerate(quarters):
        expected = [house[at], *usual[at + 1 :]]
        car = Load("car", left, _CAR_KW, 0, len(expected))
        planned = plan_house(quarters[at:], expected, [car]).loads["car"]
        most = min(left, _CAR_KW / 4)
        kwh = energy_by_limit_price(planned.kwh[0], planned.limit_price, quarter, house[at], most)
        cost += quarter.added(house[at], kwh)
        left -= kwh
    assert left < 1e-6
    return cost


if __name__ == "__main__":
    raise SystemExit(main())
