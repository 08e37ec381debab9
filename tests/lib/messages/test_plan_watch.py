"""Messages about the plan: once a day, and only if it saves something or energy will lack."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.messages.plan_watch import WatchedLoad, WatchedPlan, watch_failed_loads, watch_plan

NOW = datetime(2026, 11, 17, 17, tzinfo=UTC)
BY = datetime(2026, 11, 18, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAR = WatchedLoad("Car", [(NOW + 8 * HOUR, NOW + 10 * HOUR)], 0.0, BY)
DISHES = WatchedLoad("Dishes", [(NOW + 7 * HOUR, NOW + 8 * HOUR)], 0.0, BY)
PLAN = WatchedPlan({"car": CAR, "dishes": DISHES}, 0.84, is_without_surcharge=True)


def test_the_plan_of_the_day_comes_once_with_the_runs_in_the_order_of_time() -> None:
    told, message = watch_plan({}, PLAN, NOW)
    assert message
    assert message.key == "plan_of_day_below"
    assert message.values == {"name": "Dishes 01:00-02:00, Car 02:00-04:00", "saving_eur": 0.84}
    assert watch_plan(told, PLAN, NOW + HOUR) == (told, None)
    _, next_day = watch_plan(told, PLAN._replace(is_without_surcharge=False), NOW + 6.5 * HOUR)
    assert next_day
    assert next_day.key == "plan_of_day"


@pytest.mark.parametrize(
    "plan",
    [
        PLAN._replace(saving=0.04),
        PLAN._replace(saving=-1.0),
        PLAN._replace(loads={}),
        PLAN._replace(loads={"car": CAR._replace(runs=[])}),
        PLAN._replace(loads={"car": CAR._replace(runs=[(NOW - HOUR, NOW + HOUR)])}),
    ],
)
def test_a_plan_without_a_saving_or_a_run_to_come_is_no_news(plan: WatchedPlan) -> None:
    assert watch_plan({}, plan, NOW) == ({}, None)


def test_a_load_that_will_lack_energy_has_a_message_a_day() -> None:
    late = PLAN._replace(loads={"car": CAR._replace(missing_kwh=6.0), "dishes": DISHES})
    told, [message] = watch_failed_loads({}, late, NOW)
    assert (message.key, message.values) == (
        "load_lacks",
        {"name": "Car", "missing_kwh": 6.0, "until_at": BY.isoformat()},
    )
    assert watch_failed_loads(told, late, NOW + HOUR) == (told, [])
    assert len(watch_failed_loads(told, late, NOW + 7 * HOUR)[1]) == 1
    few = PLAN._replace(loads={"car": CAR._replace(missing_kwh=0.4)})
    assert watch_failed_loads({}, few, NOW) == ({}, [])
    # A removed load is forgotten.
    assert watch_failed_loads(told, PLAN._replace(loads={}), NOW) == ({}, [])


def test_a_load_that_did_not_start_has_a_message_beside_its_lack_of_energy() -> None:
    car = CAR._replace(did_not_start=True, runs=[])
    told, [message] = watch_failed_loads({}, PLAN._replace(loads={"car": car}), NOW)
    assert (message.key, message.values) == ("load_did_not_start", {"name": "Car"})
    both = PLAN._replace(loads={"car": car._replace(missing_kwh=6.0)})
    told, [message] = watch_failed_loads(told, both, NOW + HOUR)
    assert message.key == "load_lacks"
    assert watch_failed_loads(told, both, NOW + 2 * HOUR) == (told, [])
