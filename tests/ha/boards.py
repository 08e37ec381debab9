"""What the tests of the small boards share: entries of both kinds."""

from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.const import (
    CONF_DISTANCE_EMPTY,
    CONF_DISTANCE_FULL,
    CONF_KIND,
    CONF_PULSES_PER_KWH,
    CONF_SHAPE,
    CONF_VOLUME,
    DOMAIN,
    KIND_PULSE,
    KIND_TANK,
)
from custom_components.smarty_p1.lib.port import identify_port

from .support import wait_until

PULSE_TITLE = "LED pulse reader"
TANK_TITLE = "Rainwater tank"
ENERGY = "sensor.led_pulse_reader_energy"
POWER = "sensor.led_pulse_reader_power"
LEVEL = "sensor.rainwater_tank_fill_level"
VOLUME = "sensor.rainwater_tank_volume"
DISTANCE = "sensor.rainwater_tank_distance_to_the_water"
GEOMETRY = {
    CONF_DISTANCE_EMPTY: 220.0,
    CONF_DISTANCE_FULL: 20.0,
    CONF_VOLUME: 5000.0,
    CONF_SHAPE: "upright",
}


def pulse_entry(hass: HomeAssistant, **source: object) -> MockConfigEntry:
    """Return an entry of a pulse reader, not set up yet."""
    [(kind, name), *_] = source.items()
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=PULSE_TITLE,
        unique_id=f"{kind}:{identify_port(str(name)) if kind == CONF_PORT else name}",
        data={CONF_KIND: KIND_PULSE, **source},
        options={CONF_PULSES_PER_KWH: 1000.0},
    )
    entry.add_to_hass(hass)
    return entry


def tank_entry(hass: HomeAssistant, url: str, **geometry: float | str) -> MockConfigEntry:
    """Return an entry of a tank, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=TANK_TITLE,
        unique_id=f"{CONF_PORT}:{identify_port(url)}",
        data={CONF_KIND: KIND_TANK, CONF_PORT: url},
        options={**GEOMETRY, **geometry},
    )
    entry.add_to_hass(hass)
    return entry


async def shows(hass: HomeAssistant, entity_id: str, value: str) -> None:
    """Wait until an entity has a state."""
    await wait_until(hass, lambda: state(hass, entity_id) == value)


def state(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity that exists."""
    found = hass.states.get(entity_id)
    assert found, entity_id
    return found.state
