"""The blueprint *Battery below the reference power*, with a meter, in a house with a battery.

Time passes as fast as Home Assistant takes the telegrams in, each by the port and the decoder.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.ha.meter import MeterPort
from tests.ha.support import Home

from .conftest import Use, settle
from .plant import INTERVAL, MAX_W, REFERENCE_KW, RESERVE, Plant

NET, AVAILABLE = "sensor.smarty_net_power", "sensor.smarty_available_power"
SETTING, MODE, CHARGE = "number.battery", "select.battery", "sensor.battery"
INPUTS: dict[str, Any] = {
    "net_power": NET,
    "available_power": AVAILABLE,
    "battery_power": SETTING,
    "charge": CHARGE,
    "reserve": RESERVE,
    "most_power": MAX_W / 1000,
    "mode": MODE,
    "mode_giving": "manual",
    "mode_otherwise": "auto",
}


class House:
    """The plant, and a Home Assistant that reads its meter and sets its battery."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, port: MeterPort, plant: Plant
    ) -> None:
        self._hass, self._freezer, self._port = hass, freezer, port
        self.plant = plant
        self.settings = 0
        hass.states.async_set(SETTING, "0", {"unit_of_measurement": "W", "max": MAX_W})
        hass.states.async_set(MODE, "auto")
        self.show_charge()
        hass.services.async_register("number", "set_value", self._set)
        hass.services.async_register("select", "select_option", self._set)

    def show_charge(self) -> None:
        """Show how full the battery is, in whole percent as most do."""
        self._hass.states.async_set(CHARGE, str(int(self.plant.charge)))

    @callback
    def _set(self, call: ServiceCall) -> None:
        entity_id = MODE if call.domain == "select" else SETTING
        old = self._hass.states.get(entity_id)
        assert old is not None
        new = str(call.data["option" if call.domain == "select" else "value"])
        self._hass.states.async_set(entity_id, new, old.attributes)
        self.settings += 1
        states = self._hass.states
        setting_w = float(states.get(SETTING).state)  # type: ignore[union-attr]
        self.plant.obey(setting_w, is_own_control=states.is_state(MODE, "auto"))

    async def live(self, hours: float) -> None:
        """Let time pass, with a telegram each ten seconds."""
        for _ in range(round(hours * 3600 / INTERVAL)):
            telegram = self.plant.run()
            self._freezer.tick(timedelta(seconds=INTERVAL))
            self.show_charge()
            async_fire_time_changed(self._hass)
            await self._receive(telegram)

    async def live_in_silence(self, seconds: int) -> None:
        for _ in range(seconds // INTERVAL):
            self._freezer.tick(timedelta(seconds=INTERVAL))
            async_fire_time_changed(self._hass)
            await settle()

    async def _receive(self, telegram: str) -> None:
        """Wait until Home Assistant has taken in a telegram. The clock stands still meanwhile."""
        coordinator = self._hass.config_entries.async_entries("smarty_p1")[0].runtime_data
        before = coordinator.readings
        await self._port.send_telegram(telegram)
        while coordinator.readings == before:
            await asyncio.sleep(0)
        await settle()

    def avoidable(self) -> list[tuple[int, float, float]]:
        """Return the quarter-hours above the reference power that need not have been."""
        plant = self.plant
        pairs = zip(plant.quarters, plant.could_have_been, strict=True)
        return [
            (n, round(kw, 3), round(best_kw, 3))
            for n, (kw, best_kw) in enumerate(pairs)
            if best_kw <= REFERENCE_KW < kw
        ]


type Begin = Callable[..., Awaitable[House]]


@pytest.fixture
def begin(home: Home, freezer: FrozenDateTimeFactory, use: Use) -> Begin:
    """Return a function that begins at an hour of the day, with a battery so full."""

    async def begin(hour: float, charge: float, **inputs: object) -> House:
        plant = Plant(hour, charge)
        freezer.move_to(plant.time)
        options = {"reference_power": REFERENCE_KW}
        await home.set_up(plant.telegram(), **options)
        house = House(home.hass, freezer, home.port, plant)
        await use("battery", **INPUTS | inputs)
        return house

    return begin


async def test_it_stops_when_the_quarter_hour_no_longer_needs_it(
    hass: HomeAssistant, begin: Begin
) -> None:
    house = await begin(19.0, 60)
    # The sensor may be shown in another unit than kW.
    shown_in = {"unit_of_measurement": "W"}
    er.async_get(hass).async_update_entity_options(AVAILABLE, "sensor", shown_in)
    await house.live(0.15)
    assert hass.states.is_state(MODE, "manual")
    assert hass.states.get(AVAILABLE).attributes["unit_of_measurement"] == "W"  # type: ignore[union-attr]
    # The car is full at 19:12.
    await house.live(0.06)
    assert (hass.states.get(SETTING).state, hass.states.get(MODE).state) == ("0.0", "auto")  # type: ignore[union-attr]
    settings = house.settings
    await house.live(0.25)
    assert house.settings == settings


async def test_without_readings_it_stops_after_a_minute(hass: HomeAssistant, begin: Begin) -> None:
    house = await begin(17.7, 60)
    await house.live(0.05)
    assert hass.states.is_state(MODE, "manual")
    await house.live_in_silence(50)
    assert not hass.states.is_state(NET, "unavailable")
    assert hass.states.is_state(MODE, "manual")
    await house.live_in_silence(10)
    assert hass.states.is_state(NET, "unavailable")
    assert float(hass.states.get(SETTING).state) == 0  # type: ignore[union-attr]
    assert hass.states.is_state(MODE, "auto")


async def test_it_stops_when_home_assistant_does(hass: HomeAssistant, begin: Begin) -> None:
    house = await begin(17.7, 60)
    await house.live(0.02)
    assert hass.states.is_state(MODE, "manual")  # for less than a minute
    await hass.async_stop(force=True)
    assert float(hass.states.get(SETTING).state) == 0  # type: ignore[union-attr]
    assert hass.states.is_state(MODE, "auto")


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_day(begin: Begin) -> None:
    house = await begin(0, 70)
    await house.live(24)
    plant = house.plant

    assert len(plant.quarters) == 96
    assert house.avoidable() == []
    assert plant.least_charge >= RESERVE
    assert plant.is_own_control
    without = [n for n, kw in enumerate(plant.without_battery) if kw > REFERENCE_KW]
    above = [n for n, kw in enumerate(plant.quarters) if kw > REFERENCE_KW]
    # Six of the car (17:36 to 19:12), one of them with less than a quarter-hour of it; and those of
    # 9 kW from 20:30 to 22:00, which the battery lowers as long as it has something to give.
    assert (len(without), above) == (12, [*range(82, 88)])
    assert all(plant.quarters[n] < plant.without_battery[n] - 4 for n in above[:3])
    assert plant.least_charge < RESERVE + 1
