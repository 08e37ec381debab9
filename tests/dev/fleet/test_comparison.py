"""The comparison finds each difference between the store and what the meters sent."""

from typing import Any

import pytest

from dev.fleet.comparison import STORAGE_DELAY, Sample, Truth, compare
from dev.fleet.truth import Series

ENERGY = Series("active_energy_imported")
GAS = Series("index", "1", "gas", "GAS 079000257401")
TRUTH: Truth = {
    1000: {ENERGY: 1.5, GAS: 7.25},
    11000: {ENERGY: 1.625, GAS: 7.25},
    21000: {ENERGY: 1.75, GAS: 7.5},
}
VALUES = [Sample(one, time, value) for time, some in TRUTH.items() for one, value in some.items()]
STORED = [*VALUES, *(Sample(STORAGE_DELAY, time, 0.5) for time in TRUTH)]
OTHER_SERIES = (Series("level"), GAS._replace(device="GAS 1"), ENERGY._replace(channel="1"))


def without(*samples: Sample) -> list[Sample]:
    return [one for one in STORED if one not in samples]


EARLIEST = [one for one in STORED if one.time == 1000]
MOVED = [one._replace(time=1001) for one in EARLIEST]
# What is stored, and the faults: their names, with what is found.
CASES: list[tuple[list[Sample], dict[str, Any]]] = [
    (STORED, {}),
    (VALUES, {}),
    ([], {"missing": {1000, 11000, 21000}}),
    ([one for one in STORED if one.time != 11000], {"missing": {11000}}),
    ([*without(*EARLIEST), *MOVED], {"missing": {1000}, "foreign": MOVED}),
    *((without(one), {"partial": {one.time}}) for one in VALUES),
    *(
        ([*without(one), other], {"wrong": [other]})
        for one in VALUES
        for other in [one._replace(value=one.value + 0.001)]
    ),
    *(([*STORED, one], {"doubled": [one]}) for one in STORED),
    *(
        ([*STORED, other], {"foreign": [other]})
        for other in (Sample(one, 1000, 1.5) for one in OTHER_SERIES)
    ),
]


@pytest.mark.parametrize(("stored", "faults"), CASES)
def test_each_difference_is_found(stored: list[Sample], faults: dict[str, Any]) -> None:
    found = compare(TRUTH, stored)
    names = ("missing", "partial", "wrong", "foreign", "doubled")
    assert {name: value for name in names if (value := getattr(found, name))} == faults
    assert found.stored == TRUTH.keys() - found.missing - found.partial
