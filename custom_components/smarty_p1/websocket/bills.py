"""The commands that tell what months cost, and what other reference powers would have cost."""

from datetime import UTC
from typing import Any

import voluptuous as vol

from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import (
    KEPT_MONTHS,
    LUXEMBOURG,
    QUARTER_HOUR,
    REFERENCE_POWERS,
    Above,
    Demand,
    Month,
    above_contract,
    bill,
    compare,
)
from ..services.bill import bill_answer, comparison_answer, known_months
from .requests import Request, async_rendered, demand_of, meter_command

# The running one, the twelve before it, and one year more to compare with.
_MOST_MONTHS = KEPT_MONTHS + 1


@meter_command(
    "bill",
    {vol.Optional("months", default=1): vol.All(int, vol.Range(min=1, max=_MOST_MONTHS))},
)
async def bills(coordinator: SmartyCoordinator, msg: Request) -> bytes:
    """Answer with the bills of so many months up to the running one, the oldest first."""
    return await async_rendered(coordinator.hass, _bills, demand_of(coordinator), msg["months"])


def _bills(demand: Demand, count: int) -> dict[str, Any]:
    months = known_months(demand)[-count:]
    return {"months": [bill_answer(month, demand) | _beside_it(month, demand) for month in months]}


def _beside_it(month: Month, demand: Demand) -> dict[str, Any]:
    """Return what a card shows beside the lines of a bill."""
    until = min(month.end, demand.until)
    due = bill(month, demand.contracts, until)
    peak = month.peak
    return {
        "start": month.start.isoformat(),
        "end": month.end.isoformat(),
        "until": until.astimezone(LUXEMBOURG).isoformat(),
        "imported_kwh": round(month.imported_kwh, 3),
        "exported_kwh": round(month.exported_kwh, 3),
        # What holds from midnight on is of the next month.
        "reference_kw": demand.contracts.between(month.start, until)[-1].reference_kw,
        "peak": peak and {"start": peak.start.isoformat(), "mean_kw": peak.mean_kw},
        "vat_rate": due.vat_rate,
    }


@meter_command("classes", is_kept=lambda *_: True)
async def classes(coordinator: SmartyCoordinator, _msg: Request) -> bytes:
    """Answer with what each class would have cost at the prices that hold now."""
    return await async_rendered(coordinator.hass, _classes, demand_of(coordinator))


def _classes(demand: Demand) -> dict[str, Any]:
    months = known_months(demand)
    comparison = compare(months, demand.contracts, demand.until, is_at_current_prices=True)
    totals = comparison.totals
    due = bill(demand.month, demand.contracts, demand.until)
    return {
        **comparison_answer(comparison),
        "reference_kw": demand.contracts.at(demand.until).reference_kw,
        "vat_rate": due.vat_rate,
        "decisive": [f"{month.start:%Y-%m}" for month in comparison.decisive],
        "totals": {str(kw): total and round(total, 2) for kw, total in totals.items()},
        "above": [_above(month, demand) for month in months],
    }


def _above(month: Month, demand: Demand) -> dict[str, Any]:
    """Return how far a month was above each class, and above the contract of each day."""
    until = min(month.end, max(month.start, demand.until))
    start = month.start.astimezone(UTC)
    contracts = demand.contracts.between(start, until.astimezone(UTC))
    peak = month.peak
    return {
        "month": f"{month.start:%Y-%m}",
        "quarter_hours": month.quarter_hours,
        "of_quarter_hours": (until.astimezone(UTC) - start) // QUARTER_HOUR,
        "peak": peak and {"start": peak.start.isoformat(), "mean_kw": peak.mean_kw},
        "classes": {str(kw): _counted(month.above(kw)) for kw in REFERENCE_POWERS},
        "contract": {
            "reference_kw": [kw for each in contracts if (kw := each.reference_kw) is not None],
            **_counted(above_contract(month.days, demand.contracts)),
        },
    }


def _counted(above: Above) -> dict[str, Any]:
    return {"quarter_hours": above.quarter_hours, "kwh": round(above.energy_wh / 1000, 3)}
