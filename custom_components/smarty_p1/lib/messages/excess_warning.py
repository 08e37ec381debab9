"""Warning that the running quarter-hour will end above the reference power."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import LUXEMBOURG, QUARTER_HOUR
from ..history.quarter_hour_values import QuarterHourValues
from ..stored_json import Mark
from .message import HouseholdMessage, Placeholders

# Measured with ten simulated households: after a minute, a fifth of the warnings of a house without
# a car was wrong. Waiting for four minutes loses no warning of an excess that costs 0.05 EUR.
_ABOVE_FOR = timedelta(minutes=4)
_MIN_LEFT = timedelta(seconds=120)
_ANOTHER_CAUSE = 2.0
_NOON = timedelta(hours=12)
# The household can save at least this amount, in EUR with VAT. A message for less is not worth it.
_MIN_EUR = 0.05
_HOURS = QUARTER_HOUR / timedelta(hours=1)


class QuarterHourAhead(NamedTuple):
    """Running quarter-hour at a reading: its powers in kW, and the cost of an excess."""

    time: datetime
    """Time of the reading, by the meter's clock."""
    end: datetime
    projected_kw: float
    """Mean of the quarter-hour if the current power stays."""
    running_kw: float
    """Mean since the start of the quarter-hour."""
    reference_kw: float
    price: float
    """Cost of a kWh above the reference power, in EUR with VAT, in addition to its other prices."""

    @property
    def left_share(self) -> float:
        """Return the share (0 to 1) of the quarter-hour that is left."""
        return (self.end - self.time) / QUARTER_HOUR

    @property
    def current_kw(self) -> float:
        """Return the current power from the grid. The projection assumes that it stays."""
        return (self.projected_kw - self.running_kw * (1 - self.left_share)) / self.left_share

    @property
    def less_kw(self) -> float:
        """Return how much less power would avoid most of the excess: at most the current power."""
        return min((self.projected_kw - self.reference_kw) / self.left_share, self.current_kw)

    @property
    def saving(self) -> float:
        """Return the cost of the excess that `less_kw` avoids, in EUR with VAT."""
        return max(0.0, self.less_kw) * self.left_share * _HOURS * self.price


@dataclass(frozen=True)
class ExcessState:
    """Since when the projection has been above, and the last warning."""

    above_since: Annotated[datetime | None, Mark.NOT_STORED] = None
    warned_at: datetime | None = None
    warned_kw: float | None = None
    """Current power above the reference power at the last warning."""


def quarter_hour_ahead(demand: QuarterHourValues, price: float | None) -> QuarterHourAhead | None:
    """Return the running quarter-hour of a reading. `price` is the price of the excess.

    Return None without a power, reference power or price of the excess, or if the start of the
    quarter-hour was not measured.
    """
    if (
        not demand.reference_kw
        or price is None
        or demand.projected_kw is None
        or demand.running_kw is None
        or demand.measured_since != demand.quarter_start
    ):
        return None
    return QuarterHourAhead(
        demand.time,
        demand.quarter_start + QUARTER_HOUR,
        demand.projected_kw,
        demand.running_kw,
        demand.reference_kw,
        price,
    )


def warn_of_excess(
    state: ExcessState, ahead: QuarterHourAhead | None
) -> tuple[ExcessState, HouseholdMessage | None]:
    """Return the new state, and the warning that is due at a reading.

    The projection must have been above the reference power for four minutes of this quarter-hour,
    so that cooking does not warn. A cause is told once an evening.
    """
    if ahead is None or ahead.projected_kw <= ahead.reference_kw:
        return replace(state, above_since=None), None
    since = state.above_since
    if since is None or not ahead.end - QUARTER_HOUR <= since <= ahead.time:
        since = ahead.time
    state = replace(state, above_since=since)
    left = ahead.end - ahead.time
    is_worth_it = (
        ahead.time - since >= _ABOVE_FOR and left >= _MIN_LEFT and ahead.saving >= _MIN_EUR
    )
    if not is_worth_it or _is_told(state, ahead):
        return state, None
    values: Placeholders = {
        "reference_kw": ahead.reference_kw,
        "less_kw": ahead.less_kw,
        "until_at": ahead.end.isoformat(),
        "saving_eur": ahead.saving,
        "current_kw": ahead.current_kw,
    }
    warned_kw = ahead.current_kw - ahead.reference_kw
    state = replace(state, warned_at=ahead.time, warned_kw=warned_kw)
    return state, HouseholdMessage("soon_above", values)


def with_evening(message: HouseholdMessage, evening_eur: float | None) -> HouseholdMessage:
    """Return the warning with the usual cost of an evening above, if this cost is known."""
    if evening_eur is None:
        return message
    return HouseholdMessage("soon_above_evening", {**message.values, "evening_eur": evening_eur})


def _is_told(state: ExcessState, ahead: QuarterHourAhead) -> bool:
    """Return whether a warning of this evening was about the same cause.

    A cause with at least twice as much power above the reference power is another one.
    """
    if state.warned_at is None or _evening(state.warned_at) != _evening(ahead.time):
        return False
    told_kw = state.warned_kw
    return told_kw is None or ahead.current_kw - ahead.reference_kw < _ANOTHER_CAUSE * told_kw


def _evening(time: datetime) -> date:
    """Return the day of an evening. It lasts from noon to noon: a car is charged past midnight."""
    return (time.astimezone(LUXEMBOURG) - _NOON).date()
