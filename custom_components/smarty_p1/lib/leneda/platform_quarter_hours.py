"""Conversion of rows of the national platform Leneda to quarter-hours and shared energy."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..tariff import Covered, Origin, QuarterHour
from .row_versions import Row
from .series_codes import COVERED, REGISTERS, Quantity
from .totals_from_parts import with_totals


def quarter_hours_of(platform: Mapping[str, Sequence[Row]]) -> list[QuarterHour]:
    """Return the quarter-hours whose imported energy Leneda knows, in the order of time.

    `platform` has the rows of each code. If Leneda states only the parts of the imported energy,
    the supplier's part and the shared parts are added up. A quarter-hour with any estimated value
    counts as estimated.
    """
    rows: dict[Quantity, Sequence[Row]] = {
        REGISTERS[code].quantity: rows for code, rows in with_totals(platform).items()
    }
    columns = [
        {row.start: row for row in rows.get(quantity, ())}
        for quantity in (
            Quantity.EXPORTED,
            Quantity.REACTIVE_IMPORTED,
            Quantity.REACTIVE_EXPORTED,
        )
    ]
    imported = rows.get(Quantity.IMPORTED, ())
    return [_of_platform(row, [column.get(row.start) for column in columns]) for row in imported]


def _of_platform(imported: Row, other_rows: Sequence[Row | None]) -> QuarterHour:
    """Return a quarter-hour from Leneda. Its exported and reactive energies may be unknown.

    `other_rows` are the rows of exported, reactive imported and reactive exported energy.
    """
    is_measured = all(row.is_measured for row in (imported, *other_rows) if row is not None)
    exported, *reactive = (None if row is None else row.kw / 4 for row in other_rows)
    origin = Origin.PLATFORM if is_measured else Origin.PLATFORM_ESTIMATED
    return QuarterHour(imported.start, imported.kw, exported, reactive[0], reactive[1], origin)


def sharing_of(platform: Mapping[str, Sequence[Row]]) -> dict[datetime, Covered]:
    """Return the shared energy of each quarter-hour, keyed by the start of the quarter-hour.

    `platform` has the rows of each code. A layer of energy sharing without a row counts as 0 Wh.
    """
    energies: dict[Quantity, dict[datetime, float]] = {
        REGISTERS[code].quantity: {row.start: row.kw * 250 for row in rows}
        for code, rows in platform.items()
    }
    layer_1, layer_2, layer_3, layer_4 = layers = [energies.get(layer, {}) for layer in COVERED]
    remaining = energies.get(Quantity.REMAINING, {})
    imported = energies.get(Quantity.IMPORTED, {})
    return {
        start: Covered(
            (
                layer_1.get(start, 0.0),
                layer_2.get(start, 0.0),
                layer_3.get(start, 0.0),
                layer_4.get(start, 0.0),
            ),
            remaining.get(start),
            imported.get(start),
        )
        for start in sorted(set().union(remaining, *layers))
    }
