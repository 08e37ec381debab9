"""The actions that return what a month costs, and what other reference powers would have cost."""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType

from ..answers import async_aside, books_of
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.reports import CURRENT_PRICES, bill_answer, comparison_answer, known_months
from ..lib.tariff import KEPT_MONTHS, Demand, Month, compare, month_name
from .meter_of_call import METER, async_in_turn, async_readable_meter, invalid

ATTR_MONTH = "month"
ATTR_MONTHS = "months"
BILL_SCHEMA = vol.Schema(
    {
        **METER,
        vol.Exclusive(ATTR_MONTH, "period"): cv.string,
        vol.Exclusive(ATTR_MONTHS, "period"): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=KEPT_MONTHS + 1)
        ),
    }
)
ATTR_PRICES = "prices"
COMPARISON_SCHEMA = vol.Schema(
    {
        **METER,
        vol.Optional(ATTR_PRICES, default=CURRENT_PRICES): vol.In([CURRENT_PRICES, "each_month"]),
    }
)

# Of what was entered, in an error.
_MAX_SHOWN = 40


async def get_bill(call: ServiceCall) -> ServiceResponse:
    """Return the bill of a month, "2026-06" for one; without a month that of the running one.

    With `months`, return a list of the bills of so many months up to the running one, as far as
    they are known.

    Amounts are in euro. Those of lines are without VAT; `net` is their sum, `vat_base` the part of
    it that has VAT: energy fed in has none. `parts` are with VAT, and add up to `total`. A line
    whose price is not known is named in `missing`: there is no total then, and `subtotal` is the
    sum of the parts that are known. `prices_of` is the month of the published prices, where there
    are no later ones. Energy that came while its price was unknown is in `unpriced_kwh` and
    `unpriced_exported_kwh`; energy at the first of two prices because it is not known by hours is
    in `unsplit_kwh`. What the running month will come to is in `estimate`, once that can be said.

    What was shared with a group is in `shared_kwh`; how much there is of which that is known, in
    `sharing_known_kwh`. The supplier's lines and the levies are on the rest, the network's on all;
    `may_owe_less_network` is the amount that may not be due. `community` is what the energy
    community is paid beside the bill, `total_with_community` both together.

    Raises ServiceValidationError when there is no such meter or month, or the user waits for too
    many answers, and Unauthorized when the user may not read the meter.
    """
    coordinator = await async_readable_meter(call)
    demand = demand_of(coordinator)
    months = {month_name(month.start): month for month in known_months(demand)}
    name = call.data.get(ATTR_MONTH, month_name(demand.month.start))
    if name not in months:
        shown = name[:_MAX_SHOWN]
        raise invalid(translation_key="month_unknown", month=shown, months=", ".join(months))
    count = call.data.get(ATTR_MONTHS)
    asked = [*months.values()][-count:] if count else [months[name]]
    make = partial(async_aside, call.hass, _bills, asked, demand)
    bills: list[JsonValueType] = await async_in_turn(call, coordinator, make)
    return {"months": bills} if count else cast("ServiceResponse", bills[0])


def _bills(months: Sequence[Month], demand: Demand) -> list[JsonValueType]:
    return [bill_answer(month, demand) for month in months]


async def compare_reference_powers(call: ServiceCall) -> ServiceResponse:
    """Return what each class would have cost in the known months: with VAT if the bill has it.

    It is at the prices that hold now, or with `prices: each_month` at those of each month. A saving
    of less than 5 euro a year is `about_the_same`.

    `cheapest` and `saving_per_year` are those of the last twelve whole months, and null before
    there is one. A cost is null where its price is not known.

    Raises what `get_bill` raises.
    """
    coordinator = await async_readable_meter(call)
    demand = demand_of(coordinator)
    make = partial(async_aside, call.hass, _compared_by, demand, call.data[ATTR_PRICES])
    return await async_in_turn(call, coordinator, make, partial(books_of, coordinator))


def _compared_by(demand: Demand, prices: str) -> dict[str, Any]:
    comparison = compare(
        known_months(demand),
        demand.contracts,
        demand.until,
        is_at_current_prices=prices == CURRENT_PRICES,
    )
    return comparison_answer(comparison, prices)


def demand_of(coordinator: SmartyCoordinator) -> Demand:
    """Return what is known of months. Raises ServiceValidationError before anything is."""
    demand = coordinator.books.demand
    if demand is None:
        raise invalid(translation_key="nothing_counted", title=coordinator.config_entry.title)
    return demand
