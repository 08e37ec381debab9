"""The sensors: states of stored telegrams, and sensors that appear, move or vanish later."""

from datetime import UTC, datetime

import pytest
from homeassistant.core_config import DATA_CUSTOMIZE
from homeassistant.helpers.device_registry import DeviceRegistry, async_entries_for_config_entry
from homeassistant.helpers.entity_registry import EntityRegistry, RegistryEntryDisabler
from homeassistant.helpers.entity_values import EntityValues

from custom_components.smarty_p1.lib.entities.mbus_sensors import sensors_of_mbus_meter
from custom_components.smarty_p1.lib.meter.meter_reader import MeterReader
from custom_components.smarty_p1.lib.p1.decoder import Decoder
from custom_components.smarty_p1.lib.p1.telegram import Telegram
from tests.ha.meter import SERIAL, seal, with_value, without_channels
from tests.ha.support import TELEGRAM, Home, device_of, load

GAS = "gas_meter_7401"
WATER = "water_meter_7402"
HEAT = "heat_meter_7403"
GAS_FLOW = "gas_meter_7401_flow_rate"
WATER_FLOW = "water_meter_7402_flow_rate"
HEAT_POWER = "heat_meter_7403_power"
# After one capture.
FLOWS = dict.fromkeys((GAS_FLOW, WATER_FLOW, HEAT_POWER), "unknown")

METER_VALUES = {
    "smarty_energy_imported": "25678.901",
    "smarty_energy_exported": "1234.567",
    "smarty_net_power": "2.345",
    "smarty_voltage_l1": "233.1",
    "smarty_voltage_l2": "231.2",
    "smarty_voltage_l3": "229.3",
    "smarty_breaker": "connected",
    "smarty_relay_1": "disconnected",
    "smarty_relay_2": "connected",
    "smarty_grid_connection_limit_smax": "69.0",
    "smarty_verification_of_readings": "verified",
    # No quarter-hour has passed: only the current power is known.
    "smarty_quarter_hour_power": "2.35",
    "smarty_power_of_last_quarter_hour": "unknown",
    "smarty_highest_power_this_month": "unknown",
    "smarty_connection": "receiving",
    "smarty_cheapest_reference_power": "unknown",
}


async def test_values_follow_the_telegrams(home: Home, device_registry: DeviceRegistry) -> None:
    entry = await home.set_up()
    assert home.values() == METER_VALUES | FLOWS | {GAS: "678.901", WATER: "28.103", HEAT: "12.345"}
    meter = device_of(device_registry, entry, SERIAL)
    assert (meter.name, meter.manufacturer, meter.model) == ("Smarty", "Sagemcom", "Smarty")
    gas = device_of(device_registry, entry, f"{SERIAL}_GAS 079000257401")
    assert (gas.name, gas.via_device_id) == ("Gas meter 7401", meter.id)

    for value in (None, "()", "(rubbish)"):
        await home.receive(with_value(with_value(TELEGRAM, "1-0:2.7.0", value), "1-0:1.8.0", value))
        unknown = {name for name, state in home.values().items() if state == "unknown"}
        assert unknown == {
            "smarty_energy_imported",
            "smarty_net_power",
            "smarty_quarter_hour_power",
            "smarty_power_of_last_quarter_hour",
            "smarty_highest_power_this_month",
            "smarty_cheapest_reference_power",
            *FLOWS,
        }

    changed = with_value(TELEGRAM, "1-0:1.8.0", "(025678.903*kWh)")
    changed = with_value(changed, "1-0:1.7.0", "(00.100*kW)")
    changed = with_value(changed, "1-0:2.7.0", "(00.300*kW)")
    changed = with_value(changed, "0-1:24.2.1", "(250703104000S)(00679.000*m3)")
    await home.receive(changed)
    assert home.values() == METER_VALUES | FLOWS | {
        "smarty_energy_imported": "25678.903",
        "smarty_net_power": "-0.2",
        "smarty_quarter_hour_power": "0.1",
        GAS: "679.0",
        GAS_FLOW: "0.594",  # 0.099 m³ in ten minutes
        WATER: "28.103",
        HEAT: "12.345",
    }

    await home.receive(without_channels(changed))
    shown = home.values()
    assert {shown[GAS], shown[WATER], shown[HEAT]} == {"unavailable"}
    assert shown["smarty_energy_imported"] == "25678.903"
    await home.receive(changed)
    assert home.state_of(GAS).state == "679.0"


