"""Command that returns a household's year now and with changes."""

from typing import Literal, NotRequired, TypedDict

import voluptuous as vol
from homeassistant.helpers.json import json_bytes

from ..computed_answers.what_if import (
    async_download_prices,
    async_markets,
    async_what_if,
    async_what_if_devices,
)
from ..coordinator.meter_coordinator import MeterCoordinator
from ..lib.advice.what_if_year import MIN_DAYS, WhatIfError, WhatIfRefusal
from ..lib.answers.what_if_changes import KWH_PRICE
from ..lib.json_types import JsonDict
from ..user_requests.request_fields import CHANGES, schema_of
from .requests import Request, meter_command
from .shared_answer_types import CalendarDay, OlderPricesAnswer

_FIELDS = {
    vol.Required("changes"): CHANGES,
    vol.Optional("feed_in_price"): schema_of(KWH_PRICE),
}


async def _async_with_prices(coordinator: MeterCoordinator, msg: Request) -> Request:
    try:
        await async_download_prices(coordinator, msg["changes"])
    except WhatIfError as err:
        return {**msg, "refusal": err}
    return msg


class MarketAnswer(TypedDict):
    """Market whose stored prices a contract can follow: a price entity, or a price zone."""

    id: str
    """Entity id, or name of the zone."""
    credit: str | None
    """Publisher and licence of the prices, to be shown with each amount that uses them. It is null
    for an entity."""
    known_share: float | None
    """Share (0 to 1) of the quarter-hours in the twelve months whose price is stored."""
    can_download: bool
    """Whether missing prices can be downloaded."""


class WhatIfDeviceAnswer(TypedDict):
    """Device of the Energy dashboard that can be the planned car."""

    id: str
    """Id of its energy statistic, as the dashboard lists it."""
    name: str


class YearCostsAnswer(TypedDict):
    """Costs of a year in EUR, by part of the bill."""

    energy: int
    surcharge: int
    feed_in: int
    fixed: int
    total: int


class YearEnergiesAnswer(TypedDict):
    """Energies of a year in kWh."""

    imported: int
    exported: int
    shared: int
    """Part of the imported energy."""


class AssumptionAnswer(TypedDict):
    """Assumption that nobody entered. Its `value` is a number, or a text such as a source.

    - `efficiency`, `reserve`, `standby`: of the battery, in percent and W
    - `begin_hour`: hour from which the car charges, or at which a planned car is plugged in
    - `end_hour`: hour by which a planned car is charged
    - `plan_against`: without the plan, the car charges at once
    - `plan_of_device`: the measured energy of the car at night is planned anew
    - `second_car`: the car comes besides these, which were charged here
    - `car_every_day`: the car takes the same energy each day
    - `degree_days`: the heat pump follows the mean temperatures of the months (source)
    - `direction`, `tilt`: of the panels in degrees
    - `solar_kwh`: energy of the panels in a year
    - `sunny_days`, `shared_sun`: days as in another year (source); shared panels face south
    - `energy_fee`: monthly fee as today, in EUR
    - `feed_in_as_today`: price of exported energy as today
    - `sharing_price`: price of a shared kWh, in EUR
    """

    key: Literal[
        "efficiency",
        "reserve",
        "standby",
        "begin_hour",
        "end_hour",
        "plan_against",
        "plan_of_device",
        "car_every_day",
        "second_car",
        "degree_days",
        "direction",
        "tilt",
        "solar_kwh",
        "sunny_days",
        "energy_fee",
        "feed_in_as_today",
        "sharing_price",
        "shared_sun",
    ]
    value: float | str | None


class NowAndThenAnswer[T](TypedDict):
    """Value of the year now, and with all changes."""

    now: T
    then: T


class SavingAnswer(TypedDict):
    """Saving in EUR a year at the own reference power, below 0 if the year costs more than now.

    `low` and `high` differ if quarter-hours are unknown.
    """

    low: int
    high: int


class BatteryYearAnswer(TypedDict):
    """Use of a battery in a year."""

    cycles: int
    stored_share: float | None


class YearClassAnswer(TypedDict):
    """Costs of a year at a reference power. `battery` is null without a battery."""

    now: YearCostsAnswer
    at_once: NotRequired[YearCostsAnswer]
    """With a plan: the year with all changes, but with the car charged at once."""
    then: YearCostsAnswer
    battery: BatteryYearAnswer | None


class WhatIfAnswer(TypedDict):
    """A year now and with all changes. Amounts are whole EUR a year."""

    start: CalendarDay
    end: CalendarDay
    measured_days: int
    known_share: float
    """Share (0 to 1) of the quarter-hours that are known."""
    reference_kw: float
    has_vat: bool
    prices_of: NotRequired[OlderPricesAnswer]
    hourly_share: NowAndThenAnswer[float | None]
    """Share of the known quarter-hours with a known market price. It is null if the contract has no
    market price."""
    markets_used: NowAndThenAnswer[list[str]]
    """Ids of the markets whose prices are used."""
    saving: SavingAnswer
    cheapest: NowAndThenAnswer[int]
    energies: NowAndThenAnswer[YearEnergiesAnswer]
    """At the household's own reference power."""
    classes: dict[str, YearClassAnswer]
    """By reference power in kW."""
    assumed: list[AssumptionAnswer]


class WhatIfRefusalAnswer(TypedDict):
    """Reason why the year is unknown.

    With `no_market_prices`, ask with `download` if the market has `can_download`. With
    `download_failed`, try again later. With `no_car`, the energy of the car is not known,
    with `car_not_measured`, that of a car that was charged here.
    """

    reason: WhatIfRefusal
    days: int
    least_days: int


def refusal_of(err: WhatIfError) -> WhatIfRefusalAnswer:
    """Return the answer for a year that is unknown."""
    return {"reason": err.reason, "days": err.days, "least_days": MIN_DAYS}


class WhatIfYearAnswer(TypedDict):
    """A year with changes, or the reason why it is unknown."""

    what_if: WhatIfAnswer | None
    refusal: WhatIfRefusalAnswer | None
    markets: list[MarketAnswer]
    """Price entities of the meter's contracts, and the price zone."""
    devices: list[WhatIfDeviceAnswer]


@meter_command("what_if", _FIELDS, lambda *_: True, prepare=_async_with_prices)
async def answer_what_if(coordinator: MeterCoordinator, msg: Request) -> bytes:
    """Return the year now and with changes, or the reason why it is unknown."""
    markets = await async_markets(coordinator)
    devices = await async_what_if_devices(coordinator)
    answer: JsonDict = {
        "what_if": None,
        "refusal": None,
        "markets": markets,
        "devices": devices,
    }
    try:
        if "refusal" in msg:
            raise msg["refusal"]
        answer["what_if"] = await async_what_if(
            coordinator, msg["changes"], msg.get("feed_in_price")
        )
    except WhatIfError as err:
        answer["refusal"] = refusal_of(err)
    return json_bytes(answer)
