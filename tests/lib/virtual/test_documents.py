"""Documents of both meters about a telegram: names, units, signs, and missing values."""

import json
import re

import pytest

from dev.encoder import stored_example, with_value
from smartyp1.entities.meter_sensors import SENSORS
from smartyp1.json_types import JsonDict
from smartyp1.meter.meter_reader import Reading
from smartyp1.virtual.homewizard_api import homewizard_data
from smartyp1.virtual.meter_values import MeterValues
from smartyp1.virtual.shelly_json_rpc import shelly_json
from smartyp1.virtual.shelly_methods import RequestContext, RpcError, Shelly, em_status
from smartyp1.virtual.virtual_meter import VirtualMeter
from tests.json_copy import through_json

from .support import house, reading_of

SERIAL = "02a1b2c3d4e5"
EXPORTING = {
    "imported": "(00.000*kW)",
    "exported": "(01.235*kW)",
    "L1_in": "(00.000*kW)",
    "L1_out": "(01.300*kW)",
    "L2_in": "(00.066*kW)",
    "L2_out": "(00.000*kW)",
    "L3_in": "(00.000*kW)",
}


def values_of(reading: Reading) -> MeterValues:
    meter = VirtualMeter(SERIAL)
    meter.on_reading(reading, 0)
    return meter.values(0)


def homewizard(reading: Reading) -> JsonDict:
    told: JsonDict = through_json(homewizard_data(values_of(reading)))
    return told


def shelly(reading: Reading, method: str = "EM.GetStatus") -> str:
    values = values_of(reading)
    return shelly_json(
        Shelly(SERIAL).answer(method, RequestContext(lambda: values, 1_751_531_400, 12, 0))
    )


def test_a_homewizard_that_exports() -> None:
    told = homewizard(house(**EXPORTING))
    assert told["active_power_w"] == -1235
    # A phase may export while another imports.
    assert [told[f"active_power_l{n}_w"] for n in (1, 2, 3)] == [-1300, 66, 0]
    assert told["active_voltage_l1_v"] == 233.1
    # The current has the sign of the power: 1300 / 233.1, 66 / 231.2.
    assert [told[f"active_current_l{n}_a"] for n in (1, 2)] == [-5.58, 0.29]
    assert told["total_power_import_kwh"] == told["total_power_import_t1_kwh"] == 25678.901
    assert told["total_power_export_kwh"] == told["total_power_export_t1_kwh"] == 1234.567
    assert told["smr_version"] == 50
    assert told["wifi_ssid"]
    assert bytes.fromhex(told["unique_id"]) == b"SAG1030790002574"
    assert told["gas_timestamp"] == 250703103000
    assert [(each["type"], each["value"], each["unit"]) for each in told["external"]] == [
        ("gas_meter", 678.901, "m3"),
        ("water_meter", 28.103, "m3"),
        ("heat_meter", 12.345, "GJ"),
    ]


@pytest.mark.parametrize(
    ("index", "other", "told"),
    [
        # A gas meter that was replaced stays on its channel with its last index.
        ("(170113170000W)(00001.287*m3)", "(250703100000S)(06805.499*m3)", 6805.499),
        ("(250703100000S)(06805.499*m3)", "(170113170000W)(00001.287*m3)", 6805.499),
        # Of two meters in use, the first one counts, also with an older capture.
        ("(250703100000S)(00001.287*m3)", "(250703090500S)(06805.499*m3)", 1.287),
        ("(250703100000S)(00001.287*m3)", "(250703100500S)(06805.499*m3)", 1.287),
        ("(250630103000S)(00001.287*m3)", "(250701103000S)(06805.499*m3)", 1.287),
        ("(250630103000S)(00001.287*m3)", "(250701103001S)(06805.499*m3)", 6805.499),
        ("(250703100000S)(00100.000*kWh)", "(250703090000S)(06805.499*m3)", 6805.499),
        ("(250703100000S)(00100.000*kWh)", "(250703090000S)(00100.000*dm3)", None),
    ],
)
def test_the_gas_of_a_homewizard(index: str, other: str, told: float | None) -> None:
    text = with_value(stored_example("three_phase_gas_water_heat").telegram, "0-1:24.2.1", index)
    text = with_value(with_value(text, "0-2:24.1.0", "(003)"), "0-2:24.2.1", other)
    found = homewizard(reading_of(text))
    assert found.get("total_gas_m3") == told
    assert len(found["external"]) == 3


