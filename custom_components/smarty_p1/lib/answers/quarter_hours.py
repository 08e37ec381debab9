"""Answers with quarter-hours: as data, as CSV, and as packed values for a chart.

The columns of the CSV have the names of the series on Leneda, the national platform: 1-1:1.29.0 and
1-1:2.29.0 in kW, 1-1:3.29.0 and 1-1:4.29.0 in kvar, each the mean of a quarter-hour. The exact
layout of Leneda's own files is not published; they may have other columns and separators.
"""

import csv
import json
import struct
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from zlib import crc32

from ..bill.household_state import HouseholdState
from ..bill.quarter_hour_series import QuarterHours
from ..history.luxembourg_time import QUARTER_HOUR, day_start, local_text, quarter_start
from ..history.month_file_lines import as_decimal
from ..history.quarter_hour import QuarterHour
from ..json_types import JsonDict, JsonMapping
from ..leneda.series_codes import REGISTERS
from ..prices.kwh_price import rounded
from ..prices.published_prices import REFERENCE_POWERS

type SharedPower = Mapping[str, Mapping[datetime, float]]
"""Mean power of quarter-hours in kW, keyed by the codes of energy sharing."""

# Energy fields of a quarter-hour, each with the title of its CSV column.
_COLUMNS = {
    "imported_kwh": "1-1:1.29.0 (kW)",
    "exported_kwh": "1-1:2.29.0 (kW)",
    "reactive_imported_kvarh": "1-1:3.29.0 (kvar)",
    "reactive_exported_kvarh": "1-1:4.29.0 (kvar)",
}
# Highest value of a packed cell (a signed integer of 16 bits), and the value of an empty cell.
_MAX_CELL, _EMPTY_CELL = 32_767, -32_768
_MAX_AGE = timedelta(days=400)

MAX_JSON_BYTES = 1_000_000
"""Maximum size of `quarter_hours_as_json`: about 65 days, fewer with shared energy. A year would
have 35,000 objects, which make Python's garbage collector stop Home Assistant."""


@dataclass(eq=False)
class TooLongError(Exception):
    """Error for quarter-hours that have more than MAX_JSON_BYTES as JSON."""

    end: datetime
    """End before which the quarter-hours are short enough."""


def quarter_hours_as_json(quarters: Iterable[QuarterHour], shared: SharedPower) -> JsonDict:
    """Return quarter-hours and their shared energy as JSON values.

    Raises TooLongError if they have more than MAX_JSON_BYTES. Its end is a midnight in Luxembourg,
    unless the first day alone is too long.
    """
    rows: list[JsonDict] = []
    answer = {"quarter_hours": rows}
    size, first = _json_size(answer), None
    for quarter in quarters:
        row = _row(quarter, shared)
        size += _json_size(row) + bool(rows)  # a comma separates rows
        first = first or quarter.start
        if size > MAX_JSON_BYTES:
            midnight = day_start(quarter.start)
            raise TooLongError(midnight if midnight > first else quarter.start)
        rows.append(row)
    return answer


def _row(quarter: QuarterHour, shared: SharedPower) -> JsonDict:
    return {
        "start": local_text(quarter.start),
        **{name: rounded(getattr(quarter, name), 6) for name in _COLUMNS},
        **{
            f"{REGISTERS[code].quantity}_kwh": rounded(powers[quarter.start] / 4, 6)
            for code, powers in shared.items()
            if quarter.start in powers
        },
        **({"origin": quarter.origin.value} if quarter.origin else {}),
    }


def _json_size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def quarter_hours_as_csv(quarters: Iterable[QuarterHour], shared: SharedPower) -> JsonDict:
    """Return quarter-hours and their shared power as CSV."""
    quarters = list(quarters)
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    origins = [quarter.origin for quarter in quarters]
    has_origins = any(origins)
    columns = [*_COLUMNS.values(), *(f"{code} (kW)" for code in shared)]
    writer.writerow(["start", *columns, *(["origin"] if has_origins else [])])
    for quarter, origin in zip(quarters, origins, strict=True):
        cells = [local_text(quarter.start), *map(as_decimal, _powers(quarter, shared))]
        writer.writerow([*cells, origin or ""] if has_origins else cells)
    return {"csv": text.getvalue()}


def _powers(quarter: QuarterHour, shared: SharedPower) -> Iterator[float | None]:
    for name in _COLUMNS:
        energy = getattr(quarter, name)
        yield None if energy is None else energy * 4
    for values in shared.values():
        yield values.get(quarter.start)


def quarter_hours_report(household: HouseholdState, asked: JsonMapping) -> JsonDict:
    """Return the energy of each quarter-hour in a period.

    `asked` has the quantity, the period and the encoding. The answer has at most the last 400 days,
    and ends at the last known quarter-hour.
    """
    last, today = household.quarter_start, day_start(household.quarter_start)
    known = QuarterHours.of_table(household.ledger.table, day_start(last - _MAX_AGE), last)
    quantity, start, end = asked["quantity"], asked["start"], asked.get("end", known.end)
    # Round up to the start of a quarter-hour, because a quarter-hour that began before the period
    # is not part of the period.
    start = quarter_start(start + QUARTER_HOUR - timedelta(microseconds=1))
    start = max(known.start, min(start, known.end))
    end = max(start, min(end, known.end))
    quarters = known.between(start, end)
    is_packed = asked["encoding"] == "base64"
    counted: JsonDict = {}
    if quantity == "larger":
        above = quarters.above(household.contracts)
        values = quarters.larger(above)
        counted = {
            "above": b64encode(above).decode() if is_packed else list(above),
            "reference_powers": REFERENCE_POWERS,
        }
    else:
        values = quarters.values(quantity)
    end = start + len(values) * QUARTER_HOUR
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "step": QUARTER_HOUR.seconds,
        "quantity": quantity,
        "unit": "Wh",
        "values": _packed(values) if is_packed else values,
        **counted,
        "origins": [*quarters.origins()],
        "past": _mark(known.between(known.start, today), household),
    }


def _mark(past: QuarterHours, household: HouseholdState) -> str:
    """Return a checksum that changes if a quarter-hour of `past` or a reference power changes."""
    references = [
        (since.isoformat(), contract.reference_kw)
        for since, contract in household.contracts.entries
    ]
    return f"{crc32(repr((past.mark, references)).encode()):08x}"


def _packed(values: Sequence[int | None]) -> str:
    """Return integers as base64. Each integer has 16 bits, little-endian.

    None, and integers that do not fit into 16 bits, become `_EMPTY_CELL`.
    """
    fitting = (_EMPTY_CELL if cell is None or abs(cell) > _MAX_CELL else cell for cell in values)
    return b64encode(struct.pack(f"<{len(values)}h", *fitting)).decode()
