"""CSV files with the quarter-hours of connections. `bill`, `classes` and `what-if` read them."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from math import isnan, nan
from typing import NamedTuple

from smartyp1.energy_table.wall_clock import quarter_number, time_of
from smartyp1.history.luxembourg_time import local_text
from smartyp1.history.quarter_hour import WH_A_KW
from smartyp1.leneda.measured_and_estimated_rows import LenedaRow, RowsByCode
from smartyp1.leneda.series_codes import CODES, COVERED, SHARED, Quantity

HEAD = (
    *("connection", "building", "start", "utc", "imported_kwh", "exported_kwh", "is_known"),
    *("layer", "shared_kwh", "given_kwh"),
)
_HEAD = ",".join(HEAD).encode()
_DECIMALS = 6
_LAYERS = range(5)
_MAX_WH = 1e7


class EnergyRow(NamedTuple):
    """Energy of a connection in one quarter-hour, in Wh.

    `is_known` is False if a part of it is a share of a gap between telegrams. The exported energy
    is NaN where unknown. `shared_wh` comes from an energy community, `given_wh` goes to it.
    """

    imported_wh: float
    exported_wh: float
    is_known: bool
    layer: int = 0
    shared_wh: float = 0
    given_wh: float = 0


type EnergyRows = dict[int, EnergyRow]
"""Rows in the order of time, by the number of the quarter-hour since 1970."""


class ConnectionLineError(Exception):
    """Error for a malformed line. Its text is the number of the line."""


def is_connection_file(data: bytes) -> bool:
    """Return whether a file has quarter-hours of connections."""
    return data.startswith(_HEAD)


def energy_cells(rows: EnergyRows) -> Iterator[list[object]]:
    """Yield the cells of each quarter-hour, without connection and building."""
    for number, row in rows.items():
        start = time_of(number)
        energies = row.imported_wh, row.exported_wh, row.shared_wh, row.given_wh
        imported, exported, shared, given = map(kwh, energies)
        utc = f"{start:%Y-%m-%dT%H:%MZ}"
        yield [
            local_text(start),
            utc,
            imported,
            exported,
            int(row.is_known),
            row.layer,
            shared,
            given,
        ]


def kwh(wh: float) -> float | str:
    """Return an energy in kWh as a cell. An unknown energy (NaN) is an empty cell."""
    return "" if isnan(wh) else round(wh / 1000, _DECIMALS)


def read_connections(data: bytes) -> dict[str, EnergyRows]:
    """Return the quarter-hours of each connection. Raises ConnectionLineError."""
    found: dict[str, EnergyRows] = {}
    lines: Iterable[list[str]] = csv.reader(data.decode("utf-8", "replace").splitlines()[1:])
    for line, cells in enumerate(lines, 2):
        try:
            name, _, _, utc, imported, exported, is_known, layer, *shared = cells
            energies = [_wh_of(cell) for cell in (imported, exported, *shared)]
            number, layer_number = quarter_number(datetime.fromisoformat(utc)), _LAYERS[int(layer)]
            imported_wh, exported_wh, shared_wh, given_wh = energies
            _check_known(imported_wh + shared_wh + given_wh)
        except ValueError, IndexError, OverflowError:
            raise ConnectionLineError(line) from None
        known = is_known == "1"
        row = EnergyRow(imported_wh, exported_wh, known, layer_number, shared_wh, given_wh)
        found.setdefault(name, {})[number] = row
    return {name: dict(sorted(rows.items())) for name, rows in found.items()}


def _check_known(wh: float) -> None:
    if isnan(wh):
        raise ValueError


def _wh_of(cell: str) -> float:
    wh = float(cell) * 1000 if cell else nan
    if not (isnan(wh) or 0 <= wh <= _MAX_WH):
        raise ValueError
    return wh


def known_wh(wh: float) -> float:
    """Return an energy, 0 if it is unknown."""
    return 0.0 if isnan(wh) else wh


def leneda_rows(rows: EnergyRows) -> RowsByCode:
    """Return quarter-hours as the series of the platform Leneda."""
    series: dict[str, list[LenedaRow]] = {}
    for number, row in rows.items():
        energies = {Quantity.IMPORTED: row.imported_wh}
        if not isnan(row.exported_wh):
            energies[Quantity.EXPORTED] = row.exported_wh
        if row.layer:
            energies[COVERED[row.layer - 1]] = row.shared_wh
            energies[Quantity.REMAINING] = row.imported_wh - row.shared_wh
            energies[SHARED[row.layer - 1]] = row.given_wh
            energies[Quantity.SOLD] = known_wh(row.exported_wh) - row.given_wh
        for quantity, wh in energies.items():
            kw = max(0.0, round(wh / WH_A_KW, 6))
            series.setdefault(CODES[quantity], []).append(
                LenedaRow(time_of(number), kw, row.is_known)
            )
    return series
