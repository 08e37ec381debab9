"""The comparison finds whatever is not in the store as the meter sent it."""

from dev.fleet.comparison import STORAGE_DELAY, Comparison, Sample, Truth, compare
from dev.fleet.truth import Series

ENERGY = Series("active_energy_imported")
GAS = Series("index", "1", "gas", "GAS 079000257401")
TRUTH: Truth = {
    1000: {ENERGY: 1.5, GAS: 7.25},
    11000: {ENERGY: 1.625, GAS: 7.25},
    21000: {ENERGY: 1.75, GAS: 7.5},
}
STORED = [
    sample
    for time, values in TRUTH.items()
    for sample in (
        *(Sample(series, time, value) for series, value in values.items()),
        Sample(STORAGE_DELAY, time, 0.5),
    )
]


def faults(found: Comparison) -> list[str]:
    names = ("missing", "partial", "wrong", "foreign", "doubled")
    return [name for name in names if getattr(found, name)]


def test_everything_is_there() -> None:
    found = compare(TRUTH, STORED)
    assert found.stored == {1000, 11000, 21000}
    assert faults(found) == []


def test_nothing_is_there() -> None:
    found = compare(TRUTH, [])
    assert found.missing == {1000, 11000, 21000}
    assert faults(found) == ["missing"]


def test_a_telegram_is_missing() -> None:
    found = compare(TRUTH, [sample for sample in STORED if sample.time != 11000])
    assert found.missing == {11000}
    assert found.stored == {1000, 21000}
    assert faults(found) == ["missing"]


def test_each_missing_sample_is_found() -> None:
    for left_out in (sample for sample in STORED if sample.series != STORAGE_DELAY):
        found = compare(TRUTH, [sample for sample in STORED if sample != left_out])
        assert found.partial == {left_out.time}
        assert faults(found) == ["partial"]


def test_a_delay_that_nobody_knows_is_no_fault() -> None:
    found = compare(TRUTH, [sample for sample in STORED if sample.series != STORAGE_DELAY])
    assert found.stored == {1000, 11000, 21000}
    assert faults(found) == []


def test_each_changed_sample_is_found() -> None:
    for changed in (sample for sample in STORED if sample.series != STORAGE_DELAY):
        other = changed._replace(value=changed.value + 0.001)
        found = compare(TRUTH, [other if sample == changed else sample for sample in STORED])
        assert found.wrong == [other]
        assert faults(found) == ["wrong"]


def test_values_at_another_time_are_found() -> None:
    moved = [sample._replace(time=sample.time + 1) for sample in STORED if sample.time == 1000]
    found = compare(TRUTH, moved + [sample for sample in STORED if sample.time != 1000])
    assert found.foreign == moved
    assert found.missing == {1000}
    assert faults(found) == ["missing", "foreign"]


def test_doubled_samples_are_found() -> None:
    for doubled in STORED:
        found = compare(TRUTH, [*STORED, doubled])
        assert found.doubled == [doubled]
        assert faults(found) == ["doubled"]


def test_samples_of_other_registers_are_found() -> None:
    for series in (Series("level"), GAS._replace(device="GAS 1"), ENERGY._replace(channel="1")):
        foreign = Sample(series, 1000, 1.5)
        found = compare(TRUTH, [*STORED, foreign])
        assert found.foreign == [foreign]
        assert faults(found) == ["foreign"]
