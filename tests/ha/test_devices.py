"""Meters that are replaced, and devices that may be deleted."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry, DeviceRegistry
from homeassistant.helpers.entity_registry import EntityRegistry
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1 import async_remove_config_entry_device

from .boards import tank_entry
from .meter import OTHER_SERIAL, SERIAL, with_value
from .support import TELEGRAM, Home, device_of

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
    assert entry.runtime_data.reception.totals_held_back == {}


async def test_an_index_is_called_as_its_device_and_keeps_its_id(
    home: Home, entity_registry: EntityRegistry
) -> None:
    # As earlier versions made it.
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
    assert registered.translation_key == "water"  # which gives it its icon


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

    # Nothing can be deleted while the meter is not read.
    gone = device_of(device_registry, entry, NEW_DEVICE)
    assert await async_remove_config_entry_device(home.hass, entry, gone)
    await home.hass.config_entries.async_unload(entry.entry_id)
    assert not await async_remove_config_entry_device(home.hass, entry, gone)


async def test_a_meter_keeps_its_name_when_the_one_before_it_is_removed(
    home: Home, device_registry: DeviceRegistry
) -> None:
    first = home.make_entry("socket://127.0.0.1:9", serial=OTHER_SERIAL)
    entry = await home.set_up()
    assert device_of(device_registry, entry, SERIAL).name == "Smarty 2574"

    await home.hass.config_entries.async_remove(first.entry_id)
    await home.again()
    assert device_of(device_registry, entry, SERIAL).name == "Smarty 2574"


async def test_a_meter_beside_a_board_is_the_first_meter(
    home: Home, device_registry: DeviceRegistry
) -> None:
    tank_entry(home.hass, "socket://127.0.0.1:9")
    entry = await home.set_up()

    assert device_of(device_registry, entry, SERIAL).name == "Smarty"