def test_a_power_of_a_phase_is_the_difference_of_two_objects() -> None:
    text = stored_example("three_phase_gas_water_heat").telegram
    for n, group in enumerate((21, 22, 23, 24, 41, 42, 43, 44, 61, 62, 63, 64)):
        unit = "kvar" if group % 10 > 2 else "kW"
        text = with_value(text, f"1-0:{group}.7.0", f"({2**n / 1000:06.3f}*{unit})")
    phases = values_of(reading_of(text)).phases
    assert [(phase.power_w, phase.reactive_var, phase.voltage_v) for phase in phases] == [
        (1 - 2, 4 - 8, 233.1),
        (16 - 32, 64 - 128, 231.2),
        (256 - 512, 1024 - 2048, 229.3),
    ]
    # A missing value counts as 0.
    [first, *_] = values_of(reading_of(with_value(text, "1-0:24.7.0", None))).phases
    assert first.reactive_var == 4


def test_a_homewizard_of_one_phase_whose_meter_sends_zero_for_the_others() -> None:
    zero = {"L2_in": "(00.000*kW)", "L3_in": "(00.000*kW)"}
    told = homewizard(house(L2_volt="(000.0*V)", L3_volt="(000.0*V)", **zero))
    assert [told[f"active_current_l{n}_a"] for n in (1, 2, 3)] == [5.03, 0, 0]
    assert told["active_current_a"] == 5.03
    # A power without a voltage is no current.
    told = homewizard(house(L2_volt="(000.0*V)"))
    assert "active_current_l2_a" not in told
    assert "active_current_a" not in told


def test_values_unknown_to_a_homewizard_are_left_out() -> None:
    text = with_value(stored_example("plain").telegram, "1-0:1.7.0", "()")
    told = homewizard(reading_of(with_value(text, "1-0:32.7.0", None)))
    assert None not in told.values()
    unknown = {"active_power_w", "active_voltage_l1_v", "active_current_l1_a", "active_tariff"}
    assert not unknown & told.keys()
    assert not {name for name in told if "average" in name or name.endswith("t2_kwh")}


@pytest.mark.parametrize(
    ("value", "tariff"), [("(0001)", 1), ("(0004)", 4), ("(0000)", None), ("(0005)", None)]
)
def test_a_homewizard_knows_four_tariffs(value: str, tariff: int | None) -> None:
    text = with_value(stored_example("plain").telegram, "0-0:96.14.0", value)
    assert homewizard(reading_of(text)).get("active_tariff") == tariff


def test_every_power_of_a_shelly_has_two_decimals() -> None:
    told = shelly(house(**EXPORTING))
    assert '"total_act_power":-1235.00' in told
    assert '"a_act_power":-1301.00,' in told  # the phases are the total
    assert '"c_act_power":0.00,' in told
    numbers = re.findall(r"_(?:act_power|aprt_power|current|voltage|pf|freq)\":([^,}]+)", told)
    assert len(numbers) == 22
    assert all(re.fullmatch(r"-?\d+\.\d\d|null", number) for number in numbers)
    assert "-0.00" not in told
    keys = list(json.loads(told))
    assert keys[:4] == ["id", "a_current", "a_voltage", "a_act_power"]
    values = json.loads(told)
    current = values["a_aprt_power"] / values["a_voltage"]
    assert values["a_current"] == pytest.approx(current, abs=0.005) != 0
    assert keys[-4:] == [
        "total_current",
        "total_act_power",
        "total_aprt_power",
        "user_calibrated_phase",
    ]
    assert len(told) >= 250


def test_the_energies_of_a_shelly_are_of_its_first_phase() -> None:
    told = json.loads(shelly(house(), "EMData.GetStatus"))
    assert told["total_act"] == told["a_total_act_energy"] == 25678901
    assert told["total_act_ret"] == told["a_total_act_ret_energy"] == 1234567
    assert told["b_total_act_energy"] == told["c_total_act_ret_energy"] == 0


