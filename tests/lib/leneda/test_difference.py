"""Own days against the platform's, and the likeliest cause of a difference."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from dev.testing.times import utc
from smartyp1.history.quarter_hour import QuarterHour
from smartyp1.leneda.day_differences import Cause, Differences, compare_days
from smartyp1.leneda.measured_and_estimated_rows import LenedaRow
from smartyp1.problem import Problem

QUARTER_HOUR = timedelta(minutes=15)
# 29 March and 25 October of 2026 have 92 and 100.
SPRING = utc("2026-03-27 23:00"), (96, 92, 96)
AUTUMN = utc("2026-10-23 22:00"), (96, 100, 96)


def kw_at(n: int) -> float:
    """Return a household's power, which is another one each day and hour."""
    return round(0.3 + n * 37 % 101 / 40 + (n // 96) * 0.4, 3)


def own(start: datetime, count: int, exported_kwh: float | None = None) -> list[QuarterHour]:
    return [QuarterHour(start + n * QUARTER_HOUR, kw_at(n), exported_kwh) for n in range(count)]


def rows(start: datetime, count: int, kw: Callable[[int], float] = kw_at) -> list[LenedaRow]:
    return [LenedaRow(start + n * QUARTER_HOUR, kw(n), is_measured=True) for n in range(count)]


@pytest.mark.parametrize(("start", "counts"), [SPRING, AUTUMN])
def test_whole_days_of_luxembourg(start: datetime, counts: tuple[int, ...]) -> None:
    count = sum(counts)
    found = compare_days(own(start, count), rows(start, count))
    midnights = [start + sum(counts[:n]) * QUARTER_HOUR for n in range(3)]
    assert [day.start for day in found.days] == midnights
    assert [day.is_within for day in found.days] == [True] * 3
    assert found.days[0].own_wh == pytest.approx(sum(map(kw_at, range(96))) * 250)
    assert found.cause is None


def test_days_that_are_not_known_whole_are_not_compared() -> None:
    start, _ = AUTUMN
    mine, theirs = own(start, 292), rows(start, 292)
    assert len(compare_days(mine[1:], theirs).days) == 2
    assert len(compare_days(mine[:-1], theirs).days) == 2
    assert len(compare_days(mine, [*theirs[:100], *theirs[101:]]).days) == 2
    theirs[5] = theirs[5]._replace(is_measured=False)
    assert len(compare_days(mine, theirs).days) == 2
    assert compare_days([], theirs) == compare_days(mine, []) == Differences((), None, 0)


def test_the_tolerance_is_50_wh_or_a_thousandth() -> None:
    start = utc("2026-06-09 22:00")
    for kw, own_wh, off_wh in ((0.5, 12_000, 50), (4.0, 96_000, 96)):
        mine = [QuarterHour(start + n * QUARTER_HOUR, kw) for n in range(96)]
        for more, is_within in ((0, True), (0.99, True), (1.01, False), (-0.99, True)):
            theirs = [LenedaRow(each.start, kw, is_measured=True) for each in mine]
            theirs[7] = theirs[7]._replace(kw=kw + off_wh * more / 250)
            [day] = compare_days(mine, theirs).days
            assert day.own_wh == own_wh
            assert day.is_within is is_within, (kw, more)


def compared(kw: Callable[[int], float], exported_kwh: float | None = None) -> Differences:
    start, counts = AUTUMN
    return compare_days(own(start, sum(counts), exported_kwh), rows(start, sum(counts), kw))


def test_the_causes() -> None:
    assert compared(lambda n: kw_at(n) * 4).cause is Problem.LENEDA_FACTOR_FOUR
    assert compared(lambda n: kw_at(n) / 4).cause is Problem.LENEDA_FACTOR_FOUR
    assert compared(lambda n: kw_at(n + 4)).cause is Problem.LENEDA_SHIFTED_HOUR
    assert compared(lambda n: kw_at(n - 4)).cause is Problem.LENEDA_SHIFTED_HOUR
    assert compared(lambda n: kw_at(n + 1)).cause is not Problem.LENEDA_SHIFTED_HOUR
    assert compared(lambda _: 1.0, 0.25).cause is Problem.LENEDA_PRODUCTION
    assert compared(lambda _: 1.0, None).cause is Problem.LENEDA_OTHER_POINT
    assert compared(lambda n: kw_at(n * 7 + 3) + 1).cause is Problem.LENEDA_OTHER_POINT
    assert compared(lambda _: 0.0).cause is Problem.LENEDA_OTHER_POINT


def test_only_the_days_that_show_the_cause_are_counted() -> None:
    start = utc("2026-06-09 22:00")

    def counted(*kws: float) -> tuple[int, Cause | None, int]:
        # Each day draws 1 kW and feeds 0.5 kW in.
        mine = [QuarterHour(start + n * QUARTER_HOUR, 1.0, 0.125) for n in range(len(kws) * 96)]
        found = compare_days(mine, rows(start, len(mine), lambda n: kws[n // 96]))
        return len(found.days), found.cause, found.cause_days

    assert counted(1.0, 1.0, 0.5, 0.5, 0.5, 0.8) == (6, Problem.LENEDA_PRODUCTION, 3)
    assert counted(1.0, 4.0, 0.8, 4.0) == (4, Problem.LENEDA_FACTOR_FOUR, 2)
    assert counted(1.0, 0.8, 0.7, 0.5) == (4, Problem.LENEDA_OTHER_POINT, 3)
    assert counted(1.0, 1.0, 0.5) == (3, None, 0)


@pytest.mark.parametrize(("kw", "other_kw"), [(0.008, 0.002), (0.001, 0.004), (0.0, 0.004)])
def test_the_difference_of_a_house_with_little_draw_has_no_cause(
    kw: float, other_kw: float
) -> None:
    start, counts = AUTUMN
    mine = [QuarterHour(start + n * QUARTER_HOUR, kw, 0.0) for n in range(sum(counts))]
    found = compare_days(mine, rows(start, sum(counts), lambda _: other_kw))
    assert found.cause is (Problem.LENEDA_OTHER_POINT if not found.days[0].is_within else None)


def test_an_hours_shift_that_comes_to_the_same_by_the_day_is_found() -> None:
    start = utc("2026-06-09 22:00")

    def kw(n: int) -> float:
        return 3.0 if n % 96 == 40 else 0.4

    mine = [QuarterHour(start + n * QUARTER_HOUR, kw(n)) for n in range(288)]
    found = compare_days(mine, rows(start, 288, lambda n: kw(n + 4)))
    assert [day.is_within for day in found.days] == [True] * 3
    assert found.cause is Problem.LENEDA_SHIFTED_HOUR
