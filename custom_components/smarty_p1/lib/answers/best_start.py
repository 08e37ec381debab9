"""Answers with the costs of a load by its start, and with its best start."""

from typing import Any

from ..history.calendar import local_text
from ..plan.best_start import MIN_SAVING, BestStart, StartCosts
from ..plan.coming_quarters import PlanLack
from ..prices.price_file import OlderPrices


def start_costs_report(costs: StartCosts | PlanLack) -> dict[str, Any]:
    """Return the costs of all starts for a card, or the reason why they are unknown."""
    if isinstance(costs, PlanLack):
        return {"start_costs": None, "lack": costs.value}
    return {
        "start_costs": {
            "start": costs.start.isoformat(),
            "step": 900,
            "costs": [round(cost, 4) for cost in costs.costs],
            "can_differ": costs.can_differ,
            "best": _best(costs.best),
            **OlderPrices.answer(costs.prices_of),
        },
        "lack": None,
    }


def best_start_report(best: BestStart) -> dict[str, Any]:
    """Return the best start of a load that must end in time, in EUR and in Luxembourg's time."""
    return {**_best(best), "is_late": best.is_late}


def _best(best: BestStart) -> dict[str, Any]:
    return {
        "start": local_text(best.start),
        "end": local_text(best.end),
        "cost": None if best.cost is None else round(best.cost, 2),
        "saving": round(best.saving, 2),
        "is_worth_waiting": best.saving >= MIN_SAVING,
        "own_kwh": None if best.own_kwh is None else round(best.own_kwh, 2),
        "reason": best.reason.value,
    }
