"""Commands for the cards about bills, days, habits and quarter-hours.

The habits are the usual energies and cost until this time of the day, the highest powers of a
month, and the base load (the power that the household draws at all times).
"""

from datetime import date, datetime
from typing import Literal, NotRequired, TypedDict

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from ..computed_answers.answer_queue import answers_of, asking_connection
from ..computed_answers.planned_classes import PlannedClasses
from ..computed_answers.usual_day import async_usual
from ..const import CONF_GOAL
from ..coordinator.counted_household import household_state_of
from ..coordinator.meter_coordinator import MeterCoordinator
from ..lib.advice.day_reason import DayReason
from ..lib.advice.month_forecast import Lack
from ..lib.advice.what_if_year import WhatIfError
from ..lib.answers.bills import bills_report, classes_report
from ..lib.answers.days import days_report
from ..lib.answers.habits import base_load_report
from ..lib.answers.quarter_hours import quarter_hours_report
from ..lib.data_retention import KEPT_MONTHS
from ..lib.history.luxembourg_time import in_utc, local_day
from ..lib.history.quarter_hour import Origin
from ..lib.json_types import JsonDict
from ..lib.stored_values import YEARS
from ..user_requests.request_fields import PLANNED_CAR, planned_car
from .requests import Request, async_rendered, meter_command
from .shared_answer_types import CalendarDay, CalendarMonth, OlderPricesAnswer, PeakAnswer, Time
from .what_if import WhatIfAnswer, WhatIfRefusalAnswer, refusal_of

# Maximum number of months: the current month, and all earlier months that are kept.
_MAX_MONTHS = KEPT_MONTHS + 1


class BillLineAnswer(TypedDict):
    """Line of a bill. A price change within the month makes two lines of the same name."""

    name: str
    quantity: float
    unit: str
    price: float
    amount: float
    label: NotRequired[str]
    """Name of an aid (such as a rebate) that the user entered."""
    has_vat: NotRequired[bool]
    """Whether VAT is charged on the aid."""


type BillPartName = Literal["energy", "network", "levies", "surcharge", "feed_in"]
"""Part of a bill. `levies` are all levies, and aids per kWh."""


class EstimateAnswer(TypedDict):
    """Forecast of the whole month. In 80 % of months, the total is in the range."""

    total: float
    low: float
    high: float
    prices_of: NotRequired[OlderPricesAnswer]


class GoalAnswer(TypedDict):
    """Goal for the cost of a month, in EUR."""

    is_last_year: bool
    """Whether the goal is the cost of the same month of last year."""
    total: float | None
    """null if the cost of last year is unknown."""
    day_budget: NotRequired[float | None]
    """Allowed cost of the energy of each day that is left, without fixed prices; null if the goal
    cannot be met, or if less than a day is left."""
    can_be_met: NotRequired[bool]
    """Whether the cost so far and the fixed prices to come leave something of the goal."""
    recent_day: NotRequired[float | None]
    """Mean cost of the energy of the last 28 whole days, without fixed prices."""
    passed_on: NotRequired[CalendarDay | None]
    """Day on which the cost passed the goal."""


