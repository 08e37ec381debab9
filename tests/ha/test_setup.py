"""Setting an entry up, unloading it, reloading it, and why setting up may fail."""

import asyncio
import os
from hashlib import sha256
from itertools import count
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceRegistry
from homeassistant.helpers.entity_registry import EntityRegistry, async_entries_for_config_entry

from custom_components.smarty_p1.lib.port import open_port

from .meter import (
    KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    SERIAL,
    encipher,
    literal_frame,
    literal_telegram,
    seal,
)
from .support import (
    NAMELESS,
    TELEGRAM,
    Home,
    at,
    device_of,
    health_timers,
    links,
    own_log,
)

ENCRYPTED = literal_frame("three_phase_gas_water_heat")
PLAIN = literal_frame("plain")


async def test_sets_up_and_unloads(hass: HomeAssistant, home: Home) -> None:
    home.port.greeting = ENCRYPTED
    entry = home.make_entry(home.port.url)

    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert (home.port.clients, links(hass), health_timers(hass)) == (1, 1, 1)
    assert entry.data["statistics_key"] == sha256(SERIAL.encode()).hexdigest()[:8]

    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert (links(hass), health_timers(hass)) == (0, 0)
    await home.port.wait_for_clients(0)
    assert set(home.values().values()) == {"unavailable"}


async def test_a_meter_that_cannot_be_unloaded_is_read_on(hass: HomeAssistant, home: Home) -> None:
    entry = await home.set_up(at("10:30:00", 100.0))
    with patch.object(hass.config_entries, "async_unload_platforms", return_value=False):
        assert not await hass.config_entries.async_unload(entry.entry_id)
    await home.receive(at("10:30:10", 100.5))
    assert home.values()["smarty_energy_imported"] == "100.5"
    entry.mock_state(hass, ConfigEntryState.LOADED)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_reloads_without_leaks_and_duplicates(
    home: Home, entity_registry: EntityRegistry, device_registry: DeviceRegistry
) -> None:
    home.port.greeting = lambda: home.port.next_frame(TELEGRAM)
    entry = home.make_entry(home.port.url)
    await home.hass.config_entries.async_setup(entry.entry_id)
    before = home.values()
    entities = async_entries_for_config_entry(entity_registry, entry.entry_id)
    meter = device_of(device_registry, entry, SERIAL)
    listeners = len(entry.runtime_data._listeners)

    for _ in range(5):
        await home.reload()

    await home.port.wait_for_clients(1)
    assert home.port.connections == 6
    assert (links(home.hass), health_timers(home.hass)) == (1, 1)
    assert home.values() == before
    assert async_entries_for_config_entry(entity_registry, entry.entry_id) == entities
    assert device_of(device_registry, entry, SERIAL) == meter
    assert len(entry.runtime_data._listeners) == listeners


NEVER_READ: list[tuple[bytes, str | None, str]] = [
    (b"", KEY, "nothing_received"),
    (b"login: " * 20, KEY, "not_p1"),
    (ENCRYPTED, OTHER_KEY, "wrong_key"),
    (ENCRYPTED, None, "key_missing"),
    (PLAIN, KEY, "security_off"),
    (PLAIN.replace(b"1.8.0(0", b"1.8.0(9"), None, "damaged"),
    (literal_frame("other_authentication_key"), KEY, "other_authentication_key"),
    (literal_frame("export_two_gas_meters"), KEY, "other_meter"),
    (encipher(NAMELESS, 1), KEY, "no_device_name"),
    (seal(NAMELESS), None, "no_device_name"),
]


@pytest.mark.usefixtures("short_setup")
async def test_a_meter_that_was_never_read_is_loaded_and_says_why(
    hass: HomeAssistant, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async def says(key: str | None, reason: str) -> str:
        caplog.clear()
        entry = home.make_entry(home.port.url, key=key)
        assert await hass.config_entries.async_setup(entry.entry_id)
        assert home.values()["smarty_connection"] == reason
        assert (links(hass), health_timers(hass)) == (1, 1)
        [(level, line)] = own_log(caplog)
        assert level == "ERROR"
        assert home.port.url in line
        await hass.config_entries.async_remove(entry.entry_id)
        return line

    for greeting, key, reason in NEVER_READ:
        home.port.greeting = greeting
        line = await says(key, reason)
        if reason == "other_meter":
            assert OTHER_SERIAL in line
            assert SERIAL in line

    # A port that cannot be opened ends it with the second try, not after half a minute.
    await home.port.stop()
    line = await says(KEY, "port_unreachable")
    assert "Connect call failed" not in line
    assert "Errno" not in line


async def test_setup_tries_twice_to_open_the_port(home: Home) -> None:
    entry = home.make_entry(home.port.url)
    setup = home.hass.async_create_task(home.hass.config_entries.async_setup(entry.entry_id))
    await home.port.wait_for_clients(1)

    home.port.greeting = ENCRYPTED
    home.port.drop()

    assert await setup
    assert entry.state is ConfigEntryState.LOADED
    assert home.port.connections == 2


async def test_sets_up_a_meter_at_a_serial_device(home: Home) -> None:
    meter, device = os.openpty()
    name = os.ttyname(device)
    entry = home.make_entry(name)
    text = literal_telegram("three_phase_gas_water_heat")
    try:
        setup = home.hass.async_create_task(home.hass.config_entries.async_setup(entry.entry_id))
        for counter in count():
            os.write(meter, encipher(text, counter))
            await asyncio.sleep(0.05)
            if setup.done():
                break
        assert entry.state is ConfigEntryState.LOADED
        assert home.values()["smarty_energy_imported"] == "25678.901"

        await home.hass.config_entries.async_unload(entry.entry_id)
        async with open_port(name) as reader:
            os.write(meter, b"x")
            assert await reader.read(1)
    finally:
        os.close(meter)
        os.close(device)
