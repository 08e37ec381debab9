"""Comparison of stored values with sent values.

It finds values that are missing, and values that no meter has sent.
"""

from collections import Counter
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
    a register that the meter did not send. A `doubled` sample has the same register and time as an
    earlier sample.
    """

    stored: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    partial: set[int] = field(default_factory=set)
    wrong: list[Sample] = field(default_factory=list)
    foreign: list[Sample] = field(default_factory=list)
    doubled: list[Sample] = field(default_factory=list)


def compare(truth: Truth, stored: Iterable[Sample]) -> Comparison:
    """Compare the values that a meter sent (`truth`) with its `stored` samples."""
    result = Comparison()
    expected = {
        (series, time): value for time, values in truth.items() for series, value in values.items()
    }
    expected |= {(STORAGE_DELAY, time): float("nan") for time in truth}
    seen: Counter[tuple[Series, int]] = Counter()
    for sample in stored:
        at = sample.series, sample.time
        seen[at] += 1
        if at not in expected:
            result.foreign.append(sample)
        elif seen[at] > 1:
            result.doubled.append(sample)
        elif sample.series != STORAGE_DELAY and sample.value != expected[at]:
            result.wrong.append(sample)
    for time, values in truth.items():
        # A telegram counts as stored even without a sample in the series STORAGE_DELAY. Collectors
        # write this sample only with the first write of a telegram, and VictoriaMetrics can lose
        # the first write. Repeated writes have all other samples.
        missing = [series for series in values if not seen[series, time]]
        if not missing:
            result.stored.add(time)
        elif len(missing) == len(values) and not seen[STORAGE_DELAY, time]:
            result.missing.add(time)
        else:
            result.partial.add(time)
    return result
