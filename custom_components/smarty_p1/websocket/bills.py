"""Commands that return bills, and the costs at other reference powers."""

import voluptuous as vol

from ..answer_queue import demand_of
from ..coordinator import BooksCoordinator
from ..lib.answers import bills_report, classes_report
from ..lib.tariff import KEPT_MONTHS
from .requests import Request, async_rendered, meter_command

# Maximum number of months: the running month, and all earlier months that are kept.
_MAX_MONTHS = KEPT_MONTHS + 1


@meter_command(
    "bill",
    {vol.Optional("months", default=1): vol.All(int, vol.Range(min=1, max=_MAX_MONTHS))},
)
async def answer_bills(coordinator: BooksCoordinator, msg: Request) -> bytes:
    """Return the bills of the last months in the order of time. The running month is the last."""
    return await async_rendered(
        coordinator.hass, bills_report, demand_of(coordinator), msg["months"]
    )


@meter_command("classes", is_kept=lambda *_: True)
async def answer_classes(coordinator: BooksCoordinator, _msg: Request) -> bytes:
    """Return the costs at each reference power of the tariff, at current prices."""
    return await async_rendered(coordinator.hass, classes_report, demand_of(coordinator))
