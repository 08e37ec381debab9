"""Limit of the grid operator, as the planner sees it with each reading."""

from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.plan.operator_limit import OperatorLimit
from smartyp1.stored_json import dump

NOW = datetime(2026, 6, 16, 20, tzinfo=UTC)


@pytest.mark.parametrize("is_limited", [True, False])
def test_a_look_that_finds_nothing_new_changes_nothing_stored(*, is_limited: bool) -> None:
    """A changed record is written, and the house is planned again."""
    limit = OperatorLimit().seen(NOW, is_limited=is_limited)
    for seconds in (10, 300, 3600):
        later = limit.seen(NOW + timedelta(seconds=seconds), is_limited=is_limited)
        assert dump(later) == dump(limit)


@pytest.mark.parametrize(
    ("before", "now", "minutes", "counts"),
    [
        (False, None, 14, False),
        (False, None, 16, True),
        (True, None, 14, True),
        (True, None, 16, True),
        (True, False, 1, True),
        (True, False, 3, False),
        (False, True, 0, True),
    ],
)
def test_a_limit_after_a_state_that_is_known_or_not(
    *, before: bool, now: bool | None, minutes: float, counts: bool
) -> None:
    limit = OperatorLimit().seen(NOW, is_limited=before)
    for at in (0.0, minutes):
        limit = limit.seen(NOW + timedelta(minutes=at), is_limited=now)
    assert limit.counts is counts
