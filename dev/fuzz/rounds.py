"""Hypothesis against the clock: rounds of examples, each made again by its seed."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis.strategies import SearchStrategy

EXAMPLES_A_ROUND = 50


class Property(NamedTuple):
    """What must hold for all examples of a strategy."""

    name: str
    examples: SearchStrategy[Any]
    check: Callable[[Any], None]


def run_round(tried: Property, seed: int, examples: int = EXAMPLES_A_ROUND) -> int:
    """Check some examples, return how many. Raises what `check` raises for the smallest one."""
    number = 0

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(tried.examples)
    def check(example: Any) -> None:  # noqa: ANN401 - whatever the strategy makes
        nonlocal number
        number += 1
        tried.check(example)

    try:
        check()
    except BaseException as err:
        err.add_note(f"{tried.name}: again with --seed {seed} --minutes 0")
        raise
    return number


def run_for(minutes: float, seed: int, properties: Sequence[Property]) -> Counter[str]:
    """Check all properties, each at least one round, until the time is over; count examples."""
    end = time.monotonic() + 60 * minutes
    numbers: Counter[str] = Counter()
    for round_seed in itertools.count(seed):
        for tried in properties:
            numbers[tried.name] += run_round(tried, round_seed)
        if time.monotonic() >= end:
            break
    return numbers
