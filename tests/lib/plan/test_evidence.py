"""When a load that was ordered on, and shows no power, did not start or is full."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.plan.evidence import Evidence

START = datetime(2026, 6, 16, 20, tzinfo=UTC)


def tried(
    minutes: int,
    every: int,
    power: Callable[[int], bool],
    evidence: Evidence | None = None,
    start: datetime = START,
) -> tuple[Evidence, list[int]]:
    """Return the evidence of a load that is on, and the minutes of its tries.

    Its sensor reports in every `every`th minute, also without a change.
    """
    evidence, tries = evidence or Evidence(), []
    for half in range(2 * minutes):
        minute = half // 2
        reported = start + timedelta(minutes=minute // every * every - (every > 1))
        before = evidence.tries
        evidence = evidence.seen(
            start + timedelta(minutes=half / 2),
            reported,
            is_on=True,
            has_power=power((minute // every * every) - 1),
        )
        tries += [minute] if evidence.tries > before else []
    return evidence, tries


def test_tries_go_on_after_10_20_and_then_each_40_minutes() -> None:
    evidence, tries = tried(160, 1, lambda _: False)
    assert tries == [5, 15, 35, 75, 115, 155]
    assert evidence.is_full(START + timedelta(minutes=75))


def test_a_car_that_wakes_after_six_minutes_began() -> None:
    evidence, tries = tried(30, 1, lambda minute: minute >= 6)
    assert tries == [5]
    assert evidence.tries == 0


@pytest.mark.parametrize("every", [10, 11])
def test_a_report_from_before_the_order_is_no_evidence(every: int) -> None:
    # The first night: the pause between reports is learned while it charges.
    evidence, _ = tried(60, every, lambda minute: minute >= 0)
    assert evidence.tries == 0
    evidence = evidence.seen(START + timedelta(hours=1), None, is_on=False, has_power=False)
    _, tries = tried(60, every, lambda minute: minute >= 0, evidence, START + timedelta(hours=9))
    assert tries == []
    # A load that takes nothing is found nevertheless, once a report is young enough.
    _, tries = tried(60, every, lambda _: False, evidence, START + timedelta(hours=9))
    assert tries[0] in range(every, 2 * every + 2)


def test_a_report_counts_once_it_is_younger_than_the_order_by_the_usual_pause() -> None:
    evidence = Evidence(pause=timedelta(minutes=10))
    evidence = evidence.seen(START, None, is_on=True, has_power=False)
    for minutes, tries in ((9, 0), (11, 1)):
        now = START + timedelta(minutes=minutes)
        evidence = evidence.seen(now, now, is_on=True, has_power=False)
        assert evidence.tries == tries


def test_a_box_that_pauses_for_half_an_hour_is_not_full() -> None:
    evidence, _ = tried(20, 1, lambda _: True)
    later = START + timedelta(minutes=20)
    evidence, tries = tried(30, 1, lambda _: False, evidence, later)
    assert tries == [5, 15]
    assert not evidence.is_full(later + timedelta(minutes=30))
    later += timedelta(minutes=30)
    evidence, _ = tried(5, 1, lambda _: True, evidence, later)
    assert evidence.tries == 0


def test_a_car_that_is_on_again_after_hours_is_not_full_at_once() -> None:
    evidence, tries = tried(20, 1, lambda _: False)
    assert tries == [5, 15]
    off = START + timedelta(minutes=20)
    evidence = evidence.seen(off, off, is_on=False, has_power=False)
    again = START + timedelta(hours=6)
    evidence = evidence.seen(again, again, is_on=True, has_power=False)
    assert not evidence.is_full(again)
    assert evidence.is_full(again + timedelta(minutes=6))


def test_the_pause_is_fifteen_minutes_at_most_and_not_learned_while_off() -> None:
    evidence, _ = tried(200, 60, lambda _: True)
    assert evidence.pause == timedelta(minutes=15)
    off = Evidence()
    for hour in range(3):
        at = START + timedelta(hours=hour)
        off = off.seen(at, at, is_on=False, has_power=False)
    assert off.pause == timedelta()


def test_an_unknown_power_is_no_evidence() -> None:
    evidence = Evidence()
    for minute in range(60):
        at = START + timedelta(minutes=minute)
        evidence = evidence.seen(at, at, is_on=True, has_power=None)
    assert evidence.tries == 0
