"""The platform's quarter-hours, made of the rows of its codes."""

from datetime import UTC, datetime, timedelta

from smartyp1.history import Origin
from smartyp1.leneda import LenedaRow, added_up, quarter_hours_of
from tests.lib.leneda.writing import CONSUMPTION, PRODUCTION

START = datetime(2026, 11, 18, 23, tzinfo=UTC)


def row(n: int, kw: float, *, is_measured: bool = True) -> LenedaRow:
    return LenedaRow(START + n * timedelta(minutes=15), kw, is_measured)


def test_a_value_that_is_estimated_makes_a_quarter_hour_estimated() -> None:
    found = quarter_hours_of(
        {
            CONSUMPTION: [row(0, 8.0), row(1, 9.0), row(2, 8.0, is_measured=False), row(4, 2.0)],
            PRODUCTION: [row(0, 2.0), row(1, 4.0), row(4, 1.0, is_measured=False), row(5, 3.0)],
            "1-1:3.29.0": [row(0, 0.4)],
            # What was covered is no total.
            "1-65:1.29.4": [row(6, 1.0)],
        },
    )
    assert [(each[:5], each.origin) for each in found] == [
        ((START, 8.0, 0.5, 0.1, None), Origin.LENEDA),
        ((row(1, 0).start, 9.0, 1.0, None, None), Origin.LENEDA),
        ((row(2, 0).start, 8.0, None, None, None), Origin.LENEDA_ESTIMATED),
        ((row(4, 0).start, 2.0, 0.25, None, None), Origin.LENEDA_ESTIMATED),
    ]


def test_what_is_known_by_sharing_alone_is_the_sum_of_its_parts() -> None:
    found = quarter_hours_of(
        {
            CONSUMPTION: [row(2, 2.0)],
            # What is left for the supplier, and what the layers 4 and 2 cover.
            "1-65:1.29.9": [row(0, 0.3), row(1, 0.3), row(2, 0.3), row(3, 0.1), row(4, 0.5)],
            "1-65:1.29.4": [row(0, 0.2), row(2, 0.2), row(3, 0.2, is_measured=False), row(5, 0.2)],
            "1-65:1.29.3": [row(3, 0.4)],
            # What is sold, and what layer 1 takes.
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
