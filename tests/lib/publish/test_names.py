"""Every value of a telegram has a topic, by the project's names and by the SmartyReader's."""

from datetime import UTC, datetime

from dev.encoder import KEY
from dev.simulator import Meter
from smartyp1.p1 import Decoder, Telegram
from smartyp1.publish import items, smartyreader_items
from tests.sent import as_iso, iso_time, plain, sent_in

MESSAGE = "Interruption du réseau mardi 3:00"
# Object of the telegram, the value's place in it, its name, and its names at the SmartyReader.
NAMES = """
    1-3:0.2.8 0 p1_version p1_version
    1-0:1.8.0 0 active_energy_imported act_energy_imported_p_plus_kWh
    1-0:2.8.0 0 active_energy_exported act_energy_exported_p_minus_kWh
    1-0:3.8.0 0 reactive_energy_imported react_energy_imported_q_plus_kvarh
    1-0:4.8.0 0 reactive_energy_exported react_energy_exported_q_minus_kvarh
    1-0:1.7.0 0 active_power_imported act_pwr_imported_p_plus_kW
    1-0:2.7.0 0 active_power_exported act_pwr_exported_p_minus_kW
    1-0:3.7.0 0 reactive_power_imported react_pwr_imported_q_plus_kvar
    1-0:4.7.0 0 reactive_power_exported react_pwr_exported_q_minus_kvar
    0-0:17.0.0 0 active_threshold_smax active_threshold_smax_kVA
    1-0:9.7.0 0 apparent_power_imported apparent_import_pwr_kVA
    1-0:10.7.0 0 apparent_power_exported apparent_export_pwr_kVA
    1-1:31.4.0 0 current_limit_imported current_limit_imported_A,limiter_curr_monitor_A
    1-1:31.4.0 1 current_limit_exported current_limit_exported_A
    0-0:96.3.10 0 breaker_control_state breaker_ctrl_state_0
    0-1:96.3.10 0 relay_1_control_state breaker_ctrl_state_1
    0-2:96.3.10 0 relay_2_control_state breaker_ctrl_state_2
    0-0:96.7.21 0 power_failures num_pwr_failures
    1-0:32.32.0 0 voltage_sags_l1 num_volt_sags_l1
    1-0:52.32.0 0 voltage_sags_l2 num_volt_sags_l2
    1-0:72.32.0 0 voltage_sags_l3 num_volt_sags_l3
    1-0:32.36.0 0 voltage_swells_l1 num_volt_swells_l1
    1-0:52.36.0 0 voltage_swells_l2 num_volt_swells_l2
    1-0:72.36.0 0 voltage_swells_l3 num_volt_swells_l3
    0-0:96.13.2 0 channel_message_2 msg_long_ch2
    0-0:96.13.3 0 channel_message_3 msg_long_ch3
    0-0:96.13.4 0 channel_message_4 msg_long_ch4
    0-0:96.13.5 0 channel_message_5 msg_long_ch5
    1-0:32.7.0 0 voltage_l1 volt_l1_V
    1-0:52.7.0 0 voltage_l2 volt_l2_V
    1-0:72.7.0 0 voltage_l3 volt_l3_V
    1-0:31.7.0 0 current_l1 curr_l1_A
    1-0:51.7.0 0 current_l2 curr_l2_A
    1-0:71.7.0 0 current_l3 curr_l3_A
    1-0:21.7.0 0 active_power_imported_l1 act_pwr_imp_p_plus_l1_kW
    1-0:41.7.0 0 active_power_imported_l2 act_pwr_imp_p_plus_l2_kW
    1-0:61.7.0 0 active_power_imported_l3 act_pwr_imp_p_plus_l3_kW
    1-0:22.7.0 0 active_power_exported_l1 act_pwr_exp_p_minus_l1_kW
    1-0:42.7.0 0 active_power_exported_l2 act_pwr_exp_p_minus_l2_kW
    1-0:62.7.0 0 active_power_exported_l3 act_pwr_exp_p_minus_l3_kW
    1-0:23.7.0 0 reactive_power_imported_l1 react_pwr_imp_q_plus_l1_kvar
    1-0:43.7.0 0 reactive_power_imported_l2 react_pwr_imp_q_plus_l2_kvar
    1-0:63.7.0 0 reactive_power_imported_l3 react_pwr_imp_q_plus_l3_kvar
    1-0:24.7.0 0 reactive_power_exported_l1 react_pwr_exp_q_minus_l1_kvar
    1-0:44.7.0 0 reactive_power_exported_l2 react_pwr_exp_q_minus_l2_kvar
    1-0:64.7.0 0 reactive_power_exported_l3 react_pwr_exp_q_minus_l3_kvar
    0-1:24.1.0 0 gas_1_device_type gas_1_device_type
    0-1:24.2.1 1 gas_1_index gas_index_m3
    0-1:24.4.0 0 gas_1_valve gas_1_valve
    0-2:24.1.0 0 water_2_device_type water_2_device_type
    0-2:24.2.1 1 water_2_index water_2_index_m3
    0-2:24.4.0 0 water_2_valve water_2_valve
    0-3:24.1.0 0 heat_3_device_type heat_3_device_type
    0-3:24.2.1 1 heat_3_index heat_3_index_GJ
    0-3:24.4.0 0 heat_3_valve heat_3_valve
    0-4:24.1.0 0 channel_4_device_type channel_4_device_type
    0-4:24.4.0 0 channel_4_valve channel_4_valve
"""
ROWS = NAMES.strip().splitlines()
# What is written here in another way than it was sent.
OTHERS = {
    *("0-0:1.0.0", "0-0:42.0.0", "0-0:96.13.0", "0-4:24.2.1"),
    *(f"0-{channel}:96.1.0" for channel in range(1, 5)),
}