async def test_a_later_channel_or_value_gets_device_and_sensor(
    home: Home, device_registry: DeviceRegistry
) -> None:
    first = with_value(without_channels(TELEGRAM), "1-0:52.7.0", None)
    entry = await home.set_up(with_value(first, "1-0:32.7.0", "()"))
    assert home.state_of("smarty_voltage_l1").state == "unknown"
    assert "smarty_voltage_l2" not in home.values()
    assert len(async_entries_for_config_entry(device_registry, entry.entry_id)) == 1

    await home.receive(TELEGRAM)

    shown = home.values()
    assert (shown["smarty_voltage_l1"], shown["smarty_voltage_l2"]) == ("233.1", "231.2")
    assert (shown[GAS], shown[WATER], shown[HEAT]) == ("678.901", "28.103", "12.345")
    assert len(async_entries_for_config_entry(device_registry, entry.entry_id)) == 4


@pytest.mark.parametrize(
    ("device_type", "index", "expected"),
    [
        ("002", "(00012.345*kWh)", ("electricity", "energy", "kWh")),
        ("003", "(00012.345*kWh)", ("gas", "energy", "kWh")),
        ("003", "(00012.345)", ("gas", "gas", "m³")),
        ("006", "(00012.345*m3)", ("hot_water", "water", "m³")),
        ("009", "(00012.345*m3)", ("compressed_air", "volume", "m³")),
        ("010", "(00012.345*MWh)", ("cooling", "energy", "MWh")),
        ("010", "(00012.345*MJ)", ("cooling", "energy", "MJ")),
        ("004", "(00012.345*Wh)", ("heat", "energy", "Wh")),
        ("004", "(00012.345*m3)", ("heat", None, "m³")),
        ("099", "(00012.345*m3)", ("unknown", None, "m³")),
        ("099", "(00012.345*GJ)", ("unknown", None, "GJ")),
    ],
)
def test_kinds_of_mbus_meters(
    device_type: str, index: str, expected: tuple[str, str | None, str]
) -> None:
    text = with_value(TELEGRAM, "0-2:24.1.0", f"({device_type})")
    [telegram] = Decoder(None).feed(seal(with_value(text, "0-2:24.2.1", f"(250703103000S){index}")))
    assert isinstance(telegram, Telegram)
    shown, *_ = sensors_of_mbus_meter("WATE079000257402", telegram.channels[2])
    assert (shown.key, shown.state_class) == ("index", "total_increasing")
    assert (shown.translation_key, shown.device_class, shown.native_unit_of_measurement) == expected
    reading = MeterReader().read_telegram(telegram, datetime(2025, 7, 3, 8, 30, tzinfo=UTC))
    assert shown.value_fn(reading) == 12.345


@pytest.mark.parametrize(
    ("device_type", "index", "shown"),
    # Two device types are never one meter.
    [("008", "(00012.345)", "unavailable"), ("007", "(00012.345*ft3)", "unknown")],
)
async def test_an_index_without_a_known_unit_has_no_sensor(
    home: Home, device_type: str, index: str, shown: str
) -> None:
    text = with_value(TELEGRAM, "0-2:24.1.0", f"({device_type})")
    text = with_value(text, "0-2:24.2.1", f"(250703103000S){index}")
    await home.set_up(text)
    assert not [name for name in home.values() if "7402" in name]

    await home.receive(TELEGRAM)
    assert home.state_of(WATER).state == "28.103"

    await home.receive(text)
    assert home.state_of(WATER).state == shown


def with_voltage(volts: str) -> str:
    return with_value(TELEGRAM, "1-0:32.7.0", f"({volts}*V)")


async def test_a_voltage_is_shown_and_follows_by_a_volt(home: Home) -> None:
    await home.set_up(with_voltage("230.4"))
    before = home.state_of("smarty_voltage_l1")
    shown, reported = [before.state], before.last_reported
    for sent in (with_voltage("231.3"), with_voltage("231.4"), with_voltage(""), TELEGRAM):
        await home.receive(sent)
        after = home.state_of("smarty_voltage_l1")
        shown.append(after.state)
        # Derivatives and statistics build upon the report of a state that does not follow.
        assert after.last_reported > reported
        assert (after.last_updated == before.last_updated) == (len(shown) == 2)
        reported = after.last_reported
    assert shown == ["230.4", "230.4", "231.4", "unknown", "233.1"]


