"""Reasons to refuse a file of Leneda's portal."""

from enum import StrEnum


class ExportRefusal(StrEnum):
    """Reason to refuse a file of the portal."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    """The file is empty, or has no row."""
    NOT_CSV = "not_csv"
    SPREADSHEET = "spreadsheet"
    """A spreadsheet program has saved the file again."""
    NO_EXPORT = "no_export"
    """The file is not from the portal."""
    SEVERAL_POINTS = "several_points"
    SEVERAL_CODES = "several_codes"
    GAS = "gas"
    UNKNOWN_CODE = "unknown_code"
    WRONG_UNIT = "wrong_unit"
    WATT_HOURS = "watt_hours"
    """The unit says kW, but the values look like energies in Wh."""
    WRONG_INTERVAL = "wrong_interval"
    SWAPPED_COLUMNS = "swapped_columns"
    WRONG_OFFSET = "wrong_offset"
    """A time has another UTC offset than Luxembourg's clock at that time."""
    NO_QUARTER_HOUR = "no_quarter_hour"
    """A time is not the start of a quarter-hour."""
    FUTURE = "future"
    TOO_OLD = "too_old"
    WRONG_VALUE = "wrong_value"
    DAMAGED_LINE = "damaged_line"
    TRUNCATED = "truncated"
    """The last line is incomplete."""


class ExportError(Exception):
    """Error for a refused file.

    It has the reason, and the placeholders of the reason's text. They never contain the metering
    point.
    """

    def __init__(self, reason: ExportRefusal, **placeholders: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.placeholders = placeholders
