"""What each topic says, for telegrams that are not as usual."""

import re

import pytest

from dev.encoder import literal, seal, with_value
from smartyp1.p1 import Decoder, Telegram
from smartyp1.publish import (
    items,
    smartyreader_items,
)

TELEGRAM = literal("three_phase_gas_water_heat").telegram


def telegram_with(reference: str, value: str) -> Telegram:
    """Return the telegram with another value."""
    (telegram,) = Decoder(None).feed(seal(with_value(TELEGRAM, reference, value)))
    assert isinstance(telegram, Telegram)
    return telegram


def own_names(telegram: Telegram) -> dict[str, str]:
    """Return the values by the project's names."""
    return {item.name: item.text for item in items(telegram)}


def smartyreader_names_of(telegram: Telegram) -> dict[str, str]:
    """Return the values by the SmartyReader's names."""
    return {item.name: item.text for item in smartyreader_items(telegram)}


@pytest.mark.parametrize(
    "sent",
    [
        "()",
        "(250703103000S)",
        "(250703103000S)()",
        "(632525252525S)(00000.000)",
        "(632525252525S)(00000.000*m3)",
    ],
)
def test_an_index_that_is_unknown_keeps_its_topics(sent: str) -> None:
    telegram = telegram_with("0-1:24.2.1", sent)
    usual = telegram_with("0-1:24.4.0", "(0)")
    assert own_names(telegram).keys() == own_names(usual).keys()
    assert smartyreader_names_of(telegram).keys() == smartyreader_names_of(usual).keys()
    assert own_names(telegram)["gas_1_index"] == ""
    # A display that knows the value under this name must not go on showing an old one.
    assert smartyreader_names_of(telegram)["gas_index_m3"] == ""


@pytest.mark.parametrize(
    ("sent", "imported", "exported"),
    [
        ("()", "", ""),
        ("(100*A)", "100", ""),
        ("(100*A)()", "100", ""),
        ("(0100.5*A)(-063.50*A)", "100.5", "-63.50"),
    ],
)
def test_both_limits_have_a_topic(sent: str, imported: str, exported: str) -> None:
    own = own_names(telegram_with("1-1:31.4.0", sent))
    assert own["current_limit_imported"] == imported
    assert own["current_limit_exported"] == exported


@pytest.mark.parametrize(
    ("sent", "published"),
    [
        ("(025678.900*kWh)", "25678.900"),
        ("(000000.000*kWh)", "0.000"),
        ("(25678.9010)", "25678.9010"),
        # More digits than a floating-point number has.
        ("(123456789.123456789*kWh)", "123456789.123456789"),
        ("(0025678901*Wh)", "25678.901"),
        ("(0000000.01*Wh)", "0.00001"),
        ("(0000000000*Wh)", "0"),
    ],
)
def test_numbers_keep_their_digits(sent: str, published: str) -> None:
    telegram = telegram_with("1-0:1.8.0", sent)
    assert own_names(telegram)["active_energy_imported"] == published
    assert smartyreader_names_of(telegram)["act_energy_imported_p_plus_kWh"] == published


@pytest.mark.parametrize(
    ("sent", "own", "board"),
    [
        ("(00012.3*kWh)", {"": "12.3"}, {"_kWh": "12.3"}),
        ("(-00012.30*kWh)", {"": "-12.30"}, {"_kWh": "-12.30"}),
        ("(0007*A)(00.50)", {"_1": "7", "_2": "0.50"}, {"_1_A": "7", "_2": "0.50"}),
        # No numbers, or identifiers whose zeros mean something.
        ("(00012)", {"": "00012"}, {"": "00012"}),
        ("(0012*)", {"": "0012*"}, {"": "0012*"}),
        ("(1e3*W)", {"": "1e3*W"}, {"": "1e3*W"}),
        ("(Moien*kWh)", {"": "Moien*kWh"}, {"": "Moien*kWh"}),
        ("(1.2.3)", {"": "1.2.3"}, {"": "1.2.3"}),
        ("()", {"": ""}, {"": ""}),
    ],
)
def test_numbers_of_unknown_objects_are_numbers(
    sent: str, own: dict[str, str], board: dict[str, str]
) -> None:
    telegram = telegram_with("1-0:99.8.7", sent)

    def unknown(names: dict[str, str]) -> dict[str, str]:
        start = "1-0_99_8_7"
        return {
            name.removeprefix(start): text for name, text in names.items() if name.startswith(start)
        }

    assert unknown(own_names(telegram)) == own
    assert unknown(smartyreader_names_of(telegram)) == board


@pytest.mark.parametrize("unit", ["#", "+", "a/b", "\0", "m\xb3", "$", " ", "x" * 5000])
def test_a_unit_is_no_more_than_a_part_of_a_name(unit: str) -> None:
    telegram = telegram_with("0-1:24.2.1", f"(250703103000S)(00678.901*{unit})")
    names = smartyreader_names_of(
        telegram_with("1-0:99.8.7", f"(1.5*{unit})")
    ) | smartyreader_names_of(telegram)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name) for name in names)
    assert "678.901" in names.values()
    assert "1.5" in names.values()


def test_what_the_smartyreader_calculates_has_a_topic() -> None:
    text = with_value(TELEGRAM, "1-0:1.8.0", "(025678.900*kWh)")
    text = with_value(with_value(text, "1-0:1.7.0", "(00.000*kW)"), "1-0:2.7.0", "(01.234*kW)")
    text = with_value(with_value(text, "1-0:22.7.0", "(40.000*kW)"), "1-0:62.7.0", "()")
    (telegram,) = Decoder(None).feed(seal(text))
    assert isinstance(telegram, Telegram)
    board = smartyreader_names_of(telegram)
    calculated = {
        name: text for name, text in board.items() if "_calc_" in name or name.startswith("smarty_")
    }
    assert calculated == {
        "smarty_datetime": "2025-07-03T10:30:00",
        "smarty_id": "SAG1030790002574",
        "energy_consumption_calc_kWh": "25678.900",
        "energy_production_calc_kWh": "1234.567",
        "gas_consumption_calc_m3": "678.901",
        "power_consumption_calc_W": "0",
        "power_consumption_l1_calc_W": "1173",
        "power_consumption_l2_calc_W": "586",
        "power_consumption_l3_calc_W": "586",
        "power_production_calc_W": "1234",
        "power_production_l1_calc_W": "40000",
        "power_production_l2_calc_W": "0",
        "power_production_l3_calc_W": "",
        "power_excess_solar_calc_W": "1234",
        # Not above 30 kW, not below 0, and unknown without one of the two.
        "power_excess_solar_l1_calc_W": "30000",
        "power_excess_solar_l2_calc_W": "0",
        "power_excess_solar_l3_calc_W": "",
    }


def test_what_the_smartyreader_has_the_wrong_way_round_has_both_names() -> None:
    board = smartyreader_names_of(telegram_with("0-1:24.4.0", "(2)"))
    # The type of the device is where the SmartyReader has the switch, and the other way round.
    assert (board["device_Type"], board["gas_1_valve"]) == ("2", "2")
    assert (board["mbus_ch_sw_pos"], board["gas_1_device_type"]) == ("003", "3")
    assert (board["limiter_curr_monitor_A"], board["current_limit_imported_A"]) == ("100", "100")
