"""Log of the grid operator's limits, as the householder shows it to the operator."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.plan.operator_limit import MAX_LIMITS, LimitLog, LimitLook, joined, kept, logged
from smartyp1.stored_json import dump, load

NOW = datetime(2026, 6, 16, 18, tzinfo=UTC)
LIMITED = LimitLook("Car", 4.2, 11.0, is_limited=True, counts=True)
FREE = LimitLook("Car", 4.2, 11.0, is_limited=False, counts=False, free_since=NOW)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def after(*looks: tuple[float, LimitLook | None], log: LimitLog = ()) -> LimitLog:
    """Return the log after looks at some seconds. None: the load is removed."""
    for seconds, look in looks:
        log = logged(log, {"car": look} if look else {}, at(seconds))
    return log


def test_a_limit_has_its_times_and_powers() -> None:
    obeys = LIMITED._replace(kw=4.3)
    bounces = LIMITED._replace(kw=4.1, is_limited=False, free_since=at(3600))
    log = after(
        (-9, FREE),
        (0, LIMITED),
        (5, LIMITED._replace(kw=None)),
        (9, LIMITED._replace(kw=4.6)),
        (12, obeys),
        # The log also shows a peak above the limit while the limit lasts.
        (600, LIMITED._replace(kw=5.0)),
        (900, LIMITED._replace(kw=0.0)),
        (3600, bounces),
        (3610, LIMITED._replace(kw=0.0)),
        (3660, bounces),
        (3780, FREE._replace(free_since=at(3660))),
        (7200, FREE._replace(free_since=at(3660))),
    )
    [limit] = log
    assert (limit.load, limit.begin, limit.end) == ("Car", at(0), at(3660))
    assert (limit.kw_before, limit.kw_after, limit.obeyed_after) == (11.0, 5.0, 12.0)


@pytest.mark.parametrize(
    ("limit_kw", "kw", "is_obeyed"),
    [(0.0, 0.05, True), (0.0, 0.2, False), (4.2, 4.5, True), (4.2, 4.6, False), (4.2, None, False)],
)
def test_a_load_obeys_within_the_limit(
    limit_kw: float, kw: float | None, *, is_obeyed: bool
) -> None:
    look = LIMITED._replace(limit_kw=limit_kw)
    [limit] = after((0, look), (30, look._replace(kw=kw)))
    assert (limit.obeyed_after == 30) is is_obeyed


def test_a_load_without_power_obeys_at_once() -> None:
    [limit] = after((0, LIMITED._replace(kw=0.0)))
    assert (limit.kw_before, limit.kw_after, limit.obeyed_after) == (0.0, 0.0, 0.0)


def test_a_state_that_is_unknown_begins_and_ends_no_limit() -> None:
    unknown = LIMITED._replace(is_limited=False)
    assert after((0, unknown)) == ()
    [limit] = after((0, LIMITED), (60, unknown), (4000, unknown))
    assert limit.end is None


def test_the_limit_of_a_removed_load_ends() -> None:
    [limit] = after((0, LIMITED), (60, None))
    assert limit.end == at(60)


def test_an_open_limit_goes_on_after_a_restart() -> None:
    log = load(LimitLog.__value__, dump(after((0, LIMITED))))
    [limit] = after((90, LIMITED._replace(kw=4.0)), log=log)
    assert (limit.begin, limit.obeyed_after) == (NOW, 90.0)
    # The file is read after new limits were logged.
    newer = after((80, LIMITED))
    assert joined(log, newer) == log
    other = after((-60, LIMITED), (-30, FREE._replace(free_since=at(-30))))
    assert joined(other, newer) == (*other, *newer)


def test_a_look_that_finds_nothing_new_returns_the_same_log() -> None:
    log = after((0, LIMITED), (9, LIMITED._replace(kw=4.0)))
    assert after((20, LIMITED._replace(kw=4.0)), (30, LIMITED._replace(kw=3.0)), log=log) is log


def test_a_relay_without_rest_fills_no_disk() -> None:
    log: LimitLog = ()
    for minute in range(1000):
        log = logged(log, {str(minute): LIMITED}, NOW + timedelta(minutes=minute))
    assert len(log) == MAX_LIMITS
    assert log[-1].begin == NOW + timedelta(minutes=999)
    assert len(load(LimitLog.__value__, dump(log))) == MAX_LIMITS


def test_a_limit_is_kept_for_a_year() -> None:
    log = after((0, LIMITED))
    assert kept(log, NOW + timedelta(days=365)) == log
    assert not kept(log, NOW + timedelta(days=367))
    year_later = logged(log, {"boiler": LIMITED}, NOW + timedelta(days=367))
    assert [limit.load_id for limit in year_later] == ["boiler"]
