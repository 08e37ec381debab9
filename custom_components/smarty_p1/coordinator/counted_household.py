"""Household of a meter as counted so far, and the version of its data."""

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..lib.bill.household_state import HouseholdState
from ..lib.history.luxembourg_time import quarter_start
from .meter_coordinator import MeterCoordinator


class NothingCountedError(Exception):
    """Error for a meter that has neither quarter-hours nor months yet."""


@callback
def household_state_of(coordinator: MeterCoordinator) -> HouseholdState:
    """Return the quarter-hours and months of a meter. Raises NothingCountedError if it has none."""
    if coordinator.records.household_state is None:
        raise NothingCountedError
    return coordinator.records.household_state


@callback
def data_version(coordinator: MeterCoordinator) -> object:
    """Return the version of a meter's data.

    The version changes with a new quarter-hour, a changed contract, new quarter-hours from Leneda
    or a new price of a market. It also changes each quarter-hour by the clock, because a silent
    meter has no new one.
    """
    household, markets = coordinator.records.household_state, coordinator.records.prices.markets
    return household and (
        household.contracts,
        household.version,
        *(series.changes.version for series in markets.values()),
        household.month_start,
        quarter_start(dt_util.utcnow()),
    )
