"""Topics and a JSON object with the names of the SmartyReader (weigu.lu), a reader for P1 ports.

A value that the SmartyReader does not name keeps its own name. A value that the SmartyReader names
misleadingly is published under both names.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from ..p1.obis import METER_TIME, VOLTAGE_COUNTERS, mbus_reference
from ..p1.telegram import Telegram
from .topics import Item, items, level

_NAMES: Mapping[str, str] = {
    "1-3:0.2.8": "p1_version",
    METER_TIME: "timestamp",
    "0-0:42.0.0": "equipment_id",
    "1-0:1.8.0": "act_energy_imported_p_plus",
    "1-0:2.8.0": "act_energy_exported_p_minus",
    "1-0:3.8.0": "react_energy_imported_q_plus",
    "1-0:4.8.0": "react_energy_exported_q_minus",
    "1-0:1.7.0": "act_pwr_imported_p_plus",
    "1-0:2.7.0": "act_pwr_exported_p_minus",
    "1-0:3.7.0": "react_pwr_imported_q_plus",
    "1-0:4.7.0": "react_pwr_exported_q_minus",
    "0-0:17.0.0": "active_threshold_smax",
    "1-0:9.7.0": "apparent_import_pwr",
    "1-0:10.7.0": "apparent_export_pwr",
    "0-0:96.3.10": "breaker_ctrl_state_0",
    "0-1:96.3.10": "breaker_ctrl_state_1",
    "0-2:96.3.10": "breaker_ctrl_state_2",
    "0-0:96.7.21": "num_pwr_failures",
    "0-0:96.13.0": "msg_long_e_meter",
    "0-0:96.13.2": "msg_long_ch2",
    "0-0:96.13.3": "msg_long_ch3",
    "0-0:96.13.4": "msg_long_ch4",
    "0-0:96.13.5": "msg_long_ch5",
}


def _first_of(kind: str) -> tuple[str, ...]:
    return tuple(references[0] for references in VOLTAGE_COUNTERS[kind].values())


_PHASE_NAMES: Mapping[str, tuple[str, ...]] = {
    # The references are in the order L1, L2, L3.
    "volt": ("1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0"),
    "curr": ("1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0"),
    "act_pwr_imp_p_plus": ("1-0:21.7.0", "1-0:41.7.0", "1-0:61.7.0"),
    "act_pwr_exp_p_minus": ("1-0:22.7.0", "1-0:42.7.0", "1-0:62.7.0"),
    "react_pwr_imp_q_plus": ("1-0:23.7.0", "1-0:43.7.0", "1-0:63.7.0"),
    "react_pwr_exp_q_minus": ("1-0:24.7.0", "1-0:44.7.0", "1-0:64.7.0"),
    "num_volt_sags": _first_of("voltage_sag"),
    "num_volt_swells": _first_of("voltage_swell"),
}
SMARTYREADER_NAMES: Mapping[str, str] = {
    **_NAMES,
    **{
        reference: f"{name}_l{phase}"
        for name, references in _PHASE_NAMES.items()
        for phase, reference in enumerate(references, start=1)
    },
}
"""SmartyReader's names by OBIS reference, without the unit at the end of most names."""

_OTHER_REFERENCES: Mapping[str, str] = {
    other: SMARTYREADER_NAMES[first]
    for phases in VOLTAGE_COUNTERS.values()
    for first, other in phases.values()
}
_NAMES_BY_REFERENCE = {**_OTHER_REFERENCES, **SMARTYREADER_NAMES}
_GAS_NAMES: Mapping[str, str] = {
    "gas_1_index": "gas_index",
    "gas_1_equipment_identifier": "gas_meter_id_hex",
}
_LIMIT = "current_limit_imported"
# The SmartyReader has misleading names: it calls the device type a switch position, and the valve
# state a device type.
MISLEADING_NAMES: Mapping[str, str] = {
    mbus_reference(1, "device_type"): "mbus_ch_sw_pos",
    mbus_reference(1, "valve"): "device_Type",
}
"""SmartyReader's misleading names by OBIS reference. These values also have correct names."""

# References of texts that the meter sends in hexadecimal. They are published in hexadecimal, too,
# because the SmartyReader does not decode them.
_AS_SENT = {reference for reference in _NAMES if reference.startswith("0-0:96.13.")}

