"""The commands that tell what months cost, and what other reference powers would have cost."""

import voluptuous as vol

from ..answers import demand_of
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.reports import bills_report, classes_report
from ..lib.tariff import KEPT_MONTHS
from .requests import Request, async_rendered, meter_command

# The running one, the twelve before it, and one year more to compare with.
_MAX_MONTHS = KEPT_MONTHS + 1


@meter_command(
    "bill",
    {vol.Optional("months", default=1): vol.All(int, vol.Range(min=1, max=_MAX_MONTHS))},
)
async def answer_bills(coordinator: SmartyCoordinator, msg: Request) -> bytes:
    """Answer with the bills of so many months up to the running one, the oldest first."""
    return await async_rendered(
        coordinator.hass, bills_report, demand_of(coordinator), msg["months"]
    )


@meter_command("classes", is_kept=lambda *_: True)
async def answer_classes(coordinator: SmartyCoordinator, _msg: Request) -> bytes:
    """Answer with what each class would have cost at the prices that hold now."""
    return await async_rendered(coordinator.hass, classes_report, demand_of(coordinator))
