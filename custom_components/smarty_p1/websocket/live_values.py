"""Values of all entities, enabled or not. A subscription sends them with each telegram."""

from datetime import datetime
from typing import Any

from ..coordinator import BooksCoordinator
from ..lib.entities import BINARY_SENSORS, DEMAND_SENSORS, SENSORS, TARIFF_SENSORS, EntitySpec
from ..lib.meter import Reading
from ..lib.tariff import QUARTER_HOUR, Amounts, Demand

# Entities whose values are not sent, because the values rarely change, or because other commands
# return them.
_LEFT_OUT = {
    "message",
    *(f"channel_message_{n}" for n in range(1, 6)),
    "device_name",
    "other_objects",
    "meter_time",
    "p1_version",
    "clock_offset",
    # The next two values are left out, because they compare months, which takes too long for every
    # telegram.
    "cheapest_reference_power",
    "saving_per_year",
}
_VALUES: tuple[EntitySpec[Reading], ...] = tuple(
    description
    for description in (*SENSORS, *DEMAND_SENSORS, *BINARY_SENSORS, *TARIFF_SENSORS)
    if description.key not in _LEFT_OUT
)


def current_values(coordinator: BooksCoordinator) -> dict[str, Any]:
    """Return the values of the last reading and the running quarter-hour as JSON values."""
    reading, last = coordinator.latest, coordinator.books.memory.last_telegram
    demand = reading.demand if reading else coordinator.books.demand
    return {
        "received_at": last and last.isoformat(),
        "values": _values(coordinator, reading) if reading else {},
        "media": _media(reading) if reading else {},
        "quarter_hour": demand and demand.running and _quarter_hour(demand, demand.running),
    }


def _values(coordinator: BooksCoordinator, reading: Reading) -> dict[str, Any]:
    options = coordinator.config_entry.options
    return {
        description.translation_key: description.value_fn(reading)
        for description in _VALUES
        if description.is_wanted(options) and description.exists_fn(reading)
    }


def _media(reading: Reading) -> dict[str, Any]:
    media = {}
    for identity, channel in reading.channels.items():
        meter = reading.telegram.channels[channel]
        media[identity] = {
            "index": meter.value,
            "unit": meter.unit,
            "time": _iso(meter.time),
            "flow": reading.flows.get(identity),
        }
    return media


def _quarter_hour(demand: Demand, running: Amounts) -> dict[str, Any]:
    last = demand.last_quarter
    return {
        "time": demand.time.isoformat(),
        "start": demand.quarter_start.isoformat(),
        "end": (demand.quarter_start + QUARTER_HOUR).isoformat(),
        "measured_since": demand.measured_since.isoformat(),
        "imported_wh": round(running.imported_wh, 1),
        "exported_wh": round(running.exported_wh, 1),
        "reference_kw": demand.contracts.at(demand.quarter_start).reference_kw,
        "running_kw": demand.running_kw,
        "projected_kw": demand.projected_kw,
        "available_kw": demand.available_kw,
        "will_exceed": demand.will_exceed,
        "last": last and {"start": last.start.isoformat(), "mean_kw": last.mean_kw},
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
