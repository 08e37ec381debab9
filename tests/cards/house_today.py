"""The quarter-hours of the invented household, and the days that they add up to.

Each day has a base of 70 Wh a quarter-hour, a stove at noon, and sun around it. A car is charged on
two evenings. The tested code computes nothing here.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from smartyp1.json_types import JsonDict

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
QUARTER = timedelta(minutes=15)
NOW = datetime.fromisoformat("2026-11-21T17:38:20+00:00")
REFERENCE = 7.0
PRICE = 0.08262
COMMAND = "smarty_p1/quarter_hours"


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LUXEMBOURG).astimezone(UTC)


def energies(time: datetime, *, sun: bool = True) -> tuple[int, int]:
    """Return the Wh drawn and fed in, in the quarter-hour that begins then."""
    local = time.astimezone(LUXEMBOURG)
    hour = local.hour + local.minute / 60
    drawn, fed = 70, 0
    if 8.5 <= hour < 9.25:
        drawn += 450
    if 11.75 <= hour < 13:
        drawn += 650
    if sun and 9.5 <= hour < 11.5:
        drawn, fed = 20, 40
    if sun and 14 <= hour < 16:
        drawn, fed = 0, 70
    if local.date() == date(2026, 11, 21) and 18 <= hour < 18.5:
        drawn = 880 if hour < 18.25 else 2350
    if local.date() == date(2026, 11, 20) and 18.25 <= hour < 21.25:
        drawn = 2600
    return drawn, fed


def quarter_hours(
    day: date,
    *,
    until: datetime = NOW,
    sun: bool = True,
    **changes: object,
) -> list[JsonDict]:
    """Return the answers for a day: imported and exported."""
    start, end = midnight(day), midnight(day + timedelta(days=1))
    times = [start + n * QUARTER for n in range((min(end, until) - start) // QUARTER)]
    made = []
    for index, quantity in enumerate(("imported", "exported")):
        values: list[int | None] = [energies(time, sun=sun)[index] for time in times]
        answer = {
            "start": start.isoformat(),
            "end": (start + len(values) * QUARTER).isoformat(),
            "step": 900,
            "quantity": quantity,
            "unit": "Wh",
            "values": values,
            "origins": [],
            "past": "today",
        }
        takes = {"start": _asked(start), "quantity": quantity}
        made.append({"takes": takes, "answer": answer | changes})
    return made


def _asked(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def a_day(day: date, *, until: datetime = NOW, sun: bool = True, **changes: object) -> JsonDict:
    """Return a day in the answer of `smarty_p1/days`."""
    answers = quarter_hours(day, until=until, sun=sun)
    drawn, fed = (answer["answer"]["values"] for answer in answers)
    above = [wh - REFERENCE * 250 for wh in drawn if wh > REFERENCE * 250]
    peak = max(drawn, default=0)
    start = midnight(day)
    return {
        "day": day.isoformat(),
        "start": start.isoformat(),
        "end": midnight(day + timedelta(days=1)).isoformat(),
        "imported_wh": sum(drawn),
        "exported_wh": sum(fed),
        "quarter_hours": len(drawn),
        "leneda_quarter_hours": 0,
        "estimated_quarter_hours": 0,
        "of_quarter_hours": len(drawn),
        "reference_kw": REFERENCE,
        "quarter_hours_above": len(above),
        "above_wh": round(sum(above)),
        "peak": {"start": start.isoformat(), "mean_kw": peak / 250} if drawn else None,
        "cost": 2.98,
        "cost_above": round(sum(above) / 1000 * PRICE, 2),
        "feed_in": 0.0,
    } | changes


def answers(*, sun: bool = True, days: dict[str, JsonDict] | None = None) -> JsonDict:
    """Return the answers for the last two weeks; of single days, others."""
    dates = [date(2026, 11, 21) - timedelta(days=back) for back in range(13, -1, -1)]
    by_day = [a_day(day, sun=sun, **(days or {}).get(day.isoformat(), {})) for day in dates]
    return {
        COMMAND: [quarter for day in dates for quarter in quarter_hours(day, sun=sun)],
        "smarty_p1/days": [
            {"takes": {"start": by_day[7]["day"]}, "answer": {"days": by_day[7:]}},
            {"takes": {"start": by_day[0]["day"]}, "answer": {"days": by_day[:7]}},
            {"takes": {"start": "2026-11-01"}, "answer": {"days": by_day}},
            {"takes": {"start": "2026-10-01"}, "answer": {"days": []}},
        ],
        "smarty_p1/highlights": highlights(),
    }


def highlights() -> JsonDict:
    """Return the base load of the house."""
    return {"always_on": {"w": 280, "nights": 7, "cost_per_year": 430.0}}
