"""Pure functions that compute answers about a meter from its energies, contracts and prices.

Actions and websocket commands check the user's rights first. Then they return these answers.
"""

from .best_start import best_start_report, start_costs_report
from .bills import (
    CURRENT_PRICES,
    bill_answer,
    bills_report,
    classes_report,
    comparison_report,
    known_months,
)
from .days import days_report
from .gas_costs import DaySums, GasPrices, gas_costs_report, gas_meter_costs, joined_days
from .habits import SuppliedHouse, highlights_report, usual_report
from .house import first_day_of_house, house_report
from .outlook import FORMAT_JSON, OUTLOOK_FORMATS, outlook_report
from .quarter_hours import (
    TooLongError,
    quarter_hours_as_csv,
    quarter_hours_as_json,
    quarter_hours_report,
)
from .shares import MONTH, YESTERDAY, period_of, shares_report
from .what_if import what_if_report

__all__ = [
    "CURRENT_PRICES",
    "FORMAT_JSON",
    "MONTH",
    "OUTLOOK_FORMATS",
    "YESTERDAY",
    "DaySums",
    "GasPrices",
    "SuppliedHouse",
    "TooLongError",
    "best_start_report",
    "bill_answer",
    "bills_report",
    "classes_report",
    "comparison_report",
    "days_report",
    "first_day_of_house",
    "gas_costs_report",
    "gas_meter_costs",
    "highlights_report",
    "house_report",
    "joined_days",
    "known_months",
    "outlook_report",
    "period_of",
    "quarter_hours_as_csv",
    "quarter_hours_as_json",
    "quarter_hours_report",
    "shares_report",
    "start_costs_report",
    "usual_report",
    "what_if_report",
]
