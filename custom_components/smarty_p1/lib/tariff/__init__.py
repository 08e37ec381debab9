"""Luxembourg's grid tariff: quarter-hours, days and months, and their cost.

meter = DemandMeter(Contract(reference_kw=7))
demand = meter.update(time, Energies(imported_kwh), power_kw, serial_number)  # with every telegram
compute_bill(demand.month, demand.contracts, demand.until).total
"""

from .battery_simulation import (
    MAX_KW,
    MAX_KWH,
    MAX_RESERVE_SHARE,
    MAX_STANDBY_W,
    MIN_EFFICIENCY,
    MIN_KW,
    MIN_KWH,
    Battery,
)
from .battery_worth import ClassWithBattery, WhatIf, YearCosts, simulate_battery
from .bill import (
    Bill,
    Line,
    MonthPrices,
    bill_lines,
    compute_bill,
    lines_of,
    month_prices,
    monthly_lines,
)
from .calendar import (
    KEPT_MONTHS,
    KEPT_TIME,
    LUXEMBOURG,
    QUARTER_HOUR,
    day_end,
    day_start,
    month_end,
    month_start,
    quarter_start,
)
from .class_comparison import ClassCost, Comparison, MonthComparison, compare
from .contract import (
    CONSUMER_CATEGORIES,
    MAX_AID_NAME_LENGTH,
    MAX_AIDS,
    METER_SIZES,
    NO_CONTRACT,
    PER_KWH,
    PER_MONTH,
    REFERENCE_POWERS,
    Aid,
    AidVat,
    Contract,
    Contracts,
)
from .daily_bills import DayBills, bills_by_day
from .daily_energy_forecast import EnergyForecast, forecast_energy
from .demand_meter import DemandMeter
from .demand_snapshot import Demand
from .gap_clock_and_power_limits import MAX_POWER_KW
from .hourly_amounts import HourlyAmounts, HourlyValues, amounts_by_hour
from .kwh_price import KwhPrice, excess_price, market_prices_of, price_of_kwh
from .leneda_days import NO_PLATFORM_DAYS, PlatformDays
from .market_price_lists import PricesAhead, agrees, prices_by_quarter, prices_of_attributes
from .market_prices import NO_MARKET_HOURS, NO_PRICES, MarketHours, MarketPrices
from .month import ClassExcess, Day, Month, Shared, above_each
from .month_cache import KnownMonths, months_of
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
from .month_file_reader import REMOVED, with_removed
from .month_forecast import Estimate, Lack, estimate_month, estimated
from .month_sums import above_contract, mean_market_prices
from .months_by_contract import older_prices_of_month
from .months_for_battery import MIN_DAYS, WhatIfError, WhatIfRefusal
from .network_prices import (
    AgreedPrices,
    network_prices_at,
    price_file,
    prices_of_year_at,
)
from .past_market_prices import at_stored_level
from .price_file import NetworkPrices, OlderPrices, PriceFile
from .price_outlook import LOOKED_BACK, ComingQuarterHour, quarter_hours_ahead, usual_import
from .quarter_hour import Origin, QuarterHour
from .quarter_hour_views import QuarterHours, quarter_hours_between
from .register_rises import Amounts, Energies
from .sharing import NO_DAY_SUMS, NO_SHARING, Covered, DaySum, DaySums, Sharing
from .solar_house import (
    Grid,
    HouseDay,
    HouseSum,
    Supply,
    SupplyKind,
    doubtful_periods,
    house_days,
    house_sum,
    prices_by_hour,
)
from .spans import Columns, Kind, Row, Span
from .time_of_use import WEEKDAYS, TimeOfUseSplit, time_of_use_hours

__all__ = [
    "CONSUMER_CATEGORIES",
    "HEADER",
    "KEPT_MONTHS",
    "KEPT_TIME",
    "LOOKED_BACK",
    "LUXEMBOURG",
    "MAX_AIDS",
    "MAX_AID_NAME_LENGTH",
    "MAX_KW",
    "MAX_KWH",
    "MAX_POWER_KW",
    "MAX_RESERVE_SHARE",
    "MAX_STANDBY_W",
    "METER_SIZES",
    "MIN_DAYS",
    "MIN_EFFICIENCY",
    "MIN_KW",
    "MIN_KWH",
    "NO_CONTRACT",
    "NO_DAY_SUMS",
    "NO_MARKET_HOURS",
    "NO_PLATFORM_DAYS",
    "NO_PRICES",
    "NO_SHARING",
    "PER_KWH",
    "PER_MONTH",
    "QUARTER_HOUR",
    "REFERENCE_POWERS",
    "REMOVED",
    "WEEKDAYS",
    "AgreedPrices",
    "Aid",
    "AidVat",
    "Amounts",
    "Battery",
    "Bill",
    "ClassCost",
    "ClassExcess",
    "ClassWithBattery",
    "Columns",
    "ComingQuarterHour",
    "Comparison",
    "Contract",
    "Contracts",
    "Covered",
    "Day",
    "DayBills",
    "DaySum",
    "DaySums",
    "Demand",
    "DemandMeter",
    "Energies",
    "EnergyForecast",
    "Estimate",
    "Files",
    "Grid",
    "HourlyAmounts",
    "HourlyValues",
    "HouseDay",
    "HouseSum",
    "Kind",
    "KnownMonths",
    "KwhPrice",
    "Lack",
    "Line",
    "MarketHours",
    "MarketPrices",
    "Month",
    "MonthComparison",
    "MonthPrices",
    "NetworkPrices",
    "OlderPrices",
    "Origin",
    "PlatformDays",
    "PriceFile",
    "PricesAhead",
    "QuarterHour",
    "QuarterHours",
    "Row",
    "Shared",
    "Sharing",
    "Span",
    "Supply",
    "SupplyKind",
    "TimeOfUseSplit",
    "UnknownVersionError",
    "WhatIf",
    "WhatIfError",
    "WhatIfRefusal",
    "YearCosts",
    "above_contract",
    "above_each",
    "agrees",
    "amounts_by_hour",
    "as_decimal",
    "at_stored_level",
    "bill_lines",
    "bills_by_day",
    "compare",
    "compute_bill",
    "day_end",
    "day_start",
    "doubtful_periods",
    "estimate_month",
    "estimated",
    "excess_price",
    "forecast_energy",
    "house_days",
    "house_sum",
    "line_of",
    "lines_of",
    "lines_of_file",
    "market_prices_of",
    "mean_market_prices",
    "month_end",
    "month_name",
    "month_prices",
    "month_start",
    "monthly_lines",
    "months_of",
    "network_prices_at",
    "older_prices_of_month",
    "price_file",
    "price_of_kwh",
    "prices_by_hour",
    "prices_by_quarter",
    "prices_of_attributes",
    "prices_of_year_at",
    "quarter_hours_ahead",
    "quarter_hours_between",
    "quarter_start",
    "simulate_battery",
    "span_of",
    "time_of_use_hours",
    "usual_import",
    "with_removed",
]
