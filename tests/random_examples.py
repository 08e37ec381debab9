"""How many random examples a test tries: few for each change, many in the weekly slow tests."""

import os

_TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))


def examples(count: int) -> int:
    """Return a number of examples, times the variable `EXAMPLES_TIMES` of the environment."""
    return count * _TIMES
