"""What follows from the telegrams of a meter: telegrams -> readings.

    reader = MeterReader(Totals(), DemandMeter(Contract(reference_kw=7)))
    reading = reader.read(telegram, datetime.now(UTC))
    print(reading.telegram.objects["1-0:1.8.0"], reading.channels, reading.demand)

Totals do not fall before that is confirmed, the meters on the M-Bus are known by their
identifiers, and the quarter-hours of the grid tariff are followed.
"""

from .channels import CHANNEL_PREFIX
from .flow_rate import FlowRates
from .limits import MOST_MBUS_METERS, Limits, shown_name
from .reading import IMPORTED_ENERGY, MeterReader, Reading, Reception
from .totals import CONFIRMATIONS, REGISTERS, Totals

__all__ = [
    "CHANNEL_PREFIX",
    "CONFIRMATIONS",
    "IMPORTED_ENERGY",
    "MOST_MBUS_METERS",
    "REGISTERS",
    "FlowRates",
    "Limits",
    "MeterReader",
    "Reading",
    "Reception",
    "Totals",
    "shown_name",
]
