"""What a clock noted that was ahead, or behind, delays nothing after it was set right."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from smartyp1.messages.message import HouseholdMessage
from smartyp1.messages.outbox import Outbox, QuietHours, admit
from smartyp1.messages.phase_watch import PhaseState, watch_phases
from smartyp1.messages.voltage_watch import VoltageState, watch_voltage
from smartyp1.plan.commanded import Around, Commanded, EntityKind, EntityReport, Phase, Told
from smartyp1.plan.daily_load import DailyLoad, LoadState
from smartyp1.plan.evidence import Evidence
from smartyp1.plan.limit_guard import RelayState
from smartyp1.plan.load_control import LoadControl, Setting
from smartyp1.plan.load_following import Charger, LoadFollowing, LoadOrder, LoadReadings, followed
from smartyp1.plan.load_record import LoadRecord, Noted, Period
from smartyp1.plan.next_kwh_price import Quarter

NOW = datetime(2026, 11, 30, 1, 5, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
CAR = DailyLoad("Car", 12.0, 11.0, by_workdays=time(7), by_weekend=time(7))
DISHES = CAR._replace(kwh=1.5, max_kw=1.0, hours=1.5)


def entity(kind: EntityKind, at: datetime, value: str = "off") -> Commanded:
    commanded = Commanded("x.load", kind, "off").seen(EntityReport(value), at)
    return replace(commanded, is_judged=True)


def ordered(kind: EntityKind, wish: str, at: datetime) -> Commanded:
    value = "off" if kind is EntityKind.SWITCH else "0.0"
    sent, order = entity(kind, at, value).asked(wish, at, is_safe=False).due(at)
    assert order
    return sent


def is_call_given_up(noted: datetime, now: datetime) -> bool:
    return ordered(EntityKind.SWITCH, "on", noted).due(now)[0].phase is Phase.REFUSED


def is_order_late(noted: datetime, now: datetime) -> bool:
    sent = ordered(EntityKind.SWITCH, "on", noted)
    return replace(sent, phase=Phase.UNCONFIRMED).due(now)[0].phase is Phase.REFUSED


def is_earlier_state_believed(noted: datetime, now: datetime) -> bool:
    return not ordered(EntityKind.SWITCH, "on", noted).is_recent(now)


def is_next_value_sent(noted: datetime, now: datetime) -> bool:
    sent = replace(ordered(EntityKind.FOLLOWED, "2.0", noted), phase=Phase.HELD, held="2.0")
    return sent.asked("1.0", now, is_safe=False).due(now)[1] is not None


def are_orders_left(noted: datetime, now: datetime) -> bool:
    used_up = replace(entity(EntityKind.SWITCH, noted), left=0.0, left_at=noted)
    return used_up.asked("on", now, is_safe=False).due(now)[1] is not None


def is_failure_told(noted: datetime, now: datetime) -> bool:
    failing = replace(entity(EntityKind.SWITCH, noted), tries=3, failed_at=noted)
    return failing.told_now(now) is Told.DOES_NOT_OBEY


def does_loss_begin_anew(noted: datetime, now: datetime) -> bool:
    held = replace(ordered(EntityKind.SWITCH, "on", noted), phase=Phase.HELD, held="on", state="on")
    lost = replace(held, losses=1, lost_at=noted, sent_at=noted)
    return not lost.seen(EntityReport("off"), now, Around(is_needed=True)).is_by_hand


def does_unknown_limit(noted: datetime, now: datetime) -> bool:
    return bool(RelayState(counts=False, silent_since=noted).seen(now, is_limited=None).counts)


def does_free_state_free(noted: datetime, now: datetime) -> bool:
    limited = RelayState(counts=True, free_since=noted)
    return not limited.seen(now, is_limited=False).counts


def does_load_start_without_its_number(noted: datetime, now: datetime) -> bool:
    kinds = {"switch.car": EntityKind.SWITCH, "number.car": EntityKind.NUMBER}
    off = {"switch.car": EntityReport("off")}
    control = LoadControl().used(kinds, noted).reported(off, noted)
    setting = Setting("number.car", 6.0, 2.0)
    control = control.powered(6.0, setting, noted, fits_full=True)
    switch = control.powered(6.0, setting, now, fits_full=True).switch
    return switch is not None and switch.wish == "on"


def is_try_counted(noted: datetime, now: datetime) -> bool:
    evidence = Evidence().seen(noted, noted, is_on=True, has_power=False)
    for minute in range(11):
        at = now + minute * MINUTE
        evidence = evidence.seen(at, at, is_on=True, has_power=False)
    return evidence.tries > 0


def does_run_end(noted: datetime, now: datetime) -> bool:
    record = LoadRecord(is_there=True, ready_at=(noted,), began=noted)
    for minute in range(95):
        record = record.noted(DISHES, now + minute * MINUTE, Noted(0.0, is_ordered=False))
    return record.began is None


def is_start_tried_again(noted: datetime, now: datetime) -> bool:
    record = LoadRecord(is_there=True, ready_at=(noted,), retry_at=noted + 10 * MINUTE)
    waits_until = record.noted(DISHES, now, Noted(0.0, is_ordered=False)).waits_until
    return waits_until is None or waits_until <= now + 15 * MINUTE


def has_skip_ended(noted: datetime, now: datetime) -> bool:
    record = LoadRecord(is_there=True).with_skip(CAR, noted)
    later = now + 2 * DAY
    record = record.noted(CAR, now, Noted(0.0, is_ordered=False))
    return record.state(CAR, later) is not LoadState.SKIPPED


def is_own_deadline_near(noted: datetime, now: datetime) -> bool:
    record = replace(LoadRecord(is_there=True), once=Period(noted, noted + DAY))
    return (
        record.noted(CAR, now, Noted(0.0, is_ordered=False)).period_of(CAR, now).by <= now + 2 * DAY
    )


def may_start(noted: datetime, now: datetime) -> bool:
    off = LoadFollowing(0.0, noted, noted, (noted,))
    seen = LoadReadings(now, now - 5 * MINUTE, now, 0.4, 0.03, 0.0, now, 0.0)
    quarter = Quarter(price=0.2, feed_in=0.05, limit=7 / 4, surcharge=0.15)
    return followed(off, Charger(3.7, 3.7), LoadOrder(0.3, 0.9), quarter, seen).kw > 0


def is_repeated_alarm_sent(noted: datetime, now: datetime) -> bool:
    quiet, flood = QuietHours(time(), time()), HouseholdMessage("water_flood", {"litres": 500.0})
    outbox, _ = admit(Outbox(), [flood], noted, quiet)
    return bool(admit(outbox, [flood], now, quiet)[1])


def is_lost_phase_told(noted: datetime, now: datetime) -> bool:
    return bool(watch_phases(PhaseState(("l1",), {"l1": noted}), now)[1])


def does_voltage_begin_anew(noted: datetime, now: datetime) -> bool:
    state, outside = watch_voltage(VoltageState(), {"l1": 260.0}, noted)[0], {"l1": 260.0}
    return watch_voltage(state, outside, now)[0].since["l1"] == now


# Each question, and the time after which the answer is yes by a right clock.
QUESTIONS: dict[Callable[[datetime, datetime], bool], timedelta] = {
    is_call_given_up: 2 * MINUTE,
    is_order_late: 150 * SECOND,
    is_earlier_state_believed: 10 * MINUTE,
    is_next_value_sent: 5 * SECOND,
    are_orders_left: 15 * MINUTE,
    is_failure_told: 10 * MINUTE,
    does_loss_begin_anew: 30 * MINUTE,
    does_unknown_limit: 15 * MINUTE,
    does_free_state_free: 2 * MINUTE,
    does_load_start_without_its_number: 5 * MINUTE,
    may_start: 301 * SECOND,
    is_repeated_alarm_sent: 60 * MINUTE,
    is_lost_phase_told: 20 * SECOND,
    does_voltage_begin_anew: 2 * MINUTE,
}
# What must not last longer than by a right clock.
WAITS = [is_try_counted, does_run_end, is_start_tried_again, has_skip_ended, is_own_deadline_near]
WRONG = [2 * 60 * MINUTE, 366 * DAY, -366 * DAY]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_a_right_clock_is_waited_for(question: Callable[[datetime, datetime], bool]) -> None:
    pause = QUESTIONS[question]
    assert not question(NOW - pause + SECOND, NOW)
    assert question(NOW - pause, NOW)


@pytest.mark.parametrize("wrong", WRONG, ids=["2 h ahead", "a year ahead", "a year behind"])
@pytest.mark.parametrize("question", [*QUESTIONS, *WAITS], ids=lambda question: question.__name__)
def test_a_clock_that_is_set_right_is_not_waited_for(
    question: Callable[[datetime, datetime], bool], wrong: timedelta
) -> None:
    assert question(NOW + wrong, NOW)
