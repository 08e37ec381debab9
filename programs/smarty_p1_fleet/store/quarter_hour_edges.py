"""First and last stored telegram of each quarter-hour, with the registers of energy.

They give the same quarter-hours as all telegrams: energy is interpolated only between the last
telegram before a quarter-hour's end and the first one after it.
"""

import time
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from smartyp1.history.luxembourg_time import midnight

from .store_reader import StoreReader, selector

_REGISTERS = ("smarty_p1_active_energy_imported", "smarty_p1_active_energy_exported")
_FUNCTIONS = '"tfirst_over_time", "first_over_time", "tlast_over_time", "last_over_time"'
_QUARTER_HOUR_S = 900
# Telegrams of a day before and after the period are read, too, because a gap may reach into it.
_MARGIN_S = 86400
# If this day has no telegram, the nearest one is searched for this time: a longer gap belongs to no
# quarter-hour.
_MAX_GAP_S = 41 * 86400


class EdgeReading(NamedTuple):
    """Telegram at an edge of a quarter-hour: its time (Unix seconds), and the registers in kWh."""

    time: int
    meter: str
    imported_kwh: float | None
    exported_kwh: float | None


async def read_edges(
    reader: StoreReader, meters: Iterable[tuple[str, date]], begin: int, end: int
) -> list[EdgeReading]:
    """Return the edges of a connection's quarter-hours from `begin` to `end` (Unix seconds).

    `meters` are serial numbers in order, each with its first day. On the first day of a meter, its
    first telegram ends those of the meter before. Raises UnavailableError.
    """
    found: list[EdgeReading] = []
    for meter, day in meters:
        first = int(midnight(day).timestamp())
        if first >= end + _MARGIN_S:
            continue
        edges = await _edges_of(reader, meter, max(first, begin), end)
        own = [edge for edge in edges if edge.time >= first]
        if own:
            found = [edge for edge in found if edge.time < own[0].time]
        found += own
    return found


async def _edges_of(reader: StoreReader, meter: str, begin: int, end: int) -> list[EdgeReading]:
    low, high = begin - _MARGIN_S, min(end + _MARGIN_S, int(time.time()) + 3600)
    high = -(-high // _QUARTER_HOUR_S) * _QUARTER_HOUR_S
    columns: list[dict[int, float]] = []
    for register in _REGISTERS:
        first = low + _QUARTER_HOUR_S
        column = await _query(reader, register, meter, first, high, _QUARTER_HOUR_S)
        for moment, is_there in (
            (low, any(at <= begin for at in column)),
            (high + _MAX_GAP_S, any(at >= end for at in column)),
        ):
            if not is_there:
                column |= await _query(reader, register, meter, moment, moment, _MAX_GAP_S)
        columns.append(column)
    imported, exported = columns
    times = sorted(imported.keys() | exported.keys())
    return [EdgeReading(at, meter, imported.get(at), exported.get(at)) for at in times]


async def _query(  # noqa: PLR0913, PLR0917
    reader: StoreReader, register: str, meter: str, start: int, end: int, window: int
) -> dict[int, float]:
    """Return the first and the last value of a register in each window, by its time."""
    # One reading of the values gives all four results. Four queries cost twice as much.
    query = f"aggr_over_time(({_FUNCTIONS}), {selector(meter, register)}[{window}s])"
    named = f'label_copy({query}, "rollup", "__name__")'
    rows = await reader.at(named, start, end, window)
    found: dict[int, float] = {}
    for edge in ("first", "last"):
        values = rows.get(f"{edge}_over_time", {})
        for at, moment in rows.get(f"t{edge}_over_time", {}).items():
            found[round(float(moment))] = float(values[at])
    return found
