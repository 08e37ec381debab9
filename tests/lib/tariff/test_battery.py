"""Days with a battery, computed by hand: the arithmetic stands beside the numbers.

An efficiency of 0.81 is 0.9 on either way; 1 kW is 250 Wh in a quarter-hour.
"""

from math import nan

import pytest

from smartyp1.tariff import Battery
from smartyp1.tariff.battery import BatteryRun, DayEnergies, run_battery

type Energies = list[float]


def run(
    battery: Battery,
    *days: tuple[Energies, Energies],
    reference_kw: float = 7,
    may_charge: bool = True,
    is_both_at_once: bool = False,
) -> BatteryRun:
    return run_battery(
        [DayEnergies(*day) for day in days],
        battery,
        reference_kw,
        may_charge=may_charge,
        is_both_at_once=is_both_at_once,
    )


def drawn(found: BatteryRun, day: int = 0) -> Energies:
    return [round(wh, 6) for wh in found.days[day].imported_wh]


def test_own_sun_is_used_in_the_evening() -> None:
    found = run(Battery(2, 1, 0.81), ([0, 0, 100, 500, 100], [200, 400, 0, 0, 0]))
    # 200 and 250 go in, of which 405 are held. 100 cost it 111.1, 250 then 277.8: 16.1 are left,
    # of which 14.5 come out.
    assert drawn(found) == [0, 0, 0, 250, 85.5]
    assert found.days[0].stored_wh == 450
    assert (found.stored_wh, found.charged_wh) == (450, 0)
    assert found.given_wh == pytest.approx(450 * 0.81)


def test_what_is_held_is_there_on_the_next_day_and_the_reserve_on_none() -> None:
    found = run(Battery(0.5, 10, 1, 0.2), ([0], [1000]), ([1000, 100], [0, 0]))
    assert found.days[0].stored_wh == 400
    assert drawn(found, 1) == [600, 100]


def test_what_was_above_is_kept_for_the_next_day_and_charged_below_the_reference_power() -> None:
    days = [([1750.0, 100.0], [0.0, 0.0]), ([100.0, 700, 0, 2000, 800], [0.0] * 5)]
    found = run(Battery(2, 4, 0.81), *days, reference_kw=3)
    # 1000 were above 750, which 1111.1 give: 650 and 50 go in up to 750, and 534.6 then.
    assert drawn(found, 0) == [1750, 100]
    assert drawn(found, 1) == [750, 750, round(481.111111 / 0.9, 6), 1000, 800]
    assert found.charged_wh == pytest.approx(1000 / 0.81)

    found = run(Battery(2, 4, 0.81), *days, reference_kw=3, may_charge=False)
    assert [drawn(found, 0), drawn(found, 1)] == [each for each, _ in days]


def test_what_is_kept_is_not_used_below_and_leaves_the_room_that_the_sun_fills() -> None:
    found = run(
        Battery(2, 4, 0.81),
        ([1750, 0, 0], [0, 1000, 1000]),
        ([700, 700, 700, 2000], [0, 0, 0, 0]),
        reference_kw=3,
    )
    # 1800 are held; 1111.1 would be kept, but the sun would fill all but 200. What is not kept are
    # 1600, of which 700, 700 and 40 come, and for what is above, the 200: 180.
    assert drawn(found, 1) == [0, 0, 660, 1820]


@pytest.mark.parametrize(("dark_days", "charged_wh"), [(2, 0), (3, 250 / 0.81)])
def test_the_room_of_the_sun_stays_for_three_days(dark_days: int, charged_wh: float) -> None:
    # The sun would have filled it all; above are 250 Wh.
    sunny, dark = ([0.0, 1000], [3000.0, 0]), ([0.0], [0.0])
    found = run(Battery(0.5, 4, 0.81), sunny, *[dark] * dark_days, dark, reference_kw=3)
    assert found.charged_wh == pytest.approx(charged_wh, abs=1e-6)


def test_what_was_above_a_fortnight_ago_is_not_kept_any_more() -> None:
    above, nothing = ([1000.0], [0.0]), ([0.0], [0.0])
    found = run(Battery(2, 4, 0.81), above, *[nothing] * 14, above, *[nothing], reference_kw=3)
    assert found.charged_wh == pytest.approx((250 + 250) / 0.81)
    assert drawn(found, 15) == [750]
    found = run(Battery(2, 4, 0.81), above, *[nothing] * 15, above, reference_kw=3)
    # It is held, but not kept: what is below the reference power has it as well.
    assert drawn(found, 16) == [750]
    below = ([500.0], [0.0])
    assert drawn(run(Battery(2, 4, 0.81), above, *[nothing] * 14, below, reference_kw=3), 15) == [
        250
    ]
    assert drawn(run(Battery(2, 4, 0.81), above, *[nothing] * 13, below, reference_kw=3), 14) == [
        500
    ]


def test_what_is_drawn_and_fed_in_within_a_quarter_hour() -> None:
    day: tuple[Energies, Energies] = ([300, 100], [500, 0])
    careful = run(Battery(2, 4, 0.81), day)
    assert (drawn(careful), careful.stored_wh) == ([300, 0], 200)
    both = run(Battery(2, 4, 0.81), day, is_both_at_once=True)
    assert (drawn(both), both.stored_wh) == ([0, 0], 500)
    # What goes in and what comes out have one power together: 250.
    weak = run(Battery(2, 1, 0.81), day, is_both_at_once=True)
    assert (drawn(weak), weak.stored_wh) == ([300, 0], 250)


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
    ],
)
def test_a_battery_that_cannot_be(battery: Battery) -> None:
    assert not battery.is_possible
    assert Battery(0.5, 0.1, 0.5, 0.9).is_possible
