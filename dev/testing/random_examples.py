"""How many examples a test tries: few for each change, many or all in the weekly slow tests."""

import os
from collections.abc import Collection

import pytest

_TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))


def examples(count: int) -> int:
    """Return a number of examples, times the variable `EXAMPLES_TIMES` of the environment."""
    return count * _TIMES


def each(count: int, cases: Collection[object]) -> list[object]:
    """Return the cases of a test. All but each `count`th are slow."""
    return [
        pytest.param(case, marks=pytest.mark.slow) if place % count else case
        for place, case in enumerate(cases)
    ]
