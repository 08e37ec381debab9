"""Every value of a telegram has the topics of docs/mqtt.md, and no other."""

import re

import pytest

from dev.checkout import ROOT
from dev.encoder import KEY, seal, stored_example, telegram as encode, with_value
from dev.simulator import Meter
from dev.testing.sent import as_iso, iso_time, plain, sent_in
from dev.testing.times import utc
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.obis import OBJECTS
from smartyp1.p1.telegram import Telegram
from smartyp1.publish.smartyreader_names import (
    MISLEADING_NAMES,
    SMARTYREADER_NAMES,
    smartyreader_items,
    smartyreader_summary,
)
from smartyp1.publish.topics import PART_NAMES, items, object_name

MESSAGE = "Interruption du réseau mardi 3:00"
NAMED_CHANNELS = {2: "water_2", 3: "heat_3", 4: "channel_4"}
TEXT = (ROOT / "docs" / "mqtt.md").read_text()
ROW = re.compile(
    r"\| (?P<object>\S+|first line) \| (?P<name>\w+) \| (?P<unit>\S*) +\| (?P<board>\w*)"
)
CALCULATED = TEXT.partition("| calculated | SmartyReader name")[2].partition("\n\n")[0]
DOCUMENTED = [
    (row["object"], row["name"], row["unit"].replace("\N{SUPERSCRIPT THREE}", "3"), row["board"])
    for row in ROW.finditer(TEXT)
]
# Objects of the other channels of the M-Bus, as the page lists them for the first channel.
CHANNELS = [
    *((f"0-{n}:24.1.0", f"{name}_device_type", "", "") for n, name in NAMED_CHANNELS.items()),
    *((f"0-{n}:24.4.0", f"{name}_valve", "", "") for n, name in NAMED_CHANNELS.items()),
    ("0-2:24.2.1", "water_2_index", "m3", ""),
    ("0-3:24.2.1", "heat_3_index", "GJ", ""),
]
# Values that are written here in another way than in the telegram.
OTHERS = {
    *("0-0:1.0.0", "0-0:42.0.0", "0-0:96.13.0", "0-4:24.2.1"),
    *(f"0-{channel}:96.1.0" for channel in range(1, 5)),
}
# Values that are published unchanged, or not at all.
NOT_SENT = {"first line", "0-0:96.13.1"}
ROWS = [
    row
    for row in (*DOCUMENTED, *CHANNELS)
    if row[0] not in OTHERS | NOT_SENT and not row[1].endswith(("_unit", "_time"))
]


def test_the_name_of_each_object_is_on_the_page() -> None:
    of_mbus = re.compile(r"0-[1-4]:(?:24|96\.1)\.")
    names = {
        name
        for reference in OBJECTS
        if not of_mbus.match(reference)
        for name in PART_NAMES.get(reference, (object_name(reference),))
    }
    assert names - {row[1] for row in DOCUMENTED} == set()


def test_names_and_values() -> None:
    meter = Meter(1, KEY)
    meter.message = MESSAGE
    text = meter.telegram_at(utc("2025-07-03 08:30"))
    [telegram] = Decoder(None).feed(text.encode("latin-1"))
    assert isinstance(telegram, Telegram)
    assert {item.name: item.text for item in items(telegram)} == expected_values(text)
    board = {item.name: item.text for item in smartyreader_items(telegram)}
    # The calculated values are tested below.
    calculated = smartyreader_summary(telegram).keys()
    assert {name: board[name] for name in board.keys() - calculated} == (
        expected_smartyreader_values(text)
    )
    assert sent_in(text).keys() - {reference for reference, *_ in ROWS} == OTHERS


def names_of(row: tuple[str, str, str, str]) -> tuple[str, set[str]]:
    """Return a row's name, and its names at the SmartyReader."""
    reference, name, unit, board = row
    own = f"{name}_{unit}" if unit else name
    if reference == "1-1:31.4.0":  # has both names
        return name, {own, board} - {""}
    # The SmartyReader has these two the wrong way round.
    return name, {own if reference in {"0-1:24.1.0", "0-1:24.4.0"} else board or own}


def expected(telegram: str, column: int) -> dict[str, str]:
    """Return the texts of a telegram by the names of a column."""
    sent = sent_in(telegram)
    text: dict[str, str] = {}
    for row in ROWS:
        name, board = names_of(row)
        place = 1 if name.endswith("_index") or name == "current_limit_exported" else 0
        value = plain(sent[row[0]][place])
        text |= dict.fromkeys(board if column else {name}, value)
    return text


