"""Loads that the plan switches: on and off by the plan, and left alone after other switching.

The house of `test_planned_loads`: energy is cheap from 22:00 to 6:00, and the car needs 8.8 kWh.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.core import HomeAssistant, ServiceCall, State
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.smarty_p1.coordinator.loads.state_numbers import number_to_set

from . import billed_month, test_planned_loads
from .support import ON_30_NOVEMBER, Home, wait_until
from .test_planned_loads import SetClock, add, fill_in, open_new, planned

clock = test_planned_loads.clock
house = test_planned_loads.house
pytestmark = ON_30_NOVEMBER

CHEAP = datetime(2026, 6, 16, 20, 0, 5, tzinfo=UTC)
"""22:00 in Luxembourg."""
SWITCH, CURRENT = "input_boolean.charger", "input_number.current"
SWITCHED = {"switched_by": SWITCH}


class Charger:
    """Switch of a charger, and a clock that can be moved."""

    def __init__(self, hass: HomeAssistant, set_clock: SetClock) -> None:
        self._hass = hass
        self._set_clock = set_clock
        self._timers = datetime.now(UTC)

    async def at(self, time: datetime) -> None:
        """Move the clock, and let all timers of a quarter-hour run out."""
        self._set_clock(time)
        # Timers were set by the true clock.
        self._timers += timedelta(minutes=16)
        async_fire_time_changed(self._hass, self._timers)
        await self._hass.async_block_till_done()

    def amperes(self) -> float:
        state = self._hass.states.get(CURRENT)
        assert state is not None
        return float(state.state)

    def is_on(self) -> bool:
        state = self._hass.states.get(SWITCH)
        return state is not None and state.state == "on"

    async def until(self, condition: Callable[[], bool]) -> None:
        await wait_until(self._hass, condition)

    async def turn(self, service: str) -> None:
        await self._hass.services.async_call(
            "input_boolean", service, {"entity_id": SWITCH}, blocking=True
        )


@pytest.fixture
async def charger(hass: HomeAssistant, clock: SetClock) -> Charger:
    await async_setup_component(hass, "homeassistant", {})
    current = {"min": 6, "max": 16, "unit_of_measurement": "A"}
    await async_setup_component(hass, "input_number", {"input_number": {"current": current}})
    await async_setup_component(hass, "input_boolean", {"input_boolean": {"charger": None}})
    return Charger(hass, clock)


async def test_a_load_that_the_grid_operator_blocks_is_off_at_once(
    house: MockConfigEntry, hass: HomeAssistant, charger: Charger
) -> None:
    relay = "sensor.relay_of_another_meter"
    hass.states.async_set(relay, "connected")
    await add(hass, house, **SWITCHED, blocked_by=relay, limited_to="0")
    await charger.at(CHEAP)
    await charger.until(charger.is_on)
    hass.states.async_set(relay, "disconnected")
    await charger.until(lambda: not charger.is_on())
    await planned(hass, runs="off", missing="8.8")


SETTINGS: list[tuple[str | None, float, float, float]] = [
    # At least 6 A on three phases, at most the power that the reference power of 5 kW leaves.
    ("A", 6, 16, 6),
    ("A", 8, 13, 8),
    # A number without a unit is a current.
    (None, 6, 16, 6),
    ("W", 0, 4300, 4300),
    ("kW", 0, 4.3, 4.3),
    ("kW", 5.5, 11, 5.5),
]


async def test_the_power_is_set_in_its_unit_and_within_the_limits_of_the_charger(
    house: MockConfigEntry, hass: HomeAssistant, charger: Charger, subtests: pytest.Subtests
) -> None:
    # The first load reloads the meter. At the cheap time, its last reading is old.
    await add(hass, house)
    hass.config_entries.async_remove_subentry(house, next(iter(house.subentries)))
    values: list[float] = []

    async def set_value(call: ServiceCall) -> None:
        values.append(call.data["value"])
        state = hass.states.get("number.power")
        assert state is not None
        hass.states.async_set("number.power", str(values[-1]), state.attributes)

    hass.services.async_register("number", "set_value", set_value)
    await charger.at(CHEAP)
    for unit, low, high, expected in SETTINGS:
        attributes = {"min": low, "max": high, "unit_of_measurement": unit}
        hass.states.async_set("number.power", str(low), attributes)
        with subtests.test(f"{low}-{high} {unit}"):
            values.clear()
            form = await open_new(hass, house, "car")
            # A number without a unit is asked for once.
            for _ in range(1 if unit else 2):
                fields = SWITCHED | {"power_set_by": "number.power", "min_kw": "4.1"}
                await fill_in(hass, form, "car", **fields)
            await charger.until(charger.is_on)

            def has_power(power: float = expected) -> bool:
                state = hass.states.get("number.power")
                return state is not None and float(state.state) == pytest.approx(power)

            # At first the reload of the meter leaves only the minimum power.
            await charger.until(has_power)
        (subentry_id,) = house.subentries
        hass.config_entries.async_remove_subentry(house, subentry_id)
        await planned(hass, runs="no entity")
        await charger.turn("turn_off")


def test_a_number_is_set_without_the_noise_of_floats() -> None:
    watts = State("number.power", "0", {"min": 0, "max": 11000, "unit_of_measurement": "W"})
    assert number_to_set(watts, 1.38, 6.0) == 1380


async def test_eleven_kilowatts_are_sixteen_amperes(
    house: MockConfigEntry, hass: HomeAssistant, charger: Charger
) -> None:
    await add(hass, house, **SWITCHED, power_set_by=CURRENT, min_kw="4.1", max_kw="11")
    await hass.services.async_call(
        "button", "press", {"entity_id": "button.car_start_now"}, blocking=True
    )
    await charger.until(lambda: charger.is_on() and charger.amperes() == 16)


async def test_a_removed_load_that_the_plan_has_switched_on_is_switched_off(
    house: MockConfigEntry, hass: HomeAssistant, charger: Charger
) -> None:
    await add(hass, house, **SWITCHED)
    await charger.at(CHEAP)
    await charger.until(charger.is_on)
    (subentry_id,) = house.subentries
    hass.config_entries.async_remove_subentry(house, subentry_id)
    await planned(hass, runs="no entity")
    await charger.until(lambda: not charger.is_on())


async def test_a_restart_goes_on(
    house: MockConfigEntry, hass: HomeAssistant, home: Home, charger: Charger
) -> None:
    await add(hass, house, **SWITCHED)
    await planned(hass, runs="off")
    assert not charger.is_on()
    await charger.at(CHEAP)
    await charger.until(charger.is_on)
    await home.again(billed_month.telegram("00:00:10", 0.1))
    await planned(hass, runs="on")
    await charger.at(CHEAP + timedelta(minutes=10))
    assert charger.is_on()
    hass.states.async_set("binary_sensor.wallbox_connected", "off")
    await charger.until(lambda: not charger.is_on())


async def test_a_silent_meter_leaves_the_minimum_power_and_then_the_times_of_the_plan(
    house: MockConfigEntry, hass: HomeAssistant, home: Home, charger: Charger
) -> None:
    power = {"power_set_by": CURRENT, "max_kw": "3,7", "min_kw": "1,4", "phases": "1"}
    await add(hass, house, **SWITCHED, **power)
    await charger.at(CHEAP)
    await charger.until(lambda: charger.is_on() and charger.amperes() == 16)
    # After a last telegram, the meter is silent.
    await home.again(billed_month.telegram("00:00:10", 0.1))
    await planned(hass, runs="on")
    await charger.at(CHEAP + timedelta(seconds=70))
    await charger.until(lambda: charger.amperes() == 6)
    await charger.at(CHEAP + timedelta(minutes=16))
    await charger.until(lambda: charger.amperes() == 16)
    assert charger.is_on()
