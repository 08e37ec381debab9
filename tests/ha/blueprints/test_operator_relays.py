"""The blueprint *The grid operator's relays*: loads turned off, and on again."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from .conftest import Use, memory_text, settle

ONE, TWO, CHARGER = "sensor.relay_1", "sensor.relay_2", "switch.charger"
COOLER = "climate.cooler"
# The home has no such entity any more.
SOLD = "climate.sold"

type Begin = Callable[..., Awaitable[None]]


class House:
    """Two relays, a charger, and the calls."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass, self._freezer = hass, freezer
        self.done: list[str] = []
        self.refusing: set[str] = set()
        hass.services.async_register("homeassistant", "turn_on", self._turn)
        hass.services.async_register("homeassistant", "turn_off", self._turn)
        hass.services.async_register("climate", "set_hvac_mode", self._turn)
        hass.services.async_register("input_text", "set_value", self._note)
        for entity_id, name in ((ONE, "Relay 1"), (TWO, "Relay 2")):
            hass.states.async_set(entity_id, "connected", {"friendly_name": name})
        hass.states.async_set(CHARGER, "on")

    @callback
    def _turn(self, call: ServiceCall) -> None:
        if self.refusing.intersection(call.data["entity_id"]):
            raise HomeAssistantError
        for entity_id in call.data["entity_id"]:
            self.done.append(f"{call.service} {entity_id}")
            state = call.data.get("hvac_mode", call.service.removeprefix("turn_"))
            self._hass.states.async_set(entity_id, state)

    @callback
    def _note(self, call: ServiceCall) -> None:
        self._hass.states.async_set("input_text.memory", call.data["value"])

    async def set(self, entity_id: str, state: str, minutes: float = 0) -> list[str]:
        """Set a state, let minutes pass, and return the calls since the last return."""
        old = self._hass.states.get(entity_id)
        self._hass.states.async_set(entity_id, state, old.attributes if old else None)
        await settle()
        for _ in range(round(minutes * 6)):
            self._freezer.tick(10)
            async_fire_time_changed(self._hass)
            await settle()
        done, self.done = self.done, []
        return done