class BillAnswer(TypedDict):
    """Bill of a month, with the fields of the action `get_bill`."""

    month: CalendarMonth
    since: NotRequired[Time]
    """Start of the first known quarter-hour, if the month was unknown before."""
    start: Time
    end: Time
    until: Time
    measured_share: float
    lines: list[BillLineAnswer]
    net: float | None
    vat_base: float | None
    vat: float | None
    vat_rate: float | None
    total: float | None
    estimate: NotRequired[EstimateAnswer]
    goal: NotRequired[GoalAnswer]
    """Goal of the current month; absent without a goal."""
    estimate_lacks: NotRequired[Lack]
    """Data without which the current month has no forecast."""
    missing: NotRequired[list[str]]
    """Names of the bill's lines that have no price. If there is such a line, `total` is null."""
    subtotal: NotRequired[float | None]
    """Only with `missing`: sum of the parts of the bill in which every line has a price."""
    prices_of: NotRequired[OlderPricesAnswer]
    unpriced_kwh: NotRequired[float]
    unpriced_market_kwh: NotRequired[float]
    """Part of `unpriced_kwh` whose price follows the market."""
    unpriced_exported_kwh: NotRequired[float]
    quarter_hours: NotRequired[int]
    """Number of known quarter-hours. This and the next two fields are absent if no quarter-hour
    came from Leneda."""
    leneda_quarter_hours: NotRequired[int]
    estimated_quarter_hours: NotRequired[int]
    """Number of quarter-hours that the operator estimated."""
    shared_kwh: NotRequired[float]
    """Shared energy. Present only with energy sharing."""
    shared_by_layer: NotRequired[dict[str, float]]
    sharing_known_kwh: NotRequired[float]
    may_owe_less_network: NotRequired[float | None]
    community: NotRequired[BillLineAnswer]
    """Payment to the energy community, which is not in the bill. Present only with shared energy
    of a known price."""
    total_with_community: NotRequired[float | None]
    imported_kwh: float
    exported_kwh: float | None
    reference_kw: float | None
    peak: PeakAnswer | None
    parts: dict[BillPartName, float]
    """Cost of each part of the bill. A part without a price is left out."""


class BillsAnswer(TypedDict):
    """Bills of the last months. The current month is the last."""

    months: list[BillAnswer]


@meter_command(
    "bill",
    {vol.Optional("months", default=1): vol.All(int, vol.Range(min=1, max=_MAX_MONTHS))},
)
async def answer_bills(coordinator: MeterCoordinator, msg: Request) -> bytes:
    """Return the bills of the last months sorted by time. The current month is the last."""
    goal = coordinator.config_entry.options.get(CONF_GOAL)
    return await async_rendered(
        coordinator.hass, bills_report, household_state_of(coordinator), msg["months"], goal
    )


class ClassCostAnswer(TypedDict):
    """Costs of a month at a reference power."""

    excess_kwh: float
    fixed: float
    surcharge: float
    total: float


class ComparedMonthAnswer(TypedDict):
    """Costs of a month by reference power in kW."""

    month: CalendarMonth
    measured_share: float
    is_whole: bool
    """Whether the month has ended, with nearly all quarter-hours measured."""
    classes: dict[str, ClassCostAnswer]


class AboveAnswer(TypedDict):
    """Quarter-hours above a reference power, and their energy above it."""

    quarter_hours: int
    kwh: float


class ContractAboveAnswer(AboveAnswer):
    """Excess over the reference power that the contract had at the time."""

    reference_kw: list[float]


class MonthAboveAnswer(TypedDict):
    """Excess of a month, over each reference power of the tariff and over the contract's."""

    month: CalendarMonth
    quarter_hours: int
    of_quarter_hours: int
    peak: PeakAnswer | None
    classes: dict[str, AboveAnswer]
    contract: ContractAboveAnswer


class PlannedCarAnswer(TypedDict):
    """Car that follows a plan."""

    name: str | None
    """Name of the entered car."""
    kwh: float
    """Energy that it needs each night."""
    kw: float
    min_kw: float
    """Power below which it cannot charge, 0 if it can charge at any power."""
    is_measured: bool
    """Whether its past energy is taken out of the year. Otherwise, it comes on top."""


class PlannedClassesAnswer(TypedDict):
    """Last year at four reference powers at most: with a car charged at once, and with a plan."""

    car: PlannedCarAnswer | None
    year: WhatIfAnswer | None
    """`now` is the year as it was, `at_once` with the car charged at once, `then` with a plan."""
    refusal: WhatIfRefusalAnswer | None
    one_phase: list[float]
    """Reference powers in kW below the smallest power of the car. On one phase, it is lower."""


class ClassesAnswer(TypedDict):
    """Costs at each reference power, with the fields of the action `compare_reference_powers`."""

    months: list[ComparedMonthAnswer]
    prices: Literal["current"]
    prices_of: NotRequired[OlderPricesAnswer]
    cheapest: int | None
    saving_per_year: float | None
    about_the_same: bool | None
    reference_kw: float | None
    vat_rate: float
    decisive: list[CalendarMonth]
    """The last twelve whole months."""
    totals: dict[str, float | None]
    """Sums over the `decisive` months."""
    above: list[MonthAboveAnswer]
    with_plan: NotRequired[PlannedClassesAnswer]
    """Only if the request has `with_plan`, or a value of the car."""


