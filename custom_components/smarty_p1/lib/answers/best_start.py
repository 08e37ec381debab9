"""Answer with the best start of a load."""

from typing import Any

from ..history.calendar import local_text
from ..plan.best_start import MIN_SAVING, BestStart


def best_start_report(best: BestStart) -> dict[str, Any]:
    """Return the best start of a load that must end in time, in EUR and in Luxembourg's time."""
    return {
        "start": local_text(best.start),
        "end": local_text(best.end),
        "cost": None if best.cost is None else round(best.cost, 2),
        "saving": round(best.saving, 2),
        "is_worth_waiting": best.saving >= MIN_SAVING,
        "own_kwh": None if best.own_kwh is None else round(best.own_kwh, 2),
        "reason": best.reason.value,
        "is_late": best.is_late,
    }
