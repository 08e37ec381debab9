"""Command that returns the costs of a load by its start."""

from homeassistant.util import dt as dt_util

from ..answer_queue import async_market_ahead, async_start_costs
from ..coordinator import BooksCoordinator
from ..lib.answers.best_start import start_costs_report
from ..lib.plan.best_start import ConstantLoad
from ..services.best_start import LOAD
from .requests import Request, async_rendered, meter_command


async def _async_with_market(coordinator: BooksCoordinator, msg: Request) -> Request:
    now = dt_util.utcnow()
    return {**msg, "now": now, "market": await async_market_ahead(coordinator, now)}


@meter_command("start_costs", LOAD, lambda *_: True, prepare=_async_with_market)
async def answer_start_costs(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return what a load costs at each start until tomorrow's end, and its best start."""
    load = ConstantLoad(msg["kw"], msg["hours"])
    costs = await async_start_costs(coordinator, load, msg["now"], msg["market"])
    return await async_rendered(coordinator.hass, start_costs_report, costs)
