"""Condition of a source, by sequences of events and their times.

A line is: the events, the second until which no other event follows, and the conditions. Between
two events the machine is looked at when it asks for it, as a timer would. `failing X +` is a repair
of the same name and details.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import inf
from typing import get_args

import pytest
from hypothesis import given, settings, strategies as st

from dev.testing.random_examples import examples
from dev.testing.table import rows
from smartyp1.clock_verdict import ClockVerdict
from smartyp1.failure_detection import (
    LENEDA,
    METER,
    PULSE_ENTITY,
    PULSE_PORT,
    PULSE_TOPIC,
    TANK,
    Condition,
    Details,
    FailureDetection,
    FailureState,
    Obstacle,
    ObstacleWithIssue,
    ReadingProblem,
    Repair,
    Rules,
)
from smartyp1.problem import Problem

OBSTACLES: Mapping[str, Obstacle] = {
    problem.value: problem for problem in (*ReadingProblem, *get_args(ObstacleWithIssue))
}
# Sequences of a meter, from a set-up at second 0.
METERS = [
    *rows("""
# Waiting.
                               | 0     | waiting
                               | 29    | waiting
                               | 30    | failing nothing_received
1 opened                       | 29    | waiting
1 opened                       | 30    | failing nothing_received
1 bytes                        | 30    | failing not_p1
5 lost link_lost               | 29    | waiting
5 lost link_lost               | 30    | failing link_lost
5 lost link_lost, 6 bytes      | 30    | failing not_p1
5 lost port_busy, 7 lost port_busy | 7     | failing port_busy
1 lost port_not_found          | 1     | failing port_not_found
1 lost port_closed, 3 opened   | 29    | waiting
1 lost port_closed, 3 opened, 4 ok | 4     | receiving
2 away gateway_offline         | 2     | failing gateway_offline
2 away mqtt_disconnected       | 2     | failing mqtt_disconnected
2 away mqtt_missing            | 2     | failing mqtt_missing
3 damaged                      | 30    | failing damaged
3 replay                       | 30    | failing replay
3 damaged, 5 replay            | 30    | failing replay
3 no_device_name               | 30    | failing no_device_name
3 wrong_key                    | 29    | waiting
3 wrong_key                    | 30    | failing wrong_key
10 ok                          | 10    | receiving
# Receiving: only the minute decides.
10 ok                          | 69    | receiving
10 ok                          | 70    | failing nothing_received
10 ok, 12 lost link_lost       | 69    | receiving
10 ok, 12 lost link_lost       | 70    | failing link_lost
10 ok, 12 lost port_not_found, 14 lost port_not_found | 69    | receiving
10 ok, 12 lost link_lost, 20 opened | 70    | failing link_lost
10 ok, 12 lost link_lost, 20 opened, 21 bytes | 70    | failing damaged
10 ok, 12 lost link_lost, 60 opened, 65 ok | 70    | receiving
# A meter that was verified in the last day sends here: other bytes are its altered bytes.
10 ok, 20 bytes                | 70    | failing damaged
10 ok, 100 begin, 110 bytes    | 130   | failing damaged
10 late -3600, 100 bytes       | 110   | failing damaged
10 ok, 86409 bytes             | 86409 | failing damaged +no_telegram(damaged)
10 ok, 86410 bytes             | 86410 | failing not_p1 +no_telegram(not_p1)
0 proved 86400, 86399 bytes    | 86399 | failing damaged +no_telegram(damaged)
0 proved 86400, 86400 bytes    | 86400 | failing not_p1 +no_telegram(not_p1)
10 ok, 20 damaged              | 70    | failing damaged
10 ok, 12 away gateway_offline | 12    | failing gateway_offline
10 ok, 12 away mqtt_disconnected | 12    | failing mqtt_disconnected
10 ok, 12 away gateway_offline, 14 ok | 14    | receiving
0..100/10 ok, 5..95/10 damaged | 100   | receiving
0..100/10 ok, 5..95/10 wrong_key | 100   | receiving
0..100/10 ok, 5..95/10 other_meter | 100   | receiving
# Failing, and coming back.
10 ok, 100 ok                  | 99    | failing nothing_received
10 ok, 100 ok                  | 100   | receiving
10 ok, 100 lost port_not_found | 100   | failing port_not_found
10 ok, 72 lost port_not_found  | 79    | failing nothing_received
10 ok, 72 lost port_not_found  | 80    | failing port_not_found
20 away gateway_offline, 40 back | 39    | failing gateway_offline
20 away gateway_offline, 40 back | 40    | failing nothing_received
30 bytes, 31 back              | 40    | failing not_p1
30 away gateway_offline, 40 bytes | 50    | failing not_p1
30 away gateway_offline, 40 away gateway_offline | 50    | failing gateway_offline
# Keys.
0..29/10 wrong_key             | 40    | failing wrong_key
0..30/10 wrong_key             | 30    | failing wrong_key
0..40/10 wrong_key             | 40    | failing wrong_key +wrong_key(wrong_key)
0..4/1 wrong_key               | 29    | waiting
0..4/1 wrong_key               | 63    | failing wrong_key
0..4/1 wrong_key, 30 wrong_key | 39    | failing wrong_key
0..4/1 wrong_key, 30 wrong_key | 40    | failing wrong_key +wrong_key(wrong_key)
0..4/1 wrong_key, 20 ok, 40 wrong_key | 40    | receiving
0 other_authentication_key, 1..40/10 wrong_key | 39    | failing other_authentication_key
0 other_authentication_key, 1..51/10 wrong_key | 61 | \
    failing other_authentication_key +wrong_key(other_authentication_key)
