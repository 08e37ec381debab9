"""Deadline of a load that lacks energy: what it got, and the cause."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from smartyp1.plan.commanded import EntityKind
from smartyp1.plan.daily_load import DailyLoad, LoadPlan
from smartyp1.plan.load_record import LackCause, LoadRecord, Noted

NOW = datetime(2026, 11, 17, 17, tzinfo=UTC)
BY = datetime(2026, 11, 18, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CAR = DailyLoad("Car", 12.0, 11.0, by_workdays=time(7), by_weekend=time(7))


def night(
    record: LoadRecord,
    *,
    kw: float = 0.0,
    start: datetime | None = None,
    left_kwh: float = 12.0,
    missing_kwh: float = 0.0,
) -> LoadRecord:
    """Return the state shortly after the deadline of a night with a plan."""
    plan = LoadPlan(missing_kwh=missing_kwh, planned_at=NOW, left_kwh=left_kwh, by=BY)
    record = record.with_presence(NOW, is_there=True).with_plan(plan, is_running=False)
    for minute in range(13 * 60 + 2):
        now = NOW + minute * MINUTE
        is_on = start is not None and now >= start
        record = record.at_deadline(CAR, now)
        control = record.control.counted(NOW, kw if is_on else 0.0, now)
        record = replace(record, control=control)
        record = record.noted(CAR, now, Noted(kw if is_on else 0.0, is_on))
    return record


def test_a_dead_charger_is_named_with_its_start() -> None:
    start = datetime(2026, 11, 18, 0, 30, tzinfo=UTC)
    ended = night(LoadRecord(), start=start).ended
    assert ended
    assert (ended.by, ended.got_kwh, ended.needed_kwh) == (BY, 0.0, 12.0)
    assert ended.hindrance == (LackCause.NOT_STARTED, start)


@pytest.mark.parametrize(
    ("record", "missing_kwh", "cause"),
    [
        (LoadRecord(max_kw=4.0), 0.0, LackCause.LIMITED),
        (LoadRecord(), 12.0, LackCause.TOO_SHORT),
        (LoadRecord(), 0.0, LackCause.TOO_SLOW),
        (
            LoadRecord(control=LoadRecord().control.used({"switch.car": EntityKind.SWITCH}, NOW)),
            0.0,
            LackCause.UNAVAILABLE,
        ),
    ],
)
def test_the_cause_comes_from_the_record(
    record: LoadRecord, missing_kwh: float, cause: LackCause
) -> None:
    ended = night(record, missing_kwh=missing_kwh).ended
    assert ended
    assert ended.hindrance.cause is cause


def test_a_load_that_got_nearly_all_has_no_ended_task() -> None:
    start = datetime(2026, 11, 18, 4, 55, tzinfo=UTC)
    assert night(LoadRecord(), kw=11.0, start=start).ended is None
    assert night(LoadRecord(), left_kwh=0.4).ended is None
    slow = night(LoadRecord(), kw=5.0, start=start).ended
    assert slow
    assert slow.got_kwh == pytest.approx(5.4, abs=0.2)


def test_a_deadline_that_nobody_saw_has_no_message() -> None:
    plan = LoadPlan(planned_at=NOW, left_kwh=12.0, by=BY)
    record = LoadRecord().with_presence(NOW, is_there=True).with_plan(plan, is_running=False)
    record = replace(record, control=record.control.counted(NOW, 0.0, NOW))
    assert record.at_deadline(CAR, BY + MINUTE).ended is None
