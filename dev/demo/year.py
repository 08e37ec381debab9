"""A year that a simulated meter could have been read: its quarter-hours, months, costs and flows.

It is made by the library itself, from what the simulated registers read every quarter-hour, and
stored where the integration keeps what it has read.
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

from .energy import DOMAIN, registers, start_of_history

_QUARTER_HOUR = timedelta(minutes=15)
# Two captures of the meter that is captured least often, whenever that is.
_CAPTURES = timedelta(hours=3)
_TELEGRAMS_EVERY = timedelta(minutes=5)


@dataclass
class Costs:
    """What had been paid at the end of each hour since the start, without what was before."""

    bill: dict[datetime, float] = field(default_factory=dict)
    """Of all bills together; at midnight and in the last hour only."""
    imported: dict[datetime, float] = field(default_factory=dict)
    """For energy at the price of a kilowatt-hour."""
    exported: dict[datetime, float] = field(default_factory=dict)


class Year(NamedTuple):
    """What the integration would have stored, and what its recorder would know of costs."""

    demand: dict[str, Any]
    lines: dict[str, list[str]]
    """The files of the row, by their months."""
    costs: Costs


def simulate_year(meter: Meter, contract: Contract, now: datetime) -> Year:
    """Let a demand meter read every quarter-hour since the start of a month a year ago."""
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
            start, Energies(*(round(each, 3) for each in energies)), None, meter.device_name
        )
        if demand and not start.minute:
            costs.read(start, read.imported_kwh, read.exported_kwh, demand)
        start += _QUARTER_HOUR
    lines: dict[str, list[str]] = {}
    for span in demand_meter.take_new():
        lines.setdefault(month_name(span.start), [HEADER]).append(line_of(span))
    return Year(demand_meter.as_dict(), lines, costs.costs)


class _CostMeter:
    """Adds up what is paid."""

    def __init__(self, now: datetime) -> None:
        self.costs = Costs()
        self._last_hour = now.replace(minute=0, second=0, microsecond=0)
        self._registers: tuple[float, float] | None = None
        self._paid = [0.0, 0.0]
        self._earlier_bills = 0.0

    def read(
        self, time: datetime, imported_kwh: float, exported_kwh: float, demand: Demand
    ) -> None:
        """Read the registers at a whole hour."""
        local = time.astimezone(LUXEMBOURG)
        if self._registers:
            price = price_of_kwh(demand.contracts, time, NO_PRICES)
            for index, (kwh, each) in enumerate(
                zip((imported_kwh, exported_kwh), (price.imported, price.exported), strict=True)
            ):
                self._paid[index] += (kwh - self._registers[index]) * (each or 0)
            self.costs.imported[time], self.costs.exported[time] = self._paid
        self._registers = imported_kwh, exported_kwh
        if self.costs.imported and (local.hour == 0 or time == self._last_hour):
            total = self._earlier_bills + (
                compute_bill(demand.month, demand.contracts, time).total or 0
            )
            self.costs.bill[time] = total
            # The reading that ends a month still shows it as a whole.
            if local.day == 1 and local.hour == 0:
                self._earlier_bills = total


def store_year(directory: Path, entry_id: str, year: Year) -> None:
    """Store a year for a config entry, which must not be read meanwhile."""
    storage = directory / ".storage"
    # Home Assistant wrote it; a file that it did not find at its start, it takes for missing.
    path = storage / f"{DOMAIN}.{entry_id}.meter"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["data"]["demand"] = year.demand
    path.write_text(json.dumps(content), encoding="utf-8")
    folder = storage / f"{DOMAIN}.{entry_id}.quarter_hours"
    folder.mkdir(exist_ok=True)
    for month, lines in year.lines.items():
        (folder / f"{month}.csv").write_text("".join(lines), encoding="ascii")


def store_flows(directory: Path, entry_id: str, meter: Meter, now: datetime) -> None:
    """Let a config entry, which must not be read meanwhile, know the last captures of its meter.

    Otherwise nobody would know what flows before two more have come: of heat, one comes an hour.
    """
    path = directory / ".storage" / f"{DOMAIN}.{entry_id}.meter"
    if not path.exists():
        return
    decoder, reader = Decoder(None), MeterReader()
    time = now - _CAPTURES
    while time <= now:
        for event in decoder.feed(meter.frame_at(time)):
            if isinstance(event, Telegram):
                reader.read(event, time)
        time += _TELEGRAMS_EVERY
    content = json.loads(path.read_text(encoding="utf-8"))
    content["data"]["flows"] = reader.memory.flow_rates.as_list()
    path.write_text(json.dumps(content), encoding="utf-8")
