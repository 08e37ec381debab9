"""Plan of a house: its past without its loads, its plan ahead, and the saving of a month."""

from collections.abc import Sequence
from datetime import datetime
from math import inf

from homeassistant.helpers import device_registry as dr

from ..const import CONF_NEVER_ABOVE, DOMAIN
from ..coordinator.counted_household import household_state_of
from ..coordinator.loads.entered_loads import entered_loads
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.statistics.load_energy import NoLoadStatisticError, async_load_energies
from ..lib.advice.plan_saving import MeasuredLoad, plan_saving
from ..lib.bill.month import Month
from ..lib.bill.quarter_hour_series import quarter_hours_between
from ..lib.history.luxembourg_time import day_start
from ..lib.history.quarter_hour import QuarterHour
from ..lib.plan.coming_quarters import LOOKED_BACK, Market, PlanLack
from ..lib.plan.house_request import (
    BatteryWish,
    LoadWish,
    PlannedHouse,
    PlanQuestion,
    planned_house,
)
from ..lib.plan.usual_house import without_loads
from .answer_queue import async_aside


async def async_past_without(
    coordinator: MeterCoordinator,
    start: datetime,
    end: datetime,
    loads: Sequence[str],
    battery: BatteryWish | None = None,
) -> list[QuarterHour]:
    """Return the quarter-hours of a period as they would have been without `loads` and battery.

    `loads` are the ids of power or energy statistics. Raises NoLoadStatisticError if one of them
    has no statistics.
    """
    energies = await async_load_energies(coordinator.hass, loads, start, end)
    if battery and battery.measured_by:
        own = await async_load_energies(coordinator.hass, [battery.measured_by], start, end)
        sign = 1 if battery.positive_charges else -1
        energies += [energy._replace(sign=sign) for energy in own]
    past = quarter_hours_between(coordinator.records.household.table, start, end)
    return await async_aside(coordinator.hass, without_loads, past, energies)


async def async_planned_house(  # noqa: PLR0913
    coordinator: MeterCoordinator,
    now: datetime,
    market: Market,
    wishes: Sequence[LoadWish],
    battery: BatteryWish | None = None,
    *,
    is_certain: bool = True,
) -> PlannedHouse | PlanLack:
    """Return the plan of a house. `market` has the market's prices.

    With `is_certain`, return a PlanLack if prices or usual days are not known. Raises
    NoLoadStatisticError if the statistics of a load are missing.
    """
    contracts, today = household_state_of(coordinator).contracts, day_start(now)
    loads = [name for wish in wishes for name in (wish.measured_by, *wish.others) if name]
    measured = [*dict.fromkeys(loads)]
    past = await async_past_without(coordinator, today - LOOKED_BACK, today, measured, battery)
    never_above = coordinator.config_entry.options.get(CONF_NEVER_ABOVE, inf)
    stored = battery and battery.battery
    question = PlanQuestion(now, contracts, market, past, wishes, stored, never_above, is_certain)
    return await async_aside(coordinator.hass, planned_house, question)


async def async_plan_saving(
    coordinator: MeterCoordinator, month: Month, now: datetime
) -> float | None:
    """Return the saving of a month by the plan in EUR.

    Return None while a price or the energy of a load is unknown, and without a load in the month.
    """
    hass, entry = coordinator.hass, coordinator.config_entry
    devices, end = dr.async_get(hass), min(now, month.end)
    loads: list[MeasuredLoad] = []
    for subentry_id, entered in entered_loads(entry).items():
        device = devices.async_get_device_by_identifier((DOMAIN, subentry_id), entry.entry_id)
        # Nobody knows the true energy of a load without a sensor.
        if entered.measured_by is None or device is None or device.created_at >= end:
            continue
        start = entered.load.last_deadline(month.start)
        try:
            [energy] = await async_load_energies(hass, [entered.measured_by], start, end)
        except NoLoadStatisticError:
            return None
        ready_at = coordinator.load_records.record_of(subentry_id).ready_at
        loads.append(MeasuredLoad(entered.load, energy, device.created_at, ready_at))
    if not loads:
        return None
    return await async_aside(hass, plan_saving, month, loads)
