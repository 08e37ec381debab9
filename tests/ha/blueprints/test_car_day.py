"""The blueprint *Charge the car below the reference power* in simulated afternoons and evenings."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import floor, inf, pi, sin
from random import Random
from secrets import randbelow

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, State, callback
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from .conftest import Use, settle

REFERENCE_KW = 7.0
INTERVAL_S = 10
"""Seconds from one telegram to the next."""
AMPERE_KW = 0.69
"""An ampere on three phases."""
_QUARTER_S = 900
_KILOWATTS = {"unit_of_measurement": "kW"}
CHARGER, CURRENT, SWITCH = "sensor.charger", "number.current", "switch.charger"
NET, AVAILABLE = "sensor.net", "sensor.available"
ENTITIES = (CHARGER, CURRENT, SWITCH, NET, AVAILABLE)


@dataclass(frozen=True)
class Charger:
    """A charger, its integration, and its car. Times are in seconds."""

    period_s: int = INTERVAL_S
    """Between two reads of the power by the integration."""
    reports_same: bool = True
    """Whether a read of the same power is a report."""
    lag_s: int = 0
    """From a setting until the charger follows it."""
    is_shown_late: bool = False
    """Whether a setting is shown only when the charger is read."""
    start_s: int = 0
    """From the end of a pause until the car takes power."""
    ramp_kw: float = inf
    """Change of the car's power in a second."""
    car_kwh: float = inf
    """Energy until the car is full."""
    plugged_in_at: int = 0
    phase_s: int = 0
    """Second of the first read."""
    car_limit_a: float = inf
    decimals: int = 3
    """Of the reported power in kW."""


