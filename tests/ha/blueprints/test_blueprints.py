"""The blueprints in a Home Assistant, with simulated readings: their calls and their times."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import UnitOfVolumeFlowRate
from homeassistant.core import CoreState, HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.template import Template
from homeassistant.util.unit_conversion import VolumeFlowRateConverter
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from .conftest import FOLDER, Use, memory_text, settle

MINUTE = 60.0
KILOWATTS = {"unit_of_measurement": "kW", "device_class": "power"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_each_blueprint_can_be_imported(path: Path) -> None:
    page = FOLDER.parents[2] / "docs" / "automations.md"
    address = re.search(r"source_url: (.*)", path.read_text())

    assert address
    assert address[1].endswith(path.relative_to(FOLDER.parents[2]).as_posix())
    link = f"/redirect/blueprint_import/?blueprint_url={quote(address[1], safe='')}"
    assert re.search(rf"{re.escape(link)}[)\n]", page.read_text())


def test_the_readme_counts_the_blueprints() -> None:
    count = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"][
        len([*FOLDER.glob("*.yaml")])
    ]
    readme = (FOLDER.parents[2] / "README.md").read_text("utf-8")
    assert f"- **Automations:** {count} [ready-made ones](docs/automations.md)" in readme


class Home:
    """Time, states, and the calls in their order."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass = hass
        self._freezer = freezer
        self._calls: list[tuple[str, Any]] = []
        self.reported: dict[str, float | str] = {}
        self.refusing: set[str] = set()

    def note(self, domain: str, *services: str) -> None:
        """Note the calls of some services, and let their states follow."""

        @callback
        def called(call: ServiceCall) -> None:
            value = call.data.get("value", call.data.get("hvac_mode"))
            for entity_id in call.data["entity_id"]:
                if entity_id in self.refusing:
                    raise HomeAssistantError
                self._calls.append((call.service, entity_id if value is None else value))
                new = str(value) if value is not None else call.service.removeprefix("turn_")
                old = self._hass.states.get(entity_id)
                self._hass.states.async_set(entity_id, new, old.attributes if old else None)

        for service in services:
            self._hass.services.async_register(domain, service, called)

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """Return the calls since this was last asked."""
        calls, self._calls = self._calls, []
        return calls

    async def set(self, entity_id: str, state: float | str, **attributes: float | str) -> None:
        self._hass.states.async_set(entity_id, str(state), attributes)
        await settle()

    async def powers(self, **kilowatts: float | str) -> None:
        self.reported |= kilowatts
        for name, value in kilowatts.items():
            self._hass.states.async_set(f"sensor.{name}", str(value), KILOWATTS)
        await settle()

    async def calls_in(self, seconds: float) -> list[tuple[str, Any]]:
        """Let time pass, and return the calls since this was last asked."""
        await self.let_pass(seconds)
        return self.calls

    async def let_pass(self, seconds: float) -> None:
        """Let time pass, in steps of at most half a minute, after which the powers are reported."""
        while seconds > 0:
            step = min(seconds, 30.0)
            self._freezer.tick(timedelta(seconds=step))
            async_fire_time_changed(self._hass)
            await self.powers(**self.reported)
            seconds -= step


@pytest.fixture
def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Home:
    freezer.move_to("2026-02-03 12:00:05+00:00")
    return Home(hass, freezer)


async def test_a_battery_whose_power_is_exactly_no_longer_needed_stops(
    hass: HomeAssistant, home: Home, use: Use
) -> None:
    home.note("number", "set_value")
    hass.states.async_set("number.battery", "2.7", KILOWATTS)
    hass.states.async_set("sensor.charge", "60")
    # 0.3 kW of the house and 0.2 kW of margin. As floats, these numbers add up to 4e-16.
    await home.powers(net=-2.4, available=0.5)
    await use(
        "battery",
        net_power="sensor.net",
        available_power="sensor.available",
        battery_power="number.battery",
        charge="sensor.charge",
    )
    assert await home.calls_in(30) == [("set_value", 0.0)]


