"""Comparison of stored values with sent values.

It finds values that are missing, and values that no meter has sent.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .sent_telegrams import Series

STORAGE_DELAY = Series("storage_delay")

type Truth = Mapping[int, Mapping[Series, float]]
"""Sent registers of one meter, by the telegram's time in ms."""


class Sample(NamedTuple):
    """Stored value of a register. `time` is in Unix milliseconds."""

    series: Series
    time: int
    value: float


@dataclass
class Comparison:
    """Result of comparing one meter's telegrams with its stored samples.

    Telegrams are identified by their times in Unix milliseconds. A `stored` telegram has samples of
    all its registers, a `partial` telegram of only some registers, and a `missing` telegram of
    none. A `wrong` sample has a different value than the telegram. A `foreign` sample has a time or
    a register that the meter did not send. A sample is `repeated` if it has the same register and
    time as an earlier sample, and `doubled` if it then has another value. Collectors repeat the
    write of a telegram if VictoriaMetrics was killed and may have lost the values, or if the
    message with the telegram was not acknowledged.
    """

    stored: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    partial: set[int] = field(default_factory=set)
    wrong: list[Sample] = field(default_factory=list)
    foreign: list[Sample] = field(default_factory=list)
    doubled: list[Sample] = field(default_factory=list)
    repeated: int = 0
    delays: dict[int, float] = field(default_factory=dict)
    """Smallest value of STORAGE_DELAY for each time."""


def compare(truth: Truth, stored: Iterable[Sample]) -> Comparison:
    """Compare the values that a meter sent (`truth`) with its `stored` samples."""
    result = Comparison()
    expected = {
        (series, time): value for time, values in truth.items() for series, value in values.items()
    }
    expected |= {(STORAGE_DELAY, time): float("nan") for time in truth}
    seen: dict[tuple[Series, int], set[float]] = {}
    for sample in stored:
        at = sample.series, sample.time
        earlier = seen.setdefault(at, set())
        result.repeated += bool(earlier)
        if at not in expected:
            result.foreign.append(sample)
        elif sample.series == STORAGE_DELAY:
            result.delays[sample.time] = min(sample.value, *earlier, math.inf)
        elif not earlier and sample.value != expected[at]:
            result.wrong.append(sample)
        elif earlier and sample.value not in earlier:
            result.doubled.append(sample)
        earlier.add(sample.value)
    for time, values in truth.items():
        # A telegram counts as stored even without a sample in the series STORAGE_DELAY. Collectors
        # write this sample only with the first write of a telegram, and VictoriaMetrics can lose
        # the first write. Repeated writes have all other samples.
        missing = [series for series in values if (series, time) not in seen]
        if not missing:
            result.stored.add(time)
        elif len(missing) == len(values) and time not in result.delays:
            result.missing.add(time)
        else:
            result.partial.add(time)
    return result
