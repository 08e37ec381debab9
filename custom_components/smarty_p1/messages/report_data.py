"""Data for messages about the house: the monthly report of a meter, and lack of sun."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby

from homeassistant.core import HomeAssistant

from ..computed_answers.answer_queue import async_aside
from ..computed_answers.planned_house import async_plan_saving
from ..const import CONF_GOAL
from ..coordinator import RecordsConfigEntry, is_live
from ..coordinator.entry_types import short_title
from ..coordinator.meter_coordinator import MeterCoordinator
from ..energy_dashboard.house_sources import (
    SOLAR,
    async_devices,
    async_house_sources,
    async_house_supplies,
    async_supplies,
)
from ..lib.advice.energy_shares import HouseSources
from ..lib.advice.solar_house import Grid, Supply, house_days, house_sum
from ..lib.bill.household_state import HouseholdState
from ..lib.bill.month import Month
from ..lib.history.luxembourg_time import day_start, month_start
from ..lib.messages.message import HouseholdMessage
from ..lib.messages.monthly_report import ReportedMonths, monthly_report
from ..lib.messages.sun_watch import Panels

# Without a cable, and after an outage, the last days of a month come later: the report waits.
LAST_WAITING_DAY = 5
_WHOLE_SHARE = 0.99
_COMPARED_MONTHS = 2
_MAX_NAME_CHARS = 40


def reported_months(household: HouseholdState | None, today: date) -> tuple[Month, ...]:
    """Return the known months before the month of `today`.

    Return an empty tuple if the last one of them is unknown.
    """
    if household is None:
        return ()
    months = [
        month
        for month in (*household.earlier_months, household.known_month)
        if month.start.date() < today.replace(day=1)
    ]
    is_known = bool(months) and months[-1].end.date() == today.replace(day=1)
    return tuple(months) if is_known and months[-1].is_known else ()


def is_ready(entry: RecordsConfigEntry, today: date) -> bool:
    """Return whether the last month is complete, or no longer to be waited for."""
    household = entry.runtime_data.records.household_state
    if today.day > LAST_WAITING_DAY:
        return True
    months = reported_months(household, today)
    if household is None or not months:
        return False
    month = months[-1]
    if not is_live(entry):
        return month.known_share(month.end) >= _WHOLE_SHARE
    # A meter that is not read for now shows the energy of the month's end when it is read again.
    # This energy counts, and the new month begins, once the clock is confirmed after the gap.
    return household.month_start >= month.end


async def async_report(
    hass: HomeAssistant, entries: list[RecordsConfigEntry], today: date
) -> HouseholdMessage | None:
    """Return the report about the last month of some meters, None if nothing is known of it."""
    meters: list[tuple[str, ReportedMonths]] = []
    for entry in entries:
        household = entry.runtime_data.records.household_state
        if household and (months := reported_months(household, today)):
            own_kwh, sources = await _async_house(entry.runtime_data, months)
            goal = entry.options.get(CONF_GOAL)
            saving = await async_plan_saving(entry.runtime_data, months[-1], months[-1].end)
            reported = ReportedMonths(months, own_kwh, goal, sources, saving)
            meters.append((short_title(entry), reported))
    if not meters:
        return None
    return await async_aside(hass, monthly_report, meters)


async def async_inverters(
    hass: HomeAssistant, entry: RecordsConfigEntry, until: datetime
) -> dict[str, Panels]:
    """Return the energy of each inverter of the house in the last month, by the listed id."""
    inverters = {
        source.delivered: source
        for source in await async_house_sources(hass, entry)
        if source.kind == SOLAR
    }
    if not inverters:
        return {}
    sources = [*inverters.values()]
    supplies = await async_supplies(hass, sources, day_start(until), until)
    return {
        source.listed: Panels(source.name[:_MAX_NAME_CHARS], supply.kwh)
        for source, supply in zip(sources, supplies, strict=True)
    }


async def _async_house(
    coordinator: MeterCoordinator, months: tuple[Month, ...]
) -> tuple[Mapping[datetime, float], HouseSources | None]:
    """Return the own energy of the last two months, and the devices in the last month.

    Months with an unknown day have no own energy. Nobody knows the shares of the devices if the
    house exports energy from an unknown inverter.
    """
    hass, household = coordinator.hass, coordinator.records.household
    month, compared = months[-1], months[-_COMPARED_MONTHS:]
    inverters = await async_house_sources(hass, coordinator.config_entry)
    has_sun = any(source.kind == SOLAR for source in inverters)
    supplies: list[Supply] = []
    if has_sun:
        supplies, _ = await async_house_supplies(
            coordinator, inverters, compared[0].start, month.end
        )
    sources = None
    if has_sun or not month.exported_kwh:
        sources = HouseSources(
            supplies,
            await async_devices(hass, coordinator.config_entry, month.start, month.end),
        )
    if not has_sun:
        return {}, sources

    def own_kwh() -> dict[datetime, float]:
        grid = Grid(compared, household.meter.columns, month.end)
        days = house_days(grid, supplies)
        sums = {
            start: house_sum([*of_month])
            for start, of_month in groupby(days, lambda day: month_start(day.start))
        }
        return {
            start: total.own_kwh
            for start, total in sums.items()
            if total.own_kwh is not None and not total.since and not total.unknown_days
        }

    return await async_aside(hass, own_kwh), sources
