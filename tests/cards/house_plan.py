"""Plan of a car and a dishwasher on Saturday 21 November 2026 at 18:38."""

from datetime import datetime, timedelta

from smartyp1.json_types import JsonDict

START = datetime.fromisoformat("2026-11-21T18:30:00+01:00")
QUARTER_HOUR = timedelta(minutes=15)
PLAN = "smarty_p1/plan"


def load(name: str, state: str = "planned", by: datetime | None = None, **more: object) -> JsonDict:
    """Return a load that the household has entered."""
    device, deadline = f"device_of_{name}", by and by.isoformat()
    return {
        "id": name,
        "name": name.title(),
        "device_id": device,
        "state": state,
        "by": deadline,
        "hand_until": None,
        "once_by": None,
        "skipped_until": None,
        "is_at_once": False,
        "more_eur": None,
        "is_switched": True,
        "may_pause": name != "dishes",
        **more,
    }


def answer(
    loads: list[JsonDict], lack: str | None = None, plan: JsonDict | None = None
) -> JsonDict:
    """Return the first message of the subscription."""
    return {PLAN: {"loads": loads, "plan": plan, "lack": lack}}


def evening(  # noqa: PLR0913 - each is another plan
    start: datetime = START,
    quarters: int = 118,
    *,
    can_differ: bool = True,
    prices_from: datetime | None = None,
    wide: bool = False,
    net_kw: float = 6.4,
) -> JsonDict:
    """Return a plan: the car from 22:00 to 0:15 and from 11:00 to 12:00, the dishes from 2:15 on.

    `start` is now. At noon, half and more of the car's energy is own sun.
    """
    start = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
    powers = {"car": 36.4 if wide else 3.6, "dishes": 1.0}
    runs = {
        "car": [("21T22:00", "22T00:15"), ("22T11:00", "22T12:00")],
        "dishes": [("22T02:15", "22T03:45")],
    }
    spans = {
        name: [[datetime.fromisoformat(f"2026-11-{at}:00+01:00") for at in run] for run in of_load]
        for name, of_load in runs.items()
    }
    rows = []
    for n in range(quarters):
        at = start + n * QUARTER_HOUR
        kw = {
            name: powers[name]
            for name, of_load in spans.items()
            if any(begin <= at < end for begin, end in of_load)
        }
        is_noon = at >= spans["car"][1][0]
        rows.append(
            {
                "start": at.isoformat(),
                "end": (at + QUARTER_HOUR).isoformat(),
                "price_import": 0.14,
                "price_export": 0.06,
                "usual_import_kw": 0.4,
                "usual_export_kw": 0.0,
                "loads_kw": kw,
                "battery_kw": 0.0,
                "net_kw": (0.3 if is_noon else net_kw) if kw else 0.4,
            }
        )
    saving = 1.06 if can_differ else 0.0
    planned = [
        {
            "name": name,
            "start": of_load[0][0].isoformat(),
            "end": of_load[-1][1].isoformat(),
            "limit_price": 0.1415,
            "cost": 12341.25 if wide else 1.25,
            "cost_at_once": 2.31,
            "saving": 1234.56 if wide else saving,
            "own_kwh": 1.5,
            "reason": "price" if name == "car" else "reference_power",
            "missing_kwh": 0.4 if name == "car" else 0.0,
            "runs": [
                {
                    "start": max(begin, start).isoformat(),
                    "end": end.isoformat(),
                    "kwh": powers[name] * ((end - begin) / (4 * QUARTER_HOUR)),
                }
                for begin, end in of_load
            ],
        }
        for name, of_load in spans.items()
    ]
    plan = {
        "prices_of_day_before_from": prices_from and prices_from.isoformat(),
        "can_differ": can_differ,
        "loads": planned,
        "quarter_hours": rows,
    }
    due = spans["car"][1][1] + timedelta(hours=12)
    loads = [load("car", by=due), load("dishes", by=spans["dishes"][0][1] + timedelta(hours=3))]
    if wide:
        loads[0]["name"] = "Ladestation Tiefgarage"
    return answer(loads, plan=plan) | trial(saving=0.12)


def wishes() -> JsonDict:
    """Return a plan of a car for once by noon, and of dishes that somebody has started."""
    found = evening(quarters=96)
    once = (START + timedelta(hours=17, minutes=30)).isoformat()
    found[PLAN]["loads"] = [
        load("car", by=datetime.fromisoformat(once), once_by=once),
        load("dishes", "tries_again", is_at_once=True, more_eur=1.08, is_switched=False),
        load("water", "skipped", skipped_until=once),
    ]
    return found


def dear() -> JsonDict:
    """Return a plan whose car exceeds the reference power."""
    return evening(net_kw=9.2)


def trial(saving: float) -> JsonDict:
    """Return the answer about a tried load of 2 kWh."""
    found = {
        "start": "2026-11-22T02:15:00+01:00",
        "end": "2026-11-22T04:15:00+01:00",
        "cost": 0.31,
        "saving": saving,
    }
    return {"call_service": {"response": {"can_differ": saving > 0, "loads": [found]}}}