class Car:
    """A charger with its car, and the meter of the house."""

    def __init__(
        self,
        hass: HomeAssistant,
        charger: Charger,
        house_kw: Sequence[float],
        available_kw: float | None = None,
    ) -> None:
        """`house_kw` has the power of the house without the car in each second.

        `available_kw` is the available power, if it does not depend on the energy of the
        quarter-hour.
        """
        self._hass, self._charger, self._house_kw = hass, charger, house_kw
        self.second = 0
        self.settings: list[tuple[int, str, str]] = []
        """Second, entity and state of each setting that changes something."""
        self.above_kwh = self.charged_kwh = 0.0
        self.full_after: int | None = None
        self._set: dict[str, str] = {CURRENT: "16", SWITCH: "on"}
        self._waiting: list[tuple[int, str, str]] = []
        self._followed = dict(self._set)
        self._starts_at = charger.plugged_in_at + charger.start_s
        self._available_kw = available_kw
        self._charger_kw = self._energy_kwh = self._allowed_kw = 0.0
        hass.services.async_register("number", "set_value", self._on_call)
        for service in ("turn_on", "turn_off"):
            hass.services.async_register("homeassistant", service, self._on_call)

    @callback
    def _on_call(self, call: ServiceCall) -> None:
        entity_id = call.data["entity_id"][0]
        state = str(call.data.get("value", call.service.removeprefix("turn_")))
        if self._set[entity_id] != state:
            self.settings.append((self.second, entity_id, state))
        self._set[entity_id] = state
        self._waiting.append((self.second + self._charger.lag_s, entity_id, state))
        if not self._charger.is_shown_late:
            self._show_settings()

    @property
    def pauses(self) -> int:
        """Return how often the automation turned the charger off."""
        return sum(state == "off" for _, _, state in self.settings)

    @callback
    def _show_settings(self) -> None:
        for entity_id, state in self._set.items():
            self._hass.states.async_set(entity_id, state)

    @callback
    def _report(self) -> None:
        """Write the power of the charger, as its integration does after a read."""
        state = str(round(self._charger_kw, self._charger.decimals))
        before: State | None = self._hass.states.get(CHARGER)
        if self._charger.reports_same or before is None or before.state != state:
            self._hass.states.async_set(CHARGER, state, _KILOWATTS)
        if self._charger.is_shown_late:
            self._show_settings()

    @callback
    def _show(self) -> None:
        """Write the powers of the last telegram, and the available power as the sensor does."""
        if self._available_kw is None:
            allowed = floor(self._allowed() * 10) / 10
            if allowed < self._allowed_kw or allowed >= 1.05 * self._allowed_kw:
                self._allowed_kw = allowed
        else:
            # A bit more each time, because the automation looks at each change.
            self._allowed_kw = self._available_kw + self.second // INTERVAL_S % 2 / 10
        until_end = {"until_quarter_hour_ends": self._allowed_kw}
        for entity_id, value, attributes in (
            (NET, self._net_kw, {}),
            (AVAILABLE, min(self._allowed_kw, REFERENCE_KW), until_end),
        ):
            state = str(round(value, 3))
            self._hass.states.async_set(entity_id, state, {**_KILOWATTS, **attributes})

    def _allowed(self) -> float:
        rest_h = max(_QUARTER_S - self.second % _QUARTER_S, 60) / 3600
        return max(0.0, (REFERENCE_KW / 4 - self._energy_kwh) / rest_h)

    @property
    def _net_kw(self) -> float:
        return self._house_kw[min(self.second, len(self._house_kw) - 1)] + self._charger_kw

    @callback
    def appear(self) -> None:
        """Write all states, as when Home Assistant has started."""
        self._show_settings()
        self._report()
        self._show()

    def run_to_next_value(self) -> int:
        """Let time pass until the next telegram or report. Return the seconds."""
        period_s = self._charger.period_s
        to_report = period_s - (self.second - self._charger.phase_s) % period_s
        seconds = min(INTERVAL_S - self.second % INTERVAL_S, to_report)
        self._run(seconds)
        return seconds

    @callback
    def show_values(self) -> None:
        """Write the states of telegram and charger in this second."""
        if self.second % INTERVAL_S == 0:
            self._show()
        if (self.second - self._charger.phase_s) % self._charger.period_s == 0:
            self._report()

    def _run(self, seconds: int) -> None:
        for _ in range(seconds):
            self._move()
            self._energy_kwh += max(0.0, self._net_kw) / 3600
            self.charged_kwh += self._charger_kw / 3600
            self.second += 1
            if self.full_after is None and self.charged_kwh >= self._charger.car_kwh:
                self.full_after = self.second
            if self.second % _QUARTER_S == 0:
                self.above_kwh += max(0.0, self._energy_kwh - REFERENCE_KW / 4)
                self._energy_kwh = 0.0

    def _move(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.second:
            _, entity_id, state = self._waiting.pop(0)
            if entity_id == SWITCH and state == "on" != self._followed[SWITCH]:
                plugged_in_at = max(self.second, self._charger.plugged_in_at)
                self._starts_at = plugged_in_at + self._charger.start_s
            self._followed[entity_id] = state
        is_on = self._followed[SWITCH] == "on" and self.charged_kwh < self._charger.car_kwh
        current = min(float(self._followed[CURRENT]), self._charger.car_limit_a)
        wanted = current * AMPERE_KW if is_on and self.second >= self._starts_at else 0.0
        most = self._charger.ramp_kw
        # Contactors open at once.
        change = wanted - self._charger_kw if wanted == 0 else min(most, wanted - self._charger_kw)
        self._charger_kw += max(-most, change) if wanted else change


def evening_kw(draw: Random, hours: float) -> list[float]:
    """Return a house from 17:00 on, each second: fridge, kettle, hob, oven, dishwasher, tumbler."""
    seconds = round(hours * 3600)
    load = [draw.uniform(0.25, 0.6)] * seconds

    def run(start: float, length: float, kw: float, on: float = 1.0, period: float = 1.0) -> None:
        for second in range(max(0, round(start)), min(seconds, round(start + length))):
            if (second - start) % period < on:
                load[second] += kw

    run(-draw.uniform(0, 2400), seconds + 2400, 0.09, 900, 2400)
    for _ in range(draw.randint(2, 5)):
        run(draw.uniform(0, seconds), draw.uniform(90, 200), 2.0)
    cooking = draw.uniform(0.3, 1.5) * 3600
    for _ in range(draw.randint(2, 4)):
        period, length = draw.uniform(20, 60), draw.uniform(900, 2700)
        run(
            cooking + draw.uniform(0, 1200),
            length,
            draw.uniform(1.2, 2.2),
            period * draw.uniform(0.3, 0.8),
            period,
        )
    run(cooking, draw.uniform(1800, 3600), 2.4, 45, 100)  # an oven
    dishes = cooking + draw.uniform(1.2, 2.5) * 3600
    for start in (300, 3000):
        run(dishes + start, draw.uniform(600, 1000), 2.0)
    run(draw.uniform(0.5, 4) * 3600, 4500, 2.3, 200, 260)  # a tumbler
    run(
        draw.uniform(-600, 0), seconds + 600, draw.uniform(1.5, 2.5), 1200, draw.uniform(2000, 4000)
    )
    return load


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
    # A report every five minutes is too old to stay below in each quarter-hour. A second of the
    # maximum current is 3 Wh.
    assert car.above_kwh <= (0.05 if period_s == 300 else 0.005)
    assert car.charged_kwh >= least_kwh
    # A charger with a report every five minutes can be paused in error at first.
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
