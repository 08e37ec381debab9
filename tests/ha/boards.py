"""Entries of both kinds of small boards."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.lib.port.address_masking import identify_port

from .support import smarty_entry, wait_until

PULSE_TITLE = "LED pulse reader"
TANK_TITLE = "Rainwater tank"
ENERGY = "sensor.led_pulse_reader_energy"
POWER = "sensor.led_pulse_reader_power"
LEVEL = "sensor.rainwater_tank_fill_level"
VOLUME = "sensor.rainwater_tank_volume"
DISTANCE = "sensor.rainwater_tank_distance_to_the_water"
GEOMETRY = {"distance_empty": 220.0, "distance_full": 20.0, "volume": 5000.0, "shape": "upright"}


def pulse_entry(hass: HomeAssistant, **source: object) -> MockConfigEntry:
    """Return an entry of a pulse reader, not set up yet."""
    [(kind, name), *_] = source.items()
    entry = smarty_entry(
        title=PULSE_TITLE,
        unique_id=f"{kind}:{identify_port(str(name)) if kind == 'port' else name}",
        data={"kind": "pulse", **source},
        options={"pulses_per_kwh": 1000.0},
    )
    entry.add_to_hass(hass)
    return entry


def tank_entry(hass: HomeAssistant, url: str, **geometry: float | str) -> MockConfigEntry:
    """Return an entry of a tank, not set up yet."""
    entry = smarty_entry(
        title=TANK_TITLE,
        unique_id=f"port:{identify_port(url)}",
        data={"kind": "tank", "port": url},
        options={**GEOMETRY, **geometry},
    )
    entry.add_to_hass(hass)
    return entry


async def shows(hass: HomeAssistant, entity_id: str, value: str) -> None:
    await wait_until(hass, lambda: state(hass, entity_id) == value)


def state(hass: HomeAssistant, entity_id: str) -> str:
    found = hass.states.get(entity_id)
    assert found, entity_id
    return found.state
