"""Messages to the household: when one is due, and how many a day may have.

Imports `history`, `prices`, `bill` and `advice`. Values go in; a message, or None, comes out,
with the state to remember. A message has a translation key and values, and no text.
"""

from .excess_warning import ExcessState, QuarterHourAhead, quarter_hour_ahead, warn_of_excess
from .goal_watch import GoalOutlook, GoalState, goal_outlook, watch_goal
from .grid_watch import GridState, watch_grid
from .message import KINDS, HouseholdMessage, Kind, Line, Value
from .monthly_report import ReportedMonths, monthly_report
from .outbox import MAX_A_DAY, Outbox, QuietHours, admit
from .silence_watch import Listening, SilenceState, watch_silence
from .state import MessageState
from .voltage_watch import VoltageState, watch_voltage
from .water_watch import WaterCapture, WaterNights, watch_water

__all__ = [
    "KINDS",
    "MAX_A_DAY",
    "ExcessState",
    "GoalOutlook",
    "GoalState",
    "GridState",
    "HouseholdMessage",
    "Kind",
    "Line",
    "Listening",
    "MessageState",
    "Outbox",
    "QuarterHourAhead",
    "QuietHours",
    "ReportedMonths",
    "SilenceState",
    "Value",
    "VoltageState",
    "WaterCapture",
    "WaterNights",
    "admit",
    "goal_outlook",
    "monthly_report",
    "quarter_hour_ahead",
    "warn_of_excess",
    "watch_goal",
    "watch_grid",
    "watch_silence",
    "watch_voltage",
    "watch_water",
]
