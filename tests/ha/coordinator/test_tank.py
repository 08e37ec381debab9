"""The rainwater tank in Home Assistant."""

import json
import re

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.entity_registry import EntityRegistry
from homeassistant.helpers.template import Template
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator import tank_coordinator
from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.boards import tank_level
from custom_components.smarty_p1.lib.boards.tank_level import Sonar
from dev.checkout import ROOT
from tests.ha.boards import DISTANCE, LEVEL, VOLUME, state, tank_entry
from tests.ha.dialogs import repair_text
from tests.ha.meter import MeterPort
from tests.ha.support import Home, let_pass_until, own_log, set_up_entry, wait_until

pytestmark = pytest.mark.usefixtures("every_reading_is_shown")


@pytest.fixture
def every_reading_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests see each reading at once."""
    monkeypatch.setattr(tank_coordinator, "_UPDATE_INTERVAL_S", 0)
    monkeypatch.setattr(tank_level, "_MIN_READINGS", 1)


async def set_up(
    hass: HomeAssistant, port: MeterPort, first: bytes, **geometry: float | str
) -> MockConfigEntry:
    port.greeting = first
    entry = tank_entry(hass, port.url, **geometry)
    assert await set_up_entry(hass, entry)
    await wait_until(hass, lambda: entry.runtime_data.last_update_success)
    port.greeting = b""
    return entry


async def send(hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry, data: bytes) -> None:
    before = entry.runtime_data.readings
    await port.send(data)
    await wait_until(hass, lambda: entry.runtime_data.readings > before)


@pytest.mark.usefixtures("everything_enabled")
async def test_the_level_of_the_water(home: Home, entity_registry: EntityRegistry) -> None:
    entry = await set_up(home.hass, home.port, b"23\rR120\r")
    assert (state(home.hass, LEVEL), state(home.hass, VOLUME), state(home.hass, DISTANCE)) == (
        "50.0",
        "2500.0",
        "120.0",
    )
    volume = home.state_of(VOLUME)
    assert volume.attributes["device_class"] == "volume_storage"
    assert volume.attributes["unit_of_measurement"] == "L"
    for shown in (LEVEL, VOLUME, DISTANCE):
        registered = entity_registry.async_get(shown)
        assert registered
        assert registered.options["sensor"]["suggested_display_precision"] == 0

    told = await async_get_config_entry_diagnostics(home.hass, entry)
    assert told["values"] == {"distance_cm": 120.0, "level_percent": 50.0, "volume_l": 2500.0}

    # An echo among the readings of the last seconds changes nothing.
    await send(home.hass, home.port, entry, b"R120\rR300\rR120\rR1200\r")
    assert state(home.hass, LEVEL) == "50.0"

    # A silent sensor becomes unavailable, and comes back.
    await home.let_pass(59)
    assert state(home.hass, LEVEL) == "50.0"
    await home.let_pass(61)
    assert state(home.hass, LEVEL) == "unavailable"

    home.port.greeting = b"R020\r"
    before = entry.runtime_data.readings
    await let_pass_until(home.hass, 31, lambda: entry.runtime_data.readings > before)
    assert state(home.hass, LEVEL) == "100.0"


async def test_a_level_is_shown_at_intervals_and_at_once_after_silence(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tank_coordinator, "_UPDATE_INTERVAL_S", 3600)
    entry = await set_up(home.hass, home.port, b"R120\r")
    await send(home.hass, home.port, entry, b"R020\rR020\rR020\r")
    assert state(home.hass, LEVEL) == "50.0"
    await home.let_pass(61)
    assert state(home.hass, LEVEL) == "unavailable"
    home.port.greeting = b"R020\r"
    await let_pass_until(home.hass, 31, lambda: state(home.hass, LEVEL) == "100.0")


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize(
    ("greeting", "reason"), [(b"", "sensor_silent"), (b"/KFM5\r\n1-0:1.8.0\r\n", "not_sonar")]
)
async def test_a_tank_that_cannot_be_read_fails_for_a_reason(
    home: Home, caplog: pytest.LogCaptureFixture, greeting: bytes, reason: str
) -> None:
    home.port.greeting = greeting
    entry = tank_entry(home.hass, home.port.url)
    assert await set_up_entry(home.hass, entry)
    await home.wait_until(lambda: entry.runtime_data.condition.obstacle == reason)
    assert state(home.hass, LEVEL) == "unavailable"
    [(level, line)] = own_log(caplog)
    assert level == "ERROR"
    assert home.port.url in line
    await home.let_pass(301)
    [issue] = ir.async_get(home.hass).issues.values()
    assert issue.translation_key == "no_telegram"
    assert home.port.url in await repair_text(home.hass, issue.issue_id, "reason")

    home.port.greeting = b"R120\r"
    await let_pass_until(home.hass, 31, lambda: state(home.hass, LEVEL) == "50.0")
    assert not ir.async_get(home.hass).issues


TANK_PAGE = ROOT / "docs" / "rainwater-tank.md"


@pytest.mark.parametrize(
    ("message", "path", "unit", "line", "litres"),
    [
        # Tasmota, SR04: centimetres.
        (
            '{"Time":"2026-01-01T00:00:00","SR04":{"Distance":110.5}}',
            "SR04.Distance",
            "cm",
            0,
            2486,
        ),
        # ESPHome, ultrasonic: metres; millimetres if the user has changed the unit.
        ("1.10", "", "m", 0, 2500),
        ("1100", "", "mm", 0, 2500),
        # OpenMQTTGateway, HC-SR04: whole centimetres.
        ('{"distance":110,"direction":"away"}', "distance", "cm", 0, 2500),
        # Zigbee2MQTT: depth in metres, and percent.
        ('{"liquid_depth":0.9,"liquid_level_percent":50}', "liquid_depth", "m", 1, 2500),
        ('{"liquid_depth":0.9,"liquid_level_percent":50}', "liquid_level_percent", "%", 2, 2500),
        # Shelly, analog input.
        ('{"id":100,"percent":42.5}', "percent", "%", 2, 2125),
    ],
)
async def test_the_template_of_the_page_reads_sensors_of_other_firmware(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant, message: str, path: str, unit: str, line: int, litres: int
) -> None:
    page = TANK_PAGE.read_text("utf-8")
    [template] = re.findall(r"```jinja\n(.*?)```", page, re.DOTALL)
    written = re.findall(r"{% set full = .*? %}", page)
    value = json.loads(message)
    for key in path.split(".") if path else ():
        value = value[key]
    hass.states.async_set("sensor.tank_distance", str(value), {"unit_of_measurement": unit})
    template = template.replace(written[0], written[line])
    assert Template(template, hass).async_render() == litres
    # At a port, such a message is no reading.
    assert Sonar().feed(f"{message}\r\n".encode(), 0) == []
