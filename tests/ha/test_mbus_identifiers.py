"""Gas, water and heat meters whose identifiers are filler, come later or change."""

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.device_registry import DeviceRegistry
from homeassistant.helpers.issue_registry import IssueRegistry

from custom_components.smarty_p1 import async_remove_config_entry_device

from .dialogs import fill_in, open_repair
from .meter import SERIAL, with_value
from .support import TELEGRAM, Home, device_of

ZEROS = f"({16 * '30'})"


def sent(identifier: str, gas: str, at: str = "1030", water: str | None = None) -> str:
    """Return a telegram with this identifier and index of gas, and this identifier of water."""
    text = with_value(TELEGRAM, "0-1:96.1.0", identifier)
    text = with_value(text, "0-1:24.2.1", f"(250703{at}00S)({gas}*m3)")
    return text if water is None else with_value(text, "0-2:96.1.0", water)


def named(name: str) -> str:
    return f"({name.encode().hex().upper()})"


async def test_a_meter_whose_identifier_comes_later_stays_the_same(
    home: Home, device_registry: DeviceRegistry, issue_registry: IssueRegistry
) -> None:
    entry = await home.set_up(sent("()", "02236.009"))
    entities = home.values().keys()

    for identifier, gas, at in (
        (named("G003800123456782"), "02236.012", "1030"),
        ("()", "02236.020", "1035"),
        (named("G003800123456782"), "02236.030", "1130"),
    ):
        await home.receive(sent(identifier, gas, at))
        assert home.state_of("gas_meter_1").state == str(float(gas))
    assert home.values().keys() == entities
    media = entry.runtime_data.records.history.media
    assert media["channel_1"].index == 2236.03

    await home.again(sent(named("G003800123456782"), "02236.040", "1230"))
    assert home.state_of("gas_meter_1").state == "2236.04"
    assert home.values().keys() == entities
    device = device_of(device_registry, entry, f"{SERIAL}_channel_1")
    assert (device.name, device.serial_number) == ("Gas meter 1", "G003800123456782")
    assert not [name for _, name in issue_registry.issues if name.startswith("mbus")]


async def test_two_meters_with_one_filler_are_both_shown(home: Home) -> None:
    await home.set_up(sent(ZEROS, "00678.901", water=ZEROS))
    assert home.state_of("gas_meter_1").state == "678.901"
    assert home.state_of("water_meter_2").state == "28.103"
    assert home.state_of("gas_meter_1_flow_rate").name == "Gas meter 1 Flow rate"


async def test_an_exchanged_meter_is_a_repair_until_the_user_knows(
    home: Home, device_registry: DeviceRegistry
) -> None:
    entry = await home.set_up(sent("()", "02236.009"))
    new = sent(named("G003800123456782"), "00003.120", "1130")

    await home.receive(new)
    assert home.state_of("gas_meter_1").state == "unavailable"
    assert home.state_of("gas_meter_6782").state == "3.12"
    await home.again(new)
    assert home.issue("mbus_meter_exchanged")

    form = await open_repair(home.hass, f"mbus_meter_exchanged_{entry.entry_id}")
    assert form["description_placeholders"] == {
        "name": "Smarty 2574",
        "meters": "- Gas meter 1 → Gas meter 6782",
    }
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "confirm")
    assert (await fill_in(home.hass, form, {}))["type"] == "create_entry"
    assert not home.issue("mbus_meter_exchanged")
    await home.receive(new)
    assert not home.issue("mbus_meter_exchanged")

    # The deletion of the old device confirms the exchange, too.
    await home.receive(sent(named("G4"), "00001.000", "1230"))
    assert home.issue("mbus_meter_exchanged")
    old = device_of(device_registry, entry, f"{SERIAL}_G003800123456782")
    assert await async_remove_config_entry_device(home.hass, entry, old)
    assert not home.issue("mbus_meter_exchanged")


async def test_a_meter_that_comes_back_was_not_exchanged(home: Home) -> None:
    await home.set_up(sent(named("G1"), "02236.009"))
    await home.receive(sent(named("G2"), "00003.120", "1130"))
    assert home.issue("mbus_meter_exchanged")
    await home.receive(sent(named("G1"), "02236.010", "1230"))
    assert not home.issue("mbus_meter_exchanged")


async def test_a_changed_index_goes_on_at_once_if_the_user_says_so(home: Home) -> None:
    name = named("G003800123456782")
    entry = await home.set_up(sent(name, "02236.009", "0530"))
    captures = [("00001.000", "0630"), ("00001.200", "0830"), ("00001.500", "0930")]
    for gas, at in captures[:2]:
        await home.receive(sent(name, gas, at))
        assert not home.issue("total_held_back")
    await home.receive(sent(name, *captures[2]))
    assert home.state_of("gas_meter_6782").state == "2236.009"

    await home.again(sent(name, *captures[2]))
    form = await open_repair(home.hass, f"total_held_back_{entry.entry_id}")
    assert form["description_placeholders"] == {
        "name": "Smarty 2574",
        "totals": "- Gas meter 6782: 2,236.009 → 1.5",
    }
    assert (await fill_in(home.hass, form, {}))["type"] == "create_entry"
    await home.receive(sent(name, *captures[2]))
    assert home.state_of("gas_meter_6782").state == "2236.509"
    assert not home.issue("total_held_back")
