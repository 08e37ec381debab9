"""A remaining consumption of 0 without sharing is not believed; a day counts when it is whole."""

from smartyp1.leneda import (
    LenedaRow,
    quarter_hours_of,
    sharing_of,
    whole_days,
    without_false_zeros,
)
from tests.lib.leneda.writing import quarters

IMPORTED, REMAINING, LAYER_2 = "1-1:1.29.0", "1-65:1.29.9", "1-65:1.29.3"
FIRST, SECOND = "2026-11-19T00:00:00+01:00", "2026-11-20T00:00:00+01:00"


def rows(start: str, count: int, *powers: float) -> tuple[LenedaRow, ...]:
    """Return quarter-hours whose powers follow each other again and again."""
    times = quarters(start, count)
    return tuple(
        LenedaRow(time, powers[n % len(powers)], is_measured=True) for n, time in enumerate(times)
    )


def test_zeros_without_sharing_are_left_out() -> None:
    platform = {IMPORTED: rows(FIRST, 192, 0.4), REMAINING: rows(FIRST, 192, 0.0)}
    # All would be shared energy otherwise, of which the supplier bills nothing.
    assert len(sharing_of(platform)) == 192
    believed = without_false_zeros(platform)
    assert believed == {IMPORTED: platform[IMPORTED], REMAINING: ()}
    assert not sharing_of(believed)
    # Without the total, nothing is known of these days.
    assert not quarter_hours_of(without_false_zeros({REMAINING: platform[REMAINING]}))


def test_zeros_that_sharing_explains_are_kept() -> None:
    by_layer = {REMAINING: rows(FIRST, 96, 0.0), LAYER_2: rows(FIRST, 96, 0.0, 0.4)}
    assert without_false_zeros(by_layer) == by_layer
    # A hidden layer covers every second quarter-hour.
    hidden = {IMPORTED: rows(FIRST, 96, 0.4), REMAINING: rows(FIRST, 96, 0.0, 0.4)}
    assert without_false_zeros(hidden) == hidden


def test_only_the_day_that_is_explained_is_kept() -> None:
    zeros, layer = rows(FIRST, 192, 0.0), rows(SECOND, 96, 0.4)
    believed = without_false_zeros({REMAINING: zeros, LAYER_2: layer})
    assert believed[REMAINING] == zeros[96:]


def test_the_rows_end_with_the_last_whole_day() -> None:
    day = rows(FIRST, 96, 0.4)
    platform = {IMPORTED: (*day, *rows(SECOND, 95, 0.4)), LAYER_2: rows(FIRST, 192, 0.1)}
    assert whole_days(platform) == {IMPORTED: day, LAYER_2: rows(FIRST, 96, 0.1)}
    assert whole_days({IMPORTED: day[:50]}) == {IMPORTED: day[:50]}
    assert whole_days({}) == {}
