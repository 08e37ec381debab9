"""What the page of system information tells."""

import asyncio
import re
from typing import Any

from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from custom_components.smarty_p1.const import DOMAIN

from .conftest import EntryMaker
from .meter import KEY, OTHER_SERIAL, SERIAL, MeterPort
from .support import PATIENCE, set_up


async def told(hass: HomeAssistant) -> dict[str, Any]:
    """Return the lines of the page."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    return {
        key: await value if asyncio.iscoroutine(value) else value for key, value in info.items()
    }


async def test_meters_links_and_ages(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry)
    make_entry("socket://127.0.0.1:9", serial=OTHER_SERIAL)
    ignored = MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, unique_id="a port")
    ignored.add_to_hass(hass)

    lines = await told(hass)

    assert [line.partition(":")[0] for line in lines] == ["meters", "1", "2"]
    assert lines["meters"] == 1
    age = re.fullmatch(rf"{port.url}, open, last telegram (\d+) s ago", lines["1: Smarty …2574"])
    assert age
    assert int(age[1]) < PATIENCE
    assert lines["2: Smarty …0042"] == "not_loaded"
    assert KEY not in str(lines)
    assert SERIAL not in str(lines)


async def test_the_serial_number_of_a_cable_is_private(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry)
    entry.runtime_data.shown_port = "/dev/serial/by-id/usb-FTDI_A10KJ77X-if00-port0"

    assert "A10KJ77X" not in str(await told(hass))