async def _async_with_plan(coordinator: MeterCoordinator, msg: Request) -> Request:
    """Add the year of a planned car to a request that asks for it. It is kept for the day."""
    if (typed := planned_car(msg)) is None:
        return msg
    asked, connection = PlannedClasses.of_entered_car(coordinator, typed), asking_connection()
    user_id = connection.user.id if connection else None
    answer: JsonDict = {"car": None, "year": None, "refusal": None, "one_phase": []}
    try:
        answer |= await answers_of(coordinator.hass).async_get(user_id, *asked)
    except WhatIfError as err:
        answer["refusal"] = refusal_of(err)
    return {**msg, "planned": answer}


@meter_command(
    "classes", PLANNED_CAR, lambda _, msg: planned_car(msg) is None, prepare=_async_with_plan
)
async def answer_classes(coordinator: MeterCoordinator, msg: Request) -> bytes:
    """Return the costs at each reference power of the tariff, at current prices.

    With `with_plan`, also return the last year with the car that is entered as a load, if it
    follows a plan. `kwh` a night, `kw` and `min_kw` replace the values of this car.
    """
    planned = {"with_plan": msg["planned"]} if "planned" in msg else {}
    household = household_state_of(coordinator)
    return await async_rendered(coordinator.hass, lambda: classes_report(household) | planned)


class DayAnswer(TypedDict):
    """Day with its energies and costs. The days of a month add up to its bill."""

    day: CalendarDay
    start: Time
    end: Time
    imported_wh: int | None
    exported_wh: int | None
    quarter_hours: int
    """Number of known quarter-hours."""
    leneda_quarter_hours: int
    estimated_quarter_hours: int
    of_quarter_hours: int
    """Number of quarter-hours that have ended."""
    reference_kw: float | None
    quarter_hours_above: int
    above_wh: int
    peak: PeakAnswer | None
    """Absent for days older than 400 days."""
    cost: float | None
    """Sum of `cost_used`, `cost_fixed` and `feed_in` in EUR, without the energy community. It is
    null while a price or the reference power is unknown."""
    cost_used: float | None
    cost_fixed: float | None
    cost_above: float | None
    """Part of `cost_used` that the same energy below the reference power would not have cost."""
    subtotal: float | None
    """Cost of the parts of the bill whose prices are all known, in EUR."""
    prices_of: NotRequired[OlderPricesAnswer]
    feed_in: float | None
    """Negative if the household is paid."""


class DaysAnswer(TypedDict):
    """Days of Luxembourg."""

    days: list[DayAnswer]


def _is_leneda(coordinator: MeterCoordinator, msg: Request) -> bool:
    """Return whether all requested days are over. If so, the answer can be cached."""
    end: date = msg.get("end", date.max)
    return end <= local_day(household_state_of(coordinator).until)


@meter_command(
    "days", {vol.Optional("start"): cv.date, vol.Optional("end"): cv.date}, is_kept=_is_leneda
)
async def answer_days(coordinator: MeterCoordinator, msg: Request) -> bytes:
    """Return the energies and costs of each day from `start` to the day before `end`.

    By default, return the days of the current month.
    """
    hass = coordinator.hass
    household = household_state_of(coordinator)
    start = msg.get("start", household.month.start.date())
    return await async_rendered(hass, days_report, household, start, msg.get("end", date.max))


type UsualReason = DayReason
"""Cause that alone explains at least 80 % of today's difference in cost.

- `more_sun`, `more_used`, `more_from_grid`, `more_to_grid`, `more_shared` and `more_above` (the
  reference power), and the same with `less_`
- `dearer_hours`, `cheaper_hours`: the mean price of a kWh under the same contract
- `shorter_month`, `longer_month`: the day's share of the monthly prices
- `higher_prices`, `lower_prices`: contract, aids or published prices have changed
"""