@pytest.fixture
def house(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> House:
    freezer.move_to("2026-02-03 12:00:05+00:00")
    return House(hass, freezer)


@pytest.fixture
def begin(use: Use) -> Begin:
    async def begin(**inputs: Any) -> None:  # noqa: ANN401 - inputs
        await use("operator_relays", relays=[ONE, TWO], **inputs)

    return begin


async def test_the_charger_pauses_and_goes_on(house: House, begin: Begin) -> None:
    await begin(loads=[CHARGER])
    assert await house.set(ONE, "disconnected") == [f"turn_off {CHARGER}"]
    # Ready to be closed again, and the other one open, or not to be read: not yet.
    assert await house.set(TWO, "disconnected", 1) == []
    assert await house.set(ONE, "ready_for_reconnection", 5) == []
    assert await house.set(TWO, "connected", 5) == []
    assert await house.set(ONE, "unavailable", 5) == []
    assert await house.set(ONE, "connected", 1) == []
    assert await house.set(ONE, "connected", 1.2) == [f"turn_on {CHARGER}"]
    # Only a load that was on is turned on again.
    await house.set(CHARGER, "off")
    assert await house.set(ONE, "disconnected") == []
    assert await house.set(ONE, "connected", 10) == []


async def test_a_relay_can_limit_when_it_is_connected(house: House, begin: Begin) -> None:
    await house.set(ONE, "disconnected")
    await house.set(TWO, "disconnected")
    await begin(limits="connected", loads=[CHARGER])
    assert await house.set(ONE, "unavailable") == []
    assert await house.set(ONE, "connected") == [f"turn_off {CHARGER}"]
    assert await house.set(ONE, "unavailable", 1) == []
    assert await house.set(ONE, "disconnected", 3) == [f"turn_on {CHARGER}"]


async def test_loads_turned_off_before_a_restart(
    hass: HomeAssistant, house: House, begin: Begin
) -> None:
    hass.set_state(CoreState.not_running)
    radiators = [f"climate.radiator_with_a_rather_long_name_{number}" for number in range(9)]
    loads = [CHARGER, COOLER, *radiators]
    memory = memory_text({CHARGER: "on", COOLER: "cool", **dict.fromkeys(radiators, "heat_cool")})
    assert len(memory) <= 255
    hass.states.async_set("input_text.memory", memory)
    for load in loads:
        await house.set(load, "off")
    await begin(loads=loads, memory="input_text.memory")
    on_again = [f"set_hvac_mode {climate}" for climate in (COOLER, *radiators)]
    assert await house.set(ONE, "connected", 3) == [f"turn_on {CHARGER}", *on_again]
    assert hass.states.is_state(COOLER, "cool")
    assert hass.states.is_state("input_text.memory", "")
    # The note of the next limit can be read at the next start.
    await house.set(ONE, "disconnected")
    assert hass.states.is_state("input_text.memory", memory)


async def test_a_charger_that_cannot_be_reached_when_the_limit_begins(
    house: House, begin: Begin
) -> None:
    await house.set(CHARGER, "unavailable")
    await house.set(COOLER, "off")
    await begin(loads=[CHARGER, COOLER])
    assert await house.set(ONE, "disconnected", 1) == []
    # An appliance that the user turns on during the limit stays on.
    assert await house.set(COOLER, "cool", 1) == []
    assert await house.set(CHARGER, "on") == [f"turn_off {CHARGER}"]
    assert await house.set(CHARGER, "on", 1) == []
    assert await house.set(ONE, "connected", 3) == [f"turn_on {CHARGER}"]
    off = [f"turn_off {CHARGER}", f"turn_off {COOLER}"]
    assert await house.set(ONE, "disconnected") == off


async def test_a_charger_that_cannot_be_reached_when_the_limit_ends(
    house: House, begin: Begin
) -> None:
    await house.set(COOLER, "dry")
    await begin(loads=[SOLD, CHARGER, COOLER])
    await house.set(ONE, "disconnected")
    await house.set(CHARGER, "unavailable", 60)
    assert await house.set(ONE, "connected", 4) == [f"set_hvac_mode {COOLER}"]
    # The grid operator sets another limit while the charger is still paused.
    assert await house.set(ONE, "disconnected") == [f"turn_off {COOLER}"]
    assert await house.set(ONE, "connected", 4) == [f"set_hvac_mode {COOLER}"]
    assert await house.set(CHARGER, "off", 5) == [f"turn_on {CHARGER}"]


async def test_the_charger_pauses_although_a_thermostat_has_no_off(
    house: House, begin: Begin
) -> None:
    await house.set(COOLER, "heat")
    await begin(loads=[COOLER, CHARGER])
    house.refusing.add(COOLER)
    assert await house.set(ONE, "disconnected", 1) == [f"turn_off {CHARGER}"]
    assert await house.set(ONE, "connected", 3) == [f"turn_on {CHARGER}"]


async def test_a_mode_that_the_user_chooses_during_the_limit_stays(
    hass: HomeAssistant, house: House, begin: Begin
) -> None:
    await house.set(COOLER, "heat")
    await begin(loads=[CHARGER, COOLER])
    await house.set(ONE, "disconnected", 1)
    await house.set(COOLER, "cool", 1)
    assert await house.set(ONE, "connected", 5) == [f"turn_on {CHARGER}"]
    # At the next limit, the automation gives back this mode.
    off = [f"turn_off {CHARGER}", f"turn_off {COOLER}"]
    assert await house.set(ONE, "disconnected", 1) == off
    assert await house.set(ONE, "connected", 5) == [f"turn_on {CHARGER}", f"set_hvac_mode {COOLER}"]
    assert hass.states.is_state(COOLER, "cool")


@pytest.mark.parametrize("state", ["Eco", "2", "éco", "eco mode"])
async def test_a_boiler_in_any_mode_is_turned_on_after_a_restart(
    hass: HomeAssistant, house: House, begin: Begin, state: str
) -> None:
    hass.set_state(CoreState.not_running)
    boiler = "water_heater.boiler"
    memory = memory_text({boiler: state, CHARGER: "on"})
    hass.states.async_set("input_text.memory", memory)
    for load in (boiler, CHARGER):
        await house.set(load, "off")
    await begin(loads=[boiler, CHARGER], memory="input_text.memory")
    on_again = [f"turn_on {boiler}", f"turn_on {CHARGER}"]
    assert await house.set(ONE, "connected", 3) == on_again
