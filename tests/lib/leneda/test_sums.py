"""Energy by the hour and by the day; an hour or day of which a part is missing says so."""

from datetime import UTC, datetime

import pytest

from smartyp1.leneda import Row, days_of, hours_of, last_days_of
from tests.lib.leneda.writing import quarters


def rows(start: str, count: int, kw: float) -> list[Row]:
    return [Row(time, kw, is_measured=True) for time in quarters(start, count)]


def test_an_hour_is_whole_with_four_quarter_hours() -> None:
    # The hour that October repeats is two.
    night = rows("2025-10-26T02:00:00+02:00", 8, 1.2)
    found = hours_of([*night, *rows("2025-10-26T05:15+01", 3, 2)])
    assert found == [
        (datetime(2025, 10, 26, 0, tzinfo=UTC), 1.2, True),
        (datetime(2025, 10, 26, 1, tzinfo=UTC), 1.2, True),
        (datetime(2025, 10, 26, 4, tzinfo=UTC), 1.5, False),
    ]


@pytest.mark.parametrize(
    ("midnight", "count"),
    [("2025-03-30T00:00:00+01:00", 92), ("2025-10-26T00:00:00+02:00", 100)],
)
def test_a_day_of_a_clock_change_is_whole(midnight: str, count: int) -> None:
    start = datetime.fromisoformat(midnight).astimezone(UTC)
    found = days_of(rows(midnight, count + 96, 0.4))
    assert found[0] == (start, pytest.approx(count / 10), True)
    assert found[1] == (start + count * (quarters(midnight, 2)[1] - start), 9.6, True)
    assert [day.is_whole for day in days_of(rows(midnight, count + 96, 0.4)[1:-1])] == [False] * 2


def test_nothing_has_no_hours() -> None:
    assert hours_of([]) == days_of([]) == []


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
