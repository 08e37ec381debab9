"""Usual values of a day in a house, with its inverters and batteries."""

from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from ..coordinator.counted_household import household_state_of
from ..coordinator.meter_coordinator import MeterCoordinator
from ..energy_dashboard.house_sources import SOLAR, async_house_sources, async_house_supplies
from ..lib.answers.habits import SuppliedHouse, usual_report
from ..lib.bill.household_state import HouseholdState
from ..lib.history.luxembourg_time import day_start, quarter_start
from ..lib.json_types import JsonDict
from .answer_queue import async_aside

# The recorder writes five-minute statistics ten seconds after the end of the five minutes. So wait
# for longer than ten seconds.
_RECORDER_DELAY = timedelta(seconds=30)
# The usual values come from the same weekday of the last four weeks.
_USUAL_SPAN = timedelta(weeks=4)


def supplied_until(household: HouseholdState) -> datetime:
    """Return the start of the quarter-hour until which meter and statistics are known."""
    return min(household.quarter_start, quarter_start(dt_util.utcnow() - _RECORDER_DELAY))


async def async_supplied_house(
    coordinator: MeterCoordinator, start: datetime
) -> SuppliedHouse | None:
    """Return inverters and batteries with their energy since `start`, None without an inverter."""
    sources = await async_house_sources(coordinator.hass, coordinator.config_entry)
    if not any(source.kind == SOLAR for source in sources):
        return None
    until = supplied_until(household_state_of(coordinator))
    supplies, _ = await async_house_supplies(coordinator, sources, start, until)
    return SuppliedHouse(supplies, until)


async def async_usual(coordinator: MeterCoordinator) -> JsonDict:
    """Return the usual values of `usual_report`, for cards and assistants."""
    household = household_state_of(coordinator)
    house = await async_supplied_house(coordinator, day_start(household.time - _USUAL_SPAN))
    return await async_aside(coordinator.hass, usual_report, household, house)
