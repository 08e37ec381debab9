"""Gas, water and heat of the house: 14 months up to 21 November 2026, made by a small rule."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from smartyp1.json_types import JsonDict

from . import house

ALL = GAS, WATER, HEAT = "GAS0790002574001", "WAT0790002574002", "HEA0790002574003"
TODAY = date(2026, 11, 21)
_FIRST_HOUR = "2026-11-17T23:00:00+00:00"
_LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
# m³ of gas on each day of a month, kWh of it 11.2 times as many.
_GAS = {(2026, 11): 5.5, (2026, 10): 4.0, (2025, 11): 5.0, (2025, 10): 4.2}


def listed(meter: str, kind: str, unit: str | None, energy: float | None = None) -> JsonDict:
    return {
        "meter": meter,
        "type": kind,
        "unit": unit,
        "kwh_per_m3": energy,
        "device_id": f"device_{kind}",
    }


def days(start: date, amount_of: Any, **changes: float | None) -> JsonDict:  # noqa: ANN401 - a function
    """Return whole days up to yesterday, a part of today, and others by date (d2026_11_05)."""
    count = (TODAY - start).days + 1
    amounts = {
        start + timedelta(days=n): amount_of(start + timedelta(days=n)) for n in range(count)
    }
    # 70 % of today has passed, with 40 % of the day's amount.
    amounts[TODAY] *= 0.4
    known = dict.fromkeys(amounts, 1.0) | {TODAY: 0.7}
    for name, value in changes.items():
        day = date.fromisoformat(name[1:].replace("_", "-"))
        amounts[day] = value
        known[day] = 0.0 if value is None else 1.0
    return {"start": start.isoformat(), "amounts": [*amounts.values()], "known": [*known.values()]}


def gas_of(day: date) -> float:
    """Return the m³ of a day: the colder, the more, and less on weekends."""
    return _GAS.get((day.year, day.month), 1.0) + (0.4 if day.weekday() < 5 else -1.0)


def water_of(day: date) -> float:
    """Return the m³ of a day."""
    return 0.35 + 0.02 * (day.day % 3) + (0.03 if day.month == 10 else 0.0)


def heat_of(day: date) -> float:
    """Return the GJ of a day."""
    return 0.18 if (day.year, day.month) == (2026, 11) else 0.15


def hours(**litres: Sequence[int | None]) -> JsonDict:
    """Return hours of water, none at night but in the nights given (n2026_11_21=[2, 3, 4])."""
    values: list[int | None] = []
    at = datetime.fromisoformat(_FIRST_HOUR)
    while at < datetime(2026, 11, 21, 17, tzinfo=UTC):
        clock = at.astimezone(_LUXEMBOURG)
        night: Sequence[int | None] = litres.get(f"n{clock:%Y_%m_%d}", [0, 0, 0])
        values.append(night[clock.hour - 2] if clock.hour in (2, 3, 4) else 15)
        at += timedelta(hours=1)
    return {"start": _FIRST_HOUR, "step": 3600, "unit": "L", "values": values}


def gas(**changes: object) -> JsonDict:
    """Return the gas in the answer of `smarty_p1/media`."""
    return {
        "meter": GAS,
        "type": "gas",
        "unit": "m3",
        "kwh_per_m3": 11.2,
        "index": 4321.987,
        "time": "2026-11-21T17:00:00+00:00",
        "days": days(date(2025, 10, 20), gas_of),
        "hours": None,
        "costs": None,
    } | changes


def gas_costs(**changes: object) -> JsonDict:
    """Return the costs of the gas: 0.90 EUR a cubic metre, and 15 EUR a month."""
    return {
        "per_m3": 0.9,
        "per_month": 15.0,
        # 111 m³ until the 20th, 20 of 30 days; a year ago 99.6 m³.
        "month": _gas_month(2026, 111.0, 99.9, 109.9),
        "year_ago": _gas_month(2025, 99.6, 89.64, 99.64),
    } | changes


def _gas_month(year: int, m3: float, used: float, total: float) -> JsonDict:
    month = [date(year, 11, day) for day in range(1, 31)]
    known = [1.0 if day < TODAY else 0.0 for day in month]
    return {
        "month": f"{year}-11",
        "first": 1,
        "last": 20,
        "missing_days": 0,
        "m3": m3,
        "used": used,
        "fixed": 10.0,
        "total": total,
        "days": {
            "start": f"{year}-11-01",
            "amounts": [
                # 15 EUR for the 30 days of the month, and 0.90 EUR a cubic metre.
                0.5 + 0.9 * gas_of(day) * part
                for day, part in zip(month, known, strict=True)
            ],
            "known": known,
        },
    }


def water(**changes: object) -> JsonDict:
    """Return the water in the answer."""
    return {
        "meter": WATER,
        "type": "water",
        "unit": "m3",
        "kwh_per_m3": None,
        "index": 828.257,
        "time": "2026-11-21T17:15:00+00:00",
        "days": days(date(2025, 10, 20), water_of),
        "hours": hours(),
    } | changes


def heat(**changes: object) -> JsonDict:
    """Return the heat in the answer."""
    return {
        "meter": HEAT,
        "type": "heat",
        "unit": "GJ",
        "kwh_per_m3": None,
        "index": 123.456,
        "time": "2026-11-21T17:00:00+00:00",
        "days": days(date(2026, 9, 1), heat_of),
        "hours": None,
    } | changes


def answers(*found: JsonDict, live: JsonDict | None = None, **meter: object) -> JsonDict:
    """Return the answers of a house with these media, with their live values."""
    listing = [
        listed(each["meter"], each["type"], each["unit"], each["kwh_per_m3"]) for each in found
    ]
    return {
        "smarty_p1/meters": {"meters": [house.meter(**({"media": listing} | meter))]},
        "smarty_p1/media": {"media": list(found)},
        "smarty_p1/live": house.live(media=live or {}),
    }
