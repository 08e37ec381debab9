"""Simulated year of a meter: its quarter-hours, months and captures.

The library computes the year from simulated registers. The demo then writes the year into the
integration's storage.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from dev.simulator import Meter
from smartyp1.meter import MeterReader
from smartyp1.p1 import Decoder, Telegram
from smartyp1.tariff import (
    HEADER,
    Contract,
    DemandMeter,
    Energies,
    line_of,
    month_name,
)

from .meter_statistics import DOMAIN, registers, start_of_history

_QUARTER_HOUR = timedelta(minutes=15)
# Captures (readings) of the M-Bus meters are simulated for the last three hours. A flow rate needs
# two captures, and the heat meter is read only once an hour.
_CAPTURES_SPAN = timedelta(hours=3)
_TELEGRAMS_EVERY = timedelta(minutes=5)


class Year(NamedTuple):
    """Simulated content of the integration's storage."""

    demand: dict[str, Any]
    lines: dict[str, list[str]]
    """Lines of the quarter-hour files, by month."""


def simulate_year(meter: Meter, contract: Contract, now: datetime) -> Year:
    """Return the simulated year of `meter` with `contract`.

    The year lasts from `start_of_history(now)` until `now`.
    """
    start = start_of_history(now)
    demand_meter = DemandMeter(contract)
    while start <= now:
        read = registers(meter, start)
        energies = (
            read.imported_kwh,
            read.exported_kwh,
            read.reactive_imported_kvarh,
            read.reactive_exported_kvarh,
        )
        demand_meter.update(
            start, Energies(*(round(register, 3) for register in energies)), None, meter.device_name
        )
        start += _QUARTER_HOUR
    lines: dict[str, list[str]] = {}
    for span in demand_meter.take_new():
        lines.setdefault(month_name(span.start), [HEADER]).append(line_of(span))
    return Year(demand_meter.as_dict(), lines)


def store_year(directory: Path, entry_id: str, year: Year) -> None:
    """Write a year into the integration's storage for a config entry.

    The entry must not be loaded, because a loaded entry would overwrite the year.
    """
    storage = directory / ".storage"
    # Change the existing file. Home Assistant would not read a new file, because it reads only
    # files that existed at its start.
    path = storage / f"{DOMAIN}.{entry_id}.meter"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["data"]["demand"] = year.demand
    path.write_text(json.dumps(content), encoding="utf-8")
    folder = storage / f"{DOMAIN}.{entry_id}.quarter_hours"
    folder.mkdir(exist_ok=True)
    for month, lines in year.lines.items():
        (folder / f"{month}.csv").write_text("".join(lines), encoding="ascii")


def store_flows(directory: Path, entry_id: str, meter: Meter, now: datetime) -> None:
    """Write the last captures (readings) of a meter's M-Bus meters into the integration's storage.

    The config entry must not be loaded, because a loaded entry would overwrite the captures.
    Without stored captures, a flow rate stays unknown until two captures have arrived. For heat,
    this takes up to two hours.
    """
    path = directory / ".storage" / f"{DOMAIN}.{entry_id}.meter"
    if not path.exists():
        return
    decoder, reader = Decoder(None), MeterReader()
    time = now - _CAPTURES_SPAN
    while time <= now:
        for event in decoder.feed(meter.frame_at(time)):
            if isinstance(event, Telegram):
                reader.read(event, time)
        time += _TELEGRAMS_EVERY
    content = json.loads(path.read_text(encoding="utf-8"))
    content["data"]["flows"] = reader.memory.flow_rates.as_list()
    path.write_text(json.dumps(content), encoding="utf-8")