@pytest.mark.parametrize("volts", ["000.0", "001.1"])
def test_a_house_of_one_phase_is_all_on_the_first(volts: str) -> None:
    text = stored_example("three_phase_gas_water_heat").telegram
    text = re.sub(r"1-0:(4|5|6|7)[1-4]\.7\.0.*\r\n", "", text)
    # Some meters send the voltages of unused terminals.
    text = text.replace("1-0:21.7.0", f"1-0:52.7.0({volts}*V)\r\n1-0:21.7.0")
    told = json.loads(shelly(reading_of(text)))
    assert told["a_act_power"] == told["total_act_power"] == 2345
    assert [told[f"{phase}_{what}"] for phase in "bc" for what in ("act_power", "voltage")] == [
        0
    ] * 4


@pytest.mark.parametrize(
    ("energy", "power", "told"),
    [
        (None, None, 2345),
        # A telegram without its exported power leaves the power unknown: the house may export.
        ("(001234.567*kWh)", None, None),
        ("(001234.567*kWh)", "(00.300*kW)", 2045),
    ],
)
def test_a_missing_export_is_zero_only_where_none_is_counted(
    energy: str | None, power: str | None, told: int | None
) -> None:
    text = with_value(stored_example("three_phase_gas_water_heat").telegram, "1-0:2.8.0", energy)
    reading = reading_of(with_value(text, "1-0:2.7.0", power))
    assert homewizard(reading).get("active_power_w") == told
    [net] = [sensor for sensor in SENSORS if sensor.key == "power_net"]
    assert net.exists_fn(reading) is (told is not None)
    assert net.value_fn(reading) == (told and told / 1000)


def test_a_shelly_of_a_meter_that_sends_only_totals() -> None:
    text = with_value(stored_example("firmware_2018").telegram, "1-0:1.7.0", "(00.424*kW)")
    text = with_value(text, "1-0:3.7.0", "(00.010)")
    reading = reading_of(with_value(text, "1-0:4.7.0", "(00.187)"))
    told = json.loads(shelly(reading))
    # The root of 424² + 177².
    assert told["a_aprt_power"] == told["total_aprt_power"] == 459.46
    assert told["a_pf"] == 0.92
    assert told["b_aprt_power"] == told["c_aprt_power"] == 0
    assert [told[f"{phase}_pf"] for phase in "bc"] == [1, 1]
    assert [told[f"{phase}_freq"] for phase in "abc"] == [50, 50, 50]
    # The root of 424² + 10².
    without = reading_of(with_value(text, "1-0:4.7.0", None))
    assert json.loads(shelly(without))["a_aprt_power"] == 424.12
    half = em_status(values_of(reading).scaled(0.5))
    assert half["total_aprt_power"] == pytest.approx(459.46 / 2, abs=0.01)


def test_an_unknown_value_of_a_phase_is_null_and_not_zero() -> None:
    told = json.loads(shelly(house(L2_in="()", L1_volt="()")))
    assert told["total_act_power"] == 2345
    # The phase shows its own power, since the part of the other phase is unknown.
    assert told["a_act_power"] == 1173
    unknown = [told[f"b_{what}"] for what in ("act_power", "aprt_power", "current", "pf")]
    assert unknown == [None] * 4
    assert told["b_voltage"] == 231.2
    assert told["total_aprt_power"] is told["total_current"] is None
    assert told["a_voltage"] is told["a_current"] is None
    voltage = homewizard(house(L1_volt="()"))
    # The known currents are not the sum.
    assert "active_current_l2_a" in voltage
    assert "active_current_a" not in voltage


def test_a_shelly_without_a_power_gives_no_answer() -> None:
    with pytest.raises(RpcError):
        shelly(house(imported="()"))


def test_a_shelly_cannot_be_steered() -> None:
    for method in ("Shelly.Reboot", "EM.SetConfig", "EMData.ResetCounters", "Switch.Set"):
        with pytest.raises(RpcError, match="No handler for"):
            shelly(house(), method)
    assert json.loads(shelly(house(), "Shelly.GetStatus"))["cloud"] == {"connected": False}
    assert json.loads(shelly(house(), "Cloud.GetConfig"))["enable"] is False
