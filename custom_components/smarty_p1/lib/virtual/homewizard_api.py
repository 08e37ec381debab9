"""JSON documents of a HomeWizard P1 meter (API v1), as dicts.

A value that is unknown is missing in its document; it is neither null nor 0.

Source: api-documentation.homewizard.com, version 1 of the local API.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from ..json_types import JsonDict
from ..meter.mbus_meters import CHANNEL_PREFIX
from ..meter.meter_reader import Reading
from ..p1.obis import VOLTAGE_COUNTERS
from .device_identity import HOMEWIZARD_FIRMWARE, HOMEWIZARD_NAME, HOMEWIZARD_PRODUCT
from .meter_values import MeterValues, object_number

HOMEWIZARD_SYSTEM = {"cloud_enabled": False}
HOMEWIZARD_IDENTIFIED = {"identify": "ok"}

_A_DAY = timedelta(days=1)
# The Wi-Fi is invented. Without a Wi-Fi name, clients assume another version of the API.
_WIFI = {"wifi_ssid": "Smarty", "wifi_strength": 100}
_TARIFF = "0-0:96.14.0"
_TARIFFS = range(1, 5)
_TARIFF_DIGITS = 4
_EXTERNAL = {
    "gas": "gas_meter",
    "heat": "heat_meter",
    "heat_inlet": "inlet_heat_meter",
    "hot_water": "warm_water_meter",
    "very_hot_water": "warm_water_meter",
    "water": "water_meter",
    "cold_water": "water_meter",
}
_MAX_MODEL_CHARS = 64


def homewizard_information(serial: str) -> JsonDict:
    """Return the document of the path /api."""
    return {
        "product_type": HOMEWIZARD_PRODUCT,
        "product_name": HOMEWIZARD_NAME,
        "serial": serial,
        "firmware_version": HOMEWIZARD_FIRMWARE,
        "api_version": "v1",
    }


def homewizard_data(values: MeterValues) -> JsonDict:
    """Return the document of the path /api/v1/data, in W, kWh, V, A, m³ and GJ."""
    document = {name: value for name, value in _items(values) if value is not None}
    external = [meter for _, meter in _external(values.reading)]
    return document | ({"external": external} if external else {})


def _items(values: MeterValues) -> Iterator[tuple[str, Any]]:
    telegram = values.reading.telegram
    yield from _WIFI.items()
    yield "smr_version", 50
    yield "meter_model", telegram.identification.lstrip("/")[:_MAX_MODEL_CHARS] or None
    yield "unique_id", _hexadecimal(telegram.serial_number)
    yield "active_tariff", _tariff(telegram.objects.get(_TARIFF))
    # The meter has one energy register for each direction. Some clients read the total, others add
    # up the tariffs. So the register is sent as the total and as tariff 1.
    for direction, energy in (("import", values.imported_kwh), ("export", values.exported_kwh)):
        for name in ("kwh", "t1_kwh"):
            yield f"total_power_{direction}_{name}", _rounded(energy, 3)
    phases = [(n, phase) for n, phase in enumerate(values.phases, start=1)]
    yield "active_power_w", _rounded(values.power_w)
    yield from ((f"active_power_l{n}_w", _rounded(phase.power_w)) for n, phase in phases)
    yield from ((f"active_voltage_l{n}_v", _rounded(phase.voltage_v)) for n, phase in phases)
    yield "active_current_a", _rounded(_total_current(values))
    yield from ((f"active_current_l{n}_a", _rounded(phase.current_a)) for n, phase in phases)
    yield from _voltage_counts(values.reading)
    yield "any_power_fail_count", _count(values.reading, "0-0:96.7.21")
    yield from _gas_meter(values.reading)


def _voltage_counts(reading: Reading) -> Iterator[tuple[str, int | None]]:
    for kind, phases in VOLTAGE_COUNTERS.items():
        for phase, references in phases.items():
            counts = (_count(reading, reference) for reference in references)
            valid = (count for count in counts if count is not None)
            yield f"{kind}_{phase.lower()}_count", next(valid, None)


def _total_current(values: MeterValues) -> float | None:
    """Return the sum of the currents of the connected phases in A, None if a current is unknown."""
    currents = [phase.current_a for phase in values.phases if phase.is_connected]
    measured = [current for current in currents if current is not None]
    return sum(measured) if measured and len(measured) == len(currents) else None


def _gas_meter(reading: Reading) -> Iterator[tuple[str, Any]]:
    """Yield the fields of the first gas meter that counts in m³ and is still in use.

    A replaced gas meter can stay in the telegram, on its own channel with its last index. So a gas
    meter counts as in use only if its capture is at most a day older than the newest capture of a
    gas meter. The captures of two gas meters in use can also differ, but only by minutes.
    """
    meters = [
        (time, meter)
        for time, meter in _external(reading)
        if (meter["type"], meter["unit"]) == ("gas_meter", "m3")
    ]
    if meters:
        newest = max(time for time, _ in meters)
        meter = next(meter for time, meter in meters if newest - time <= _A_DAY)
        yield "total_gas_m3", meter["value"]
        yield "gas_timestamp", meter["timestamp"]
        yield "gas_unique_id", meter["unique_id"]


def _external(reading: Reading) -> Iterator[tuple[datetime, JsonDict]]:
    """Yield the time of the capture and the document of every M-Bus meter with a known index.

    The order is the order of the channels.
    """
    for identity, channel in sorted(reading.channels.items(), key=itemgetter(1)):
        meter = reading.telegram.channels.get(channel)
        if meter is None or meter.value is None or meter.time is None:
            continue
        kind, unit = _EXTERNAL.get(meter.type), meter.unit
        if kind is None or unit is None:
            continue
        document = {
            "unique_id": _hexadecimal(identity.replace(CHANNEL_PREFIX, "channel ")),
            "type": kind,
            # The API wants the local time as a number with the digits YYMMDDhhmmss.
            "timestamp": int(meter.time.strftime("%y%m%d%H%M%S")),
            "value": _rounded(meter.value, 3),
            "unit": unit,
        }
        yield meter.time, document


def _hexadecimal(text: str | None) -> str | None:
    return text.encode().hex().upper() if text else None


def _tariff(value: object) -> int | None:
    if not isinstance(value, str) or len(value) > _TARIFF_DIGITS:
        return None
    tariff = int(value) if value.isascii() and value.isdecimal() else None
    return tariff if tariff in _TARIFFS else None


def _count(reading: Reading, reference: str) -> int | None:
    count = object_number(reading, reference)
    return None if count is None else int(count)


def _rounded(value: float | None, digits: int = 2) -> float | None:
    """Return `value` rounded to `digits` decimals, as int if it is whole. None stays None."""
    if value is None:
        return None
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded
