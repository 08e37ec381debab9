"""The actions that return what a month costs, and what other reference powers would have cost."""

from typing import Any

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from ..lib.tariff import (
    KEPT_MONTHS,
    LUXEMBOURG,
    Bill,
    Comparison,
    Demand,
    Month,
    MonthComparison,
    bill,
    compare,
    estimated,
)
from .meter_of_call import METER, coordinator_of, invalid

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

# Of what was entered, in an error.
_MAX_SHOWN = 40


async def get_bill(call: ServiceCall) -> ServiceResponse:
    """Return the bill of a month, "2026-06" for one; without a month that of the running one.

    With `months`, return a list of the bills of so many months up to the running one, as far as
    they are known and had a reference power.

    Amounts are in euro, the lines' without VAT. Without an energy price it is the bill of the grid.
    What is not known is said: a line whose price is not known is named in `missing`, and there is
    no total then; energy that came while its price was unknown is in `unpriced_kwh` and
    `unpriced_exported_kwh`; energy at the first of two prices because it is not known by hours is
    in `unsplit_kwh`. What the running month will come to is in `estimate`, once that can be said.

    What was shared with a group is in `shared_kwh`; how much there is of which that is known, in
    `sharing_known_kwh`. The supplier's lines and the levies are on the rest, the network's on all,
    of which some may not be due: then `may_owe_less_network` is true.

    Raises ServiceValidationError when there is no such meter or month, or no reference power.
    """
    coordinator = coordinator_of(call)
    demand = demand_of(call)
    months = {month_name(month): month for month in known_months(demand)}
    name = call.data.get(ATTR_MONTH, month_name(demand.month))
    if name not in months:
        shown = name[:_MAX_SHOWN]
        raise invalid(translation_key="month_unknown", month=shown, months=", ".join(months))
    chosen = [months[name]]
    if count := call.data.get(ATTR_MONTHS):
        chosen = list(months.values())[-count:]
    answers = [answer for month in chosen if (answer := bill_answer(month, demand))]
    if not answers:
        raise invalid(
            translation_key="reference_power_missing", title=coordinator.config_entry.title
        )
    whole: dict[str, Any] = {"months": answers}
    return whole if count else answers[0]


def bill_answer(month: Month, demand: Demand) -> dict[str, Any] | None:
    """Return the bill of a month, None without a reference power."""
    until = min(month.end, demand.until)
    contracts = demand.contracts.between(month.start, until)
    if contracts[-1].reference_kw is None:
        return None
    due = bill(month, demand.contracts, until)
    answer: dict[str, Any] = {
        "month": month_name(month),
        **({"since": month.since.astimezone(LUXEMBOURG).isoformat()} if month.since else {}),
        "measured_share": month.measured_share(until),
        **_of_the_platform(month),
        "lines": [line._asdict() for line in due.lines],
        "net": due.net,
        "vat": due.vat,
        "total": due.total,
    }
    if month is demand.month and (found := estimated(demand)):
        known = {name: value for name, value in found._asdict().items() if value is not None}
        answer["estimate"] = known
    if due.missing:
        answer["missing"] = list(due.missing)
    if due.unpriced_kwh and any(each.has_energy_price for each in contracts):
        answer["unpriced_kwh"] = due.unpriced_kwh
    if due.unsplit_kwh:
        answer["unsplit_kwh"] = due.unsplit_kwh
    answer |= _of_sharing(due)
    if due.unpriced_exported_kwh and any(each.has_feed_in_price for each in contracts):
        answer["unpriced_exported_kwh"] = due.unpriced_exported_kwh
    return answer


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
    return {
        "shared_kwh": _kwh(due.shared.all_wh),
        "shared_by_layer": {str(layer): kwh for layer, wh in layers if (kwh := _kwh(wh))},
        "sharing_known_kwh": _kwh(due.shared.known_wh),
        "may_owe_less_network": due.may_owe_less_network,
    }


def _kwh(wh: float) -> float:
    return round(wh / 1000, 3)


async def compare_reference_powers(call: ServiceCall) -> ServiceResponse:
    """Return what each class would have cost in the known months, without VAT.

    It is at the prices that hold now, or with `prices: each_month` at those of each month. A saving
    of less than 5 euro a year is `about_the_same`.

    `cheapest` and `saving_per_year` are those of the last twelve whole months, and null before
    there is one. A cost is null where its price is not known.

    Raises ServiceValidationError when there is no such meter, or nothing has been counted yet.
    """
    demand = demand_of(call)
    prices: str = call.data[ATTR_PRICES]
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
    }


def demand_of(call: ServiceCall) -> Demand:
    """Return what is known of months. Raises ServiceValidationError before anything is."""
    coordinator = coordinator_of(call)
    demand = coordinator.demand
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
