"""Messages about the plan of the loads: its runs, and loads that fail it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

from ..history.luxembourg_time import DAY, HOUR, LUXEMBOURG
from ..passed_pause import has_passed
from ..plan.daily_load import WAITING, LoadState, Run
from ..plan.load_record import MIN_MISSING_KWH, EndedTask, LoadRecord
from ..stored_json import Size
from .message import HouseholdMessage, Placeholders

_MIN_SAVING_EUR = 0.05
_MAX_NAMED_RUNS = 3
# Loads of a meter, and the messages about each.
_MAX_TOLD = 10
_FAILURES = 3


class WatchedPlan(NamedTuple):
    """Plan of all loads of a meter. Its mappings are keyed by the ids of the loads."""

    names: Mapping[str, str]
    records: Mapping[str, LoadRecord]
    savings: Mapping[str, float]
    """Expected savings in EUR against starts at once."""
    is_without_surcharge: bool = False
    """Whether the house stays within its reference power while loads run."""


class ToldPlan(NamedTuple):
    """Start that the household was told for a task of a load."""

    since: datetime | None
    by: datetime
    start: datetime
    has_moved: bool = False
    """Whether a second message has told another start."""


type PlansTold = Annotated[Mapping[str, ToldPlan], Size(_MAX_TOLD)]
"""Last message about the runs of each load, by id of the load."""
type FailuresTold = Annotated[Mapping[str, datetime], Size(_FAILURES * _MAX_TOLD)]
"""Deadline of the task of each last message, by id of the load and key of the message."""


def watch_plan(
    told: PlansTold, plan: WatchedPlan, now: datetime
) -> tuple[PlansTold, HouseholdMessage | None]:
    """Return the new state, and the message that is due: one for each task of a load.

    A second message for a task comes only if its start moves by more than an hour. A plan whose
    runs have all begun, or that saves less than 5 cents, is no news. Of several loads, the one that
    runs first is told now, and the others a minute later.
    """
    records = plan.records
    told = {name: last for name, last in told.items() if name in records}
    due = [name for name in records if _is_news(told.get(name), plan, name, now)]
    if not due:
        return told, None
    first = min(due, key=lambda name: records[name].plan.runs)
    load, last = records[first].plan, told.get(first)
    has_moved = last is not None and not _is_over(last, now)
    if load.by:
        told[first] = ToldPlan(_since(records[first]), load.by, load.runs[0].begin, has_moved)
    values: Placeholders = {
        "name": plan.names[first],
        "runs": _clock(load.runs),
        "saving_eur": plan.savings[first],
    }
    key = "plan_of_day_below" if plan.is_without_surcharge else "plan_of_day"
    return told, HouseholdMessage(key, values)


def watch_failed_loads(
    told: FailuresTold,
    plan: WatchedPlan,
    now: datetime,
    *,
    since: datetime,
    may_send: bool = True,
) -> tuple[FailuresTold, Sequence[HouseholdMessage]]:
    """Return the new state, and the messages about loads that fail their plan, once for each task.

    Such a load did not start, will lack energy at its deadline, or lacked it at its last deadline,
    after `since`. Only the last message is decided while none may be sent: it waits.
    """
    failures = [
        (f"{name} {message.key}", by, message)
        for name, record in plan.records.items()
        for by, message in _failures_of(plan.names[name], record, now, may_send=may_send)
        if by > since
    ]
    due = [message for name, by, message in failures if told.get(name) != by]
    kept = {name: by for name, by in told.items() if name.split()[0] in plan.records}
    after = kept | {name: by for name, by, _ in failures}
    return (after if after != told else told), due


def _is_over(told: ToldPlan, now: datetime) -> bool:
    """Return whether the told start has passed."""
    return told.start <= now


def _since(record: LoadRecord) -> datetime | None:
    """Return the time at which a load was connected or ready."""
    return next(reversed(record.ready_at), None)


def _is_news(told: ToldPlan | None, plan: WatchedPlan, name: str, now: datetime) -> bool:
    """Return whether the runs of a load are to be told: all prices until its deadline are known."""
    record = plan.records[name]
    load = record.plan
    is_settled = load.is_certain and load.state in WAITING
    is_coming = is_settled and any(run.begin > now for run in load.runs)
    if not is_coming or plan.savings.get(name, 0.0) < _MIN_SAVING_EUR:
        return False
    if told is None:
        return True
    if _is_over(told, now):
        # The rest of a task that runs already is no news.
        return (told.since, told.by) != (_since(record), load.by)
    return not told.has_moved and abs(load.runs[0].begin - told.start) > HOUR


def _failures_of(
    name: str, record: LoadRecord, now: datetime, *, may_send: bool
) -> Iterator[tuple[datetime, HouseholdMessage]]:
    """Yield the messages about a load, each with the deadline of its task."""
    ended, plan = record.ended, record.plan
    if ended and not has_passed(ended.by, now, DAY):
        yield ended.by, _lacked(name, ended)
    if not may_send or plan.by is None or plan.by <= now:
        return
    if plan.state is LoadState.DID_NOT_START:
        yield plan.by, HouseholdMessage("load_did_not_start", {"name": name})
    if plan.missing_kwh >= MIN_MISSING_KWH:
        values: Placeholders = {
            "name": name,
            "missing_kwh": plan.missing_kwh,
            "until_at": plan.by.isoformat(),
        }
        yield plan.by, HouseholdMessage("load_lacks", values)


def _lacked(name: str, ended: EndedTask) -> HouseholdMessage:
    values: Placeholders = {
        "name": name,
        "got_kwh": ended.got_kwh,
        "needed_kwh": ended.needed_kwh,
        "until_at": ended.by.isoformat(),
        "cause": ended.hindrance.cause.value,
        "since_at": ended.hindrance.at.isoformat(),
    }
    return HouseholdMessage("load_lacked", values)


def _clock(runs: Sequence[Run]) -> str:
    """Return begin and end of the first runs of a load."""
    named = ", ".join(
        "-".join(f"{time.astimezone(LUXEMBOURG):%H:%M}" for time in run)
        for run in runs[:_MAX_NAMED_RUNS]
    )
    return f"{named}, …" if len(runs) > _MAX_NAMED_RUNS else named
