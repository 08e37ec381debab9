"""The blueprint *Charge the car below the reference power* in simulated afternoons and evenings."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import pi, sin
from random import Random
from secrets import randbelow

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from .car_plant import ENTITIES, SWITCH, Car, Charger, evening_kw
from .conftest import Use, settle

_NOON = datetime(2026, 4, 13, 10, tzinfo=UTC)
"""In Luxembourg."""
_AFTERNOON_H = _EVENING_H = 5.5

type Live = Callable[..., Awaitable[None]]


@pytest.fixture
def live(hass: HomeAssistant, freezer: FrozenDateTimeFactory, use: Use) -> Live:
    """Return a function that lets time pass. Home Assistant restarts at `restarts`."""

    async def live(car: Car, seconds: int, restarts: Sequence[int] = ()) -> None:
        freezer.move_to(_NOON)
        car.appear()
        await use(
            "charge_car",
            available_power="sensor.available",
            net_power="sensor.net",
            charger_power="sensor.charger",
            charging_current="number.current",
            charger_switch=SWITCH,
        )
        pending = [*restarts]
        while car.second < seconds:
            passed = car.run_to_next_value()
            freezer.tick(timedelta(seconds=passed))
            async_fire_time_changed(hass)
            car.show_values()
            await settle()
            if pending and car.second >= pending[0]:
                pending.pop(0)
                await restart(car)

    async def restart(car: Car) -> None:
        """End the automation's run, and write all states anew."""
        every = {"entity_id": "all"}
        await hass.services.async_call("automation", "turn_off", every, blocking=True)
        for entity_id in ENTITIES:
            hass.states.async_remove(entity_id)
        car.appear()
        await hass.services.async_call("automation", "turn_on", every, blocking=True)

    return live


