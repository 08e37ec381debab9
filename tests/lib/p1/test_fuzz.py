"""The fuzzing of the protocol for a moment, and that it notices what it is there to find."""

import pytest

from dev.fuzz import feed
from dev.fuzz.feed import Property, run_round


@pytest.mark.parametrize("tried", feed.PROPERTIES, ids=lambda tried: tried.name)
def test_properties_of_the_protocol(tried: Property) -> None:
    assert run_round(tried, 1, 30) >= 30
