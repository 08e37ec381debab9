"""A year of the invented household, and the cost of each class in it."""

import math
import random
import struct
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo

from smartyp1.json_types import JsonDict

from . import house

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
QUARTER_HOUR = timedelta(minutes=15)
END = datetime.fromisoformat("2026-11-21T17:30:00+00:00")
START = datetime.fromisoformat("2025-10-31T23:00:00+00:00")
UNKNOWN = -32768
REFERENCE = 7
REFERENCE_POWERS = (3, 7, 12, 17, 27, 43, 70, 100, 150, 200)
VAT = 0.08
SURCHARGE = 0.0765
FIXED = {3: 7.42, 7: 12.84, 12: 19.61, 17: 26.38, 27: 39.92, 43: 61.58, 70: 98.14, 100: 138.76}
type Row = tuple[datetime, int | None]


def fixed(kw: int) -> float:
    """Return a month's fixed price of a class with VAT."""
    return round(FIXED[kw] * (1 + VAT), 2)


def surcharge(kwh: float) -> float:
    """Return the cost of energy above a class with VAT."""
    return round(kwh * SURCHARGE * (1 + VAT), 2)


@cache
def household(
    start: datetime = START, end: datetime = END, *, has_sun: bool = True
) -> tuple[Row, ...]:
    """Return each quarter-hour with its Wh: a base, meals, sun, and a car at night."""
    # The same house whenever it is looked at.
    chance = random.Random(7)  # noqa: S311
    rows: list[Row] = []
    time = START
    cloud, car_until = 0.5, START
    while time < end:
        local = time.astimezone(LUXEMBOURG)
        hour = local.hour + local.minute / 60
        if (local.hour, local.minute) == (0, 0):
            cloud = chance.random()
        season = math.cos((local.timetuple().tm_yday - 172) / 365 * 2 * math.pi)
        kw = 0.2 + 0.15 * chance.random()
        if 7 <= hour < 8 or 12 <= hour < 12.5 or 18 <= hour < 20:
            kw += 1.6 * chance.random()
        if hour == 18.75 and chance.random() < 0.45:
            car_until = time + timedelta(minutes=15 * chance.randint(4, 14))
        if time < car_until:
            kw += 7.2 if chance.random() < 0.85 else 11
        height = math.sin((hour - 13.3 + 4.3 + 1.8 * season) / (8.6 + 3.6 * season) * math.pi)
        if has_sun and abs(hour - 13.3) < 4.3 + 1.8 * season:
            kw -= 6.5 * max(0.0, height) * (0.25 + 0.75 * cloud) * (0.6 + 0.3 * season)
        if time >= start:
            rows.append((time, round(kw * 250)))
        time += QUARTER_HOUR
    return tuple(rows)


def marks(rows: Sequence[Row]) -> list[int]:
    """Return how many classes each exceeds, and 16 more above the household's own."""
    known = [wh or 0 for _, wh in rows]
    limits = [kw * 250 for kw in REFERENCE_POWERS]
    return [bisect_left(limits, wh) + 16 * (wh > REFERENCE * 250) for wh in known]


@cache
def month_of(time: datetime) -> str:
    """Return the month of a time in Luxembourg."""
    return f"{time.astimezone(LUXEMBOURG):%Y-%m}"


