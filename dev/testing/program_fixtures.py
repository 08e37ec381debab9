"""Fixtures and settings of tests that run real programs, on real sockets of this machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dev.reliability.program_logs import faults_in_logs

from .real_programs import TIMEOUT

_WITH_PROGRAMS = {"system", "browser", "with_home_assistant"}


def begin_with(order: Sequence[str], items: list[pytest.Item], tests: Path) -> None:
    """Sort tests: those of the named files begin. Give programs and browsers the time they need.

    `tests` is the folder of all tests.
    """
    places = {name: place for place, name in enumerate(order)}
    for item in items:
        folder = item.path.relative_to(tests).parts[0]
        if folder in _WITH_PROGRAMS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT))
    items.sort(key=lambda item: places.get(item.path.name, len(order)))


@pytest.fixture(autouse=True)
def patient_time() -> None:
    """Replace the fixture of the other tests: other processes do not wait for this one."""


@pytest.fixture(scope="session")
def seen_faults() -> set[str]:
    """Return the faults that have failed a test already."""
    return set()


@pytest.fixture(autouse=True)
def no_traceback_in_logs(
    tmp_path_factory: pytest.TempPathFactory, seen_faults: set[str]
) -> Iterator[None]:
    """Fail a test if any of its programs has logged a traceback, though it went on working."""
    yield
    faults = {*faults_in_logs(tmp_path_factory.getbasetemp())} - seen_faults
    seen_faults |= faults
    assert sorted(faults) == []
