"""Simulated year of a meter: its quarter-hours, months, costs and captures.

The library computes the year from simulated registers. The demo then writes the year into the
integration's storage.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from dev.simulator import Meter
from smartyp1.meter import MeterReader
from smartyp1.p1 import Decoder, Telegram
from smartyp1.tariff import (
    HEADER,
    LUXEMBOURG,
    NO_PRICES,
    Contract,
    Demand,
    DemandMeter,
    Energies,
    compute_bill,
    line_of,
    month_name,
    price_of_kwh,
)

from .meter_statistics import DOMAIN, registers, start_of_history

_QUARTER_HOUR = timedelta(minutes=15)
# Captures (readings) of the M-Bus meters are simulated for the last three hours. A flow rate needs
# two captures, and the heat meter is read only once an hour.
_CAPTURES_SPAN = timedelta(hours=3)
_TELEGRAMS_EVERY = timedelta(minutes=5)


@dataclass
class Costs:
    """Costs of a meter in EUR since the start of the simulated year.

    In each field, a key is the end of an hour, and its value is the total until then.
    """

    bill: dict[datetime, float] = field(default_factory=dict)
    """Sum of all bills so far. It is known only at midnights and at the last full hour."""
    imported: dict[datetime, float] = field(default_factory=dict)
    """Costs of imported energy at the price per kWh."""
    exported: dict[datetime, float] = field(default_factory=dict)


class Year(NamedTuple):
    """Simulated content of the integration's storage, and the costs to import as statistics."""

    demand: dict[str, Any]
    lines: dict[str, list[str]]
    """Lines of the quarter-hour files, by month."""
    costs: Costs


def simulate_year(meter: Meter, contract: Contract, now: datetime) -> Year:
    """Return the simulated year of `meter` with `contract`.

    The year lasts from `start_of_history(now)` until `now`.
    """
    start = start_of_history(now)
    demand_meter = DemandMeter(contract)
    costs = _CostMeter(now)
    while start <= now:
        read = registers(meter, start)
        energies = (
            read.imported_kwh,
            read.exported_kwh,
            read.reactive_imported_kvarh,
            read.reactive_exported_kvarh,
        )
        demand = demand_meter.update(
            start, Energies(*(round(register, 3) for register in energies)), None, meter.device_name
        )
        if demand and not start.minute:
            costs.read(start, read.imported_kwh, read.exported_kwh, demand)
        start += _QUARTER_HOUR
    lines: dict[str, list[str]] = {}
    for span in demand_meter.take_new():
        lines.setdefault(month_name(span.start), [HEADER]).append(line_of(span))
    return Year(demand_meter.as_dict(), lines, costs.costs)


class _CostMeter:
    """Calculator that adds up the costs since the start of the simulated year."""

    def __init__(self, now: datetime) -> None:
        self.costs = Costs()
        self._last_hour = now.replace(minute=0, second=0, microsecond=0)
        self._registers: tuple[float, float] | None = None
        self._paid = [0.0, 0.0]
        self._earlier_bills = 0.0

    def read(
        self, time: datetime, imported_kwh: float, exported_kwh: float, demand: Demand
    ) -> None:
        """Add the costs of the hour that ends at `time`.

        `imported_kwh` and `exported_kwh` are the registers at the end of the hour.
        """
        local = time.astimezone(LUXEMBOURG)
        if self._registers:
            price = price_of_kwh(demand.contracts, time, NO_PRICES)
            for index, (kwh, price_per_kwh) in enumerate(
                zip((imported_kwh, exported_kwh), (price.imported, price.exported), strict=True)
            ):
                self._paid[index] += (kwh - self._registers[index]) * (price_per_kwh or 0)
            self.costs.imported[time], self.costs.exported[time] = self._paid
        self._registers = imported_kwh, exported_kwh
        if self.costs.imported and (local.hour == 0 or time == self._last_hour):
            total = self._earlier_bills + (
                compute_bill(demand.month, demand.contracts, time).total or 0
            )
            self.costs.bill[time] = total
            # At the midnight at which a month ends, `total` has the complete bills of all months so
            # far. So keep it, to add the bill of the next month to it.
            if local.day == 1 and local.hour == 0:
                self._earlier_bills = total


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