def by_month(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return rows that follow each other by their month."""
    return {month: [*some] for month, some in groupby(rows, lambda row: month_of(row[0]))}


def excess(rows: Sequence[Row], kw: float) -> JsonDict:
    """Return how many of these rows are above a power, and by how much energy."""
    above = [wh - kw * 250 for _, wh in rows if wh and wh > kw * 250]
    return {"quarter_hours": len(above), "kwh": round(sum(above) / 1000, 3)}


def answer(rows: Sequence[Row], start: datetime | None = None, past: str = "today") -> JsonDict:
    """Return the answer for rows that follow each other."""
    first = start or rows[0][0]
    values = [UNKNOWN if wh is None else wh for _, wh in rows]
    return {
        "start": first.isoformat(),
        "end": (first + len(rows) * QUARTER_HOUR).isoformat(),
        "step": 900,
        "quantity": "larger",
        "unit": "Wh",
        "values": b64encode(struct.pack(f"<{len(values)}h", *values)).decode(),
        "above": b64encode(bytes(marks(rows))).decode(),
        "reference_powers": REFERENCE_POWERS,
        "origins": [],
        "past": past,
    }


def quarter_hours(rows: Sequence[Row]) -> list[JsonDict]:
    """Return the answers to a request for a year, and to a request for new quarter-hours."""
    year = answer(rows)
    tail = {"start": year["end"]}
    return [
        {"takes": tail, "answer": answer([], datetime.fromisoformat(year["end"]))},
        {"takes": {"quantity": "larger", "encoding": "base64"}, "answer": year},
    ]


def classes(rows: Sequence[Row], **changes: object) -> JsonDict:
    """Return the answer of `smarty_p1/classes` for these rows, all but the last month whole."""
    above = {
        month: {kw: excess(wanted, kw)["kwh"] for kw in FIXED}
        for month, wanted in by_month(rows).items()
    }
    decisive = list(above)[:-1][-12:]
    months = [
        {
            "month": month,
            "measured_share": 1.0,
            "classes": {
                str(kw): {
                    "excess_kwh": kwh,
                    "fixed": fixed(kw),
                    "surcharge": surcharge(kwh),
                    "total": round(fixed(kw) + surcharge(kwh), 2),
                }
                # The order differs from the order of the numbers.
                for kw, kwh in reversed(each.items())
            },
        }
        for month, each in above.items()
    ]
    own = changes.get("reference_kw", REFERENCE)
    return classes_of(months, decisive, **{"above": months_above(rows, own), **changes})


def months_above(rows: Sequence[Row], reference_kw: object = REFERENCE) -> list[JsonDict]:
    """Return how far the months of these rows were above each class."""

    def peak(wanted: Sequence[Row]) -> JsonDict:
        # The first of the highest.
        start, wh = max(wanted, key=lambda row: max(0, row[1] or 0))
        return {"start": start.isoformat(), "mean_kw": max(0, wh or 0) / 250}

    return [
        {
            "month": month,
            "quarter_hours": len(wanted),
            "of_quarter_hours": len(wanted),
            "peak": peak(wanted),
            "classes": {str(kw): excess(wanted, kw) for kw in REFERENCE_POWERS},
            "contract": {
                "reference_kw": [reference_kw] if isinstance(reference_kw, int | float) else [],
                **excess(wanted, reference_kw if isinstance(reference_kw, int | float) else 1e6),
            },
        }
        for month, wanted in by_month(rows).items()
    ]


def classes_of(months: list[JsonDict], decisive: list[str], **changes: object) -> JsonDict:
    """Return the answer for months, with the deciding months."""
    keys = list(months[0]["classes"]) if months else []
    deciding = [month["classes"] for month in months if month["month"] in decisive]
    totals = {key: round(sum(each[key]["total"] for each in deciding), 2) for key in keys}
    return {
        "months": months,
        "prices": "current",
        "cheapest": None,
        "saving_per_year": None,
        "about_the_same": False,
        "reference_kw": 7.0,
        "vat_rate": VAT,
        "decisive": decisive,
        "totals": totals if deciding else {},
        "above": [],
    } | changes


def answers(rows: Sequence[Row] | None = None, **changes: object) -> JsonDict:
    """Return the answers of the household, some in its classes changed."""
    rows = household() if rows is None else rows
    return {
        "smarty_p1/quarter_hours": quarter_hours(rows),
        "smarty_p1/classes": classes(rows, **changes),
    }


def planned_classes(
    own: float = 7,
    min_kw: float = 4.1,
    *,
    is_measured: bool = True,
    exported: int = 0,
    **costs: tuple[int, int, int],
) -> JsonDict:
    """Return the year of a planned car: by class, its costs now, at once and by the plan."""

    def year_costs(total: int) -> JsonDict:
        return {"energy": total - 90, "surcharge": 0, "feed_in": 0, "fixed": 90, "total": total}

    energies = {"imported": 6000, "exported": exported, "shared": 0}
    classes: dict[str, JsonDict] = {
        key.removeprefix("kw"): {
            "now": year_costs(now),
            "at_once": year_costs(at_once),
            "then": year_costs(then),
            "battery": None,
        }
        for key, (now, at_once, then) in (costs or PLANNED).items()
    }
    ends = [min(classes, key=lambda kw: classes[kw][end]["total"]) for end in ("now", "then")]
    saving = classes[f"{own:g}"]["now"]["total"] - classes[f"{own:g}"]["then"]["total"]
    year = {
        "start": "2025-11-01",
        "end": "2026-11-01",
        "measured_days": 365,
        "known_share": 1.0,
        "reference_kw": own,
        "has_vat": True,
        "hourly_share": {"now": 1.0, "then": 1.0},
        "markets_used": {"now": [], "then": []},
        "saving": {"low": saving, "high": saving},
        "cheapest": dict(zip(("now", "then"), map(int, ends), strict=True)),
        "energies": {"now": energies, "then": energies},
        "classes": classes,
        "assumed": [{"key": "begin_hour", "value": 18}, {"key": "plan_against", "value": None}],
    }
    car = {
        "name": "Car",
        "kwh": 8.8,
        "kw": 11.0,
        "min_kw": min_kw,
        "is_measured": is_measured,
    }
    one_phase = [float(kw) for kw in classes if float(kw) < min_kw]
    return {"car": car, "year": year, "refusal": None, "one_phase": one_phase}


PLANNED = {"kw12": (1370, 1380, 1266), "kw3": (1400, 1420, 1128), "kw7": (1352, 1390, 1183)}


def no_planned_classes(reason: str) -> JsonDict:
    """Return the reason why the year of a planned car is unknown."""
    refusal = {"reason": reason, "days": 20, "least_days": 300}
    return {"car": None, "year": None, "refusal": refusal, "one_phase": []}


def with_plan(rows: Sequence[Row], planned: JsonDict) -> JsonDict:
    """Return the answers of the household, also to a request for the plan."""
    found, asked = answers(rows), {"with_plan": True}
    comparison = found["smarty_p1/classes"]
    return found | {
        "smarty_p1/classes": [
            {"takes": asked, "answer": comparison | {"with_plan": planned}},
            {"takes": {}, "answer": comparison},
        ]
    }


def meters(**changes: object) -> JsonDict:
    """Return the meters with something changed in the only one."""
    return {"smarty_p1/meters": {"meters": [house.meter(**changes)]}}


def at(text: str) -> datetime:
    """Return a time of Luxembourg in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LUXEMBOURG).astimezone(UTC)