10 ok, 15..55/10 wrong_key     | 54    | receiving
10 ok, 15..55/10 wrong_key     | 55    | failing wrong_key +wrong_key(wrong_key)
0..40/10 wrong_key, 45 ok      | 45    | receiving
0..40/10 wrong_key, 45 begin   | 45    | waiting +wrong_key(wrong_key)
0..40/10 wrong_key, 45 begin, 50 ok | 50    | receiving
0..40/10 wrong_key, 41 lost link_lost | 50    | failing link_lost +wrong_key(wrong_key)
0..40/10 wrong_key, 41 damaged | 60    | failing wrong_key +wrong_key(wrong_key)
0..40/10 wrong_key             | 900   | failing nothing_received +wrong_key(wrong_key)
# A port that was silent from the begin on has not fallen silent.
30 lost port_silent            | 40    | failing nothing_received
1 bytes, 31 lost port_silent   | 40    | failing port_silent
1 bytes, 20 begin, 50 lost port_silent | 60    | failing nothing_received
# Old failures say nothing about the present.
0 wrong_key, 10..50/10 replay  | 50    | failing wrong_key
0 wrong_key, 10..90/10 replay  | 90    | failing replay
0..3/1 wrong_key, 90 wrong_key | 110   | failing wrong_key
0 wrong_key, 5..95/10 other_meter_unreadable | 100   | failing other_meter_unreadable
0 wrong_key, 5..105/10 other_meter_unreadable | 110   | failing other_meter_unreadable +
0 wrong_key, 50 bytes          | 109   | failing wrong_key
3 wrong_key, 20 away gateway_offline | 300   | failing gateway_offline
# Encryption that came or went.
0..40/10 security_off          | 40    | failing security_off +
0..40/10 key_missing           | 40    | failing key_missing +security_on
10 ok, 15..55/10 security_off  | 55    | failing security_off +
0..40/10 security_off, 45 ok   | 45    | receiving
# Another meter.
0..40/10 other_meter           | 40    | failing other_meter(SAG2) +
0..40/10 other_meter_unreadable | 40    | failing other_meter_unreadable +
0..50/10 other_meter_unreadable, 25 wrong_key | 60    | failing wrong_key
0..40/10 other_meter_unreadable, 45..49/1 wrong_key | 60 | failing wrong_key +wrong_key(wrong_key)
0..40/10 other_meter_unreadable, 41..45/1 other_meter | 60    | failing other_meter(SAG2) +
0..40/10 other_meter, 41..45/1 other_meter_unreadable | 60    | failing other_meter_unreadable +
0..40/10 other_meter, 45 ok    | 45    | receiving
0..90/10 no_device_name        | 90    | failing no_device_name
0..40/10 wrong_key, 45 no_device_name | 60    | failing no_device_name +wrong_key(wrong_key)
# Telegrams from long ago.
5 late -3600                   | 5     | failing telegrams_late(-3600)
10 ok, 20 late -3600           | 20    | failing telegrams_late(-3600)
0..100/50 late -3600           | 100   | failing telegrams_late(-3600)
0..100/50 late -3600, 120 late -3480 | 130   | failing telegrams_late(-3480) +
0..100/50 late -3600, 119 late -3481 | 130   | failing telegrams_late(-3481)
0 late -3600, 50 late -2000    | 60    | failing catching_up(-2000)
0 late -3600, 50 late -3500    | 60    | failing catching_up(-3500)
0 late -3600, 50 late -3550    | 60    | failing telegrams_late(-3550)
0..100/50 late -3600, 120 late -600 | 130   | failing catching_up(-600) +
0..100/50 late -3600, 120 late -600, 140 late -3460 | 150   | failing telegrams_late(-3460) +
0..100/50 late -3600, 120 late -600, 130 ok | 130   | receiving
# A minute without a late telegram.
0..120/10 late -3600           | 179   | failing telegrams_late(-3600) +
0..120/10 late -3600           | 180   | failing nothing_received
0..120/10 late -3600           | 420   | failing nothing_received +no_telegram(nothing_received)
0..120/10 late -3600, 130..190/10 replay | 190   | failing replay
0..120/10 late -3600, 125 begin | 126   | waiting
0..120/10 late -3600, 130 away gateway_offline | 190   | failing gateway_offline
0..50/10 late -3600, 9000 late -600, 9010 late -10 | 9020  | failing catching_up(-10)
0..40/10 wrong_key, 45 late -3600 | 55    | failing telegrams_late(-3600)
0 late -3600, 10 ok, 100 late -3600, 110 late -3590 | 120   | failing telegrams_late(-3590)
# The clock.
0..130/10 ok, 0..130/10 clock_missing | 50    | receiving
0..130/10 ok, 0..130/10 clock_missing | 60    | receiving +clock_unreadable
0..130/10 ok, 0..130/10 clock_missing, 65 clock_read | 120   | receiving
0..130/10 ok, 0..130/10 clock_missing, 65 clock_read | 130   | receiving +clock_unreadable
0..130/10 ok, 0..130/10 clock_missing, 55 begin | 110   | receiving
0..70/10 ok, 0 clock 600, 0..70/10 clock_missing | 70    | receiving +clock_unreadable
0..100/50 late_at_a_cable -9000, 130 late_at_a_cable -3600 | 130   | failing telegrams_late(-3600) +
10 ok, 10 clock 301            | 10    | receiving +meter_clock(5)
10 ok, 10 clock -420           | 10    | receiving +meter_clock(7)
10 ok, 10 clock 300            | 10    | receiving
10 ok, 10 clock 600, 20 ok, 20 clock 260 | 20    | receiving +meter_clock(10)
10 ok, 10 clock 600, 20 ok, 20 clock 240 | 20    | receiving
10 ok, 10 clock 600            | 100   | failing nothing_received +meter_clock(10)
# Five minutes without a reading.
                               | 329   | failing nothing_received
                               | 330   | failing nothing_received +no_telegram(nothing_received)
