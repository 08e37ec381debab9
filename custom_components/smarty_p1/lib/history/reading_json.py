"""Conversion of readings to JSON, and the checked conversion back.

The functions that read stored data raise ValueError, KeyError or TypeError for malformed data.
"""

from datetime import datetime
from typing import Any

from ..stored_json import load_known
from ..stored_values import (
    Stored,
    checked_count,
    checked_list,
    checked_mapping,
    checked_text,
    checked_time,
    utc_time,
)
from .doubtful_clock import ClockDoubt
from .luxembourg_time import day_start, month_start, quarter_start
from .month_file_lines import span_line, span_of_cells, split_line
from .quarter_hour import QuarterHour
from .reading_segments import ReadingSegment
from .register_amounts import Amounts, Registers

type Stores = dict[str, Any]

# Maximum number of stored spans of an unconfirmed segment. Such a segment has at most 674 spans:
# 671 whole quarter-hours of a clock on trial, one gap, and one incomplete quarter-hour at each end.
_MAX_SPANS = 800


def store_known(values: QuarterHour | Registers) -> Stores:
    """Return the known fields as JSON."""
    texts = (value.isoformat() if isinstance(value, datetime) else value for value in values)
    return without_unknown(dict(zip(values._fields, texts, strict=True)))


def load_quarter(data: Stored) -> QuarterHour | None:
    """Return the quarter-hour from the JSON that `store_known` made. Return None for None."""
    if data is None:
        return None
    quarter = load_known(QuarterHour, data)
    if quarter.origin or quarter.start != quarter_start(quarter.start):
        raise ValueError
    return quarter


def without_unknown(values: Stores) -> Stores:
    """Return `values` without those that are None."""
    return {name: value for name, value in values.items() if value is not None}


def load_registers(data: Stored) -> Registers:
    """Return the registers from the JSON that `store_known` made."""
    registers = load_known(Registers, data)
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
        "spans": [span_line(span).rstrip() for span in segment.spans],
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
        amounts=load_known(Amounts, stored["amounts"]),
        # These lines are not in the files of months yet.
        spans=[
            span_of_cells(split_line(checked_text(line))[0], is_numbered=False)
            for line in checked_list(stored["spans"], _MAX_SPANS)
        ],
        quarter_hours=checked_count(stored["quarter_hours"]),
    )
    time = segment.last.time
    start = day_start(quarter_start(time)) if doubt else quarter_start(time)
    if segment.month_start != shown or not max(start, segment.first.time) <= segment.since <= time:
        raise ValueError
    return segment