def test_names_and_values() -> None:
    meter = Meter(1, KEY)
    meter.message = MESSAGE
    text = meter.telegram_at(datetime(2025, 7, 3, 8, 30, tzinfo=UTC))
    [telegram] = Decoder(None).feed(text.encode("latin-1"))
    assert isinstance(telegram, Telegram)
    assert {item.name: item.text for item in items(telegram)} == expected_values(text)
    board = {item.name: item.text for item in smartyreader_items(telegram)}
    assert board == expected_smartyreader_values(text)
    assert sent_in(text).keys() - {row.split()[0] for row in ROWS} == OTHERS


def expected(telegram: str, column: int) -> dict[str, str]:
    """Return what a column of names says of a telegram."""
    sent = sent_in(telegram)
    return {
        name: plain(sent[reference][int(place)])
        for reference, place, *names in map(str.split, ROWS)
        for name in names[column].split(",")
    }


def expected_values(telegram: str) -> dict[str, str]:
    """Return every value of a telegram by its name."""
    sent = sent_in(telegram)
    text = expected(telegram, 0)
    text |= {
        "identification": telegram.split("\r\n", maxsplit=1)[0][1:],
        "meter_date_and_time": iso_time(telegram),
        "logical_device_name": bytes.fromhex(sent["0-0:42.0.0"][0]).decode(),
        "message": MESSAGE,
        # There is no meter.
        "channel_4_equipment_identifier": "",
        "channel_4_index": "",
        "channel_4_index_unit": "",
        "channel_4_capture_time": "",
    }
    return text | expected_of_channels(sent)


def expected_of_channels(sent: dict[str, list[str]]) -> dict[str, str]:
    """Return what is no number of the meters on the M-Bus channels."""
    text = {}
    for name, channel, unit in (("gas_1", 1, "m3"), ("water_2", 2, "m3"), ("heat_3", 3, "GJ")):
        identifier = bytes.fromhex(sent[f"0-{channel}:96.1.0"][0]).decode()
        text[f"{name}_equipment_identifier"] = identifier
        text[f"{name}_index_unit"] = unit
        text[f"{name}_capture_time"] = as_iso(sent[f"0-{channel}:24.2.1"][0])
    return text


def expected_smartyreader_values(telegram: str) -> dict[str, str]:
    """Return every value of a telegram by its name at the SmartyReader, or else its own."""
    sent = sent_in(telegram)
    text = expected(telegram, 1) | expected_of_channels(sent)
    del text["gas_1_equipment_identifier"]
    return (
        text
        | expected_of_calculations(text, sent)
        | {
            # The wrong way round, as the SmartyReader has them.
            "device_Type": sent["0-1:24.4.0"][0],
            "mbus_ch_sw_pos": sent["0-1:24.1.0"][0],
            "identification": telegram.split("\r\n", maxsplit=1)[0][1:],
            # Local time: without an offset.
            "timestamp": iso_time(telegram)[:19],
            "equipment_id": bytes.fromhex(sent["0-0:42.0.0"][0]).decode(),
            "msg_long_e_meter": sent["0-0:96.13.0"][0],
            "gas_meter_id_hex": sent["0-1:96.1.0"][0],
            "channel_4_equipment_identifier": "",
            "channel_4_index": "",
            "channel_4_index_unit": "",
            "channel_4_capture_time": "",
        }
    )


def expected_of_calculations(text: dict[str, str], sent: dict[str, list[str]]) -> dict[str, str]:
    """Return what the SmartyReader makes of one telegram."""
    calculated = {
        "smarty_datetime": as_iso(sent["0-0:1.0.0"][0])[:19],
        "smarty_id": bytes.fromhex(sent["0-0:42.0.0"][0]).decode(),
        "energy_consumption_calc_kWh": text["act_energy_imported_p_plus_kWh"],
        "energy_production_calc_kWh": text["act_energy_exported_p_minus_kWh"],
        "gas_consumption_calc_m3": text["gas_index_m3"],
    }
    for phase in ("", "_l1", "_l2", "_l3"):
        ways = ("imp", "exp") if phase else ("imported", "exported")
        consumption, production = (
            round(float(text[f"act_pwr_{way}_p_{sign}{phase}_kW"]) * 1000)
            for way, sign in zip(ways, ("plus", "minus"), strict=True)
        )
        calculated |= {
            f"power_consumption{phase}_calc_W": str(consumption),
            f"power_production{phase}_calc_W": str(production),
            f"power_excess_solar{phase}_calc_W": str(max(production - consumption, 0)),
        }
    return calculated