def afternoon_kw() -> list[float]:
    """Return the power of a house, less the yield of its panels, from noon on."""
    return [_afternoon_kw(second // 10) for second in range(round(_AFTERNOON_H * 3600))]


def _afternoon_kw(step: int) -> float:
    hour = step / 360
    load = 0.4 + (2.0 if step % 300 < 15 else 0)  # a kettle
    load += 2.2 if 0.5 <= hour < 1.5 and step % 12 < 6 else 0  # an oven
    shade = 0.3 if (step // 6) % 7 in {2, 5} else 1.0
    return load - 4.0 * sin(pi * (hour + 6) / 13) * shade


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("period_s", [10, 60, 90, 300, None])
# A charger may report nothing for hours because the car sets the limit, not the charger.
@pytest.mark.parametrize(("car_limit_a", "least_kwh"), [(32, 40.0), (10, 36.5)])
async def test_an_afternoon(
    hass: HomeAssistant, live: Live, period_s: int | None, car_limit_a: int, least_kwh: float
) -> None:
    phase_s = randbelow(period_s or 10)
    sys.stdout.write(f"phase of the charger's reports: {phase_s} s\n")
    charger = Charger(period_s or 10, car_kwh=40.0, phase_s=phase_s, car_limit_a=car_limit_a)
    house_kw = afternoon_kw()
    car = Car(hass, replace(charger, reports_same=period_s is not None), house_kw)
    await live(car, len(house_kw))
    # What a charger reports each five minutes is too old to stay below in each quarter-hour. A
    # second of the maximum current is 3 Wh.
    assert car.above_kwh <= (0.05 if period_s == 300 else 0.005)
    assert car.charged_kwh >= least_kwh
    # Before its first report, a charger that reports each five minutes can be paused in vain.
    assert car.pauses <= (period_s == 300)
    # At most the reference power in each moment, the same car takes 19 280 s.
    if car_limit_a > 16:
        assert car.full_after is not None
        assert car.full_after < 18_000


# Periods, delays and reports as of such chargers. Some cars take a minute until they charge.
WALLBOX = Charger(60, reports_same=False, lag_s=5, start_s=20, ramp_kw=0.7)
OHME = Charger(
    90, reports_same=False, lag_s=15, is_shown_late=True, start_s=30, ramp_kw=0.5, decimals=1
)
EASEE = Charger(10, reports_same=False, lag_s=8, start_s=45, ramp_kw=0.35, decimals=1)
SLOW_CAR = Charger(60, lag_s=10, is_shown_late=True, start_s=60, ramp_kw=0.3)


@pytest.mark.parametrize(
    "charger",
    [
        *(Charger(60), OHME, SLOW_CAR),
        *(pytest.param(one, marks=pytest.mark.slow) for one in (Charger(90), WALLBOX, EASEE)),
    ],
)
async def test_no_start_is_paused_before_the_charger_has_reported_it(
    hass: HomeAssistant, live: Live, charger: Charger
) -> None:
    seed = randbelow(2**32)
    sys.stdout.write(f"seed {seed}\n")
    draw = Random(seed)  # noqa: S311 - phases
    house_kw: list[float] = []
    for _ in range(3):
        house_kw += [4.5] * draw.randrange(330, 390) + [0.5] * draw.randrange(600, 720)
    charger = replace(charger, phase_s=draw.randrange(charger.period_s))
    car = Car(hass, charger, house_kw, available_kw=6.9)
    await live(car, len(house_kw))
    assert sum((entity, state) == (SWITCH, "on") for _, entity, state in car.settings) == 3
    pauses = [second for second, _, state in car.settings if state == "off"]
    assert [second for second in pauses if house_kw[second] < 1] == []


# Seconds until the car was full, and kWh above the reference power, before the blueprint waited for
# reports.
BEFORE = {
    ("wallbox", 0): (17_837, 0.0),
    ("wallbox", 1): (17_856, 0.445),
    ("wallbox", 2): (16_692, 0.0),
    ("wallbox", 3): (17_494, 0.0),
    ("ohme", 0): (18_713, 0.0),
    ("ohme", 1): (17_684, 0.388),
    ("ohme", 2): (17_658, 0.0),
    ("ohme", 3): (17_879, 0.0),
    ("easee", 0): (16_163, 0.0),
    ("easee", 1): (16_393, 0.448),
    ("easee", 2): (15_253, 0.0),
    ("easee", 3): (16_772, 0.0),
    ("slow car", 0): (18_175, 0.0),
    ("slow car", 1): (17_121, 0.403),
    ("slow car", 2): (15_274, 0.0),
    ("slow car", 3): (18_856, 0.0),
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("name", "charger"),
    [("wallbox", WALLBOX), ("ohme", OHME), ("easee", EASEE), ("slow car", SLOW_CAR)],
)
async def test_an_evening(
    hass: HomeAssistant, live: Live, name: str, charger: Charger, seed: int
) -> None:
    house_kw = evening_kw(Random(str(seed)), _EVENING_H)  # noqa: S311 - loads
    phase_s = Random(f"{seed} {name}").randrange(charger.period_s)  # noqa: S311
    charger = replace(charger, car_kwh=15, plugged_in_at=1800, phase_s=phase_s)
    car = Car(hass, charger, house_kw)
    await live(car, len(house_kw))
    full_after, above_kwh = BEFORE[name, seed]
    sys.stdout.write(f"{car.full_after} s, {car.above_kwh} kWh, {car.pauses} pauses\n")
    assert car.full_after is not None
    assert car.full_after <= 1.05 * full_after
    # A second of the maximum current is 3 Wh. A setting that is shown late counts from then, and a
    # load of the house may be missed until the next report.
    assert car.above_kwh <= above_kwh + (0.035 if charger.is_shown_late else 0.005)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_an_evening_with_restarts(hass: HomeAssistant, live: Live) -> None:
    house_kw = evening_kw(Random("0"), _EVENING_H)  # noqa: S311 - loads
    car = Car(hass, replace(WALLBOX, car_kwh=15, plugged_in_at=1800), house_kw)
    await live(car, len(house_kw), restarts=[4000, 4100, 11_000])
    assert car.full_after is not None
    assert car.full_after <= 1.05 * BEFORE["wallbox", 0][0]
    assert car.above_kwh <= 0.05
