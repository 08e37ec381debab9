"""The blueprint *Charge the car below the reference power* through half a simulated day."""

import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from math import floor, pi, sin

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, callback
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from .conftest import Use, settle

REFERENCE_KW = 7.0
INTERVAL_S = 10
AMPERE_KW = 0.69
"""An ampere on three phases."""
_STEPS_A_QUARTER = 90
_BEGIN = datetime(2026, 4, 13, 10, tzinfo=UTC)
"""Noon in Luxembourg, when the car is plugged in."""
_HOURS = 5.5
_CAR_KWH = 40.0


def house_kw(step: int) -> float:
    """Return the power of the house, less the yield of its panels, some hours after noon."""
    hour = step * INTERVAL_S / 3600
    load = 0.4 + (2.0 if step % 300 < 15 else 0)  # a kettle
    load += 2.2 if 0.5 <= hour < 1.5 and step % 12 < 6 else 0  # an oven
    load += 5.5 if 6 <= hour < 7.25 and step % 18 < 11 else 0  # the cooker
    load += 2.0 if 8 <= hour < 9 else 0  # a dishwasher
    shade = 0.3 if (step // 6) % 7 in {2, 5} else 1.0
    return load - (4.0 * sin(pi * (hour + 6) / 13) * shade if hour < 7 else 0)


class Car:
    """A charger that follows a current and a switch, and the meter of the house.

    The charger reports its power every `period_s` seconds, first after `phase_s` seconds. With a
    `period_s` of None, it reports only changes. The car takes at most `car_limit_a`.
    """

    def __init__(
        self, hass: HomeAssistant, period_s: int | None, phase_s: int = 0, car_limit_a: float = 32
    ) -> None:
        self._hass = hass
        self._period_s, self._phase_s, self._car_limit_a = period_s, phase_s, car_limit_a
        self._reported_kw: float | None = None
        self.settings: list[tuple[str, str]] = []
        """Entities and states that the automation has set, in this order."""
        self._charger_kw = self._energy_kwh = self._allowed_kw = 0.0
        self.above_kwh = self.charged_kwh = 0.0
        self.full_after: int | None = None
        hass.states.async_set("switch.charger", "on")
        hass.states.async_set("number.current", "16")
        hass.services.async_register("number", "set_value", self._set)
        for service in ("turn_on", "turn_off"):
            hass.services.async_register("homeassistant", service, self._set)
        self.show(0)

    @callback
    def _set(self, call: ServiceCall) -> None:
        state = str(call.data.get("value", call.service.removeprefix("turn_")))
        self._hass.states.async_set(call.data["entity_id"][0], state)
        self.settings.append((call.data["entity_id"][0], state))

    def show(self, step: int) -> None:
        """Show the powers, and the available power as the sensor does."""
        kilowatts = {"unit_of_measurement": "kW"}
        rest_h = max(INTERVAL_S * (_STEPS_A_QUARTER - step % _STEPS_A_QUARTER), 60) / 3600
        exact_kw = max(0.0, (REFERENCE_KW / 4 - self._energy_kwh) / rest_h)
        allowed = floor(exact_kw * 10) / 10
        if allowed < self._allowed_kw or allowed >= 1.05 * self._allowed_kw:
            self._allowed_kw = allowed
        until_end = {"until_quarter_hour_ends": self._allowed_kw}
        if self._reports(step):
            self._reported_kw = self._charger_kw
            state = str(round(self._charger_kw, 3))
            self._hass.states.async_set("sensor.charger", state, kilowatts)
        for name, value, attributes in (
            ("net", house_kw(step) + self._charger_kw, {}),
            ("available", min(self._allowed_kw, REFERENCE_KW), until_end),
        ):
            state = str(round(value, 3))
            self._hass.states.async_set(f"sensor.{name}", state, {**kilowatts, **attributes})

    @property
    def pauses(self) -> int:
        """Return how often the automation turned the charger off."""
        return self.settings.count(("switch.charger", "off"))

    def _reports(self, step: int) -> bool:
        if self._period_s is None or self._reported_kw is None:
            return self._charger_kw != self._reported_kw
        return (step * INTERVAL_S - self._phase_s) % self._period_s == 0

    def run(self, step: int) -> None:
        """Let the time to the next telegram pass. A setting acts within this time."""
        states = self._hass.states
        is_on = states.is_state("switch.charger", "on") and self.charged_kwh < _CAR_KWH
        current = float(states.get("number.current").state)  # type: ignore[union-attr]
        self._charger_kw = min(current, self._car_limit_a) * AMPERE_KW if is_on else 0.0
        self.charged_kwh += self._charger_kw * INTERVAL_S / 3600
        if self.full_after is None and self.charged_kwh >= _CAR_KWH:
            self.full_after = step * INTERVAL_S
        self._energy_kwh += max(0.0, house_kw(step) + self._charger_kw) * INTERVAL_S / 3600
        if step % _STEPS_A_QUARTER == _STEPS_A_QUARTER - 1:
            self.above_kwh += max(0.0, self._energy_kwh - REFERENCE_KW / 4)
            self._energy_kwh = 0.0


type Live = Callable[..., Awaitable[Car]]


@pytest.fixture
def live(hass: HomeAssistant, freezer: FrozenDateTimeFactory, use: Use) -> Live:
    """Return a function that lets some hours pass with a car."""

    async def live(
        hours: float,
        period_s: int | None,
        *,
        car_limit_a: int = 32,
    ) -> Car:
        freezer.move_to(_BEGIN)
        phase_s = secrets.randbelow((period_s or INTERVAL_S) // INTERVAL_S) * INTERVAL_S
        sys.stdout.write(f"phase of the charger's reports: {phase_s} s\n")
        car = Car(hass, period_s, phase_s, car_limit_a)
        await use(
            "charge_car",
            available_power="sensor.available",
            net_power="sensor.net",
            charger_power="sensor.charger",
            charging_current="number.current",
            charger_switch="switch.charger",
        )
        for step in range(round(hours * 360)):
            car.run(step)
            freezer.tick(timedelta(seconds=INTERVAL_S))
            async_fire_time_changed(hass)
            car.show(step + 1)
            await settle()
        return car

    return live


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("period_s", [10, 60, 90, 300, None])
# A charger may report nothing for hours because the car sets the limit, not the charger.
@pytest.mark.parametrize(("car_limit_a", "least_kwh"), [(32, _CAR_KWH), (10, 36.5)])
async def test_half_a_day(
    live: Live, period_s: int | None, car_limit_a: int, least_kwh: float
) -> None:
    car = await live(_HOURS, period_s, car_limit_a=car_limit_a)
    # What a charger reports each five minutes is too old to stay below in each quarter-hour.
    assert car.above_kwh <= (0.05 if period_s == 300 else 0)
    assert car.charged_kwh >= least_kwh
    # Before its first report, a charger that reports each five minutes can be paused in vain.
    assert car.pauses <= (period_s == 300)
    # At most the reference power in each moment, the same car takes 19 280 s.
    if car_limit_a > 16:
        assert car.full_after is not None
        assert car.full_after < 18_000
