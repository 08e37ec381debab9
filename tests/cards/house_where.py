"""Where the energy of the invented household went in November, until the 20th."""

from smartyp1.json_types import JsonDict


def row(name: str | None, kind: str, wh: int, cost: float, *own: float) -> JsonDict:
    """Return a row; `own` are the Wh from the roof, and their worth if they were sold."""
    own_wh, earned = own or (0, 0.0)
    return {
        "name": name,
        "kind": kind,
        "wh": wh,
        "cost": cost,
        "own_wh": own_wh,
        "earned": earned,
    }


ROWS = [
    row(None, "always_on", 149_000, 18.41, 30_000, 2.35),
    row("Car", "device", 86_000, 15.04),
    row("Hot water", "device", 71_000, 5.16, 41_000, 3.23),
    row("Dishwasher", "device", 20_000, 3.56),
    row(None, "else", 217_000, 29.3, 62_000, 4.84),
]


def answers(rows: list[JsonDict] | None = None, **changes: object) -> JsonDict:
    """Return the answer about the month."""
    found: JsonDict = {
        "period": "month",
        "start": "2026-10-31T23:00:00+00:00",
        "end": "2026-11-20T23:00:00+00:00",
        "house_wh": 543_000,
        "cost": 71.47,
        "always_on_w": 250,
        "rows": ROWS if rows is None else rows,
        "fixed": 16.56,
        "above": 3.46,
        "feed_in": -6.91,
        "lack": None,
    }
    return {"smarty_p1/shares": found | changes}
