"""What was measured: spans between readings, quarter-hours, the meter's clock, month files.

Imports only the library's leaves beside the parts. Knows no price and no contract.
"""

from .calendar import (
    KEPT_MONTHS,
    KEPT_TIME,
    LUXEMBOURG,
    QUARTER_HOUR,
    day_end,
    day_start,
    midnight,
    month_end,
    month_start,
    quarter_start,
)
from .doubtful_clock import ClockDoubt
from .gap_clock_and_power_limits import MAX_POWER_KW
from .market_prices import NO_MARKET_HOURS, NO_PRICES, MarketHours, MarketPrices
from .meter_clock_jumps import MAX_SEGMENTS, ReadingSegment
from .month_columns import ORIGINS, Columns, MonthColumns, Row, columns_of, months_between
from .month_file_lines import (
    HEADER,
    Files,
    UnknownVersionError,
    as_decimal,
    line_of,
    lines_of_file,
    month_name,
    span_of,
)
from .month_file_reader import REMOVED, RowReader, with_removed
from .quarter_hour import Origin, QuarterHour
from .readings_to_spans import ReadingHistory
from .register_amounts import (
    DECIMALS,
    MARKET_DECIMALS,
    Amounts,
    Energies,
    Registers,
    rounded_market,
)
from .shown_month import sure_time, time_until
from .spans import Period, Span, SpanKind

__all__ = [
    "DECIMALS",
    "HEADER",
    "KEPT_MONTHS",
    "KEPT_TIME",
    "LUXEMBOURG",
    "MARKET_DECIMALS",
    "MAX_POWER_KW",
    "MAX_SEGMENTS",
    "NO_MARKET_HOURS",
    "NO_PRICES",
    "ORIGINS",
    "QUARTER_HOUR",
    "REMOVED",
    "Amounts",
    "ClockDoubt",
    "Columns",
    "Energies",
    "Files",
    "MarketHours",
    "MarketPrices",
    "MonthColumns",
    "Origin",
    "Period",
    "QuarterHour",
    "ReadingHistory",
    "ReadingSegment",
    "Registers",
    "Row",
    "RowReader",
    "Span",
    "SpanKind",
    "UnknownVersionError",
    "as_decimal",
    "columns_of",
    "day_end",
    "day_start",
    "line_of",
    "lines_of_file",
    "midnight",
    "month_end",
    "month_name",
    "month_start",
    "months_between",
    "quarter_start",
    "rounded_market",
    "span_of",
    "sure_time",
    "time_until",
    "with_removed",
]
