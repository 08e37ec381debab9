"""Luxembourg's grid tariff: the quarter-hour that it is about, and what it costs.

meter = DemandMeter(Contract(reference_kw=7))
demand = meter.update(time, Energies(imported_kwh), power_kw, serial_number)  # with every telegram
bill(demand.month, demand.contracts, demand.until).total
"""

from .battery import (
    LEAST_EFFICIENCY,
    LEAST_KW,
    LEAST_KWH,
    MAX_STANDBY_W,
    MOST_KW,
    MOST_KWH,
    MOST_RESERVE,
    Battery,
)
from .bill import BILL_LINES, Bill, Line, bill, lines_of
from .calendar import LUXEMBOURG, QUARTER_HOUR, day_end, day_start, quarter_start
from .comparison import ClassCost, Comparison, MonthComparison, compare
from .contract import (
    CONSUMER_CATEGORIES,
    MAX_AID_NAME_LENGTH,
    MAX_AIDS,
    METER_SIZES,
    NO_CONTRACT,
    NO_PRICES,
    PER_KWH,
    PER_MONTH,
    REFERENCE_POWERS,
    Aid,
    AidVat,
    Contract,
    Contracts,
    MarketPrices,
)
from .demand_meter import DemandMeter
from .demand_snapshot import KEPT_MONTHS, Demand
from .estimate import Estimate, estimate, estimated
from .kwh_price import (
    KwhPrice,
    excess_price,
    kwh_price,
    market_prices_of,
    quarter_hour_cost,
)
from .market_ahead import PricesAhead, agrees, prices_by_quarter, prices_of_attributes
from .month import Above, Day, Month, Origin, QuarterHour, Shared
from .month_sums import above_contract
from .network_prices import (
    APPROVED_UNTIL,
    AgreedPrices,
    NetworkPrices,
    network_prices,
    older_prices,
)
from .outlook import LOOKED_BACK, ComingQuarterHour, outlook, usual_import
from .past import NO_PAST, Past
from .register_rises import MAX_POWER_KW, Amounts, Energies
from .second_hours import WEEKDAYS, Split, second_hours
from .sharing import NO_DAY_SUMS, NO_SHARING, Covered, DaySum, DaySums, Sharing
from .span_days import above_each
from .span_lines import (
    HEADER,
    REMOVED,
    Files,
    UnknownVersionError,
    as_decimal,
    line_of,
    lines_of_file,
    month_name,
    span_of,
    with_removed,
)
from .span_months import Columns, months_of
from .span_views import QuarterHours
from .spans import Kind, Row, Span
from .version_2 import load_months
from .what_if import ClassWithBattery, WhatIf, YearCosts, what_if
from .what_if_year import LEAST_DAYS, NO_MARKET_HOURS, MarketHours, WhatIfError, WhatIfRefusal

__all__ = [
    "APPROVED_UNTIL",
    "BILL_LINES",
    "CONSUMER_CATEGORIES",
    "HEADER",
    "REMOVED",
    "KEPT_MONTHS",
    "LEAST_DAYS",
    "LEAST_EFFICIENCY",
    "LEAST_KW",
    "LEAST_KWH",
    "LOOKED_BACK",
    "LUXEMBOURG",
    "MAX_AIDS",
    "MAX_AID_NAME_LENGTH",
    "MAX_POWER_KW",
    "MAX_STANDBY_W",
    "METER_SIZES",
    "MOST_KW",
    "MOST_KWH",
    "MOST_RESERVE",
    "NO_CONTRACT",
    "NO_DAY_SUMS",
    "NO_MARKET_HOURS",
    "NO_PAST",
    "NO_PRICES",
    "NO_SHARING",
    "PER_KWH",
    "PER_MONTH",
    "QUARTER_HOUR",
    "REFERENCE_POWERS",
    "WEEKDAYS",
    "Above",
    "AgreedPrices",
    "Aid",
    "AidVat",
    "Amounts",
    "Battery",
    "Bill",
    "ClassCost",
    "ClassWithBattery",
    "Columns",
    "ComingQuarterHour",
    "Comparison",
    "Contract",
    "Contracts",
    "Covered",
    "Day",
    "DaySum",
    "DaySums",
    "Demand",
    "DemandMeter",
    "Energies",
    "Estimate",
    "Files",
    "Kind",
    "KwhPrice",
    "Line",
    "MarketHours",
    "MarketPrices",
    "Month",
    "MonthComparison",
    "NetworkPrices",
    "Origin",
    "Past",
    "PricesAhead",
    "QuarterHour",
    "QuarterHours",
    "Row",
    "Shared",
    "Sharing",
    "Span",
    "Split",
    "UnknownVersionError",
    "WhatIf",
    "WhatIfError",
    "WhatIfRefusal",
    "YearCosts",
    "above_contract",
    "above_each",
    "agrees",
    "as_decimal",
    "bill",
    "compare",
    "day_end",
    "day_start",
    "estimate",
    "estimated",
    "excess_price",
    "kwh_price",
    "line_of",
    "lines_of",
    "lines_of_file",
    "load_months",
    "market_prices_of",
    "month_name",
    "months_of",
    "network_prices",
    "older_prices",
    "outlook",
    "prices_by_quarter",
    "prices_of_attributes",
    "quarter_hour_cost",
    "quarter_start",
    "second_hours",
    "span_of",
    "usual_import",
    "what_if",
    "with_removed",
]
