"""Readings of a meter, made from its telegrams.

    reader = MeterReader(MeterMemory(DemandMeter(Contract(reference_kw=7))))
    reading = reader.read(telegram, datetime.now(UTC))
    print(reading.telegram.objects["1-0:1.8.0"], reading.channels, reading.demand)

A `MeterSession` makes readings from the bytes of a port, and accepts only the telegrams of that
port's meter. If a register falls or leaps, readings repeat its last total until further telegrams
have confirmed the new one. A meter on the M-Bus is recognised by its identifier. A reading also has
the quarter-hours of the grid tariff.
"""

from .flow_rate import FlowRates
from .held_back_totals import CONFIRMATIONS, REGISTERS, Totals
from .key_proof import KEY_PROOF_LASTS, KeyProof, Moment
from .last_hour import STEP_S, Hour, LastHour
from .mbus_meters import CHANNEL_PREFIX, MBusMeters
from .meter_identity import FirstMeter, NamedMeter
from .meter_memory import MeterMemory
from .meter_reader import (
    EXPORTED_ENERGY,
    IMPORTED_ENERGY,
    MIN_CONNECTED_VOLTS,
    MeterReader,
    Reading,
    Reception,
    outlined_reading,
)
from .meter_session import MAX_AGE, MeterSession, OtherMeter, Rejected
from .object_count_and_rate_limits import MAX_MBUS_METERS, Limits, shown_name
from .telegram_from_source_entities import (
    COARSE_STEP_WH,
    MAX_INTERVAL_S,
    QUANTITIES,
    EntityState,
    Report,
    SilentTotal,
    Standstill,
    Trial,
    assess,
    entity_telegram,
    value_of,
)
from .telegram_outline import Outline

__all__ = [
    "CHANNEL_PREFIX",
    "COARSE_STEP_WH",
    "CONFIRMATIONS",
    "EXPORTED_ENERGY",
    "IMPORTED_ENERGY",
    "KEY_PROOF_LASTS",
    "MAX_AGE",
    "MAX_INTERVAL_S",
    "MAX_MBUS_METERS",
    "MIN_CONNECTED_VOLTS",
    "QUANTITIES",
    "REGISTERS",
    "STEP_S",
    "EntityState",
    "FirstMeter",
    "FlowRates",
    "Hour",
    "KeyProof",
    "LastHour",
    "Limits",
    "MBusMeters",
    "MeterMemory",
    "MeterReader",
    "MeterSession",
    "Moment",
    "NamedMeter",
    "OtherMeter",
    "Outline",
    "Reading",
    "Reception",
    "Rejected",
    "Report",
    "SilentTotal",
    "Standstill",
    "Totals",
    "Trial",
    "assess",
    "entity_telegram",
    "outlined_reading",
    "shown_name",
    "value_of",
]
