"""What one could do: forecast and goal of a month, reference powers, a battery, hours ahead.

Imports `history`, `prices` and `bill`; none of them imports this part.
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
from .battery_worth import WhatIf, YearCosts, simulate_battery
from .best_start import (
    LOAD_LOOKED_BACK,
    MAX_LOAD_HOURS,
    MAX_LOAD_KW,
    MIN_LOAD_HOURS,
    MIN_LOAD_KW,
    MIN_SAVING,
    MIN_WHOLE_DAYS,
    BestStart,
    Load,
    StartCosts,
    StartLack,
    StartReason,
    start_costs,
)
from .class_comparison import Comparison, MonthComparison, compare
from .daily_energy_forecast import EnergyForecast, forecast_energy
from .day_reason import DayReason, PartOfDay, cost_causes, day_reason
from .energy_shares import (
    EnergyShares,
    HouseDevice,
    HouseHours,
    Share,
    always_on_kw,
    energy_shares,
)
from .goal import LAST_YEAR, Goal, GoalChoice, goal_of, last_year_total
from .month_forecast import Estimate, Lack, estimate_month, estimated
from .months_for_battery import MIN_DAYS, WhatIfError, WhatIfRefusal
from .night_load import KnownQuarter, known_quarters, night_quarters, usual_night_kw
from .price_outlook import LOOKED_BACK, ComingQuarterHour, quarter_hours_ahead, usual_import
from .solar_house import (
    Grid,
    HouseDay,
    Supply,
    SupplyKind,
    delivered_until,
    doubtful_periods,
    house_days,
    house_sum,
    prices_by_hour,
)

__all__ = [
    "LAST_YEAR",
    "LOAD_LOOKED_BACK",
    "LOOKED_BACK",
    "MAX_KW",
    "MAX_KWH",
    "MAX_LOAD_HOURS",
    "MAX_LOAD_KW",
    "MAX_RESERVE_SHARE",
    "MAX_STANDBY_W",
    "MIN_DAYS",
    "MIN_EFFICIENCY",
    "MIN_KW",
    "MIN_KWH",
    "MIN_LOAD_HOURS",
    "MIN_LOAD_KW",
    "MIN_SAVING",
    "MIN_WHOLE_DAYS",
    "Battery",
    "BestStart",
    "ComingQuarterHour",
    "Comparison",
    "DayReason",
    "EnergyForecast",
    "EnergyShares",
    "Estimate",
    "Goal",
    "GoalChoice",
    "Grid",
    "HouseDay",
    "HouseDevice",
    "HouseHours",
    "KnownQuarter",
    "Lack",
    "Load",
    "MonthComparison",
    "PartOfDay",
    "Share",
    "StartCosts",
    "StartLack",
    "StartReason",
    "Supply",
    "SupplyKind",
    "WhatIf",
    "WhatIfError",
    "WhatIfRefusal",
    "YearCosts",
    "always_on_kw",
    "compare",
    "cost_causes",
    "day_reason",
    "delivered_until",
    "doubtful_periods",
    "energy_shares",
    "estimate_month",
    "estimated",
    "forecast_energy",
    "goal_of",
    "house_days",
    "house_sum",
    "known_quarters",
    "last_year_total",
    "night_quarters",
    "prices_by_hour",
    "quarter_hours_ahead",
    "simulate_battery",
    "start_costs",
    "usual_import",
    "usual_night_kw",
]
