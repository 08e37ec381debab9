"""Reasons to refuse a file of Leneda's portal."""

from enum import StrEnum


class ExportRefusal(StrEnum):
    """Reason to refuse a file of the portal, as the translation key of an error."""

    TOO_LARGE = "leneda_too_large"
    EMPTY = "leneda_empty"
    """The file is empty, or has no row."""
    NOT_CSV = "leneda_not_csv"
    SPREADSHEET = "leneda_spreadsheet"
    """A spreadsheet program has saved the file again."""
    NO_EXPORT = "leneda_no_export"
    """The file is not from the portal."""
    SEVERAL_POINTS = "leneda_several_points"
    SEVERAL_CODES = "leneda_several_codes"
    GAS = "leneda_gas"
    UNKNOWN_CODE = "leneda_unknown_code"
    WRONG_UNIT = "leneda_wrong_unit"
    WATT_HOURS = "leneda_watt_hours"
    """The unit says kW, but the values look like energies in Wh."""
    WRONG_INTERVAL = "leneda_wrong_interval"
    SWAPPED_COLUMNS = "leneda_swapped_columns"
    WRONG_OFFSET = "leneda_wrong_offset"
    """A time has another UTC offset than Luxembourg's clock at that time."""
    NO_QUARTER_HOUR = "leneda_no_quarter_hour"
    """A time is not the start of a quarter-hour."""
    FUTURE = "leneda_future"
    TOO_OLD = "leneda_too_old"
    WRONG_VALUE = "leneda_wrong_value"
    DAMAGED_LINE = "leneda_damaged_line"
    TRUNCATED = "leneda_truncated"
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
