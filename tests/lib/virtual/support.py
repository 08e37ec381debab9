"""Readings to answer with."""

from dev.encoder import seal, stored_example, with_value
from dev.testing.times import utc
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram

AT = utc("2025-07-03 06:00")


def reading_of(text: str) -> Reading:
    """Return the reading of a telegram."""
    (telegram,) = Decoder(None).feed(seal(text))
    assert isinstance(telegram, Telegram)
    return MeterReader().read_telegram(telegram, AT)


def house(**values: str) -> Reading:
    """Return a reading of a house with gas, water and heat; `L1_in="(00.120*kW)"` changes it."""
    text = stored_example("three_phase_gas_water_heat").telegram
    for name, value in values.items():
        text = with_value(text, OBJECTS[name], value)
    return reading_of(text)


OBJECTS = {
    "imported": "1-0:1.7.0",
    "exported": "1-0:2.7.0",
    "L1_in": "1-0:21.7.0",
    "L2_in": "1-0:41.7.0",
    "L3_in": "1-0:61.7.0",
    "L1_out": "1-0:22.7.0",
    "L2_out": "1-0:42.7.0",
    "L3_out": "1-0:62.7.0",
    "L1_volt": "1-0:32.7.0",
    "L2_volt": "1-0:52.7.0",
    "L3_volt": "1-0:72.7.0",
}


def of_power(watts: float) -> Reading:
    """Return a reading of nothing but the power at the grid, as a meter writes it."""
    kilowatts = round(watts / 1000, 3)
    telegram = Telegram(
        "/Lux5",
        None,
        AT,
        {"1-0:1.7.0": max(kilowatts, 0.0), "1-0:2.7.0": max(-kilowatts, 0.0)},
        {},
    )
    return Reading(telegram, {}, None, {}, AT)
