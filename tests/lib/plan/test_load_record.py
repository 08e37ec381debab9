"""State of a load between two plans: it forgets no start, and gives a load a second try."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from smartyp1.plan.daily_load import DailyLoad, LoadPlan, LoadState, Run
from smartyp1.plan.load_record import MAX_READY_TIMES, LoadRecord, Noted
from smartyp1.stored_json import dump, load as loaded
from tests.json_copy import through_json

CAR = DailyLoad("Car", 12.0, 11.0, by_workdays=time(7), by_weekend=time(9, 30))
DISHES = DailyLoad("Dishes", 1.5, 1.0, by_workdays=time(7), by_weekend=time(7), hours=1.5)
FREE = DISHES._replace(by_workdays=None, by_weekend=None)
MINUTE = timedelta(minutes=1)


def local(text: str) -> datetime:
    zone = ZoneInfo("Europe/Luxembourg")
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


NOW = local("2026-11-26 18:03")  # Thursday


class Life:
    """Load that is looked at twice a minute."""

    def __init__(self, load: DailyLoad, memory: LoadRecord = LoadRecord()) -> None:  # noqa: B008
        self.load, self.memory, self.now = load, memory, NOW
        self.noted = Noted(None, is_ordered=False)

    def passes(self, minutes: float, kw: float | None, *, ordered: bool = False) -> LoadRecord:
        """Let time pass in which the load has a power, and the plan has it run or not."""
        self.noted = Noted(kw, ordered)
        for _ in range(round(minutes * 2)):
            self.memory = self.memory.noted(self.load, self.now, self.noted)
            self.now += MINUTE / 2
        return self.memory

    @property
    def state(self) -> LoadState:
        return self.memory.state(self.load, self.now)


def ready(load: DailyLoad) -> Life:
    return Life(load, LoadRecord().with_presence(NOW, is_there=True))


class Row(NamedTuple):
    """Minutes with a power and with or without an order, and the state after them."""

    load: DailyLoad
    parts: tuple[tuple[float, float | None, bool], ...]
    state: LoadState


ROWS = {
    "waits": Row(DISHES, ((60, 0.0, False),), LoadState.PLANNED),
    "starts by plan": Row(DISHES, ((1, 0.0, True), (3, 2.0, True)), LoadState.RUNNING),
    # A dishwasher dries for half an hour with little power.
    "dries": Row(DISHES, ((3, 2.0, True), (40, 0.01, True)), LoadState.RUNNING),
    "ends": Row(DISHES, ((3, 2.0, True), (89, 0.0, True)), LoadState.DONE),
    "takes longer": Row(DISHES, ((100, 2.0, True),), LoadState.RUNNING),
    "takes longer and ends": Row(DISHES, ((100, 2.0, True), (1, 0.0, True)), LoadState.DONE),
    "by hand": Row(DISHES, ((3, 2.0, False), (5, 2.0, True)), LoadState.BY_HAND),
    "a pulse": Row(DISHES, ((0.5, 2.0, False), (5, 0.0, False)), LoadState.PLANNED),
    "standby": Row(DISHES, ((60, 0.09, False),), LoadState.PLANNED),
    "believed": Row(DISHES, ((10, None, True),), LoadState.RUNNING),
    "believed to the end": Row(DISHES, ((91, None, True),), LoadState.DONE),
    "first try": Row(DISHES, ((5, 0.05, True), (10, 0.05, False)), LoadState.PLANNED),
    "second try": Row(
        DISHES,
        ((5.5, 0.05, True), (10, 0.05, False), (5.5, 0.05, True), (60, 0.0, False)),
        LoadState.DID_NOT_START,
    ),
    "starts at the second try": Row(
        DISHES, ((5.5, 0.05, True), (10, 0.05, False), (3, 2.0, True)), LoadState.RUNNING
    ),
    "a car sleeps": Row(
        CAR, ((5.5, 0.0, True), (10, 0.0, False), (5.5, 0.0, True)), LoadState.DID_NOT_START
    ),
    # Its box may pause for the fuse of the house.
    "a car pauses": Row(
        CAR,
        ((30, 7.0, True), (5.5, 0.0, True), (10, 0.0, False), (5.5, 0.0, True)),
        LoadState.PLANNED,
    ),
    "a car is full": Row(CAR, ((30, 7.0, True), (76, 0.0, True)), LoadState.FULL),
    "a car without a sensor": Row(CAR, ((60, None, True),), LoadState.PLANNED),
    "a car by hand": Row(CAR, ((3, 7.0, False),), LoadState.BY_HAND),
    "a car stops by hand": Row(CAR, ((3, 7.0, False), (1, 0.0, False)), LoadState.PLANNED),
    # A slow charger goes on for a minute after the plan has ended its run.
    "a slow charger": Row(CAR, ((30, 7.0, True), (1.5, 7.0, False)), LoadState.PLANNED),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_state_follows_the_power_and_the_order(name: str) -> None:
    row = ROWS[name]
    life = ready(row.load)
    for minutes, kw, ordered in row.parts:
        life.passes(minutes, kw, ordered=ordered)
    assert life.state is row.state


@pytest.mark.parametrize("name", ROWS)
def test_a_restart_forgets_nothing(name: str) -> None:
    row = ROWS[name]
    life = ready(row.load)
    for minutes, kw, ordered in row.parts:
        life.passes(minutes, kw, ordered=ordered)
    stored = through_json(dump(life.memory))
    again = Life(row.load, loaded(LoadRecord, stored))
    again.now = life.now
    for other in (again, life):
        other.passes(2.5, life.noted.kw, ordered=life.noted.is_ordered)
    assert (again.state, again.memory.tries) == (life.state, life.memory.tries)


def test_the_second_try_begins_with_the_next_quarter_hour() -> None:
    life = ready(DISHES)
    life.memory = replace(life.memory, announced_start=NOW)
    memory = life.passes(5.5, 0.0, ordered=True)
    assert (memory.retry_at, memory.announced_start, memory.tries) == (
        local("2026-11-26 18:15"),
        None,
        1,
    )


@pytest.mark.parametrize("leave_and_return", [True, False])
def test_a_car_that_did_not_start_begins_anew(leave_and_return: bool) -> None:  # noqa: FBT001
    life = ready(CAR)
    for ordered in (True, False, True):
        life.passes(5.5, 0.0, ordered=ordered)
    assert life.state is LoadState.DID_NOT_START
    if leave_and_return:
        for is_there in (False, True):
            life.memory = life.memory.with_presence(life.now, is_there=is_there)
        assert len(life.memory.ready_at) == 2
    else:
        life.now = local("2026-11-27 07:00")
        life.passes(1, 0.0)
    assert life.state is LoadState.PLANNED


PRESENT, NEXT = local("2026-11-26 18:00"), local("2026-11-26 21:00")


@pytest.mark.parametrize(
    ("told", "begins", "is_running", "expected"),
    [
        (None, (NEXT,), False, NEXT),
        (None, (PRESENT, NEXT), False, PRESENT),
        # In the quarter-hour of a told start, this start stays; afterwards, the run goes on.
        (PRESENT, (PRESENT, NEXT), True, PRESENT),
        (PRESENT - 15 * MINUTE, (PRESENT, NEXT), True, NEXT),
        (NEXT, (PRESENT, NEXT), True, NEXT),
        (NEXT, (), False, None),
    ],
)
def test_a_start_is_kept_until_its_quarter_hour_ends(
    told: datetime | None,
    begins: Sequence[datetime],
    *,
    is_running: bool,
    expected: datetime | None,
) -> None:
    plan = LoadPlan(tuple(Run(at, at + 60 * MINUTE) for at in begins), planned_at=NOW)
    assert (
        LoadRecord(announced_start=told).with_plan(plan, is_running=is_running).announced_start
        == expected
    )


def test_a_car_that_leaves_ends_its_task() -> None:
    memory = replace(
        LoadRecord().with_presence(NOW, is_there=True), announced_start=NOW + 60 * MINUTE
    )
    left = memory.with_start_now(NOW).with_presence(NOW, is_there=False)
    assert left.state(CAR, NOW) is LoadState.NOT_CONNECTED
    assert (left.announced_start, left.is_started_now) == (None, False)
    assert left.state(CAR, NOW, is_always_there=True) is LoadState.PLANNED
    assert LoadRecord().state(DISHES, NOW) is LoadState.NOT_READY


def test_an_appliance_runs_once_for_each_time_that_it_is_ready() -> None:
    life = ready(DISHES)
    assert life.memory.with_ready(NOW) is life.memory
    life.passes(3, 2.0, ordered=True)
    assert life.memory.rest_hours(DISHES, life.now) == pytest.approx(1.45)
    assert life.memory.with_start_now(life.now) is life.memory
    life.passes(100, 0.0, ordered=True)
    assert life.state is LoadState.DONE
    life.memory = life.memory.with_ready(life.now)
    assert life.state is LoadState.PLANNED
    assert life.memory.ready_at == (NOW, life.now)


@pytest.mark.parametrize(
    ("load", "at", "since", "by"),
    [
        (CAR, "2026-11-26 18:03", "2026-11-26 07:00", "2026-11-27 07:00"),
        (DISHES, "2026-11-26 18:03", "2026-11-26 18:03", "2026-11-27 07:00"),
        # Its deadline does not move on without it.
        (DISHES, "2026-11-27 08:00", "2026-11-26 18:03", "2026-11-27 07:00"),
        (FREE, "2026-11-26 18:03", "2026-11-26 18:03", "2026-11-27 18:03"),
    ],
)
def test_energy_counts_once_in_a_period(load: DailyLoad, at: str, since: str, by: str) -> None:
    period = ready(load).memory.period_of(load, local(at))
    assert period == (local(since), local(by))


@pytest.mark.parametrize(
    ("by", "at", "since", "until"),
    [
        # Friday at 6:00 instead of 7:00: the energy of Saturday counts from 6:00 on.
        ("06:00", "2026-11-26 20:00", "2026-11-26 07:00", "2026-11-27 06:00"),
        ("06:00", "2026-11-27 06:30", "2026-11-27 06:00", "2026-11-28 09:30"),
        ("06:00", "2026-11-27 07:30", "2026-11-27 06:00", "2026-11-28 09:30"),
        ("06:00", "2026-11-28 09:30", "2026-11-28 09:30", "2026-11-29 09:30"),
        # At 10:00: the deadline of 7:00 passes.
        ("10:00", "2026-11-27 08:00", "2026-11-26 07:00", "2026-11-27 10:00"),
        ("10:00", "2026-11-27 10:00", "2026-11-27 10:00", "2026-11-28 09:30"),
        ("10:00", "2026-11-28 10:00", "2026-11-28 09:30", "2026-11-29 09:30"),
        # A time of today that has passed is tomorrow's.
        ("18:03", "2026-11-26 20:00", "2026-11-26 07:00", "2026-11-27 18:03"),
        ("18:04", "2026-11-26 18:03:30", "2026-11-26 07:00", "2026-11-26 18:04"),
    ],
)
def test_a_deadline_for_once_replaces_the_next_one(
    by: str, at: str, since: str, until: str
) -> None:
    memory = ready(CAR).memory.with_deadline(CAR, NOW, time.fromisoformat(by))
    assert memory.period_of(CAR, local(at)) == (local(since), local(until))
    # Changed again, and taken back.
    again = memory.with_deadline(CAR, NOW + MINUTE / 4, time(23))
    assert again.period_of(CAR, NOW + MINUTE) == (
        local("2026-11-26 07:00"),
        local("2026-11-26 23:00"),
    )
    back = again.with_deadline(CAR, NOW + MINUTE / 4, None)
    assert back.period_of(CAR, NOW + MINUTE).by == local("2026-11-27 07:00")


@pytest.mark.parametrize("load", [CAR, DISHES])
def test_a_skipped_load_needs_nothing_until_its_deadline(load: DailyLoad) -> None:
    memory = ready(load).memory.with_start_now(NOW).with_skip(load, NOW)
    assert (memory.announced_start, memory.is_started_now) == (None, False)
    assert memory.state(load, local("2026-11-27 06:59")) is LoadState.SKIPPED
    after = local("2026-11-27 07:00")
    assert memory.state(load, after) is LoadState.PLANNED
    assert memory.period_of(load, after) == (after, load.deadline(after))


@pytest.mark.parametrize(
    ("by", "now", "until"),
    [
        ("07:00", "2026-11-26 18:03", "2026-11-27 07:00"),
        ("19:00", "2026-11-26 18:03", "2026-11-27 18:03"),
        ("19:04", "2026-11-26 18:03", "2026-11-26 19:04"),
    ],
)
def test_a_skip_lasts_until_a_deadline_at_least_an_hour_away(by: str, now: str, until: str) -> None:
    load, at = CAR._replace(by_workdays=time.fromisoformat(by)), local(now)
    record = ready(load).memory.with_skip(load, at)
    # A nearer deadline or a car that comes later does not end the skip.
    for is_there in (False, True):
        record = record.with_presence(at + MINUTE, is_there=is_there)
    for minutes in (1, 59, 60):
        record = record.noted(load, min(at + minutes * MINUTE, local(until)), Noted(0.0, False))  # noqa: FBT003
    assert record.skipped_until(load, local(until) - MINUTE) == local(until)
    assert record.skipped_until(load, local(until)) is None


def test_a_new_deadline_ends_a_skip() -> None:
    late = CAR._replace(by_workdays=time(19))
    record = ready(late).memory.with_skip(late, NOW)
    assert record.state(late, NOW) is LoadState.SKIPPED
    changed = late._replace(by_workdays=time(7))
    assert record.state(changed, NOW) is LoadState.PLANNED
    for by in (time(23), None):
        assert record.with_deadline(late, NOW, by).state(late, NOW) is LoadState.PLANNED
    # A deadline for once counts as well.
    once = record.with_deadline(late, NOW, time(23)).with_skip(late, NOW)
    assert once.skipped_until(late, NOW) == local("2026-11-26 23:00")


def test_a_second_try_is_a_state() -> None:
    life = ready(DISHES)
    life.passes(5.5, 0.0, ordered=True)
    assert life.state is LoadState.TRIES_AGAIN
    life.passes(5.5, 1.0, ordered=True)
    assert life.state is LoadState.RUNNING


def test_start_now_says_that_it_is_ready_and_tries_anew() -> None:
    life = Life(DISHES)
    life.memory = life.memory.with_start_now(NOW)
    assert (life.state, life.memory.ready_at) == (LoadState.PLANNED, (NOW,))
    assert life.memory.announced_start == local("2026-11-26 18:00")
    assert life.memory.with_start_now(NOW + MINUTE) is life.memory
    for ordered in (True, False, True):
        life.passes(5.5, 0.0, ordered=ordered)
    assert life.state is LoadState.DID_NOT_START
    life.memory = life.memory.with_start_now(life.now)
    assert life.state is LoadState.PLANNED


def test_the_state_is_bounded() -> None:
    memory = LoadRecord()
    for n in range(300):
        memory = memory.with_presence(NOW + n * MINUTE, is_there=n % 2 == 0)
    assert len(memory.ready_at) == MAX_READY_TIMES
    assert loaded(LoadRecord, through_json(dump(memory))) == memory
    late = LoadRecord().with_presence(NOW + 400 * MINUTE, is_there=True)
    assert late.after(memory).ready_at == (*memory.ready_at[1:], NOW + 400 * MINUTE)
