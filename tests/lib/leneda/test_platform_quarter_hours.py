"""The platform's rows: quarter-hours made of them, zeros that are not believed, and whole days."""

from datetime import UTC, datetime, timedelta

import pytest

from dev.leneda.export_file import CONSUMPTION, PRODUCTION, quarters
from dev.testing.times import utc
from smartyp1.history.quarter_hour import Origin
from smartyp1.leneda.implausible_rows import (
    false_zeros,
    last_days_of,
    whole_days,
    without_false_zeros,
)
from smartyp1.leneda.measured_and_estimated_rows import (
    LenedaRow,
    added_up,
    quarter_hours_of,
    sharing_of,
)

START = utc("2026-11-18 23:00")


def row(n: int, kw: float, *, is_measured: bool = True) -> LenedaRow:
    return LenedaRow(START + n * timedelta(minutes=15), kw, is_measured)


def test_a_value_that_is_estimated_makes_a_quarter_hour_estimated() -> None:
    found = quarter_hours_of(
        {
            CONSUMPTION: [row(0, 8.0), row(1, 9.0), row(2, 8.0, is_measured=False), row(4, 2.0)],
            PRODUCTION: [row(0, 2.0), row(1, 4.0), row(4, 1.0, is_measured=False), row(5, 3.0)],
            "1-1:3.29.0": [row(0, 0.4)],
            # Covered energy is no total.
            "1-65:1.29.4": [row(6, 1.0)],
        },
    )
    assert [(each[:5], each.origin) for each in found] == [
        ((START, 8.0, 0.5, 0.1, None), Origin.LENEDA),
        ((row(1, 0).start, 9.0, 1.0, None, None), Origin.LENEDA),
        ((row(2, 0).start, 8.0, None, None, None), Origin.LENEDA_ESTIMATED),
        ((row(4, 0).start, 2.0, 0.25, None, None), Origin.LENEDA_ESTIMATED),
    ]


def test_a_quarter_hour_known_by_sharing_alone_is_the_sum_of_its_parts() -> None:
    found = quarter_hours_of(
        {
            CONSUMPTION: [row(2, 2.0)],
            # The supplier's rest, and the energy that the layers 4 and 2 cover.
            "1-65:1.29.9": [row(0, 0.3), row(1, 0.3), row(2, 0.3), row(3, 0.1), row(4, 0.5)],
            "1-65:1.29.4": [row(0, 0.2), row(2, 0.2), row(3, 0.2, is_measured=False), row(5, 0.2)],
            "1-65:1.29.3": [row(3, 0.4)],
            # Sold energy, and the energy that layer 1 takes.
            "1-65:2.29.9": [row(0, 4.0), row(3, 2.0)],
            "1-65:2.29.1": [row(0, 1.0), row(4, 1.0)],
        },
    )
    assert [(each.start, each.mean_kw, each.exported_kwh, each.origin) for each in found] == [
        (row(0, 0).start, 0.5, 1.25, Origin.LENEDA),
        (row(1, 0).start, 0.3, None, Origin.LENEDA),
        (row(2, 0).start, 2.0, None, Origin.LENEDA),
        (row(3, 0).start, 0.7, 0.5, Origin.LENEDA_ESTIMATED),
        (row(4, 0).start, 0.5, None, Origin.LENEDA),
    ]


def test_points_are_added_up_where_they_are_known() -> None:
    one = [row(0, 0.1), LenedaRow(row(1, 0).start, 1.0, is_measured=True, version=3)]
    other = [row(2, 4.0), row(1, 2.0, is_measured=False), row(0, 0.2)]
    assert added_up(one, other) == (
        row(0, 0.3),
        LenedaRow(row(1, 0).start, 3.0, is_measured=False, version=3),
        row(2, 4.0),
    )
    assert added_up() == ()


def test_nothing_is_nothing() -> None:
    assert quarter_hours_of({}) == []
    assert quarter_hours_of({PRODUCTION: [row(2, 1.0)]}) == []


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
    # With the zeros, all energy would be shared, and the supplier would bill nothing.
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


@pytest.mark.parametrize(
    ("midnight", "count"),
    [
        ("2025-03-30T00:00:00+01:00", 92),
        ("2025-06-30T00:00:00+02:00", 96),
        ("2025-10-26T00:00:00+02:00", 100),
    ],
)
def test_the_last_whole_day_of_sharing(midnight: str, count: int) -> None:
    start = datetime.fromisoformat(midnight).astimezone(UTC)
    known = rows(midnight, count + 95, 0.4)
    found = last_days_of({"1-65:1.29.9": known, "1-65:2.29.1": known[1:90], "1-1:1.29.0": known})
    assert found == {"1-65:1.29.9": (start, pytest.approx(count / 10), count)}


def test_zeros_within_a_day_count_only_where_layers_cover_the_consumption() -> None:
    remaining = (*rows(FIRST, 60, 0.3), *rows("2026-11-19T15:00:00+01:00", 36, 0.0))
    drawn = (*rows(FIRST, 84, 0.5), *rows("2026-11-19T21:00:00+01:00", 12, 0.0))
    # Layer 2 covers all of the consumption from 15:00 to 18:00, and a part of it until 19:00.
    layer = (
        *rows(FIRST, 60, 0.2),
        *rows("2026-11-19T15:00:00+01:00", 12, 0.499),
        *rows("2026-11-19T18:00:00+01:00", 4, 0.4),
        *rows("2026-11-19T19:00:00+01:00", 20, 0.0),
    )
    platform = {IMPORTED: drawn, REMAINING: remaining, LAYER_2: layer}
    believed = without_false_zeros(platform)
    # From 18:00 to 21:00, the energy came from the supplier, or nobody knows whence.
    assert believed[REMAINING] == (*remaining[:72], *remaining[84:])
    assert false_zeros(platform) == {row.start for row in remaining[72:84]}
    shared = sharing_of(believed)
    assert shared[remaining[72].start].remaining_wh is None
    assert shared[remaining[84].start].remaining_wh == 0
    # Where no layer was ever sent, hidden layers may cover all of it.
    hidden = {IMPORTED: drawn, REMAINING: remaining}
    assert without_false_zeros(hidden) == hidden
