"""Costs of a load of two hours by its start, on Saturday 21 November 2026 at 18:38."""

from datetime import datetime, timedelta
from math import pi, sin

from .house import Json

START = datetime.fromisoformat("2026-11-21T17:30:00+00:00")
QUARTER_HOUR = timedelta(minutes=15)


def answer(costs: list[float], best: int, first: datetime = START, **changes: object) -> Json:
    """Return the answer for a load of two hours, whose starts begin with `first`."""
    start = first + best * QUARTER_HOUR
    found: Json = {
        "start": start.isoformat(),
        "end": (start + timedelta(hours=2)).isoformat(),
        "cost": costs[best],
        "saving": round(costs[0] - costs[best], 2),
        "is_worth_waiting": costs[0] - costs[best] >= 0.05,
        "own_kwh": 1.2,
        "reason": "sun",
    }
    can_differ = max(costs) - min(costs) >= 0.005
    answered = {"start": first.isoformat(), "step": 900, "costs": costs, "can_differ": can_differ}
    known = {"start_costs": answered | {"best": found | changes}, "lack": None}
    return {"smarty_p1/start_costs": known}


def sunny(passed: int = 0) -> Json:
    """Return costs of 0.38 EUR, which fall to 0.23 at 11:00 tomorrow: 66 quarter-hours from now.

    `passed` quarter-hours have passed since then.
    """
    costs = [
        round(0.38 - 0.15 * max(0.0, sin(pi * (n - 56) / 20)) * (56 <= n <= 76), 4)
        for n in range(111)
    ]
    return answer(costs[passed:], 66 - passed, START + passed * QUARTER_HOUR)
