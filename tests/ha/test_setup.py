"""Setting an entry up, unloading it, reloading it, and why setting up may fail."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from hashlib import sha256
from itertools import count
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry, DeviceRegistry
from homeassistant.helpers.entity_registry import EntityRegistry, async_entries_for_config_entry
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1 import async_remove_config_entry_device
from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles
from custom_components.smarty_p1.lib.port import reconnecting_port
from custom_components.smarty_p1.lib.port.serial_port import open_port
from smartyp1.json_types import JsonDict

from . import kit
from .boards import tank_entry
from .meter import (
    KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    SERIAL,
    encipher,
    seal,
    stored_frame,
    stored_telegram,
    with_value,
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
    remove_entry,
    set_up_entry,
    smarty_entry,
    unload_entry,
)

ENCRYPTED = stored_frame("three_phase_gas_water_heat")
PLAIN = stored_frame("plain")


async def test_sets_up_and_unloads(hass: HomeAssistant, home: Home) -> None:
    home.port.greeting = ENCRYPTED
    entry = home.make_entry(home.port.url)

    assert await set_up_entry(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert (home.port.clients, links(hass), health_timers(hass)) == (1, 1, 1)
    assert entry.data["statistics_key"] == sha256(SERIAL.encode()).hexdigest()[:8]

    assert await unload_entry(hass, entry)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert (links(hass), health_timers(hass)) == (0, 0)
    await home.port.wait_for_clients(0)
    assert set(home.values().values()) == {"unavailable"}


async def test_a_meter_that_cannot_be_unloaded_is_read_on(hass: HomeAssistant, home: Home) -> None:
    entry = await home.set_up(at("10:30:00", 100.0))
    with patch.object(hass.config_entries, "async_unload_platforms", return_value=False):
        assert not await unload_entry(hass, entry)
    await home.receive(at("10:30:10", 100.5))
    assert home.values()["smarty_energy_imported"] == "100.5"
    entry.mock_state(hass, ConfigEntryState.LOADED)
    assert await unload_entry(hass, entry)


async def test_reloads_without_leaks_and_duplicates(
    home: Home, entity_registry: EntityRegistry, device_registry: DeviceRegistry
) -> None:
    home.port.greeting = lambda: home.port.next_frame(TELEGRAM)
    entry = home.entry = home.make_entry(home.port.url)
    await set_up_entry(home.hass, entry)
    before = home.values()
    entities = async_entries_for_config_entry(entity_registry, entry.entry_id)
    meter = device_of(device_registry, entry, SERIAL)
    listeners = kit.listener_count(entry.runtime_data)

    for _ in range(5):
        await home.reload()

    await home.port.wait_for_clients(1)
    assert home.port.connections == 6
    assert (links(home.hass), health_timers(home.hass)) == (1, 1)
    assert home.values() == before
    assert async_entries_for_config_entry(entity_registry, entry.entry_id) == entities
    assert device_of(device_registry, entry, SERIAL) == meter
    assert kit.listener_count(entry.runtime_data) == listeners


async def test_an_unexpected_error_is_logged_once_and_then_counted(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await home.set_up(at("10:30:00", 100.0))
    raised = 0

    def fail(*_: object) -> None:
        nonlocal raised
        raised += 1
        raise ValueError

    remove = entry.runtime_data.reading_listeners.add(fail)
    for second in range(1, 13):
        await home.receive(at(f"10:30:{second:02}", 100.0 + second))
    assert raised >= 10
    remove()
    lines = own_log(caplog)
    assert [level for level, _ in lines] == ["ERROR", "ERROR"]
    assert "10 times" in lines[1][1]
    assert home.values()["smarty_energy_imported"] == "112.0"


async def test_a_port_is_opened_when_it_has_closed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = most = 0
    may_close = asyncio.Event()

    @asynccontextmanager
    async def slow_port(url: str, *, baud_rate: int) -> AsyncIterator[asyncio.StreamReader]:
        nonlocal opened, most
        async with open_port(url, baud_rate=baud_rate) as reader:
            opened += 1
            most = max(most, opened)
            try:
                yield reader
            finally:
                await may_close.wait()
                opened -= 1

    monkeypatch.setattr(reconnecting_port, "open_port", slow_port)
    home.answer()
    home.entry = home.make_entry(home.port.url)
    await set_up_entry(home.hass, home.entry)
    before = home.port.connections
    releasing = home.hass.async_create_task(home.entry.runtime_data.source.line.async_release())
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert (opened, most, home.port.connections) == (1, 1, before)
    assert not releasing.done()
    may_close.set()
    await releasing
    assert opened == 0
    home.entry.runtime_data.source.read_again()
    await home.wait_until(lambda: (opened, home.port.connections) == (1, before + 1))
    assert most == 1


NEVER_READ: list[tuple[bytes, str | None, str]] = [
    (b"", KEY, "nothing_received"),
    (b"login: " * 20, KEY, "not_p1"),
    (ENCRYPTED, OTHER_KEY, "wrong_key"),
    (ENCRYPTED, None, "key_missing"),
    (PLAIN, KEY, "security_off"),
    (PLAIN.replace(b"1.8.0(0", b"1.8.0(9"), None, "damaged"),
    (stored_frame("other_authentication_key"), KEY, "other_authentication_key"),
    (stored_frame("export_two_gas_meters"), KEY, "other_meter"),
    (encipher(NAMELESS, 1), KEY, "no_device_name"),
    (seal(NAMELESS), None, "no_device_name"),
]


@pytest.mark.usefixtures("short_setup")
async def test_a_meter_that_was_never_read_is_loaded_with_the_reason(
    hass: HomeAssistant, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async def says(key: str | None, reason: str) -> str:
        caplog.clear()
        entry = home.make_entry(home.port.url, key=key)
        assert await set_up_entry(hass, entry)
        assert home.values()["smarty_connection"] == reason
        assert (links(hass), health_timers(hass)) == (1, 1)
        [(level, line)] = own_log(caplog)
        assert level == "ERROR"
        assert home.port.url in line
        await remove_entry(hass, entry)
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
    setup = home.hass.async_create_task(set_up_entry(home.hass, entry))
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
    text = stored_telegram("three_phase_gas_water_heat")
    try:
        setup = home.hass.async_create_task(set_up_entry(home.hass, entry))
        for counter in count():
            os.write(meter, encipher(text, counter))
            await asyncio.sleep(0.05)
            if setup.done():
                break
        assert entry.state is ConfigEntryState.LOADED
        assert home.values()["smarty_energy_imported"] == "25678.901"

        await unload_entry(home.hass, entry)
        async with open_port(name) as reader:
            os.write(meter, b"x")
            assert await reader.read(1)
    finally:
        os.close(meter)
        os.close(device)


GAS = "gas_meter_7401"
NEW_GAS = "gas_meter_7499"
OLD_DEVICE = f"{SERIAL}_GAS 079000257401"
NEW_DEVICE = f"{SERIAL}_GAS 079000257499"


def replaced() -> str:
    """Return a telegram with another gas meter, which begins at 0."""
    text = with_value(TELEGRAM, "0-1:96.1.0", f"({b'GAS 079000257499'.hex().upper()})")
    return with_value(text, "0-1:24.2.1", "(250703110000S)(00000.000*m3)")


async def delete(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, device: DeviceEntry
) -> bool:
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    answer = await client.remove_device(device.id)
    await hass.async_block_till_done()
    return bool(answer["success"])


async def test_a_replaced_meter_is_a_new_device(
    home: Home, device_registry: DeviceRegistry
) -> None:
    entry = await home.set_up()

    await home.receive(replaced())

    assert home.state_of(NEW_GAS).state == "0.0"
    assert home.state_of(GAS).state == "unavailable"
    new = device_of(device_registry, entry, NEW_DEVICE)
    assert (new.name, new.serial_number) == ("Gas meter 7499", "GAS 079000257499")
    assert entry.runtime_data.source.reception.totals_held_back == {}


async def test_an_index_is_called_as_its_device_and_keeps_its_id(
    home: Home, entity_registry: EntityRegistry
) -> None:
    # An earlier version has made this entity.
    known = entity_registry.async_get_or_create(
        "sensor",
        "smarty_p1",
        f"{OLD_DEVICE}_index",
        suggested_object_id=f"{GAS}_gas",
        translation_key="gas",
    )
    await home.set_up()

    index = home.state_of(known.entity_id)
    assert (index.state, index.name) == ("678.901", "Gas meter 7401")
    water = home.state_of("water_meter_7402")
    assert (water.state, water.name) == ("28.103", "Water meter 7402")
    assert home.state_of(f"{GAS}_flow_rate").name == "Gas meter 7401 Flow rate"
    registered = entity_registry.async_get("sensor.water_meter_7402")
    assert registered
    assert registered.translation_key == "water"  # the key of the icon


async def test_only_meters_that_are_gone_can_be_deleted(
    home: Home, device_registry: DeviceRegistry, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await home.set_up()
    old = device_of(device_registry, entry, OLD_DEVICE)
    assert not await delete(home.hass, hass_ws_client, old)
    await home.receive(replaced())

    for identifier in (SERIAL, NEW_DEVICE):
        device = device_of(device_registry, entry, identifier)
        assert not await delete(home.hass, hass_ws_client, device)
    assert await delete(home.hass, hass_ws_client, old)
    assert device_registry.async_get(old.id) is None
    assert home.state_of(NEW_GAS).state == "0.0"
    await home.receive(replaced())
    assert GAS not in home.values()

    # A deleted meter that comes back is there again.
    await home.receive(TELEGRAM)
    assert home.state_of(GAS).state == "678.901"
    assert device_of(device_registry, entry, OLD_DEVICE).serial_number == "GAS 079000257401"

    # No device can be deleted while the meter is not read.
    gone = device_of(device_registry, entry, NEW_DEVICE)
    assert await async_remove_config_entry_device(home.hass, entry, gone)
    await unload_entry(home.hass, entry)
    assert not await async_remove_config_entry_device(home.hass, entry, gone)


async def test_a_meter_keeps_its_name_when_the_one_before_it_is_removed(
    home: Home, device_registry: DeviceRegistry
) -> None:
    first = home.make_entry("socket://127.0.0.1:9", serial=OTHER_SERIAL)
    entry = await home.set_up()
    assert device_of(device_registry, entry, SERIAL).name == "Smarty 2574"

    await remove_entry(home.hass, first)
    await home.again()
    assert device_of(device_registry, entry, SERIAL).name == "Smarty 2574"


async def test_a_meter_beside_a_board_is_the_first_meter(
    home: Home, device_registry: DeviceRegistry
) -> None:
    tank_entry(home.hass, "socket://127.0.0.1:9")
    entry = await home.set_up()

    assert device_of(device_registry, entry, SERIAL).name == "Smarty"


async def test_an_entry_of_a_later_minor_version_is_read_after_going_back(home: Home) -> None:
    entry = await home.set_up()
    home.hass.config_entries.async_update_entry(entry, minor_version=2)
    await home.again()
    assert entry.state is ConfigEntryState.LOADED
    assert (entry.version, entry.minor_version) == (2, 2)


@pytest.mark.parametrize("minor_version", [1, 2])
async def test_an_entry_from_before_the_first_release_is_refused_and_stays_as_it_is(
    home: Home, hass_storage: JsonDict, minor_version: int
) -> None:
    fields = {"data": {"port": home.port.url}, "options": {"reference_power": 7.0}}
    entry = smarty_entry(version=1, minor_version=minor_version, title="Smarty", **fields)
    entry.add_to_hass(home.hass)
    key = f"smarty_p1.{entry.entry_id}.meter"
    hass_storage[key] = stored = {"version": 1, "key": key, "data": {"demand": {}}}
    folder = MonthFiles(home.hass, entry.entry_id).folder
    folder.mkdir(parents=True)
    (folder / "2026-06.csv").write_text("start,version=2\n")
    before = deepcopy(stored)

    assert not await set_up_entry(home.hass, entry)
    await home.hass.async_block_till_done()
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.error_reason_translation_key == "before_first_release"
    assert "before the first release" in str(entry.reason)
    assert {"data": dict(entry.data), "options": dict(entry.options)} == fields
    assert (entry.version, entry.minor_version) == (1, minor_version)
    assert hass_storage[key] == before
    assert [path.read_text() for path in folder.iterdir()] == ["start,version=2\n"]