@pytest.mark.parametrize(
    "case",
    [
        # 0.5 kW above, 0.2 kW of margin, and the 1 kW that the battery gives by itself.
        *[("measured", delay, 1.7 if delay == 10 else 0.7) for delay in (10, 60, 90, 300)],
        *[("meter", 10, 1.7), ("meter", 40, 0.7)],
        # Readings older than a minute are missing.
        *[("meter", delay, None) for delay in (60, 90, 300)],
    ],
)
async def test_the_powers_of_battery_and_meter_are_of_one_moment(
    home: Home, use: Use, case: tuple[str, int, float | None]
) -> None:
    late, delay, setting = case
    home.note("number", "set_value")
    await home.set("number.battery", 0, **KILOWATTS)
    await home.set("input_boolean.wanted", "off")
    await use(
        "battery",
        net_power="sensor.net",
        available_power="sensor.available",
        battery_power="number.battery",
        measured_power="sensor.measured",
        charge="sensor.charge",
        allowed="input_boolean.wanted",
    )
    await home.powers(net=1.5, available=1.0, measured=1.0)
    for name in ("measured",) if late == "measured" else ("net", "available"):
        del home.reported[name]
    await home.let_pass(delay)
    await home.set("input_boolean.wanted", "on")
    await home.set("sensor.charge", 60)
    assert home.calls == ([] if setting is None else [("set_value", setting)])


class TestShedLoads:
    """Boiler, then heater; a thermostat that was sold; a dryer that is off already; a memory."""

    @pytest.fixture(autouse=True)
    def loads(self, hass: HomeAssistant, home: Home) -> None:
        home.note("homeassistant", "turn_on", "turn_off")
        for name, state in (("boiler", "on"), ("dryer", "off"), ("heater", "on")):
            hass.states.async_set(f"switch.{name}", state)

    async def begin(self, use: Use, **inputs: str) -> None:
        loads = ["climate.sold", "switch.boiler", "switch.dryer", "switch.heater"]
        await use("shed_loads", warning="binary_sensor.warning", loads=loads, **inputs)

    async def test_one_by_one_and_back_in_reverse(self, home: Home, use: Use) -> None:
        await home.set("binary_sensor.warning", "off")
        await self.begin(use)
        # A short peak sheds nothing.
        await home.set("binary_sensor.warning", "on")
        await home.let_pass(20)
        await home.set("binary_sensor.warning", "off")
        assert await home.calls_in(MINUTE) == []
        await home.set("binary_sensor.warning", "on")
        assert await home.calls_in(30) == [("turn_off", "switch.boiler")]
        assert await home.calls_in(20) == []
        assert await home.calls_in(10) == [("turn_off", "switch.heater")]
        assert await home.calls_in(5 * MINUTE) == []

        await home.set("binary_sensor.warning", "off")
        assert await home.calls_in(14 * MINUTE) == []
        assert await home.calls_in(1 * MINUTE) == [("turn_on", "switch.heater")]
        assert await home.calls_in(15 * MINUTE) == [("turn_on", "switch.boiler")]

    async def test_without_readings_a_load_stays_off_for_the_maximum_time(
        self, home: Home, use: Use
    ) -> None:
        await home.set("binary_sensor.warning", "off")
        await self.begin(use)
        await home.set("binary_sensor.warning", "on")
        await home.let_pass(30)
        await home.set("binary_sensor.warning", "unavailable")
        assert await home.calls_in(29.5 * MINUTE) == [("turn_off", "switch.boiler")]
        assert await home.calls_in(30) == [("turn_on", "switch.boiler")]

    async def test_an_air_conditioner_gets_its_mode_back(
        self, hass: HomeAssistant, home: Home, use: Use
    ) -> None:
        home.note("climate", "set_hvac_mode")
        hass.states.async_set("climate.room", "cool")
        await home.set("binary_sensor.warning", "off")
        await use("shed_loads", warning="binary_sensor.warning", loads=["climate.room"])
        await home.set("binary_sensor.warning", "on")
        await home.let_pass(30)
        await home.set("binary_sensor.warning", "off")
        assert await home.calls_in(16 * MINUTE) == [
            ("turn_off", "climate.room"),
            ("set_hvac_mode", "cool"),
        ]

    @pytest.mark.parametrize("is_warning", [True, False])
    async def test_a_mode_that_the_user_chooses_stays(
        self, hass: HomeAssistant, home: Home, use: Use, *, is_warning: bool
    ) -> None:
        home.note("climate", "set_hvac_mode")
        hass.states.async_set("climate.room", "heat")
        await home.set("binary_sensor.warning", "off")
        await use("shed_loads", warning="binary_sensor.warning", loads=["climate.room"])
        await home.set("binary_sensor.warning", "on")
        assert await home.calls_in(30) == [("turn_off", "climate.room")]
        await home.set("binary_sensor.warning", "on" if is_warning else "off")
        await home.set("climate.room", "cool")
        assert await home.calls_in(40 * MINUTE) == []
        # After the appliance has been on for 30 minutes, the automation turns it off again.
        await home.set("binary_sensor.warning", "off")
        await home.let_pass(60 * MINUTE)
        await home.set("binary_sensor.warning", "on")
        assert await home.calls_in(MINUTE) == [("turn_off", "climate.room")]

    async def test_noted_loads_are_turned_on_again_after_a_restart(
        self, hass: HomeAssistant, home: Home, use: Use
    ) -> None:
        home.note("input_text", "set_value")
        hass.set_state(CoreState.not_running)
        for name in ("boiler", "heater"):
            await home.set(f"switch.{name}", "off")
        shed = {"climate.sold": "heat", "switch.boiler": "on"}
        shed |= {"switch.another": "on", "switch.heater": "Eco 2"}
        home.refusing.add("climate.sold")
        await home.set("input_text.shed", memory_text(shed))
        await home.set("binary_sensor.warning", "unavailable")
        await self.begin(use, memory="input_text.shed")
        assert await home.calls_in(10 * MINUTE) == []
        await home.set("binary_sensor.warning", "off")
        await home.let_pass(20 * MINUTE)
        # After 25 minutes because there was room for 15, and after 30 in any case.
        assert [call for call in home.calls if call[0] != "set_value"] == [
            ("turn_on", "switch.heater"),
            ("turn_on", "switch.boiler"),
        ]
        await home.set("binary_sensor.warning", "on")
        await home.let_pass(30)
        memory = memory_text({"switch.heater": "on"})
        assert {*home.calls} == {("turn_off", "switch.heater"), ("set_value", memory)}


