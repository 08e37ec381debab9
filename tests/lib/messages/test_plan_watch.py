"""Messages about the plan: one for each task of a load, and one for lacked energy."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dev.testing.times import utc
from smartyp1.messages.plan_watch import ToldPlan, WatchedPlan, watch_failed_loads, watch_plan
from smartyp1.plan.daily_load import LoadPlan, LoadState, Run
from smartyp1.plan.load_record import EndedTask, Hindrance, LackCause, LoadRecord

NOW = utc("2026-11-17 17:00")
BY = utc("2026-11-18 06:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CAR_RUNS = (Run(NOW + 8 * HOUR, NOW + 10 * HOUR),)
LACKED = EndedTask(BY, 12.0, 0.0, Hindrance(LackCause.NOT_STARTED, utc("2026-11-18 00:30")))


def load(*runs: Run, ended: EndedTask | None = None, **changes: Any) -> LoadRecord:  # noqa: ANN401 - fields of the plan
    """Return a load that is ready, with its planned runs."""
    plan = LoadPlan(runs, by=BY, is_certain=True)
    return LoadRecord(ready_at=(NOW,), ended=ended, plan=replace(plan, **changes))


CAR = load(*CAR_RUNS)
DISHES = load(Run(NOW + 7 * HOUR, NOW + 8 * HOUR))
PLAN = WatchedPlan(
    {"car": "Car", "dishes": "Dishes"},
    {"car": CAR, "dishes": DISHES},
    {"car": 0.84, "dishes": 0.2},
    is_without_surcharge=True,
)


def of_car(car: LoadRecord) -> WatchedPlan:
    return PLAN._replace(records={"car": car})


def test_each_load_has_one_message_for_its_task_that_names_its_runs() -> None:
    told, first = watch_plan({}, PLAN, NOW)
    told, second = watch_plan(told, PLAN, NOW)
    assert first
    assert second
    assert (first.key, first.values) == (
        "plan_of_day_below",
        {"name": "Dishes", "runs": "01:00-02:00", "saving_eur": 0.2},
    )
    assert second.values == {"name": "Car", "runs": "02:00-04:00", "saving_eur": 0.84}
    for hours in range(13):
        assert watch_plan(told, PLAN, NOW + hours * HOUR) == (told, None)


def test_the_next_task_has_its_own_message() -> None:
    told, _ = watch_plan({}, of_car(CAR), NOW)
    runs = [Run(begin + DAY, end + DAY) for begin, end in CAR_RUNS]
    told, message = watch_plan(told, of_car(load(*runs, by=BY + DAY)), NOW + DAY)
    assert message
    assert told["car"] == ToldPlan(NOW, BY + DAY, runs[0].begin)


@pytest.mark.parametrize(("moved", "expected"), [(0.75, False), (1.25, True), (-1.25, True)])
def test_a_second_message_comes_if_the_start_moves_by_more_than_an_hour(
    moved: float, *, expected: bool
) -> None:
    told, _ = watch_plan({}, of_car(CAR), NOW)
    runs = [Run(begin + moved * HOUR, end + moved * HOUR) for begin, end in CAR_RUNS]
    told, message = watch_plan(told, of_car(load(*runs)), NOW + HOUR)
    assert bool(message) is expected
    third = of_car(load(Run(NOW + 3 * HOUR, NOW + 4 * HOUR)))
    assert bool(watch_plan(told, third, NOW + HOUR)[1]) is not expected


def test_at_most_three_runs_are_named() -> None:
    runs = [Run(NOW + n * HOUR, NOW + (n + 0.5) * HOUR) for n in range(1, 6)]
    _, message = watch_plan({}, of_car(load(*runs)), NOW)
    assert message
    assert message.values["runs"] == "19:00-19:30, 20:00-20:30, 21:00-21:30, …"


@pytest.mark.parametrize(
    "plan",
    [
        of_car(CAR)._replace(savings={"car": 0.04}),
        of_car(CAR)._replace(savings={}),
        of_car(load(*CAR_RUNS, is_certain=False)),
        of_car(load(*CAR_RUNS, state=LoadState.NOT_CONNECTED)),
        of_car(load()),
        of_car(load(Run(NOW - HOUR, NOW + HOUR))),
    ],
)
def test_a_plan_that_is_open_saves_nothing_or_has_begun_is_no_news(plan: WatchedPlan) -> None:
    assert watch_plan({}, plan, NOW) == ({}, None)


def test_a_load_that_will_lack_energy_has_a_message_for_each_task() -> None:
    since = NOW - DAY
    late = of_car(load(missing_kwh=6.0))
    told, [message] = watch_failed_loads({}, late, NOW, since=since)
    assert (message.key, message.values) == (
        "load_lacks",
        {"name": "Car", "missing_kwh": 6.0, "until_at": BY.isoformat()},
    )
    assert watch_failed_loads(told, late, NOW + 12 * HOUR, since=since) == (told, [])
    next_task = of_car(load(missing_kwh=6.0, by=BY + DAY))
    assert len(watch_failed_loads(told, next_task, NOW + DAY, since=since)[1]) == 1
    assert watch_failed_loads({}, late, NOW, since=since, may_send=False) == ({}, [])
    few = of_car(load(missing_kwh=0.4))
    assert watch_failed_loads({}, few, NOW, since=since) == ({}, [])
    # A removed load is forgotten.
    assert watch_failed_loads(told, PLAN._replace(records={}), NOW, since=since) == ({}, [])


def test_a_load_that_did_not_start_has_a_message_beside_its_lack_of_energy() -> None:
    since, failed = NOW - DAY, LoadState.DID_NOT_START
    told, [message] = watch_failed_loads({}, of_car(load(state=failed)), NOW, since=since)
    assert (message.key, message.values) == ("load_did_not_start", {"name": "Car"})
    both = of_car(load(state=failed, missing_kwh=6.0))
    told, [message] = watch_failed_loads(told, both, NOW + HOUR, since=since)
    assert message.key == "load_lacks"
    assert watch_failed_loads(told, both, NOW + 2 * HOUR, since=since) == (told, [])


def test_lacked_energy_is_one_message_also_in_quiet_hours_and_in_place_of_the_others() -> None:
    car = load(ended=LACKED, state=LoadState.DID_NOT_START, missing_kwh=12.0)
    told, [message] = watch_failed_loads({}, of_car(car), BY, since=NOW, may_send=False)
    assert (message.key, message.values) == (
        "load_lacked",
        {
            "name": "Car",
            "got_kwh": 0.0,
            "needed_kwh": 12.0,
            "until_at": BY.isoformat(),
            "cause": "not_started",
            "since_at": "2026-11-18T00:30:00+00:00",
        },
    )
    assert message.rule.is_kept
    assert not message.is_counted
    # The old plan of this task says nothing more.
    assert watch_failed_loads(told, of_car(car), BY, since=NOW) == (told, [])
    # A switch that is turned on later tells nothing of the past.
    assert watch_failed_loads({}, of_car(car), BY + HOUR, since=BY + HOUR) == ({}, [])