class UsualAnswer(TypedDict):
    """Mean values of a day from midnight to the clock time of `until`."""

    days: int
    """Number of counted days: days with today's weekday in the last four weeks, if whole."""
    imported_wh: float
    exported_wh: float
    peak_kw: float
    cost: float | None
    """null without a price."""
    house_wh: float | None
    """Consumption of the house; null without chosen solar panels."""
    own_wh: float | None
    """Part of `house_wh` that was not drawn from the grid."""
    prices_of: NotRequired[OlderPricesAnswer]


class UsualDayAnswer(TypedDict):
    """Usual values of a day. With chosen panels, all values end where their energy is known."""

    until: Time
    usual: UsualAnswer | None
    """null with fewer than two whole days."""
    reason: UsualReason | None


@meter_command("usual", is_kept=lambda *_: True, is_until_now=True)
async def answer_usual(coordinator: MeterCoordinator, _msg: Request) -> bytes:
    """Return the usual energies, highest power and cost of a day until the current time of day.

    A usual value is the mean over the last four days that were the same weekday as today. If fewer
    than two of these days are known completely, the key `usual` of the answer is None. The answer
    also has the reason of today's difference.
    """
    usual = await async_usual(coordinator)
    return await async_rendered(coordinator.hass, lambda: usual)


class AlwaysOnAnswer(TypedDict):
    """Base load."""

    w: int
    nights: int
    cost_per_year: float | None
    prices_of: NotRequired[OlderPricesAnswer]


class HighlightsAnswer(TypedDict):
    """Base load of a household; null with fewer than three nights, or with feed-in at night."""

    always_on: AlwaysOnAnswer | None


@meter_command("highlights", {}, is_kept=lambda *_: True)
async def answer_highlights(coordinator: MeterCoordinator, _msg: Request) -> bytes:
    """Return the base load of the household."""
    return await async_rendered(coordinator.hass, base_load_report, household_state_of(coordinator))


_QUANTITIES = ("imported", "exported", "net", "larger")


def checked_request_time(value: object) -> datetime:
    """Return `value` as a time in UTC. A time without offset is Luxembourg's.

    Raises vol.Invalid if `value` is not a time, or if its year is not in YEARS.
    """
    time = cv.datetime(value)
    if time.year not in YEARS:
        raise vol.Invalid("the year is not possible")
    return in_utc(time)


class QuarterHoursAnswer(TypedDict):
    """Energy of each quarter-hour that starts in a period, in whole Wh.

    With `"encoding": "base64"`, a year has 94 kB: `values` are signed 16-bit integers,
    little-endian, with -32768 for null or overflow. `above` then has one byte per quarter-hour.
    """

    start: Time
    end: Time
    step: Literal[900]
    quantity: Literal["imported", "exported", "net", "larger"]
    """`net` is imported minus exported energy. `larger` is the larger of both, with exported energy
    below 0."""
    unit: Literal["Wh"]
    values: list[int | None] | str
    above: NotRequired[list[int] | str]
    """Only with `larger`: for each quarter-hour, the number of `reference_powers` that its imported
    energy exceeds, plus 16 if it exceeds the contract's. Its value is then the imported energy."""
    reference_powers: NotRequired[list[int]]
    origins: list[tuple[int, int, Origin]]
    """Successive quarter-hours that come from Leneda and not from the meter: index of the first,
    their number, and their source."""
    past: str
    """Mark that changes when the data of the days before today change."""


@meter_command(
    "quarter_hours",
    {
        vol.Required("start"): checked_request_time,
        vol.Optional("end"): checked_request_time,
        vol.Optional("quantity", default="imported"): vol.In(_QUANTITIES),
        vol.Optional("encoding", default="list"): vol.In(("list", "base64")),
    },
    lambda *_: True,
)
async def answer_quarter_hours(coordinator: MeterCoordinator, msg: Request) -> bytes:
    """Return the energy of each known quarter-hour from `start` to `end`.

    The request names one of the quantities in `_QUANTITIES`.
    """
    return await async_rendered(
        coordinator.hass, quarter_hours_report, household_state_of(coordinator), msg
    )
