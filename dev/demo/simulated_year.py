"""Simulated year of a meter: its quarter-hours, months and captures.

The library computes the year from simulated registers. The demo then writes the year into the
integration's storage.
"""

import json
from datetime import datetime, timedelta
from operator import sub
from pathlib import Path
from typing import Any, NamedTuple

from dev.simulator import Meter
from dev.simulator.household import Registers
from smartyp1.bill.household import Household
from smartyp1.history.luxembourg_time import QUARTER_HOUR
from smartyp1.history.month_file_lines import HEADER, month_name, span_line
from smartyp1.history.register_amounts import Amounts, Energies
from smartyp1.history.spans import Span, SpanKind
from smartyp1.meter.meter_reader import MeterReader
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.telegram import Telegram
from smartyp1.prices.contract import Contract

from .meter_statistics import DOMAIN, registers, start_of_history

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
    """Return the simulated year of `meter`, from `start_of_history(now)` until `now`."""
    start = start_of_history(now)
    wh = _wh(registers(meter, start))
    lines: dict[str, list[str]] = {}
    number = 0
    while start + QUARTER_HOUR <= now:
        before, end = wh, start + QUARTER_HOUR
        number += 1
        wh = _wh(registers(meter, end))
        imported, exported, inductive, capacitive = map(sub, wh, before, strict=True)
        amounts = Amounts(imported, exported, True, inductive, capacitive)  # noqa: FBT003 - exact
        span = Span(start, end, SpanKind.QUARTER_HOUR, amounts, wh[0], wh[1], number=number)
        lines.setdefault(month_name(start), [HEADER]).append(span_line(span))
        start = end
    # The integration's own reader makes months and bills from the lines. To take each reading as
    # a telegram would cost a summary of its month each time. Only the last quarter-hour is measured
    # by telegrams, because the cards show it.
    lines[month_name(start - QUARTER_HOUR)].pop()
    files = {month: "".join(of_month).encode() for month, of_month in lines.items()}
    demand_meter = Household.from_files(contract, files)
    for time in (start - QUARTER_HOUR, start, now):
        kwh = Energies(*(register / 1000 for register in _wh(registers(meter, time))))
        demand_meter.count_telegram(time, kwh, None, meter.device_name)
    for span in demand_meter.meter.take_new():
        lines[month_name(span.start)].append(span_line(span))
    return Year(demand_meter.as_dict(), lines)


def _wh(reading: Registers) -> list[int]:
    """Return the four registers of energies in whole Wh, as a telegram has them."""
    return [
        round(round(register, 3) * 1000)
        for register in (
            reading.imported_kwh,
            reading.exported_kwh,
            reading.reactive_imported_kvarh,
            reading.reactive_exported_kvarh,
        )
    ]


def store_year(directory: Path, entry_id: str, year: Year) -> None:
    """Write a year into the integration's storage for a config entry."""
    storage = directory / ".storage"
    # Change the existing file. Home Assistant would not read a new file, because it reads only
    # files that existed at its start.
    path = storage / f"{DOMAIN}.{entry_id}.meter"
    content = json.loads(path.read_text("utf-8"))
    content["data"]["demand"] = year.demand
    path.write_text(json.dumps(content), "utf-8")
    folder = storage / f"{DOMAIN}.{entry_id}.quarter_hours"
    folder.mkdir(exist_ok=True)
    for month, lines in year.lines.items():
        (folder / f"{month}.csv").write_text("".join(lines), "ascii")


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
                reader.read_telegram(event, time)
        time += _TELEGRAMS_EVERY
    content = json.loads(path.read_text("utf-8"))
    content["data"]["flows"] = reader.memory.flow_rates.as_list()
    path.write_text(json.dumps(content), "utf-8")
