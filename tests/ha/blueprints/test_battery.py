"""The blueprint *Battery below the reference power*, with a meter, in a house with a battery.

Time passes as fast as Home Assistant takes the telegrams in, each by the port and the decoder.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from math import pi, sin

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from smartyp1.json_types import JsonDict
from tests.ha.meter import MeterPort, with_value
from tests.ha.support import TELEGRAM, Home

from .conftest import Use, settle

INTERVAL = 10
"""Seconds from one telegram to the next."""
REFERENCE_KW = 3.0
CAPACITY_WH = 10_000
MAX_W = 5_000
RESERVE = 20

_START = datetime(2026, 4, 13, 22, tzinfo=UTC)
_SLEW_W = 1_000
"""A second."""
_DELAY = 2
"""Seconds until a setting acts."""
_QUARTER = 900


def house_w(second: int) -> float:
    """Return the power that the house draws, less that of its panels, at a second of the day."""
    hour = second / 3600
    load = 350 + 60 * sin(second / 97) + (90 if second % 2400 < 900 else 0)
    load += 2_000 if second % 3600 < 150 else 0  # a kettle
    load += 3_000 if 7 <= hour < 8.4 and second % 600 < 420 else 0  # a boiler
    load += 1_800 if 11.5 <= hour < 12.5 and second % 90 < 45 else 0  # an oven
    load += 4_500 if 17.6 <= hour < 19.2 else 0  # a car
    load += 3_300 if 18 <= hour < 19 and second % 120 < 70 else 0  # the cooker beside it
    load += 9_000 if 20.5 <= hour < 22 else 0  # more than the battery can cover
    sun = max(0.0, sin(pi * (hour - 6) / 13)) if 6 <= hour < 19 else 0.0
    shade = 0.35 if (second // 60) % 7 in {2, 5} else 1.0
    return load - 4_600 * sun * shade


class Plant:
    """A battery that follows a setting, in W, or in its own mode takes the surplus of the house."""

    def __init__(self, start_hour: float, charge: float) -> None:
        self.second = round(start_hour * 3600)
        self.stored_wh = CAPACITY_WH * charge / 100
        self.given_w = 0.0
        self.setting_w = 0.0
        self.is_own_control = True
        self.imported_wh, self.exported_wh = 10_000_000.0, 5_000_000.0
        self.quarters: list[float] = []
        """The mean import of each quarter-hour in kW."""
        self.could_have_been: list[float] = []
        """The same with the battery at its best, had all of it been known before."""
        self.without_battery: list[float] = []
        """The same, had there been no battery."""
        self.least_charge = self.charge
        self._waiting: list[tuple[int, float, bool]] = []
        self._before_wh = self.imported_wh
        self._need_ws = self._could_ws = 0.0
        self._usable_wh = self._above_reserve_wh

    @property
    def charge(self) -> float:
        """Return how full the battery is, in percent."""
        return self.stored_wh / CAPACITY_WH * 100

    @property
    def net_w(self) -> float:
        return house_w(self.second) - self.given_w

    @property
    def time(self) -> datetime:
        return _START + timedelta(seconds=self.second)

    def obey(self, setting_w: float, *, is_own_control: bool) -> None:
        """Take a setting, which acts a little later."""
        self._waiting.append((self.second + _DELAY, setting_w, is_own_control))

    def run(self) -> str:
        """Let the time to the next telegram pass, and return that."""
        for _ in range(INTERVAL):
            self._second()
        return self.telegram()

    def telegram(self) -> str:
        local = self.time + timedelta(hours=2)
        text = with_value(TELEGRAM, "0-0:1.0.0", f"({local:%y%m%d%H%M%S}S)")
        net_kw = self.net_w / 1000
        for reference, value, unit in (
            ("1-0:1.7.0", max(0, net_kw), "kW"),
            ("1-0:2.7.0", max(0, -net_kw), "kW"),
        ):
            text = with_value(text, reference, f"({value:06.3f}*{unit})")
        for reference, wh in (("1-0:1.8.0", self.imported_wh), ("1-0:2.8.0", self.exported_wh)):
            text = with_value(text, reference, f"({wh // 1 / 1000:010.3f}*kWh)")
        return text

    @property
    def _above_reserve_wh(self) -> float:
        """Return the usable energy: to a percent above the reserve, where the battery must stop."""
        return max(0.0, self.stored_wh - CAPACITY_WH * (RESERVE + 1) / 100)

    def _second(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.second:
            _, self.setting_w, self.is_own_control = self._waiting.pop(0)
        house = house_w(self.second)
        wanted = min(0.0, house) if self.is_own_control else self.setting_w
        wanted = max(-MAX_W, min(MAX_W, wanted))
        if (wanted > 0 and self.stored_wh <= 0) or (wanted < 0 and self.charge >= 100):
            wanted = 0.0
        self.given_w += max(-_SLEW_W, min(_SLEW_W, wanted - self.given_w))
        self.stored_wh -= self.given_w / 3600
        self.least_charge = min(self.least_charge, self.charge)
        net = house - self.given_w
        self.imported_wh += max(0.0, net) / 3600
        self.exported_wh += max(0.0, -net) / 3600
        self._note_the_best(house)
        self.second += 1
        if self.second % _QUARTER == 0:
            self._end_quarter()

    def _note_the_best(self, house: float) -> None:
        """Note the need of the house, and the part that the battery could cover in this second."""
        self._need_ws += max(0.0, house)
        self._could_ws += min(max(0.0, house), MAX_W)

    def _end_quarter(self) -> None:
        self.quarters.append((self.imported_wh - self._before_wh) * 4 / 1000)
        self._before_wh = self.imported_wh
        self.without_battery.append(self._need_ws / _QUARTER / 1000)
        above_ws = max(0.0, self._need_ws - REFERENCE_KW * 1000 * _QUARTER)
        best_ws = self._need_ws - min(above_ws, self._could_ws, self._usable_wh * 3600)
        self.could_have_been.append(best_ws / _QUARTER / 1000)
        self._need_ws = self._could_ws = 0.0
        self._usable_wh = self._above_reserve_wh


NET, AVAILABLE = "sensor.smarty_net_power", "sensor.smarty_available_power"
SETTING, MODE, CHARGE = "number.battery", "select.battery", "sensor.battery"
INPUTS: JsonDict = {
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
        """Wait until Home Assistant has taken in a telegram.

        The clock stands still during that time.
        """
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
    # Six quarter-hours have the car (17:36 to 19:12), the first for less than its whole length. The
    # others have 9 kW from 20:30 to 22:00, which the battery lowers while it has energy.
    assert (len(without), above) == (12, [*range(82, 88)])
    assert all(plant.quarters[n] < plant.without_battery[n] - 4 for n in above[:3])
    assert plant.least_charge < RESERVE + 1
