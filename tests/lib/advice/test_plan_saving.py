"""The saving of the plan is the bill with each load at once minus the true bill, to the cent."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from random import Random

import pytest

from dev.testing.random_examples import each
from smartyp1.advice.plan_saving import MeasuredLoad, plan_saving
from smartyp1.bill.month import Month
from smartyp1.json_types import JsonDict
from smartyp1.plan.daily_load import DailyLoad
from smartyp1.plan.usual_house import LoadEnergy
from smartyp1.prices.contract import Contract
from tests.lib.advice.years import household_after, quarter_hours
from tests.lib.bill.months import LUXEMBOURG, local

QUARTER = timedelta(minutes=15)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TERMS: JsonDict = {
    "reference_kw": 3,
    "energy_fee": 2.0,
    "feed_in_price": 0.06,
    "has_levies": False,
}
FIXED = Contract(energy_price=0.15, **TERMS)
NIGHT = Contract(energy_price=0.15, second_price=0.09, second_hours="22:00-06:00", **TERMS)
CAR = DailyLoad("Car", 9.0, 11.0, by_workdays=time(7), by_weekend=time(7))
BOILER = DailyLoad("Boiler", 4.0, 2.0)

type Kwh = dict[datetime, float]


def euros(contract: Contract, start: datetime, net_kwh: float) -> float:
    """Return the cost of a quarter-hour by hand: energy and network price, surcharge, feed-in."""
    if net_kwh < 0:
        return net_kwh * 0.06
    is_night = not 6 <= start.astimezone(LUXEMBOURG).hour < 22
    price = 0.09 if contract.second_price and is_night else 0.15
    return 1.08 * (net_kwh * (price + 0.051) + max(0.0, net_kwh - 0.75) * 0.0765)


def june(net: Kwh, contract: Contract) -> Month:
    """Return June 2026 of a house with these quarter-hours, from 1 May on."""
    starts = iter(net.values())

    def powers(_day: int, _quarter: int) -> tuple[float, float]:
        wh = next(starts) * 1000
        return max(0.0, wh), max(0.0, -wh)

    quarters = quarter_hours(powers, "2026-05-01", "2026-07-01")
    household = household_after(quarters, contract, "2026-07-01")
    return next(month for month in household.earlier_months if month.start == local("2026-06-01"))


@cache
def starts() -> list[datetime]:
    count = (local("2026-07-01") - local("2026-05-01")) // QUARTER
    return [local("2026-05-01").astimezone(UTC) + n * QUARTER for n in range(count)]


def charged(kwh_at: Callable[[datetime], float]) -> Kwh:
    """Return the energy of a load by quarter-hour. `kwh_at` takes the time of the wall clock."""
    return {start: kwh for start in starts() if (kwh := kwh_at(start.astimezone(LUXEMBOURG)))}


def moved(true: Kwh, begin: datetime, deadline: datetime, kw: float) -> Kwh:
    """Return the energy of a window from `begin` on, quarter-hour by quarter-hour."""
    window = [start for start in starts() if begin - QUARTER < start < deadline]
    left = sum(true.get(start, 0.0) for start in window)
    at_once: Kwh = {}
    for start in window:
        share = min(1.0, (start + QUARTER - begin) / QUARTER)
        at_once[start] = min(left, kw / 4 * share)
        left -= at_once[start]
    return at_once


def by_hand(contract: Contract, net: Kwh, true: Sequence[Kwh], at_once: Sequence[Kwh]) -> float:
    """Return the saving as the difference of all quarter-hours of both months."""
    total = 0.0
    for start, kwh in net.items():
        other = kwh + sum(each.get(start, 0.0) for each in at_once)
        other -= sum(each.get(start, 0.0) for each in true)
        total += euros(contract, start, other) - euros(contract, start, kwh)
    return total


def windows(by_hour: int) -> list[tuple[datetime, datetime]]:
    """Return the windows with a deadline in June."""
    first = local("2026-05-31" if by_hour else "2026-06-01") + timedelta(hours=by_hour)
    ends = [first + timedelta(days=n) for n in range(31)]
    return [*pairwise(ends)]


@pytest.mark.parametrize("contract", [FIXED, NIGHT])
@pytest.mark.parametrize("seed", each(3, range(6)))
def test_the_saving_is_the_difference_of_two_bills(seed: int, contract: Contract) -> None:
    random = Random(seed)  # noqa: S311
    # The car is charged in any quarter-hours of the night, the boiler at any time of the day.
    car = charged(lambda at: random.choice((0, 0, 1.1)) if at.hour < 6 else 0.0)
    boiler = charged(lambda at: random.choice((0, 0, 0, 0.5)) if 8 <= at.hour < 20 else 0.0)
    base = {start: random.uniform(0.05, 1.5) for start in starts()}
    net = {s: kwh + car.get(s, 0.0) + boiler.get(s, 0.0) for s, kwh in base.items()}
    ready = [local("2026-05-31") + timedelta(days=n, hours=17, minutes=7) for n in range(31)]
    loads = [
        MeasuredLoad(CAR, LoadEnergy({}, dict.fromkeys(starts(), 0.0) | car), LONG_AGO, ready),
        MeasuredLoad(BOILER, LoadEnergy({}, dict.fromkeys(starts(), 0.0) | boiler), LONG_AGO),
    ]
    # Each window of the car begins at 17:07 on the day before its deadline.
    of_car = [moved(car, at, at.replace(hour=7, minute=0) + timedelta(days=1), 11) for at in ready]
    of_boiler = [moved(boiler, begin, end, 2) for begin, end in windows(0)]
    in_june = [
        {s: kwh for s, kwh in car.items() if windows(7)[0][0] <= s < windows(7)[-1][1]},
        {s: kwh for s, kwh in boiler.items() if s >= local("2026-06-01")},
    ]
    expected = by_hand(contract, net, in_june, [*of_car[:30], *of_boiler])
    assert abs(expected) > 1
    assert plan_saving(june(net, contract), loads) == pytest.approx(expected, abs=0.03)


def test_a_month_can_lose_money() -> None:
    # Charged from 17:00 on at the day price, while at once means 7:00 with the house empty.
    car = charged(lambda at: 2.0 if at.hour == 18 else 0.0)
    net = {start: 0.5 * (start.astimezone(LUXEMBOURG).hour >= 17) + car.get(start, 0.0)
           for start in starts()}  # fmt: skip
    month = june(net, FIXED)
    lost = plan_saving(month, [MeasuredLoad(CAR, LoadEnergy({}, car), LONG_AGO)])
    # The quarter-hours had 1.75 kWh above, at once 2.75 - 0.75 in two and 1.75 in the third.
    assert lost == pytest.approx(30 * (2 * 2 + 1.75 - 4 * 1.75) * 0.0765 * 1.08, abs=0.03)
    assert (lost or 0) < 0
    loads = [MeasuredLoad(CAR, LoadEnergy({}, car), local("2026-06-16 12:00"))]
    # Entered in the middle of the month, it counts from then on: fourteen evenings.
    assert plan_saving(month, loads) == pytest.approx((lost or 0) * 14 / 30, abs=0.03)


def test_hours_suffice_where_the_quarter_hours_are_no_longer_known() -> None:
    car = charged(lambda at: 2.0 if at.hour == 3 else 0.0)
    net = {start: 0.1 + car.get(start, 0.0) for start in starts()}
    month = june(net, NIGHT)
    hours = {start: kwh * 4 for start, kwh in car.items() if not start.minute}
    fine, coarse = (
        plan_saving(month, [MeasuredLoad(CAR, energy, LONG_AGO)])
        for energy in (LoadEnergy({}, car), LoadEnergy(hours, {}))
    )
    assert fine == coarse
    assert fine


@pytest.mark.parametrize("sun_kwh", [0.6, 0.0])
def test_energy_of_the_sun_would_have_been_exported_but_only_in_a_house_with_sun(
    sun_kwh: float,
) -> None:
    # The boiler takes half of the sun. Without the sun, its sensor says 20 % too much.
    boiler = charged(lambda at: 0.3 if 10 <= at.hour < 16 else 0.0)
    net = {s: 0.1 + kwh - sun_kwh * (kwh > 0) for s in starts() for kwh in [boiler.get(s, 0.0)]}
    said = {start: kwh * (1.0 if sun_kwh else 1.5) for start, kwh in boiler.items()}
    saving = plan_saving(june(net, NIGHT), [MeasuredLoad(BOILER, LoadEnergy({}, said), LONG_AGO)])
    # At once means midnight: grid at night in place of the sun, or of the grid by day.
    sunny, dark = 7.2 * ((0.09 + 0.051) * 1.08 - 0.06), -24 * 0.4 * 0.06 * 1.08
    assert saving == pytest.approx(30 * (sunny if sun_kwh else dark), rel=0.01)