def expected_values(telegram: str) -> dict[str, str]:
    """Return every value of a telegram by its name."""
    sent = sent_in(telegram)
    text = expected(telegram, 0)
    text |= {
        "identification": telegram.split("\r\n", maxsplit=1)[0][1:],
        "meter_date_and_time": iso_time(telegram),
        "logical_device_name": bytes.fromhex(sent["0-0:42.0.0"][0]).decode(),
        "message": MESSAGE,
        # The channel has no meter.
        "channel_4_equipment_identifier": "",
        "channel_4_index": "",
        "channel_4_index_unit": "",
        "channel_4_capture_time": "",
    }
    return text | expected_of_channels(sent)


def expected_of_channels(sent: dict[str, list[str]]) -> dict[str, str]:
    """Return the texts of the meters on the M-Bus channels."""
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
    return text | {
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


@pytest.fixture
def telegram() -> Telegram:
    """Return a telegram with every object of the table, and gas alone on the M-Bus."""
    text = with_value(stored_example("three_phase_gas_water_heat").telegram, "0-0:96.13.1", "()")
    lines = text.split("\r\n")
    text = "\r\n".join(line for line in lines if not re.match(r"0-[234]:(24|96\.1)\.", line))
    (decoded,) = Decoder(None).feed(seal(text))
    assert isinstance(decoded, Telegram)
    return decoded


def test_each_topic_is_documented(telegram: Telegram) -> None:
    documented = {row[:3] for row in DOCUMENTED}
    published = {
        (item.reference or "first line", item.name, item.unit or "") for item in items(telegram)
    }
    assert documented == published


def test_each_name_of_the_smartyreader_is_documented(telegram: Telegram) -> None:
    documented = {board for *_, board in DOCUMENTED} - {""}
    calculated = set(re.findall(r"\w+_calc_\w+|smarty_\w+", CALCULATED))
    assert calculated == smartyreader_summary(telegram).keys()
    own = {f"{item.name}_{item.unit}" if item.unit else item.name for item in items(telegram)}
    published = {item.name for item in smartyreader_items(telegram)}
    # Two names are the same here and there.
    same = {"p1_version", "active_threshold_smax_kVA"}
    assert published - own == documented - same | calculated
    others = {"gas_index_m3", "gas_meter_id_hex", "limiter_curr_monitor_A", *MISLEADING_NAMES}
    assert len(documented) == len(SMARTYREADER_NAMES) + len(others)


TELEGRAM = stored_example("three_phase_gas_water_heat").telegram


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


def test_the_first_of_repeated_objects_is_published() -> None:
    lines = {
        "1-0:1.8.0": "(000100.000*kWh)",
        "0-0:96.13.0": "(48616C6C6F)",
        "0-1:96.1.0": "(4741533031)",
        "1-1:31.4.0": "(100*A)(-063*A)",
    }
    own = [f"{reference}{value}" for reference, value in lines.items()]
    again = ("1-0:1.8.0(000050.000*kWh)", "0-0:96.13.0()", "0-1:96.1.0(4741533939)")
    malformed = [f"{reference}(000011.0*MWh) junk" for reference in (*lines, "1-0:1.8.1")]
    decoder = Decoder(None)
    [usual] = decoder.feed(encode(*own))
    assert isinstance(usual, Telegram)
    assert own_names(usual)["message"] == "Hallo"
    for text in (encode(*malformed, *own), encode(*own, *again, *malformed)):
        [other] = decoder.feed(text)
        assert isinstance(other, Telegram)
        assert own_names(other) == own_names(usual)
        assert smartyreader_names_of(other) == smartyreader_names_of(usual)


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


def test_each_calculated_value_of_the_smartyreader_has_a_topic() -> None:
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
        # At most 30 kW, at least 0, and unknown if either power is missing.
        "power_excess_solar_l1_calc_W": "30000",
        "power_excess_solar_l2_calc_W": "0",
        "power_excess_solar_l3_calc_W": "",
    }


def test_values_that_the_smartyreader_swaps_have_both_names() -> None:
    board = smartyreader_names_of(telegram_with("0-1:24.4.0", "(2)"))
    # The type of the device is where the SmartyReader has the switch, and the other way round.
    assert (board["device_Type"], board["gas_1_valve"]) == ("2", "2")
    assert (board["mbus_ch_sw_pos"], board["gas_1_device_type"]) == ("003", "3")
    assert (board["limiter_curr_monitor_A"], board["current_limit_imported_A"]) == ("100", "100")