# Some values that the SmartyReader calls "calculated" are only copies. Keys are the names of these
# copies, values are the names of the originals. A copy gets the text of its original, because this
# text has all digits that the meter sent.
_SOURCES: Mapping[str, str] = {
    "energy_consumption_calc_kWh": "act_energy_imported_p_plus",
    "energy_production_calc_kWh": "act_energy_exported_p_minus",
    "gas_consumption_calc_m3": "gas_index",
}
_MAX_EXCESS_W = 30_000.0


class SmartyReaderItem(NamedTuple):
    """Value as text, and its name below the root topic. The name includes the unit."""

    name: str
    text: str


def smartyreader_items(telegram: Telegram) -> Iterator[SmartyReaderItem]:
    """Yield the values of a telegram under the SmartyReader's names, and the calculated values."""
    texts: dict[str, str] = {}
    for item in items(telegram):
        name = _NAMES_BY_REFERENCE.get(item.reference) or _GAS_NAMES.get(item.name, item.name)
        text = _text(telegram, item)
        texts[name] = text
        yield SmartyReaderItem(_with_unit(name, item), text)
        if item.name == _LIMIT:
            yield SmartyReaderItem(_with_unit("limiter_curr_monitor", item), text)
        elif misleading := MISLEADING_NAMES.get(item.reference):
            yield SmartyReaderItem(misleading, item.sent)
    for name, value in smartyreader_summary(telegram).items():
        text = "" if value is None else texts.get(_SOURCES.get(name, "")) or _as_text(value)
        yield SmartyReaderItem(name, text)


def _with_unit(name: str, item: Item) -> str:
    # The meter sends the unit, and a forged meter can send any text as the unit. So make the name
    # safe for a topic.
    return level(f"{name}_{item.unit}" if item.unit else name)


def _text(telegram: Telegram, item: Item) -> str:
    if item.reference == METER_TIME and telegram.time:
        # The SmartyReader sends local time without the UTC offset, so drop the offset.
        return telegram.time.replace(tzinfo=None).isoformat()
    if item.reference in _AS_SENT or item.name == "gas_1_equipment_identifier":
        return item.sent if item.text else ""  # filler is published as an empty text
    return item.text


def smartyreader_summary(telegram: Telegram) -> dict[str, str | float | None]:
    """Return the values that the SmartyReader calculates, keyed by name.

    A value is None if it is unknown.
    """
    number = telegram.objects.get
    time = telegram.time
    gas = telegram.channels.get(1)
    has_gas = gas is not None and gas.type == "gas" and gas.unit == "m3"
    summary: dict[str, str | float | None] = {
        "smarty_datetime": time.replace(tzinfo=None).isoformat() if time else None,
        "smarty_id": telegram.serial_number,
        "energy_consumption_calc_kWh": _number(number("1-0:1.8.0")),
        "energy_production_calc_kWh": _number(number("1-0:2.8.0")),
    }
    phases = {"": ("1-0:1.7.0", "1-0:2.7.0")} | {
        f"_l{phase}": (
            _PHASE_NAMES["act_pwr_imp_p_plus"][phase - 1],
            _PHASE_NAMES["act_pwr_exp_p_minus"][phase - 1],
        )
        for phase in (1, 2, 3)
    }
    for suffix, (imported, exported) in phases.items():
        consumption, production = _watts(number(imported)), _watts(number(exported))
        summary[f"power_consumption{suffix}_calc_W"] = consumption
        summary[f"power_production{suffix}_calc_W"] = production
        summary[f"power_excess_solar{suffix}_calc_W"] = _excess(consumption, production)
    summary["gas_consumption_calc_m3"] = gas.value if gas and has_gas else None
    return summary


def _as_text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    # Write whole watts as 2345 instead of 2345.0. Adding 0.0 turns -0.0 into 0.0.
    return f"{Decimal(repr(value + 0.0)).normalize():f}"


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _watts(kilowatts: object) -> float | None:
    # The product of two floats can have errors in further decimals. So round it to whole
    # thousandths.
    return round(kilowatts * 1000, 3) if isinstance(kilowatts, float) else None


def _excess(consumption: float | None, production: float | None) -> float | None:
    if consumption is None or production is None:
        return None
    return min(max(round(production - consumption, 3), 0.0), _MAX_EXCESS_W)