10 ok                          | 369   | failing nothing_received
10 ok                          | 370   | failing nothing_received +no_telegram(nothing_received)
10 ok, 400 ok                  | 400   | receiving
10 ok, 400 lost link_lost      | 420   | failing link_lost +no_telegram(link_lost)
1 lost port_not_found, 100 begin | 101   | waiting
1 lost port_not_found, 100 begin | 400   | failing nothing_received
10 ok, 400..440/10 wrong_key   | 450   | failing wrong_key +wrong_key(wrong_key)
# A single telegram in sixteen gets through: a poor line, shown once, until it is good or lost.
0..4000/160 ok, 5..4000/160 lost link_lost | 4000  | unsteady poor_line (shown) +poor_line
0..330/160 ok, 480..2000/10 ok | 1379  | unsteady poor_line (shown) +poor_line
0..330/160 ok, 480..2000/10 ok | 1380  | receiving
0..330/160 ok                  | 3979  | unsteady poor_line +
0..330/160 ok                  | 3980  | failing nothing_received +no_telegram(nothing_received)
0..330/160 ok, 400 begin       | 401   | waiting
0..8000/1900 ok                | 7700  | failing nothing_received
# Another port or other keys.
10 ok, 20 begin                | 69    | waiting (shown)
10 ok, 20 begin                | 70    | failing nothing_received
10 ok, 60 begin                | 89    | waiting
10 ok, 60 begin                | 90    | failing nothing_received
10 ok, 20 begin, 25 ok         | 25    | receiving
100 begin                      | 129   | waiting
100 begin, 110 lost link_lost  | 129   | waiting
    """),
    *(
        (f"10 ok, 15 {problem}", until, f"failing {shown}")
        for problem in ("bytes", "damaged", "replay", "wrong_key", "no_device_name", "late -3600")
        for until, shown in (
            ("85", "nothing_received"),
            ("370", "nothing_received +no_telegram(nothing_received)"),
        )
        if (problem, until) != ("late -3600", "370")
    ),
    *(
        (f"0..4000/160 ok, {between}", until, expected)
        for between in ("5..4000/10 damaged", "5..4000/10 bytes", "0 back")
        for until, expected in rows("""
            325  | receiving
            400  | unsteady poor_line +
            480  | unsteady poor_line (shown) +poor_line
            600  | unsteady poor_line +
            4000 | unsteady poor_line (shown) +poor_line
        """)
    ),
]
SOURCES = {
    "tank": TANK,
    "Leneda": LENEDA,
    "pulse port": PULSE_PORT,
    "pulse entity": PULSE_ENTITY,
    "pulse topic": PULSE_TOPIC,
}
OTHERS = rows("""
tank         |                              | 30    | failing sensor_silent
tank         | 3 bytes                      | 30    | failing not_sonar
tank         | 3 ok                         | 62    | receiving
tank         | 3 ok                         | 63    | failing sensor_silent
Leneda       |                              | 30    | failing leneda_awaited
Leneda       | 1 opened                     | 90000 | receiving
pulse port   |                              | 30    | failing no_pulse
pulse port   | 2 opened                     | 2     | receiving
pulse port   | 2 opened                     | 90000 | receiving
pulse port   | 2 opened, 100 lost link_lost | 129   | receiving
pulse port   | 2 opened, 100 lost link_lost | 130   | failing link_lost
pulse port   | 2 opened, 100 lost link_lost, 120 lost link_lost | 130   | failing link_lost
pulse port   | 2 opened, 100 lost port_silent, 101 opened | 500   | receiving
pulse port   | 2 opened, 100 lost link_lost, 200 opened | 204   | failing link_lost
pulse port   | 2 opened, 100 lost link_lost, 200 opened | 205   | receiving
# A gateway that serves another client opens the port and closes it again, for hours.
pulse port | 1..9000/60 opened, 2..9000/60 lost port_busy | 9000 | \
    failing port_busy +no_telegram(port_busy)
