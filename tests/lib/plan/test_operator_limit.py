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
