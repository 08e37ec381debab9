"""The actions that return what a month costs, and what other reference powers would have cost."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType

from ..answers import async_aside, books_of
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import (
    KEPT_MONTHS,
    LUXEMBOURG,
    Bill,
    Comparison,
    Demand,
    Line,
    Month,
    MonthComparison,
    bill,
    compare,
    estimated,
    older_prices,
)
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
CURRENT_PRICES = "current"
COMPARISON_SCHEMA = vol.Schema(
    {
        **METER,
        vol.Optional(ATTR_PRICES, default=CURRENT_PRICES): vol.In([CURRENT_PRICES, "each_month"]),
    }
)

_PARTS = ("energy", "network", "levies", "surcharge", "feed_in")
_UNPRICED = ("unpriced_kwh", "unsplit_kwh", "unpriced_exported_kwh")
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
    months = {month_name(month): month for month in known_months(demand)}
    name = call.data.get(ATTR_MONTH, month_name(demand.month))
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


def bill_answer(month: Month, demand: Demand) -> dict[str, Any]:
    """Return the bill of a month."""
    until = min(month.end, demand.until)
    due = bill(month, demand.contracts, until)
    answer: dict[str, Any] = {
        "month": month_name(month),
        **({"since": month.since.astimezone(LUXEMBOURG).isoformat()} if month.since else {}),
        "measured_share": month.measured_share(until),
        **_of_the_platform(month),
        "lines": [_line(line) for line in due.lines],
        "parts": _known({name: due.part(name) for name in _PARTS}),
        "net": due.net,
        "vat_base": due.vat_base,
        "vat": due.vat,
        "total": due.total,
        **older_prices(due.prices_of),
    }
    if month is demand.month and (found := estimated(demand)):
        answer["estimate"] = _known(found._asdict())
    if due.missing:
        answer |= {"missing": list(due.missing), "subtotal": due.subtotal}
    unpriced = {name: getattr(due, name) or None for name in _UNPRICED}
    return answer | _known(unpriced) | _of_sharing(due)


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _line(line: Line) -> dict[str, Any]:
    """Return a line; an aid with the name that the household gave it, and whether it has VAT."""
    fields = line._asdict()
    if line.label is None:
        del fields["label"], fields["has_vat"]
    return fields


def _of_the_platform(month: Month) -> dict[str, int]:
    """Return how many of the month's quarter-hours were not measured here, where there are any."""
    counts = {
        "quarter_hours": month.quarter_hours,
        "platform_quarter_hours": month.platform_quarter_hours,
        "estimated_quarter_hours": month.estimated_quarter_hours,
    }
    return counts if month.platform_quarter_hours else {}


def _of_sharing(due: Bill) -> dict[str, Any]:
    """Return what came from energy sharing, where the platform has said anything of it."""
    if not due.shared.known_wh:
        return {}
    layers = enumerate(due.shared.by_layer_wh, 1)
    community = {}
    if due.community:
        community = {
            "community": _line(due.community),
            "total_with_community": due.total_with_community,
        }
    return {
        "shared_kwh": _kwh(due.shared.all_wh),
        "shared_by_layer": {str(layer): kwh for layer, wh in layers if (kwh := _kwh(wh))},
        "sharing_known_kwh": _kwh(due.shared.known_wh),
        "may_owe_less_network": due.may_owe_less_network,
        **community,
    }


def _kwh(wh: float) -> float:
    return round(wh / 1000, 3)


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


def comparison_answer(comparison: Comparison, prices: str = CURRENT_PRICES) -> dict[str, Any]:
    """Return what each class would have cost in the known months."""
    return {
        "months": [_compared(month) for month in comparison.months],
        "prices": prices,
        "cheapest": comparison.cheapest,
        "saving_per_year": comparison.saving_per_year,
        "about_the_same": comparison.is_about_the_same,
        **older_prices(comparison.prices_of),
    }


def demand_of(coordinator: SmartyCoordinator) -> Demand:
    """Return what is known of months. Raises ServiceValidationError before anything is."""
    demand = coordinator.books.demand
    if demand is None:
        raise invalid(translation_key="nothing_counted", title=coordinator.config_entry.title)
    return demand


def known_months(demand: Demand) -> tuple[Month, ...]:
    """Return the months that are known, in the order of time; the last one is running."""
    return (*demand.earlier_months, demand.month)


def month_name(month: Month | MonthComparison) -> str:
    """Return what a month is called in answers: "2026-06"."""
    return f"{month.start:%Y-%m}"


def _compared(month: MonthComparison) -> dict[str, Any]:
    return {
        "month": month_name(month),
        "measured_share": month.measured_share,
        "classes": {str(kw): cost._asdict() for kw, cost in month.classes.items()},
    }
