"""Days with a battery, computed by hand: the arithmetic is beside the numbers.

An efficiency of 0.81 is 0.9 on either way; 1 kW is 250 Wh in a quarter-hour. The battery has 20
parts, and its charge is in whole parts.
"""

import random
from collections.abc import Sequence
from math import nan
from typing import NamedTuple

import pytest

from smartyp1.advice.battery_simulation import Battery, BatteryRun
from smartyp1.advice.simulated_battery_plan import BatteryPlan, DayPrices
from tests.lib.advice.best_battery import BatteryDay, days_after, trial_of

type Energies = list[float]

FLAT = DayPrices([0.2] * 24, [0.06] * 24)
# Until six in the morning and from ten in the evening on.
NIGHT = DayPrices([0.1] * 6 + [0.2] * 16 + [0.1] * 2, [0.06] * 24)
SURCHARGE = 0.08
DARK = [0.0] * 96


class Run(NamedTuple):
    """A run in all, and the energies of each day."""

    all: BatteryRun
    days: list[tuple[Energies, Energies]]


def run(
    battery: Battery,
    *days: tuple[Energies, Energies],
    reference_kw: float = 7,
    prices: DayPrices = FLAT,
) -> Run:
    """Return the run of a battery on days; a short day is of the hour from noon on."""
    tried = [
        BatteryDay(
            *day, [n // 4 for n in range(96)] if len(day[0]) == 96 else [12] * len(day[0]), prices
        )
        for day in days
    ]
    found = trial_of(tried, battery, SURCHARGE).run(reference_kw)
    return Run(found, days_after(found, tried))


def drawn(found: Run, day: int = 0) -> Energies:
    return [round(wh, 6) for wh in found.days[day][0]]


def day_of(base_wh: float = 0.0, **hours_wh: Sequence[float]) -> Energies:
    """Return 96 quarter-hours of the same energy, but for some hours such as `h18`."""
    energies = [base_wh] * 96
    for name, quarters in hours_wh.items():
        hour = int(name[1:])
        energies[4 * hour : 4 * hour + 4] = quarters
    return energies


def test_own_sun_is_used_in_the_evening() -> None:
    found = run(Battery(2, 1, 0.81), ([0, 0, 100, 500, 100], [200, 400, 0, 0, 0]))
    # 200 and 250 go in; 405 of them are held. 100 cost it 111.1, 250 then 277.8: 16.1 are left, and
    # 14.5 of these come out.
    assert drawn(found) == [0, 0, 0, 250, 85.5]
    assert found.days[0][1] == [0, 150, 0, 0, 0]
    assert (found.all.stored_wh, found.all.charged_wh) == (450, 0)
    assert found.all.given_wh == pytest.approx(450 * 0.81)


def test_the_charge_is_there_on_the_next_day_and_the_reserve_on_none() -> None:
    found = run(Battery(0.5, 10, 1, 0.2), ([0], [1000]), ([1000, 100], [0, 0]))
    assert found.days[0][1] == [600]
    assert drawn(found, 1) == [600, 100]


def test_the_night_leaves_room_for_the_sun_that_is_expected() -> None:
    # 900 cost the battery 1000; 400 of them are of the sun: 444.4 * 0.9. A week of it is known.
    day = day_of(h18=[900, 0, 0, 0]), day_of(h10=[400 / 0.9, 0, 0, 0])
    found = run(Battery(2, 4, 0.81), *[day] * 9, prices=NIGHT)
    assert drawn(found, 8) == day_of(h22=[round(600 / 0.9, 6), 0, 0, 0])


def test_the_night_charges_the_energy_of_a_peak_and_of_the_draw_beside_it() -> None:
    # 1000 are above 750: 1000 / 0.9 are six parts of 200, and 900 / 0.9 beside it are five.
    drawn_wh = day_of(h18=[1750, 100, 50, 0])
    found = run(Battery(4, 8, 0.81), *[(drawn_wh, DARK)] * 2, reference_kw=3, prices=NIGHT)
    assert found.all.charged_wh == pytest.approx(11 * 200 / 0.9)


def test_equal_prices_need_not_be_the_same_object() -> None:
    prices = [DayPrices([0.2] * 24, [0.06] * 24) for _ in range(2)]
    plans = []
    for tomorrow in prices:
        plan = BatteryPlan(10_000, 20_000, 28_000, 1.0, SURCHARGE)
        for hour in range(24):
            plan.note(hour, 300.0, 1000.0 * (10 <= hour < 15), 0.0)
        plans.append(plan.limits(prices[0], tomorrow))
    assert plans[0] == plans[1]


def test_charging_keeps_below_the_reference_power_and_the_power_of_the_battery() -> None:
    drawn_wh = day_of(h0=[700.0] * 4, h8=[450.0] * 4)
    found = run(Battery(2, 1, 0.81), *[(drawn_wh, DARK)] * 2, reference_kw=3, prices=NIGHT)
    for wh, before in zip(found.days[1][0], drawn_wh, strict=True):
        assert wh <= max(before, 750) + 1e-9
        assert wh <= before + 250


def test_energy_is_kept_for_the_peak_of_the_evening() -> None:
    # 1000 above 750, at 18:00; 50 are drawn otherwise. The first evening is a surprise.
    drawn_wh = day_of(50, h18=[1750, 50, 50, 50])
    days = [(drawn_wh, DARK)] * 10
    found = run(Battery(4, 4, 0.81), *days, reference_kw=3)
    assert drawn(found, 0) == drawn_wh
    # After a week it is sure enough: 1000 / 0.9 are held, and the other hours do not use them.
    for day in (8, 9):
        assert max(drawn(found, day)) == 750
    assert sum(drawn(found, 9)) == pytest.approx(sum(drawn_wh) + 1000 / 0.81 - 1000, abs=1)
    # A surcharge that is less than the loss is paid: 0.2 / 0.81 - 0.2 are 0.047.
    equal = BatteryDay(drawn_wh, DARK, [n // 4 for n in range(96)], FLAT)
    trial = trial_of([equal] * 10, Battery(4, 4, 0.81), 0.04)
    assert trial.run(3).charged_wh == 0


def test_energy_drawn_and_fed_in_within_a_quarter_hour_has_the_worse_order() -> None:
    found = run(Battery(2, 4, 1), ([300, 100], [500, 0]))
    # The battery held nothing before the 300.
    assert (drawn(found), found.all.stored_wh) == ([300, 0], 500)
    # 200 are held before the 300; the sun gets the room that there was before.
    found = run(Battery(0.5, 4, 1), ([0, 300], [200, 500]))
    assert (drawn(found), found.all.stored_wh) == ([0, 100], 500)
    # In and out have one power together: 250.
    found = run(Battery(2, 1, 1), ([0, 300], [200, 100]))
    assert (drawn(found), found.all.stored_wh) == ([0, 150], 300)


def test_the_battery_draws_its_standby() -> None:
    # 40 W are 10 Wh: of the sun where nothing was drawn, else from the grid or the battery.
    found = run(Battery(2, 4, 1, 0, 40), ([0, 0, 100, 300], [4, 100, 50, 0]))
    # 6 are missing. Then 90 are stored; 110 are wanted, 90 of them are there, and 50 come in.
    assert drawn(found) == [6, 0, 20, 260]
    assert found.all.stored_wh == 140


def random_days(dice: random.Random) -> list[BatteryDay]:
    def energies() -> tuple[Energies, Energies]:
        kw = [dice.choice((0.3, 0.3, 2, 5)) for _ in range(96)]
        sun = [dice.uniform(0, 6) * (8 <= n // 4 < 17) for n in range(96)]
        both = list(zip(kw, sun, strict=True))
        return (
            [max(0.0, one - other) * 250 for one, other in both],
            [max(0.0, other - one) * 250 for one, other in both],
        )

    hours = [n // 4 for n in range(96)]
    return [
        BatteryDay(
            *energies(), hours, DayPrices([dice.uniform(0, 0.4) for _ in hours[::4]], [0.06] * 24)
        )
        for _ in range(20)
    ]


def test_the_rule_does_not_know_the_future() -> None:
    seed = random.randrange(10**6)  # noqa: S311 - no secret
    print(f"seed {seed}")  # noqa: T201 - how to see it again
    dice = random.Random(seed)  # noqa: S311 - no secret
    days, others = random_days(dice), random_days(dice)
    battery = Battery(8, 4, 0.9, 0.1, 10)
    cut, n = dice.randint(3, 16), dice.randrange(96)

    def done(changed: list[BatteryDay]) -> list[tuple[float, float]]:
        found = trial_of(changed, battery, SURCHARGE).run(3)
        return [*zip(found.imported_wh, found.exported_wh, strict=True)]

    # The energies of a day are other ones from a quarter-hour on.
    today, other = days[cut], others[cut]
    mixed = today._replace(
        imported_wh=[*today.imported_wh[:n], *other.imported_wh[n:]],
        exported_wh=[*today.exported_wh[:n], *other.exported_wh[n:]],
    )
    later = [day._replace(prices=days[k].prices) for k, day in enumerate(others)]
    changed = [*days[:cut], mixed, *later[cut + 1 :]]
    before = done(days)
    assert done(changed)[: cut * 96 + n] == before[: cut * 96 + n]
    # The prices of a day are other ones: they are known at two in the afternoon before.
    changed = [*days[:cut], *(days[k]._replace(prices=others[k].prices) for k in range(cut, 20))]
    known = (cut - 1) * 96 + 4 * 14
    assert done(changed)[:known] == before[:known]
    assert done(changed)[known:] != before[known:]


@pytest.mark.parametrize(
    "battery",
    [
        Battery(0, 1),
        Battery(201, 1),
        Battery(nan, 1),
        Battery(1, 0),
        Battery(1, 201),
        Battery(1, nan),
        Battery(1, 1, 0.4),
        Battery(1, 1, 1.01),
        Battery(1, 1, nan),
        Battery(1, 1, 0.9, -0.1),
        Battery(1, 1, 0.9, 1),
        Battery(1, 1, 0.9, nan),
        Battery(1, 1, 0.9, 0, -1),
        Battery(1, 1, 0.9, 0, 201),
        Battery(1, 1, 0.9, 0, nan),
    ],
)
def test_a_battery_that_cannot_be(battery: Battery) -> None:
    assert not battery.is_possible
    assert Battery(0.5, 0.1, 0.5, 0.9, 200).is_possible