async def test_a_state_that_others_have_written_is_written_again(
    home: Home, entity_registry: EntityRegistry
) -> None:
    await home.set_up()
    limit = home.state_of("smarty_grid_connection_limit_smax")
    await home.receive(TELEGRAM)
    assert home.state_of("smarty_grid_connection_limit_smax") is limit

    home.hass.states.async_set(limit.entity_id, "12", {"unit_of_measurement": "V"})
    await home.receive(TELEGRAM)
    after = home.state_of("smarty_grid_connection_limit_smax")
    assert (after.state, after.attributes) == (limit.state, limit.attributes)

    entity_registry.async_update_entity(limit.entity_id, icon="mdi:home")
    await home.hass.async_block_till_done()
    customized = home.state_of("smarty_grid_connection_limit_smax")
    await home.receive(TELEGRAM)
    assert home.state_of("smarty_grid_connection_limit_smax") is customized
    assert customized.attributes["icon"] == "mdi:home"

    home.hass.data[DATA_CUSTOMIZE] = EntityValues({limit.entity_id: {"icon": "mdi:fuse"}})
    await home.receive(TELEGRAM)
    customized = home.state_of("smarty_grid_connection_limit_smax")
    assert customized.attributes["icon"] == "mdi:fuse"


async def test_a_new_number_is_written_in_the_unit_that_a_user_has_chosen(
    home: Home, entity_registry: EntityRegistry
) -> None:
    await home.set_up(with_voltage("230.4"))
    first = home.state_of("smarty_voltage_l1")
    unit = {"unit_of_measurement": "mV"}
    entity_registry.async_update_entity_options(first.entity_id, "sensor", unit)
    await home.hass.async_block_till_done()
    for volts in ("240.5", "250.5"):
        await home.receive(with_voltage(volts))
        after = home.state_of("smarty_voltage_l1")
        assert float(after.state) == float(volts) * 1000
        assert after.attributes == {**first.attributes, **unit}
        # The recorder leaves out some attributes by it.
        assert after.state_info == first.state_info
        assert after.context != first.context


async def test_the_phases_are_disabled_at_first_and_stay_enabled_where_they_are(
    home: Home, entity_registry: EntityRegistry
) -> None:
    home.port.greeting = home.port.next_frame(TELEGRAM)
    entry = home.make_entry(home.port.url)
    # An earlier version has left this entity.
    entity_registry.async_get_or_create(
        "sensor",
        "smarty_p1",
        f"{SERIAL}_power_net_l1",
        suggested_object_id="smarty_net_power_l1",
        config_entry=entry,
    )
    await load(home.hass, entry)

    assert home.state_of("smarty_net_power_l1").state == "1.173"
    for phase in ("l2", "l3"):
        found = entity_registry.async_get(f"sensor.smarty_net_power_{phase}")
        assert found
        assert found.disabled_by is RegistryEntryDisabler.INTEGRATION


async def test_a_meter_of_one_phase_without_feed_in_has_no_power_of_other_phases(
    home: Home, entity_registry: EntityRegistry
) -> None:
    text = TELEGRAM
    for code in ("2.8.0", "2.7.0", "22.7.0", "41.7.0", "42.7.0", "61.7.0", "62.7.0"):
        text = with_value(text, f"1-0:{code}", None)
    await home.set_up(text)
    assert home.state_of("smarty_net_power").state == "2.345"
    powers = {name for name in entity_registry.entities if "net_power" in name}
    assert powers == {"sensor.smarty_net_power", "sensor.smarty_net_power_l1"}


@pytest.mark.parametrize(
    ("left_behind", "shown"),
    [
        ("(250703110000S)(00700.000*m3)", "700.0"),
        ("(250101110000W)(00600.000*m3)", "678.901"),
        ("(632525252525S)(00000.000)", "678.901"),
    ],
)
async def test_of_a_meter_on_two_channels_the_newest_index_counts(
    home: Home, left_behind: str, shown: str
) -> None:
    moved = with_value(TELEGRAM, "0-4:24.1.0", "(003)")
    moved = with_value(moved, "0-4:96.1.0", "(47415320303739303030323537343031)")
    await home.set_up(with_value(moved, "0-4:24.2.1", left_behind))
    assert home.state_of(GAS).state == shown


async def test_a_meter_without_identifier_is_known_by_its_channel(
    home: Home, device_registry: DeviceRegistry
) -> None:
    entry = await home.set_up(with_value(TELEGRAM, "0-1:96.1.0", "()"))
    device = device_of(device_registry, entry, f"{SERIAL}_channel_1")
    assert (device.name, device.serial_number) == ("Gas meter 1", None)
    assert home.state_of("gas_meter_1").state == "678.901"


async def test_a_flow_is_not_shown_in_the_unit_of_another(home: Home) -> None:
    await home.set_up()
    for minute, kilowatt_hours in (5, 700), (10, 710):
        capture = f"(25070310{30 + minute}00S)({kilowatt_hours:09.3f}*kWh)"
        await home.receive(with_value(TELEGRAM, "0-1:24.2.1", capture))

    shown = home.values()
    assert shown[GAS] == shown[GAS_FLOW] == "unknown"
    assert shown["gas_meter_7401_power"] == "120.0"  # 10 kWh in a twelfth of an hour
