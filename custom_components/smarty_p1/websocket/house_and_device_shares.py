"""Commands that return a house's consumption and its own energy, and what its devices used."""

from typing import Literal, NotRequired, TypedDict

import voluptuous as vol

from ..computed_answers.answer_queue import async_aside
from ..computed_answers.usual_day import async_supplied_house, supplied_until
from ..coordinator.counted_household import household_state_of
from ..coordinator.meter_coordinator import MeterCoordinator
from ..energy_dashboard.house_sources import (
    BATTERY,
    SOLAR,
    HouseSource,
    async_devices,
    async_house_sources,
    async_house_supplies,
)
from ..lib.advice.energy_shares import HouseSources
from ..lib.advice.night_base_load import lowest_quarters
from ..lib.answers.shares import MONTH, YESTERDAY, period_of, shares_report
from ..lib.answers.solar_house import first_day_of_house, house_report
from ..lib.json_types import JsonDict
from .requests import Request, async_rendered, meter_command
from .shared_answer_types import CalendarDay, CalendarMonth, OlderPricesAnswer, Time


class HouseSourceAnswer(TypedDict):
    """Inverter or battery: entity ids of its energy and its power."""

    energy: str
    power: str | None
    """null if no power entity is entered or found."""
    capacity_kwh: NotRequired[float | None]
    """Only of a battery: usable energy; null if the Energy dashboard does not have it."""


class HouseDayAnswer(TypedDict):
    """Consumption of a house on a day; null if unknown."""

    day: CalendarDay
    house_kwh: float | None
    own_kwh: float | None
    """Consumption minus energy from the grid; negative if a battery was charged from the grid."""


class HouseMonthAnswer(TypedDict):
    """Sums of the days with known energy; null without such a day."""

    month: CalendarMonth
    house_kwh: float | None
    own_kwh: float | None
    saved: float | None
    """Bill without panels and batteries, minus the bill as measured, in EUR. Both are without the
    exported energy. null if unknown."""
    since: CalendarDay | None
    """First counted day if earlier days of the month are unknown, such as before the inverter was
    added."""
    unknown_days: int
    """Number of unknown days, without the days before `since`. They are not counted in the sums."""
    prices_of: NotRequired[OlderPricesAnswer]


class HouseAnswer(TypedDict):
    """Consumption of a house with solar panels, in at most thirteen months."""

    solar: list[HouseSourceAnswer]
    battery: list[HouseSourceAnswer]
    since: Time
    """First hour that the statistics of all entities know."""
    until: Time
    """End of the last quarter-hour that meter and statistics know."""
    home_difference: float | None
    """Share by which the home meter of the Energy settings counted more than grid, sun and battery
    in the last 28 days; null if unknown."""
    days: list[HouseDayAnswer]
    months: list[HouseMonthAnswer]


class ChosenHouseAnswer(TypedDict):
    """House; null without chosen solar panels or recorder."""

    house: HouseAnswer | None


@meter_command("house")
async def answer_house(coordinator: MeterCoordinator, _msg: Request) -> bytes:
    """Return the consumption of a house on each day and in each month, as the object `house`.

    `house` is None if no inverter was chosen.
    """
    hass, household = coordinator.hass, household_state_of(coordinator)
    sources = await async_house_sources(hass, coordinator.config_entry)
    solar, batteries = _of_kind(sources, SOLAR), _of_kind(sources, BATTERY)
    coordinator.records.house_powers = {
        kind: [source.power for source in of_kind]
        for kind, of_kind in ((SOLAR, solar), (BATTERY, batteries))
    }
    if not solar:
        return await async_rendered(hass, lambda: {"house": None})
    until = supplied_until(household)
    start = first_day_of_house(household)
    supplies, difference = await async_house_supplies(coordinator, sources, start, until)
    columns = coordinator.records.household.meter.columns
    report = await async_aside(hass, house_report, household, columns, supplies, until)
    answer = {
        "solar": [_shown(source) for source in solar],
        "battery": [_shown(source) | {"capacity_kwh": source.capacity_kwh} for source in batteries],
        "home_difference": difference if difference is None else round(difference, 3),
        **report,
    }
    return await async_rendered(hass, lambda: {"house": answer})


def _of_kind(sources: list[HouseSource], kind: str) -> list[HouseSource]:
    return [source for source in sources if source.kind == kind]


def _shown(source: HouseSource) -> JsonDict:
    return {"energy": source.delivered, "power": source.power}


class ShareRowAnswer(TypedDict):
    """Energy and cost of a device, of the base load without the devices, or of the rest.

    Each hour's cost of the energy from the grid is divided in proportion to energy.
    """

    name: str | None
    """null unless `kind` is "device"."""
    kind: Literal["device", "always_on", "else"]
    wh: int
    cost: float | None
    own_wh: int
    """Part that did not come from the grid and cost nothing."""
    earned: float
    """Amount in EUR that `own_wh` would have earned if it had been exported."""
    unknown_days: NotRequired[int]
    """Only of a device: number of days on which the recorder lacks hours of it. Their energy is in
    the rest."""


class SharesAnswer(TypedDict):
    """Use of the energy of whole days: at most 20 devices, the base load and the rest."""

    period: Literal["yesterday", "month"]
    """`month`: the month's days that have ended."""
    start: Time
    end: Time
    house_wh: int | None
    cost: float | None
    """Sum of the rows in EUR; null without a price. With `fixed`, `above` and `feed_in`, it is the
    bill of these days, up to a cent of rounding for each line."""
    always_on_w: int | None
    rows: list[ShareRowAnswer]
    fixed: float | None
    above: float
    feed_in: float
    lack: Literal["inverter", "devices"] | None
    """"inverter": the house exports, but has no inverter. "devices": the devices use 5 % more than
    the house. There is then no rest."""
    prices_of: NotRequired[OlderPricesAnswer]


@meter_command(
    "shares",
    {vol.Required("period"): vol.In((YESTERDAY, MONTH))},
    is_kept=lambda *_: True,
    # The devices of the Energy dashboard can change at any time.
    is_until_now=True,
)
async def answer_shares(coordinator: MeterCoordinator, msg: Request) -> bytes:
    """Return what devices, base load and the rest used yesterday or this month, and its cost."""
    hass, household = coordinator.hass, household_state_of(coordinator)
    start, _ = period_of(msg["period"], household)
    nights = await async_aside(hass, lowest_quarters, household.ledger.table, household.time)
    house = await async_supplied_house(coordinator, start)
    sources = HouseSources(
        house.supplies if house else (),
        await async_devices(
            hass, coordinator.config_entry, start, supplied_until(household), nights
        ),
    )
    return await async_rendered(hass, shares_report, household, sources, msg["period"])
