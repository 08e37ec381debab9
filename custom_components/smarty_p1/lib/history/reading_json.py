"""Conversion of readings to JSON, and the checked conversion back.

The functions that read stored data raise ValueError, KeyError or TypeError for malformed data.
"""

from datetime import datetime
from typing import Any

from ..stored_values import (
    Stored,
    checked_count,
    checked_flag,
    checked_list,
    checked_mapping,
    checked_number,
    checked_text,
    checked_time,
    utc_time,
)
from .doubtful_clock import ClockDoubt
from .luxembourg_time import day_start, month_start, quarter_start
from .month_file_lines import cells_of, line_of, span_of_cells
from .quarter_hour import QuarterHour
from .reading_segments import ReadingSegment
from .register_amounts import Amounts, Registers

type Stores = dict[str, Any]

MAX_VALUE = 1e19
"""Maximum absolute value of a stored number."""
# Maximum number of stored spans of an unconfirmed segment. Such a segment has at most 674 spans:
# 671 whole quarter-hours of a clock on trial, one gap, and one incomplete quarter-hour at each end.
_MAX_SPANS = 800


def amount(value: Stored) -> float:
    """Return a stored energy or power as a float. Raises ValueError if it is out of range."""
    return float(checked_number(value, 0, MAX_VALUE))


def store_known(values: QuarterHour | Registers) -> Stores:
    """Return the known fields as JSON."""
    texts = (value.isoformat() if isinstance(value, datetime) else value for value in values)
    return without_unknown(dict(zip(values._fields, texts, strict=True)))


def load_quarter(data: Stored) -> QuarterHour | None:
    """Return the quarter-hour from the JSON that `store_known` made. Return None for None."""
    if data is None:
        return None
    stored = checked_mapping(data)
    start = utc_time(stored.pop("start"))
    if start != quarter_start(start):
        raise ValueError
    if "origin" in stored:
        raise ValueError
    energies: Stores = {name: amount(value) for name, value in stored.items()}
    return QuarterHour(start, **energies)


def without_unknown(values: Stores) -> Stores:
    """Return `values` without those that are None."""
    return {name: value for name, value in values.items() if value is not None}


def load_registers(data: Stored) -> Registers:
    """Return the registers from the JSON that `store_known` made."""
    stored = checked_mapping(data)
    time, exported_time = utc_time(stored.pop("time")), stored.pop("exported_time", None)
    values: Stores = {name: checked_number(value, 0, MAX_VALUE) for name, value in stored.items()}
    if exported_time is not None:
        values["exported_time"] = utc_time(exported_time)
    registers = Registers(time, **values)
    if (registers.exported_wh is None) != (registers.exported_time is None):
        raise ValueError
    return registers


def store_segment(segment: ReadingSegment) -> Stores:
    """Return a segment of readings as JSON."""
    return {
        "first": store_known(segment.first),
        "reading": store_known(segment.last),
        "since": segment.since.isoformat(),
        "amounts": segment.amounts._asdict(),
        "serial_number": segment.serial_number,
        "month_start": segment.month_start.isoformat(),
        "spans": [line_of(span).rstrip() for span in segment.spans],
        "quarter_hours": segment.quarter_hours,
    }


def load_segment(data: Stored, doubt: ClockDoubt | None) -> ReadingSegment:
    """Return the segment from the JSON that `store_segment` made.

    With a `doubt` about the clock, the running gap can last for a day.
    """
    stored = checked_mapping(data)
    serial_number = stored["serial_number"]
    segment = ReadingSegment(
        first=load_registers(stored["first"]),
        last=load_registers(stored["reading"]),
        since=utc_time(stored["since"]),
        serial_number=None if serial_number is None else checked_text(serial_number),
        month_start=month_start(shown := checked_time(stored["month_start"])),
        amounts=load_amounts(stored["amounts"]),
        # These lines are not in the files of months yet.
        spans=[
            span_of_cells(cells_of(checked_text(line))[0], is_numbered=False)
            for line in checked_list(stored["spans"], _MAX_SPANS)
        ],
        quarter_hours=checked_count(stored["quarter_hours"]),
    )
    time = segment.last.time
    start = day_start(quarter_start(time)) if doubt else quarter_start(time)
    if segment.month_start != shown or not max(start, segment.first.time) <= segment.since <= time:
        raise ValueError
    return segment


def load_amounts(data: Stored) -> Amounts:
    """Return the amounts from their fields as JSON.

    An earlier version stored costs beside the energies.
    """
    stored = checked_mapping(data)
    is_exact = checked_flag(stored.pop("is_exported_exact"))
    values: Stores = {
        name: _amount_or_none(value, name)
        for name, value in stored.items()
        if not name.startswith("market")
    }
    return Amounts(is_exported_exact=is_exact, **values)


def _amount_or_none(value: Stored, name: str) -> float | None:
    if value is None and name.startswith("reactive"):
        return None
    return amount(value)