pulse port | 2 opened, 100..900/20 lost port_busy, 118..900/20 opened | 899 | \
    failing port_busy +no_telegram(port_busy)
pulse entity | 1 opened                     | 90000 | receiving
pulse topic  | 1 opened                     | 90000 | receiving
pulse topic  | 1 opened, 50 lost broker_unavailable | 50    | failing broker_unavailable
pulse entity | 1 opened, 50 lost entity_unavailable | 50    | failing entity_unavailable
pulse entity | 1 opened, 50 lost entity_unavailable, 60 opened, 70 lost entity_unavailable | \
    70 | failing entity_unavailable
""")


_WITHOUT_BYTES = {
    *("", "begin", "opened", "back", "lost", "away"),
    *("clock", "clock_missing", "clock_read", "proved"),
}


def events_of(text: str) -> list[tuple[float, str, str]]:
    """Return the events, by the time: `5 lost link_lost`, `0..40/10 wrong_key` for five."""
    found = []
    for part in filter(None, text.split(", ")):
        when, name, *more = part.split()
        first, _, rest = when.partition("..")
        last, _, step = rest.partition("/")
        time = float(first)
        while time <= float(last or first):
            found.append((time, name, " ".join(more)))
            time += float(step or inf)
    return sorted(found, key=lambda event: event[0])


def apply(health: FailureDetection, now: float, name: str, more: str) -> None:
    """Apply an event to the machine."""
    match name:
        case "begin" | "opened":
            getattr(health, name)(now)
        case "back":
            health.back()
        case "ok":
            health.accepted(now)
        case "proved":
            health.prove(float(more))
        case "lost":
            health.lost(now, ReadingProblem(more))
        case "away":
            health.away(now, ReadingProblem(more))
        case "late" | "late_at_a_cable":
            is_topic = name == "late"
            health.accepted_late(now, float(more), (("since", more),), may_catch_up=is_topic)
        case "clock" | "clock_missing" | "clock_read":
            deviation = None if name == "clock_missing" else timedelta(seconds=float(more or 600))
            verdict = ClockVerdict(deviation, may_be_late=name == "clock_read")
            health.clock_judged(now, verdict)
        case "other_meter":
            health.rejected(now, Problem.OTHER_METER, (("found", "SAG2"),))
        case _:
            health.rejected(now, OBSTACLES[name])


def run(health: FailureDetection, text: str, until: float) -> Iterator[tuple[float, Condition]]:
    """Yield the condition at each look."""
    health.begin(0)
    now = 0.0
    for time, name, more in [*events_of(text), (until, "", "")]:
        if time > until:
            continue
        yield now, health.condition_at(now)
        while health.deadline <= time:
            now = health.deadline
            yield now, health.condition_at(now)
        now = time
        if name not in _WITHOUT_BYTES:
            health.received(now)
        if name not in {"", "bytes"}:
            apply(health, now, name, more)
    yield now, health.condition_at(now)


def told(condition: Condition) -> str:
    """Return a condition in a line."""

    def with_details(name: str, details: Details) -> str:
        return f"{name}({', '.join(value for _, value in details)})" if details else name

    parts: list[str] = [condition.state]
    if condition.obstacle:
        parts.append(with_details(condition.obstacle, condition.details))
    if condition.has_value is not (condition.state is FailureState.RECEIVING):
        parts.append("(shown)")
    repairs = [with_details(name, more) for name, more in condition.repairs.items()]
    parts += ["+" if repair == parts[-1] else f"+{repair}" for repair in repairs]
    return " ".join(parts)


@pytest.mark.parametrize(("events", "until", "expected"), METERS)
def test_a_meter(events: str, until: str, expected: str) -> None:
    *_, (_, condition) = run(FailureDetection(METER), events, float(until))
    assert told(condition) == expected


@pytest.mark.parametrize(("source", "events", "until", "expected"), OTHERS)
def test_another_source(source: str, events: str, until: str, expected: str) -> None:
    *_, (_, condition) = run(FailureDetection(SOURCES[source]), events, float(until))
    assert told(condition) == expected


def test_existing_repairs_are_taken_over_and_no_other_is_withdrawn() -> None:
    before: Mapping[Repair, Details] = {
        Problem.METER_CLOCK: (("minutes", "9"),),
        Problem.OTHER_METER: (("found", "SAG2"),),
    }
    health = FailureDetection(METER, before)
    assert health.condition_at(0).repairs == before
    health.begin(0)
    health.accepted(1)
    health.clock_judged(1, ClockVerdict(timedelta(seconds=250)))
    assert health.condition_at(1).repairs == {Problem.METER_CLOCK: (("minutes", "9"),)}
    health.clock_judged(2, ClockVerdict(timedelta(seconds=10)))
    assert health.condition_at(2).repairs == {}


def test_losses_are_counted_and_a_repeated_offline_is_none() -> None:
    health = FailureDetection(METER)
    list(run(health, "1 lost link_lost, 5..500/1 away gateway_offline", 600))
    assert health.losses == 2
    list(run(health, "1 ok, 5 away gateway_offline", 600))
    assert health.losses == 3


def test_a_delayed_condition_has_a_deadline() -> None:
    health = FailureDetection(METER)
    list(run(health, "1 lost port_not_found", 5))
    health.lost(6, ReadingProblem.PORT_BUSY)
    assert health.condition_at(6).obstacle is ReadingProblem.PORT_NOT_FOUND
    assert health.deadline == 11
    assert health.condition_at(11).obstacle is ReadingProblem.PORT_BUSY
    assert health.deadline == 301


def test_the_same_object_until_there_is_something_new() -> None:
    health = FailureDetection(METER)
    seen = [condition for _, condition in run(health, "0..900/10 ok, 3..903/10 damaged", 903)]
    assert len({id(each) for each in seen}) == 2  # waiting, receiving


REJECTIONS = (
    "wrong_key other_authentication_key security_off key_missing other_meter"
    " other_meter_unreadable no_device_name damaged replay"
)
EVENTS = st.one_of(
    *map(st.just, ("begin", "opened", "bytes", "back", "ok")),
    st.sampled_from(sorted(ReadingProblem)).map("lost {}".format),
    st.sampled_from(["away gateway_offline", "away mqtt_disconnected"]),
    st.integers(-5000, 0).map("late {}".format),
    st.integers(-900, 900).map("clock {}".format),
    st.sampled_from(REJECTIONS.split()),
)
SEQUENCES = st.lists(st.tuples(st.floats(0, 400), EVENTS), max_size=40)
RULES = st.sampled_from([METER, TANK, PULSE_PORT, PULSE_ENTITY])


def as_text(sequence: list[tuple[float, str]]) -> str:
    """Return events after each other, by the given distances."""
    time, parts = 0.0, []
    for distance, event in sequence:
        time += round(distance, 2)
        parts.append(f"{time:.2f} {event}")
    return ", ".join(parts)


@settings(max_examples=examples(100))
@given(RULES, SEQUENCES)
def test_invariants_of_any_sequence(rules: Rules, sequence: list[tuple[float, str]]) -> None:
    text, health = as_text(sequence), FailureDetection(rules)
    until = sum(distance for distance, _ in sequence) + 1000
    before, told_at = Condition(), -inf
    for now, condition in run(health, text, until):
        # A moment that stays in the past would be a timer that never ends.
        assert health.deadline > now
        if condition is not before:
            if before.state is condition.state is FailureState.FAILING:
                assert now - told_at >= 10 - 1e-6
            before, told_at = condition, now
        is_told = condition.state in {FailureState.FAILING, FailureState.UNSTEADY}
        assert (condition.obstacle is not None) == is_told
        assert (condition.state is FailureState.UNSTEADY) == (
            Problem.POOR_LINE in condition.repairs
        )
        assert not (condition.has_value and condition.state is FailureState.FAILING)
        assert not {Problem.CATCHING_UP, Problem.TELEGRAMS_LATE} <= condition.repairs.keys()
        assert not {Problem.OTHER_METER, Problem.OTHER_METER_UNREADABLE} <= condition.repairs.keys()
    again = [told(condition) for _, condition in run(FailureDetection(rules), text, until)]
    assert again == [told(condition) for _, condition in run(FailureDetection(rules), text, until)]
