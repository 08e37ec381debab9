"""The deadlines of a load, and the energy that it needs until then."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from smartyp1.plan.daily_load import DailyLoad, LoadPlan, LoadState, Run
from smartyp1.stored_json import dump, load as loaded
from tests.json_copy import through_json

CAR = DailyLoad("Car", 12.0, 11.0, 1.4, by_workdays=time(7), by_weekend=time(9, 30))
WORK = CAR._replace(by_weekend=None)
ANY_TIME = CAR._replace(by_workdays=None, by_weekend=None)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Luxembourg"))


@pytest.mark.parametrize(
    ("load", "now", "last", "deadline"),
    [
        # Friday 27 November 2026.
        (CAR, "2026-11-27 06:59:59", "2026-11-26 07:00", "2026-11-27 07:00"),
        (CAR, "2026-11-27 07:00", "2026-11-27 07:00", "2026-11-28 09:30"),
        (CAR, "2026-11-29 20:00", "2026-11-29 09:30", "2026-11-30 07:00"),
        (WORK, "2026-11-27 20:00", "2026-11-27 07:00", "2026-11-30 07:00"),
        (
            WORK._replace(by_workdays=None, by_weekend=time(9)),
            "2026-11-30 08:00",
            "2026-11-29 09:00",
            "2026-12-05 09:00",
        ),
        (ANY_TIME, "2026-11-27 20:00", "2026-11-27 00:00", "2026-11-28 00:00"),
        # The clock goes back on 25 October 2026, and forward on 28 March 2027.
        (CAR, "2026-10-24 20:00", "2026-10-24 09:30", "2026-10-25 09:30"),
        (ANY_TIME, "2026-10-25 23:00", "2026-10-25 00:00", "2026-10-26 00:00"),
        (ANY_TIME, "2027-03-28 12:00", "2027-03-28 00:00", "2027-03-29 00:00"),
    ],
)
def test_a_deadline_is_a_time_of_the_wall_clock(
    load: DailyLoad, now: str, last: str, deadline: str
) -> None:
    at = local(now).astimezone(UTC)
    assert load.last_deadline(at) == local(last)
    assert load.deadline(at) == local(deadline)


def test_energy_that_is_used_is_not_needed_again() -> None:
    assert [CAR.worth_kwh(left) for left in (12.0, 0.2, 0.1, -3.0)] == [12.0, 0.2, 0.0, 0.0]


def test_a_run_that_has_begun_is_no_next_start() -> None:
    begin, now, end = (datetime(2026, 11, 27, 2, minute, tzinfo=UTC) for minute in (0, 5, 30))
    later = Run(datetime(2026, 11, 27, 4, tzinfo=UTC), datetime(2026, 11, 27, 5, tzinfo=UTC))
    running = LoadPlan((Run(begin, end), later), planned_at=now)
    assert (running.runs_now, running.next_start) == (True, later.begin)
    waiting = replace(running, runs=(later,))
    assert (waiting.runs_now, waiting.next_start) == (False, later.begin)
    done = replace(running, runs=())
    assert (done.runs_now, done.next_start) == (False, None)
    # A load that the plan switches runs while it is given power, also for the sun.
    assert [replace(running, given_kw=kw).runs_by_plan for kw in (None, 0.0)] == [True, False]
    assert [replace(done, given_kw=kw).runs_by_plan for kw in (None, 2.0)] == [False, True]
    assert not replace(done, given_kw=2.0, state=LoadState.BY_HAND).runs_by_plan


@pytest.mark.parametrize(("minutes", "is_last_chance"), [(66, True), (70, False)])
def test_a_charger_with_less_than_its_nominal_power_is_done_in_time(
    minutes: int, *, is_last_chance: bool
) -> None:
    now = datetime(2026, 11, 27, 5, tzinfo=UTC)
    plan = LoadPlan(limit_price=0.15, left_kwh=11.0, by=now + timedelta(minutes=minutes))
    assert plan.order(now, 11.0, 0.0, 11.0).is_last_chance is is_last_chance


def test_a_limit_price_has_five_decimals() -> None:
    assert LoadPlan(limit_price=0.1 + 0.2 / 3).shown_limit_price == 0.16667
    assert LoadPlan().shown_limit_price is None


def test_without_a_new_plan_the_last_runs_are_followed_to_their_end() -> None:
    start, hour = datetime(2026, 6, 16, 20, tzinfo=UTC), timedelta(hours=1)
    runs = (Run(start, start + hour), Run(start + 3 * hour, start + 4 * hour))
    stored = dump(LoadPlan(runs, by=start + 6 * hour, mean_kw=4.2))
    plan = loaded(LoadPlan, through_json(stored))
    powers = [plan.run_kw(start + n * hour / 2, 9.0, 7.0) for n in range(12)]
    # The last chance needs 9 kWh at 7 kW and a tenth more.
    assert powers == [4.2, 4.2, 0, 0, 0, 0, 4.2, 4.2, 0, 0, 7.0, 7.0]
    assert plan.run_kw(start, 9.0, 3.0) == 3.0
    assert plan.run_kw(start + 6 * hour, 9.0, 7.0) == 0.0
    assert plan.run_kw(start, 0.0, 7.0) == 0.0
