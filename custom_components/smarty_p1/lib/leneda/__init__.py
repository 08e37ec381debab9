"""Quarter-hours of Leneda, Luxembourg's national energy data platform. No I/O.

export = read_export(data, now)  # a file of its portal; otherwise raises ExportError
series = read_time_series(json.loads(answer), code, start, end)  # an answer of its API
platform = {export.code: export.rows}
meter.set_leneda_days(PlatformDays(quarter_hours_of(platform), sharing_of(platform)))
"""

from .api_response import AnswerRefusal, ResponseError, TimeSeries, read_time_series
from .day_differences import Cause, DayDifference, Differences, compare_days
from .gas_response import GAS_ENERGY, STANDARD_VOLUME, GasSpan, read_gas_series
from .implausible_rows import last_days_of, last_whole_day, whole_days, without_false_zeros
from .measured_and_estimated_rows import (
    LenedaRow,
    added_up,
    newest,
    quarter_hours_of,
    sharing_of,
    with_totals,
)
from .portal_file import MAX_EXPORT_SIZE, Export, read_export
from .portal_file_refusals import ExportError, ExportRefusal
from .series_codes import (
    CODES,
    COVERED,
    REGISTERS,
    SHARED,
    Quantity,
    Register,
    is_of_production,
    is_of_sharing,
)

__all__ = [
    "CODES",
    "COVERED",
    "GAS_ENERGY",
    "MAX_EXPORT_SIZE",
    "REGISTERS",
    "SHARED",
    "STANDARD_VOLUME",
    "AnswerRefusal",
    "Cause",
    "DayDifference",
    "Differences",
    "Export",
    "ExportError",
    "ExportRefusal",
    "GasSpan",
    "LenedaRow",
    "Quantity",
    "Register",
    "ResponseError",
    "TimeSeries",
    "added_up",
    "compare_days",
    "is_of_production",
    "is_of_sharing",
    "last_days_of",
    "last_whole_day",
    "newest",
    "quarter_hours_of",
    "read_export",
    "read_gas_series",
    "read_time_series",
    "sharing_of",
    "whole_days",
    "with_totals",
    "without_false_zeros",
]
