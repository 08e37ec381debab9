"""Command that returns the costs of a load by its start."""

from typing import Literal, NotRequired, TypedDict

from homeassistant.util import dt as dt_util

from ..answer_queue import async_market_ahead, async_start_costs
from ..coordinator import BooksCoordinator
from ..lib.answers.best_start import start_costs_report
from ..lib.plan.best_start import ConstantLoad
from ..lib.plan.coming_quarters import PlanLack
from ..request_fields import LOAD
from .common_answers import OlderPricesAnswer, Time
from .requests import Request, async_rendered, meter_command


async def _async_with_market(coordinator: BooksCoordinator, msg: Request) -> Request:
    now = dt_util.utcnow()
    return {**msg, "now": now, "market": await async_market_ahead(coordinator, now)}


class BestStartAnswer(TypedDict):
    """Best start of a load until tomorrow's end."""

    start: Time
    end: Time
    cost: float
    saving: float
    is_worth_waiting: bool
    own_kwh: float
    reason: Literal["sun", "price", "reference_power"]


class StartCostsAnswer(TypedDict):
    """Costs in EUR of a load by its start: one for each quarter-hour from `start` on."""

    start: Time
    step: Literal[900]
    costs: list[float]
    can_differ: bool
    """Whether the start makes a difference of half a cent."""
    best: BestStartAnswer
    prices_of: NotRequired[OlderPricesAnswer]


class LoadCostsAnswer(TypedDict):
    """Costs of a load, or the reason why they are unknown."""

    start_costs: StartCostsAnswer | None
    lack: PlanLack | None
    """`too_few_days`: fewer than seven whole days are known."""


@meter_command("start_costs", LOAD, lambda *_: True, prepare=_async_with_market)
async def answer_start_costs(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return what a load costs at each start until tomorrow's end, and its best start."""
    load = ConstantLoad(msg["kw"], msg["hours"])
    costs = await async_start_costs(coordinator, load, msg["now"], msg["market"])
    return await async_rendered(coordinator.hass, start_costs_report, costs)
