"""Warning that the running quarter-hour will end above the reference power."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from ..history.calendar import QUARTER_HOUR
from ..history.quarter_hour_values import QuarterHourValues
from ..stored_json import Mark
from .message import HouseholdMessage, Value

# Measured with ten simulated households: after a minute, a fifth of the warnings of a house without
# a car was wrong. Waiting for four minutes loses no warning of an excess that costs 0.05 EUR.
_ABOVE_FOR = timedelta(minutes=4)
_MIN_LEFT = timedelta(seconds=120)
_PAUSE = timedelta(hours=1)
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
    def saving(self) -> float:
        """Return the cost of the projected excess, in EUR with VAT."""
        return max(0.0, self.projected_kw - self.reference_kw) * _HOURS * self.price


@dataclass(frozen=True)
class ExcessState:
    """Since when the projection has been above, and when the last warning was sent."""

    above_since: Annotated[datetime | None, Mark.NOT_STORED] = None
    warned_at: datetime | None = None


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
    so that cooking does not warn.
    """
    if ahead is None or ahead.projected_kw <= ahead.reference_kw:
        return replace(state, above_since=None), None
    since = state.above_since
    if since is None or not ahead.end - QUARTER_HOUR <= since <= ahead.time:
        since = ahead.time
    state = replace(state, above_since=since)
    left = ahead.end - ahead.time
    is_paused = state.warned_at is not None and abs(ahead.time - state.warned_at) < _PAUSE
    if is_paused or ahead.time - since < _ABOVE_FOR or left < _MIN_LEFT or ahead.saving < _MIN_EUR:
        return state, None
    left_share = left / QUARTER_HOUR
    current_kw = (ahead.projected_kw - ahead.running_kw * (1 - left_share)) / left_share
    less_kw = (ahead.projected_kw - ahead.reference_kw) / left_share
    values: dict[str, Value] = {
        "reference_kw": ahead.reference_kw,
        "less_kw": less_kw,
        "until_at": ahead.end.isoformat(),
        "saving_eur": ahead.saving,
        "current_kw": current_kw,
    }
    return replace(state, warned_at=ahead.time), HouseholdMessage("soon_above", values)
