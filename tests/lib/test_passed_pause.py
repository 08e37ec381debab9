"""A pause since a noted time, also when the clock was ahead then."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.passed_pause import has_passed

NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, True),
        (NOW, False),
        (NOW - timedelta(minutes=59), False),
        (NOW - HOUR, True),
        (NOW - timedelta(days=400), True),
        (NOW + timedelta(seconds=1), True),
        (NOW + timedelta(days=366), True),
    ],
)
def test_a_pause_has_passed_also_when_it_began_in_the_future(
    since: datetime | None, *, expected: bool
) -> None:
    assert has_passed(since, NOW, HOUR) is expected