class TestWaterAtNight:
    """A flow rate in m³/h."""

    @pytest.fixture(autouse=True)
    async def automation(
        self, hass: HomeAssistant, home: Home, freezer: FrozenDateTimeFactory, use: Use
    ) -> None:
        """Begin a night at 0:30."""
        await hass.config.async_set_time_zone("Europe/Luxembourg")
        freezer.move_to("2026-02-03 00:30:05+01:00")
        home.note("valve", "close_valve")
        await home.set("sensor.flow", 0, unit_of_measurement="m³/h")
        data = {"entity_id": ["valve.water"]}
        actions = [{"action": "valve.close_valve", "data": data}]
        await use("water_at_night", flow_rate="sensor.flow", actions=actions)

    async def flow(self, home: Home, rate: float) -> None:
        await home.set("sensor.flow", rate, unit_of_measurement="m³/h")

    async def test_a_leak(self, home: Home) -> None:
        await self.flow(home, 0.012)
        await home.let_pass(149 * MINUTE)  # 2:59: two hours of the night are not over
        assert home.calls == []
        assert await home.calls_in(2 * MINUTE) == [("close_valve", "valve.water")]
        assert await home.calls_in(120 * MINUTE) == []

    async def test_no_leak_when_it_stops(self, home: Home) -> None:
        await home.let_pass(40 * MINUTE)
        await self.flow(home, 0.6)
        await home.let_pass(110 * MINUTE)
        await self.flow(home, 0.0015)
        await home.let_pass(5 * MINUTE)
        await self.flow(home, 0.6)
        assert await home.calls_in(90 * MINUTE) == []


@pytest.mark.parametrize("unit", sorted(VolumeFlowRateConverter.VALID_UNITS, key=str))
async def test_a_flow_rate_in_each_unit(hass: HomeAssistant, unit: str) -> None:
    blueprint = yaml.load((FOLDER / "water_at_night.yaml").read_text(), Loader)  # noqa: S506 - a safe one
    template = Template(blueprint["triggers"][0]["value_template"], hass)
    night = {"from_time": "00:00:00", "to_time": "24:00:00"}
    in_unit = VolumeFlowRateConverter.converter_factory(UnitOfVolumeFlowRate.LITERS_PER_HOUR, unit)
    for liters, is_flowing in ((1.99, False), (2.01, True)):
        hass.states.async_set("sensor.flow", str(in_unit(liters)), {"unit_of_measurement": unit})
        inputs = {**night, "flow_rate": "sensor.flow", "least_flow": 2}
        assert template.async_render(inputs) is is_flowing


class Loader(yaml.SafeLoader):
    """A loader that knows the inputs of blueprints."""


Loader.add_constructor("!input", lambda _, node: node.value)
