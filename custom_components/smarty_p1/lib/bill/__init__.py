"""What it costs: months, their bill, its days and hours, Leneda's days, shared energy.

meter = DemandMeter(Contract(reference_kw=7))
meter.update(time, Energies(imported_kwh), power_kw, serial_number)  # with every telegram
demand = meter.snapshot
compute_bill(demand.month, demand.contracts, demand.until).total

Imports `history` and `prices`. Gives no advice.
"""

from .bill import (
    Bill,
    BillLine,
    MonthPrices,
    compute_bill,
    lines_of,
    month_prices,
    monthly_lines,
    to_cents,
)
from .daily_bills import DayBills, bills_by_day
from .demand_meter import DemandMeter
from .demand_snapshot import Demand
from .hourly_amounts import HourlyAmounts, amounts_by_hour
from .leneda_days import NO_LENEDA_DAYS, LenedaDays
from .month import NO_SHARED, NOTHING_ABOVE, ClassExcess, Day, Month, Shared
from .month_cache import KnownMonths, months_of
from .month_sums import above_contract, mean_market_prices, merge_months
from .months_by_contract import MonthPart, older_prices_of_month, parts_of
from .quarter_hour_views import QuarterHours, quarter_hours_between
from .sharing import NO_DAY_SUMS, Covered, DaySum, DaySums

__all__ = [
    "NOTHING_ABOVE",
    "NO_DAY_SUMS",
    "NO_LENEDA_DAYS",
    "NO_SHARED",
    "Bill",
    "BillLine",
    "ClassExcess",
    "Covered",
    "Day",
    "DayBills",
    "DaySum",
    "DaySums",
    "Demand",
    "DemandMeter",
    "HourlyAmounts",
    "KnownMonths",
    "LenedaDays",
    "Month",
    "MonthPart",
    "MonthPrices",
    "QuarterHours",
    "Shared",
    "above_contract",
    "amounts_by_hour",
    "bills_by_day",
    "compute_bill",
    "lines_of",
    "mean_market_prices",
    "merge_months",
    "month_prices",
    "monthly_lines",
    "months_of",
    "older_prices_of_month",
    "parts_of",
    "quarter_hours_between",
    "to_cents",
]
