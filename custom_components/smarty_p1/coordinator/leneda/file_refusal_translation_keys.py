"""Translation keys of the reasons why the import of a Leneda file is refused."""

from collections.abc import Mapping

from ...lib.leneda.day_differences import Cause
from ...lib.leneda.portal_file_refusals import ExportRefusal

REFUSED: Mapping[ExportRefusal | Cause, str] = {
    ExportRefusal.TOO_LARGE: "leneda_too_large",
    ExportRefusal.EMPTY: "leneda_empty",
    ExportRefusal.NOT_CSV: "leneda_not_csv",
    ExportRefusal.SPREADSHEET: "leneda_spreadsheet",
    ExportRefusal.NO_EXPORT: "leneda_no_export",
    ExportRefusal.SEVERAL_POINTS: "leneda_several_points",
    ExportRefusal.SEVERAL_CODES: "leneda_several_codes",
    ExportRefusal.GAS: "leneda_gas",
    ExportRefusal.UNKNOWN_CODE: "leneda_unknown_code",
    ExportRefusal.WRONG_UNIT: "leneda_wrong_unit",
    ExportRefusal.WATT_HOURS: "leneda_watt_hours",
    ExportRefusal.WRONG_INTERVAL: "leneda_wrong_interval",
    ExportRefusal.SWAPPED_COLUMNS: "leneda_swapped_columns",
    ExportRefusal.WRONG_OFFSET: "leneda_wrong_offset",
    ExportRefusal.NO_QUARTER_HOUR: "leneda_no_quarter_hour",
    ExportRefusal.FUTURE: "leneda_future",
    ExportRefusal.TOO_OLD: "leneda_too_old",
    ExportRefusal.WRONG_VALUE: "leneda_wrong_value",
    ExportRefusal.DAMAGED_LINE: "leneda_damaged_line",
    ExportRefusal.TRUNCATED: "leneda_truncated",
    Cause.OTHER_POINT: "leneda_other_point",
    Cause.PRODUCTION: "leneda_production",
    Cause.FACTOR_FOUR: "leneda_factor_four",
    Cause.SHIFTED_HOUR: "leneda_shifted_hour",
}
IS_CONSUMPTION = "leneda_consumption"
"""Translation key for a file of production whose values equal the imported energy."""


class ImportRefusedError(Exception):
    """Error for a file that was not imported. `key` and `placeholders` give the translated text."""

    def __init__(self, *, key: str, **placeholders: str) -> None:
        super().__init__(key)
        self.key = key
        self.placeholders = placeholders
