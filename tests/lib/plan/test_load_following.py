"""A load inside the quarter-hour: its power by the true readings, and the rules for changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from smartyp1.plan.load_following import Charger, LoadFollowing, LoadOrder, LoadReadings, followed
from smartyp1.plan.next_kwh_price import Quarter

FIVE_MINUTES, MAX_STARTS = timedelta(minutes=5), 6
START = datetime(2026, 6, 16, 20, tzinfo=UTC)
CAR, ON_OFF = Charger(1.4, 11.0), Charger(3.7, 3.7)
QUARTER = Quarter(price=0.2, feed_in=0.05, limit=7 / 4, surcharge=0.15)


def seen(minute: float = 5, *, house_kw: float = 0.4, load_kw: float = 0.0) -> LoadReadings:
    """Return readings of a house whose load has taken nothing before."""
    now = START + timedelta(minutes=minute)
    return LoadReadings(
        now, START, now, house_kw + load_kw, house_kw * minute / 60, load_kw, now, 0.0
    )


# Limit price, planned kWh, power of the house without the load, and the power that is expected.
PRICES = {
    "below its limit price, up to the reference power": (0.2, 2.75, 0.4, 9.9),
    "at its limit price, the planned energy": (0.2, 0.5, 0.4, 3.0),
    "all that is cheaper, whatever was planned": (0.3, 0.0, 0.4, 9.9),
    "nothing that is dearer": (0.1, 2.0, 0.4, 0.0),
    "the sun alone": (0.1, 0.0, -5.0, 5.0 + 5.0 * 5 / 10),
    "above the reference power, if this was planned": (0.4, 2.75, 0.4, 11.0),
    "less than the minimum power for a part of the quarter-hour": (0.2, 0.0, -1.0, 1.4),
    "later, if the minimum power would take too much until it ends": (0.2, 0.0, -0.9, 0.0),
    "no run of less than five minutes": (0.1, 0.0, -0.3, 0.0),
    "no start for less than two cents": (0.1, 0.0, -0.9, 0.0),
}


@pytest.mark.parametrize(("limit", "kwh", "house", "kw"), PRICES.values(), ids=PRICES)
def test_a_load_takes_the_cheaper_energy(limit: float, kwh: float, house: float, kw: float) -> None:
    order, readings = LoadOrder(limit, kwh), seen(house_kw=house)
    # The load was off so far, so the sun of these minutes was exported and is taken now.
    assert followed(LoadFollowing(), CAR, order, QUARTER, readings).kw == pytest.approx(
        kw, abs=0.31
    )


def test_the_power_falls_at_once_and_rises_after_five_minutes() -> None:
    state = LoadFollowing(6.0, START, START, (START,))
    order = LoadOrder(0.2, 9.0)
    lower = followed(state, CAR, order, QUARTER, seen(2.5, house_kw=4.0, load_kw=6.0))
    assert lower.kw < 6.0
    lower = replace(lower, kw=2.0, changed_at=START)
    for minute, is_higher in ((4.9, False), (5.1, True)):
        higher = followed(lower, CAR, order, QUARTER, seen(minute, load_kw=2.0))
        assert (higher.kw > 2.0) is is_higher


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=366)])
def test_a_load_that_was_switched_by_a_clock_that_was_ahead_starts_now(ahead: timedelta) -> None:
    times = START + ahead
    state = LoadFollowing(0.0, times, times, (times,))
    assert followed(state, CAR, LoadOrder(0.3, 2.0), QUARTER, seen()).kw > 0


def test_some_watts_change_no_setting() -> None:
    charger, state, powers = Charger(4.1, 11.0, step_kw=0.69), LoadFollowing(), list[float]()
    for second in range(0, 840, 10):
        # The house takes 2 W more with each telegram.
        readings = seen(second / 60, house_kw=1.0 + second / 5000, load_kw=state.kw)
        taken = readings._replace(net_kwh=readings.net_kwh + 2.0, load_kwh=2.0)
        state = followed(state, charger, LoadOrder(0.2, 2.75), QUARTER, taken)
        powers.append(state.kw)
    amperes = {kw / 0.69 for kw in powers}
    assert all(current == pytest.approx(round(current)) for current in amperes)
    assert sum(before != kw for before, kw in pairwise(powers)) <= 4
    # 11 kW are rounded: the charger has 11.04 kW.
    assert charger.settable(11.0) == 11.0


def test_a_new_power_is_worth_twenty_wh_in_the_quarter_hour() -> None:
    running = LoadFollowing(9.9, START, START, (START,))
    # Beside 0.6 kW of the house, 9.9 kW take what the reference power leaves in ten minutes.
    for house_kw, is_lower in ((0.7, False), (0.74, True)):
        readings = seen(house_kw=house_kw, load_kw=9.9)._replace(net_kwh=0.0)
        kw = followed(running, CAR, LoadOrder(0.2, 2.75), QUARTER, readings).kw
        assert (kw < 9.9) is is_lower


def test_a_charger_that_has_not_reported_is_waited_for_two_minutes() -> None:
    state = LoadFollowing(6.0, START, START, (START,))
    late = seen(1.5, house_kw=6.0)._replace(load_seen_at=START, net_kw=6.4)
    assert followed(state, CAR, LoadOrder(0.2, 9.0), QUARTER, late) == state
    late = seen(2.1, house_kw=6.4)._replace(load_seen_at=START)
    assert followed(state, CAR, LoadOrder(0.2, 9.0), QUARTER, late) != state


def test_the_last_chance_takes_the_maximum() -> None:
    order = LoadOrder(0.0, 0.0, is_last_chance=True)
    assert followed(LoadFollowing(), CAR, order, QUARTER, seen()).kw == 11.0


@pytest.mark.parametrize("is_last_chance", [True, False])
def test_no_load_brings_the_house_above_the_highest_power(*, is_last_chance: bool) -> None:
    order, quarter = (
        LoadOrder(0.4, 9.0, is_last_chance=is_last_chance),
        QUARTER._replace(max_kwh=5 / 4),
    )
    for house_kw, kw in ((0.4, 4.6), (4.0, 0.0)):
        readings = seen(house_kw=house_kw)
        assert followed(LoadFollowing(), CAR, order, quarter, readings).kw == pytest.approx(kw)
    running = LoadFollowing(6.0, START - FIVE_MINUTES, START - FIVE_MINUTES, (START,))
    readings = seen(house_kw=3.0, load_kw=6.0)
    assert followed(running, CAR, order, quarter, readings).kw == pytest.approx(2.0)


HEAT_PUMP = Charger(2.0, 2.0, min_time=timedelta(minutes=30))


def test_a_heat_pump_starts_for_the_sun_only_if_it_lasts() -> None:
    order = LoadOrder(0.1, 0.0)
    for sun_kw, kw in ((-1.9, 0.0), (-2.1, 2.0)):
        readings = seen(0.0, house_kw=sun_kw)
        assert followed(LoadFollowing(), HEAT_PUMP, order, QUARTER, readings).kw == kw


@pytest.mark.parametrize(
    "charger", [CAR, ON_OFF, Charger(4.1, 11.0, can_pause=False), HEAT_PUMP], ids=str
)
@pytest.mark.parametrize("seed", range(5))
def test_no_run_or_pause_is_short_and_starts_are_planned(charger: Charger, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    state, switched = LoadFollowing(), [(START - charger.min_time, 0.0)]
    used = house_used = 0.0
    quarter, planned = START, 0.0
    for second in range(0, 6 * 3600, 10):
        now = START + timedelta(seconds=second)
        if now.minute % 15 == 0 and now.second == 0:
            quarter, used, house_used = now, 0.0, 0.0
            planned = random.choice([0.0, 0.3, 1.0, 2.75])
        house = random.choice([-6.0, -1.0, 0.4, 3.0, 9.0])
        used += state.kw / 360
        house_used += house / 360
        # The charger lies: it takes only half of its setting, and reports every 60 or 90 seconds.
        report = now - timedelta(seconds=second % random.choice([60, 90]))
        readings = LoadReadings(
            now, quarter, now, house + state.kw / 2, house_used + used, state.kw / 2, report, used
        )
        before, state = state, followed(state, charger, LoadOrder(0.2, planned), QUARTER, readings)
        assert state.kw in (0.0, before.kw) or charger.min_kw <= state.kw <= charger.max_kw
        if bool(state.kw) != bool(before.kw):
            assert now - switched[-1][0] >= charger.min_time
            # After so many starts, only the plan switches.
            assert len(before.starts) < MAX_STARTS or bool(state.kw) is (planned > 0)
            switched.append((now, state.kw))
    starts = [at for at, kw in switched if kw]
    quarters = {at.replace(minute=at.minute // 15 * 15, second=0) for at in starts}
    assert len(starts) == len(quarters)
    assert charger.can_pause or len(switched) <= 2


@pytest.mark.parametrize(
    ("planned", "house", "limit", "pause", "kw"),
    [
        # 1.4 kW for ten minutes, 0.03 kWh above the reference power: half a cent.
        (1.0, 6.4, 0.2, None, 1.4),
        (0.3, 16.0, 0.05, None, 0.0),
        # Without a plan: at the price of the grid instead of the limit price, until the next run.
        (0.0, 0.4, 0.17, 0.2, 1.4),
        (0.0, 0.4, 0.17, 1.0, 0.0),
        (0.0, 0.4, 0.17, None, 0.0),
    ],
)
def test_a_load_pauses_only_if_that_saves_a_start(
    planned: float, house: float, limit: float, pause: float | None, kw: float
) -> None:
    state = LoadFollowing(1.4, START - FIVE_MINUTES, START - FIVE_MINUTES, (START,))
    until = timedelta.max if pause is None else timedelta(hours=pause)
    order = LoadOrder(limit, planned, pause=until)
    readings = seen(house_kw=house, load_kw=1.4)
    assert followed(state, CAR, order, QUARTER, readings).kw == pytest.approx(kw)


def test_the_plan_may_start_a_load_that_has_started_often() -> None:
    tired = LoadFollowing(starts=(START - FIVE_MINUTES,) * MAX_STARTS)
    for planned, kw in ((1.0, 6.0), (0.0, 0.0)):
        order, readings = LoadOrder(0.2, planned, most_kwh=1.0), seen(house_kw=-5.0)
        assert followed(tired, CAR, order, QUARTER, readings).kw == pytest.approx(kw)


def test_a_load_stops_when_it_has_its_energy() -> None:
    state = LoadFollowing(6.0, START - FIVE_MINUTES, START - FIVE_MINUTES, (START,))
    assert followed(state, CAR, LoadOrder(0.3, 1.0, most_kwh=0.5), QUARTER, seen()).kw == 3.0
    assert followed(state, CAR, LoadOrder(0.3, 1.0, most_kwh=0.0), QUARTER, seen()).kw == 0.0
