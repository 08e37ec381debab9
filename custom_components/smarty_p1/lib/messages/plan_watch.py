"""Messages about the plan of the loads: the runs of the day, and a load that fails its plan."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ..history.luxembourg_time import LUXEMBOURG, local_day
from .message import DaysTold, HouseholdMessage, Value

_PLAN = "plan"
_MIN_SAVING_EUR = 0.05
_MIN_MISSING_KWH = 0.5


class WatchedLoad(NamedTuple):
    """Load with its planned runs."""

    name: str
    runs: Sequence[tuple[datetime, datetime]]
    missing_kwh: float
    by: datetime | None
    did_not_start: bool = False


class WatchedPlan(NamedTuple):
    """Plan of all loads of a meter."""

    loads: Mapping[str, WatchedLoad]
    """By id of the load."""
    saving: float = 0.0
    """Expected saving in EUR against all loads at once."""
    is_without_surcharge: bool = False
    """Whether the house stays within its reference power while loads run."""


def watch_plan(
    told: DaysTold, plan: WatchedPlan, now: datetime
) -> tuple[DaysTold, HouseholdMessage | None]:
    """Return the day of the last message, and the message that is due. It comes once a day.

    A plan whose runs have all begun, or that saves less than 5 cents, is no news.
    """
    today = local_day(now)
    coming = any(begin > now for load in plan.loads.values() for begin, _ in load.runs)
    if told.get(_PLAN) == today or not coming or plan.saving < _MIN_SAVING_EUR:
        return told, None
    loads = sorted(
        (load for load in plan.loads.values() if load.runs), key=lambda load: load.runs[0]
    )
    values: dict[str, Value] = {
        "name": ", ".join(f"{load.name} {_clock(load)}" for load in loads),
        "saving_eur": plan.saving,
    }
    key = "plan_of_day_below" if plan.is_without_surcharge else "plan_of_day"
    return {_PLAN: today}, HouseholdMessage(key, values)


def watch_failed_loads(
    told: DaysTold, plan: WatchedPlan, now: datetime
) -> tuple[DaysTold, Sequence[HouseholdMessage]]:
    """Return the new state, and the messages about loads that fail their plan.

    Such a load did not start, or will lack energy at its deadline. Each is told once a day. The
    days are by id of the load and key.
    """
    today = local_day(now)
    failures = {
        f"{load_id} {failure.key}": failure
        for load_id, load in plan.loads.items()
        for failure in _failures_of(load)
    }
    due = [failure for name, failure in failures.items() if told.get(name) != today]
    kept = {name: day for name, day in told.items() if name.split()[0] in plan.loads}
    after = kept | dict.fromkeys(failures, today)
    return (after if after != told else told), due


def _failures_of(load: WatchedLoad) -> Iterator[HouseholdMessage]:
    if load.did_not_start:
        yield HouseholdMessage("load_did_not_start", {"name": load.name})
    if load.by and load.missing_kwh >= _MIN_MISSING_KWH:
        values: dict[str, Value] = {
            "name": load.name,
            "missing_kwh": load.missing_kwh,
            "until_at": load.by.isoformat(),
        }
        yield HouseholdMessage("load_lacks", values)


def _clock(load: WatchedLoad) -> str:
    """Return begin and end of all runs of a load."""
    begin, end = (time.astimezone(LUXEMBOURG) for time in (load.runs[0][0], load.runs[-1][1]))
    return f"{begin:%H:%M}-{end:%H:%M}"
